//! What ends a program otherwise than expected: one error type for all tools, with its exit code, its causes and a hint.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

use host::files::FileError;
use host::source::SourceError;
use host::text;
use store::repo::NoRepo;

/// An error that can end a program.
pub trait Failure: StdError + Send + Sync + 'static {
    /// Returns the exit code: 1 for work that failed at run time, 2 for usage, configuration and files in the way.
    fn code(&self) -> u8 {
        2
    }

    /// Returns what to do about it.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The error of a program. It is made by `?` from every [`Failure`].
#[derive(Debug)]
pub struct Error(Box<dyn Failure>);

/// An error without a type of its own.
#[derive(Debug)]
struct Message {
    code: u8,
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hint: Option<String>,
}

impl Error {
    /// Makes the error of wrong usage or configuration (exit code 2); an empty hint is none.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(2, message.into(), hint.into())
    }

    /// Makes the error of work that failed at run time (exit code 1); an empty hint is none.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(1, message.into(), hint.into())
    }

    fn new(code: u8, text: String, hint: String) -> Self {
        Self(Box::new(Message { code, text, source: None, hint: Some(hint).filter(|hint| !hint.is_empty()) }))
    }

    /// Returns what makes another error the cause of one with this message (exit code 2).
    pub fn caused<E: StdError + Send + Sync + 'static>(message: impl Into<String>) -> impl FnOnce(E) -> Self {
        let text = message.into();
        move |source| Self(Box::new(Message { code: 2, text, source: Some(Box::new(source)), hint: None }))
    }

    /// Returns what makes an error of the system's one that says what cannot be done with which path (exit code 2), and what
    /// to do where the place for files is the cause.
    pub fn io(action: &str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let path = path.as_ref().to_owned();
        let message = format!("cannot {action} {}", path.display());
        move |source| {
            let kind = source.kind();
            let is_of_the_place = matches!(kind, FileTooLarge | QuotaExceeded | ReadOnlyFilesystem | StorageFull);
            let error = Self::caused(message)(source);
            match FileError::writing(&path, kind.into()).hint() {
                Some(hint) if is_of_the_place => error.with_hint(hint),
                _ => error,
            }
        }
    }

    /// Returns the same error with another exit code.
    #[must_use]
    pub fn with_code(self, code: u8) -> Self {
        let hint = self.hint();
        Self(Box::new(Adjusted { code, hint, error: self.0 }))
    }

    /// Returns the same error with another hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        let code = self.code();
        Self(Box::new(Adjusted { code, hint: Some(hint.into()), error: self.0 }))
    }

    /// Returns the exit code.
    pub fn code(&self) -> u8 {
        self.0.code()
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// Returns the error with its causes on one line.
    pub fn chain(&self) -> String {
        chain(self.as_std())
    }

    /// Returns the error as one of the standard library.
    pub fn as_std(&self) -> &(dyn StdError + 'static) {
        &*self.0
    }
}

impl Failure for FileError {
    fn hint(&self) -> Option<String> {
        self.hint()
    }
}

impl Failure for NoRepo {
    fn hint(&self) -> Option<String> {
        self.hint()
    }
}

impl Failure for SourceError {
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

impl<F: Failure> From<F> for Error {
    fn from(failure: F) -> Self {
        Self(Box::new(failure))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Returns an error with its causes on one line, as it is stored and as a warning has it.
pub fn chain(error: &dyn StdError) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    text::fit(&words, 400)
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl StdError for Message {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl Failure for Message {
    fn code(&self) -> u8 {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// A failure with another exit code or hint than its own.
#[derive(Debug)]
struct Adjusted {
    code: u8,
    hint: Option<String>,
    error: Box<dyn Failure>,
}

impl fmt::Display for Adjusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl StdError for Adjusted {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

impl Failure for Adjusted {
    fn code(&self) -> u8 {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// A result that cannot be written as JSON: an error in this program.
impl Failure for serde_json::Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_code_causes_and_hint() {
        let error = Error::caused("cannot read x")(io::Error::other("no"));
        assert_eq!((error.code(), error.hint(), error.chain()), (2, None, "cannot read x: no".to_owned()));
        assert_eq!(Error::failed("a", "b").hint().as_deref(), Some("b"));
        let adjusted = Error::usage("a", "").with_code(1).with_hint("c");
        assert_eq!((adjusted.code(), adjusted.hint().as_deref(), adjusted.to_string().as_str()), (1, Some("c"), "a"));
    }
}
