//! What is watched for a change.

use records::IssueType;

/// The kinds of work in the order of their streams.
pub const KINDS: [IssueType; 5] =
    [IssueType::Bug, IssueType::Feature, IssueType::Refactor, IssueType::Philosophy, IssueType::Unknown];

/// How many streams are watched.
pub const STREAMS: usize = 8;

/// What is watched for a change.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stream {
    /// The success rate.
    Success,
    /// The success rate of one kind of work.
    SuccessOf(IssueType),
    /// The time that a cycle takes.
    Duration,
    /// How often main turns red or an outage begins.
    Episodes,
}

impl Stream {
    /// The stream's name in files: `success`, `success:bug`, `duration`, `episodes`.
    pub fn name(self) -> String {
        match self {
            Self::Success => "success".to_owned(),
            Self::SuccessOf(kind) => format!("success:{}", kind.name()),
            Self::Duration => "duration".to_owned(),
            Self::Episodes => "episodes".to_owned(),
        }
    }

    /// The stream's place in the order in which ties are broken.
    pub fn place(self) -> usize {
        match self {
            Self::Success => 0,
            Self::SuccessOf(kind) => 1 + place(kind),
            Self::Duration => 6,
            Self::Episodes => 7,
        }
    }
}

/// The place of a kind of work in [`KINDS`].
pub fn place(kind: IssueType) -> usize {
    KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len() - 1)
}
