//! What a log is: lines that are only ever added, such as the log of triage runs or the token ledger.

/// Lines that are only ever added.
pub trait Log {
    /// What a line holds.
    type Line;
    /// Why it cannot be read or written.
    type Error;

    /// Adds lines in one step: after a crash all of them are there, or the last ones are cut off at a place that readers see as
    /// damage and the next line begins after.
    ///
    /// # Errors
    /// It cannot be reached; then it is as it was.
    fn append(&self, lines: &[Self::Line]) -> Result<(), Self::Error>;

    /// Reads the last `count` intact lines. A log that does not exist is empty.
    ///
    /// # Errors
    /// It cannot be reached.
    fn tail(&self, count: usize) -> Result<Entries<Self::Line>, Self::Error>;

    /// Reads every line from a position on, in order: 0, or what an earlier scan returned. `visit` gets each line that is not
    /// blank; none where it is damaged. Returns the position after the last line.
    ///
    /// # Errors
    /// It cannot be reached.
    fn scan(&self, from: u64, visit: impl FnMut(Option<Self::Line>)) -> Result<u64, Self::Error>;
}

/// What was read of the end of a log.
#[derive(Debug)]
pub struct Entries<T> {
    /// The lines that could be read, oldest first.
    pub intact: Vec<T>,
    /// How many lines between them could not be read.
    pub damaged: usize,
}
