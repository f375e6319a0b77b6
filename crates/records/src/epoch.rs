//! The epoch of a cycle: `⟳WW.D:NNN`, ISO week, ISO weekday, and the number of the cycle on that UTC day.

use std::fmt;

use chrono::{DateTime, Datelike, Utc};

/// A cycle's place in time, unique in its log.
///
/// The text has no year, so a day of last year with the same week and weekday goes on counting: what is promised is that no
/// two lines have the same epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Epoch {
    /// `WW.D`.
    pub day: String,
    /// From 1.
    pub count: u64,
}

impl Epoch {
    /// Reads an epoch's text.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, count) = text.strip_prefix('⟳')?.split_once(':')?;
        let (week, weekday) = day.split_once('.')?;
        let is_day = week.len() == 2
            && week.parse::<u8>().is_ok_and(|week| (1..=53).contains(&week))
            && weekday.len() == 1
            && weekday.parse::<u8>().is_ok_and(|weekday| (1..=7).contains(&weekday));
        let count = count.parse().ok().filter(|count| *count < u64::MAX / 2)?;
        is_day.then(|| Self { day: day.to_owned(), count })
    }

    /// Returns the `WW.D` of a time.
    pub fn day_of(time: DateTime<Utc>) -> String {
        format!("{:02}.{}", time.iso_week().week(), time.weekday().number_from_monday())
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "⟳{}:{:03}", self.day, self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse_time;

    #[test]
    fn weeks_are_iso_weeks() {
        for (time, expected) in [
            ("2026-03-21T12:00:00Z", "12.6"),
            ("2026-01-01T00:00:00Z", "01.4"),
            ("2027-01-01T00:00:00Z", "53.5"),
            ("2025-12-29T00:00:00Z", "01.1"),
            ("2026-03-22T23:59:59.999Z", "12.7"),
        ] {
            assert_eq!(Epoch::day_of(parse_time(time).unwrap()), expected, "{time}");
        }
    }

    #[test]
    fn texts_that_are_no_epoch_are_none() {
        for text in ["", "⟳12.6", "12.6:003", "⟳54.1:001", "⟳12.8:001", "⟳12.6:x", "⟳1.6:001", "⟳12.6:-1"] {
            assert_eq!(Epoch::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_epoch_is_read_back(week in 1u8..=53, weekday in 1u8..=7, count in 1u64..100_000) {
            let epoch = Epoch { day: format!("{week:02}.{weekday}"), count };
            prop_assert_eq!(Epoch::parse(&epoch.to_string()), Some(epoch));
        }
    }
}
