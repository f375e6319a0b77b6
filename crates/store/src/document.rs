//! What a document is: a value that is read and rewritten whole, such as the queue or the quarantine.

use host::source::SourceError;
use records::FileIdentity;

/// The largest document that is read, in bytes.
pub const LIMIT: u64 = 64 << 20;

/// A value that is read and rewritten whole.
pub trait Document {
    /// What it holds.
    type Value;
    /// Why it cannot be read or written.
    type Error;

    /// Reads the document. Damage in its content is an answer, not an error.
    ///
    /// # Errors
    /// It cannot be reached.
    fn read(&self) -> Result<Content<Self::Value>, Self::Error>;

    /// Returns the version, which every change replaces by one that the document never had before.
    ///
    /// # Errors
    /// It cannot be reached.
    fn version(&self) -> Result<Version, Self::Error>;

    /// Reads the document, has it changed, and writes it, in one step that no other writer comes between. A missing or damaged
    /// document is changed from the default value; what is damaged is kept first.
    ///
    /// `change` must depend on nothing but what it is given: an implementation without locks calls it again with what another
    /// writer has written meanwhile.
    ///
    /// # Errors
    /// It cannot be reached, or what `change` fails with; then the document is as it was.
    fn update<R, E: From<Self::Error>>(
        &self,
        change: impl FnMut(&mut Self::Value, Found) -> Result<Change<R>, E>,
    ) -> Result<R, E>;
}

/// What is at a document's place.
#[derive(Debug)]
pub enum Content<T> {
    /// Nothing, or an empty file.
    Missing,
    /// A document that could be read.
    Intact(T),
    /// Something that cannot be read as one, and why.
    Damaged(SourceError),
}

/// What was at a document's place when its update began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// An empty file, such as a power cut leaves.
    Empty,
    /// A document that could be read.
    Intact,
    /// Something that cannot be read as one; it is kept already.
    Damaged,
}

/// Whether a document is written after an update, and what the update returns.
#[derive(Debug)]
pub enum Change<R> {
    /// It is written.
    Write(R),
    /// It stays as it is.
    Keep(R),
}

impl<R> Change<R> {
    /// Writes the document if that is so.
    pub fn write_if(is_changed: bool, result: R) -> Self {
        if is_changed { Self::Write(result) } else { Self::Keep(result) }
    }
}

/// A version of a document, to be compared with another of the same document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version(pub(crate) Option<FileIdentity>);

impl<T> Content<T> {
    /// Returns the document where it is intact; else nothing, with the damage handed to `warn`.
    pub fn intact_or(self, warn: impl FnOnce(&SourceError)) -> Option<T> {
        match self {
            Self::Missing => None,
            Self::Intact(value) => Some(value),
            Self::Damaged(error) => {
                warn(&error);
                None
            }
        }
    }
}
