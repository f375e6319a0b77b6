//! Counts of a success stream, and how sure the rate is that they give.

/// Counts of one success stream.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub count: f64,
    pub successes: f64,
    /// Of the outages.
    pub out: f64,
    pub out_successes: f64,
}

impl Tally {
    pub(crate) fn and(self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            successes: self.successes + other.successes,
            out: self.out + other.out,
            out_successes: self.out_successes + other.out_successes,
        }
    }

    pub(crate) fn less(self, other: &Self) -> Self {
        Self {
            count: self.count - other.count,
            successes: self.successes - other.successes,
            out: self.out - other.out,
            out_successes: self.out_successes - other.out_successes,
        }
    }
}

/// The variance of an observed rate, which is never taken for certain.
pub(crate) fn spread(rate: f64, count: f64) -> f64 {
    let drawn = (rate * count + 0.5) / (count + 1.0);
    drawn * (1.0 - drawn) / count
}
