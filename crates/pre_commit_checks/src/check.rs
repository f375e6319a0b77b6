//! What a check is.

use python_source::Undecodable;

use crate::file::{File, Python, Report};
use crate::finding::Findings;
use crate::project::Project;
use crate::settings::Settings;

/// One check.
pub(crate) struct Check {
    /// Its id on the command line, in settings and in comments.
    pub id: &'static str,
    /// What it checks, in a few words.
    pub about: &'static str,
    /// How it looks.
    pub work: Work,
}

/// How a check looks.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// At the bytes of each file.
    Bytes(fn(&File, &Settings, &mut Report)),
    /// At each Python file that can be parsed.
    Source(fn(&File, &Python, &Settings, &mut Report)),
    /// At each Python file, before it is parsed and after.
    Syntax(fn(&Result<&Python, &Undecodable>, &mut Report)),
    /// At all files together.
    Tree(fn(&Project, &mut Findings)),
}

impl Work {
    /// Returns whether it needs a Python file to be parsed.
    pub(crate) fn reads_python(self) -> bool {
        matches!(self, Self::Source(_) | Self::Syntax(_))
    }
}
