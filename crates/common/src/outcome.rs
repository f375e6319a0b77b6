//! How a program ends as expected: an answer with its exit code, for the caller and for the report of the run.

use records::Reason;

/// An expected ending.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Outcome {
    code: u8,
    summary: String,
    reason: Option<Reason>,
    signal: Option<usize>,
}

impl Outcome {
    /// Makes the ending of work that is done (exit code 0); `summary` says what came of it, in a few words.
    pub fn done(summary: impl Into<String>) -> Self {
        Self::exit(0, summary)
    }

    /// Makes the ending with the documented no (exit code 1).
    pub fn no(summary: impl Into<String>) -> Self {
        Self::exit(1, summary)
    }

    /// Makes the ending done if `is_yes`, else the no.
    pub fn yes_or_no(is_yes: bool) -> Self {
        Self::exit(u8::from(!is_yes), "")
    }

    /// Makes the ending with an exit code of another program.
    pub fn exit(code: u8, summary: impl Into<String>) -> Self {
        Self { code, summary: summary.into(), reason: None, signal: None }
    }

    /// Makes the ending of a program that a signal ended while it waited: it ends as the signal would have ended it.
    pub fn interrupted(signal: usize, summary: impl Into<String>) -> Self {
        let code = u8::try_from(128 + signal).unwrap_or(1);
        Self { signal: Some(signal), reason: Some(Reason::Stopped), ..Self::exit(code, summary) }
    }

    /// Sets why it is the answer, where that has a code of its own.
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Returns the exit code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Returns what came of it, in a few words.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Returns why it is the answer.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// Returns the signal that ends the program.
    pub fn signal(&self) -> Option<usize> {
        self.signal
    }
}
