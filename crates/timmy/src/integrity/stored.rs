//! The stored files whose damage is looked for, as far as they exist.

use std::path::PathBuf;

use records::stored_files::{CYCLES, LOOP_FILES};
use records::{Format, Stored, StoredFile, TokenLine};

use crate::context::Context;

/// A file whose damage is looked for.
pub(super) struct Checked {
    pub path: PathBuf,
    pub file: StoredFile,
}

impl Checked {
    /// Whether it is the token ledger, whose lines must add up.
    pub(super) fn is_ledger(&self) -> bool {
        self.file.path == TokenLine::FILE.path
    }

    pub(super) fn is_list(&self) -> bool {
        self.file.format == Format::List
    }
}

/// The logs of JSON lines that exist.
pub(super) fn logs(context: &Context) -> Vec<Checked> {
    existing(context, |format| format == Format::Log)
}

/// The documents that exist.
pub(super) fn documents(context: &Context) -> Vec<Checked> {
    existing(context, |format| matches!(format, Format::Object | Format::List))
}

fn existing(context: &Context, is_wanted: impl Fn(Format) -> bool) -> Vec<Checked> {
    let path =
        |file: &StoredFile| if file.path == CYCLES.path { context.cycles_log() } else { context.repo.path(file) };
    let wanted = LOOP_FILES.into_iter().filter(|file| file.is_verified && is_wanted(file.format));
    wanted.map(|file| Checked { path: path(&file), file }).filter(|checked| checked.path.exists()).collect()
}
