//! The token ledger, and damage in the files under `.loop/`.

mod repair;
mod tokens;
mod verify;

pub(crate) use repair::repair;
pub(crate) use tokens::tokens;
pub(crate) use verify::{damage, verify};

use std::path::PathBuf;

use records::stored_files::{CYCLES, LOOP_FILES};
use records::{Format, Stored, StoredFile, TokenLine};

use crate::context::Context;

/// A file whose damage is looked for.
struct Checked {
    path: PathBuf,
    file: StoredFile,
}

impl Checked {
    /// Whether it is the token ledger, whose lines must add up.
    fn is_ledger(&self) -> bool {
        self.file.path == TokenLine::FILE.path
    }

    fn is_list(&self) -> bool {
        self.file.format == Format::List
    }
}

/// The logs of JSON lines that exist.
fn logs(context: &Context) -> Vec<Checked> {
    existing(context, |format| format == Format::Log)
}

/// The documents that exist.
fn documents(context: &Context) -> Vec<Checked> {
    existing(context, |format| matches!(format, Format::Object | Format::List))
}

fn existing(context: &Context, is_wanted: impl Fn(Format) -> bool) -> Vec<Checked> {
    let path =
        |file: &StoredFile| if file.path == CYCLES.path { context.cycles_log() } else { context.repo.path(file) };
    let wanted = LOOP_FILES.into_iter().filter(|file| file.is_verified && is_wanted(file.format));
    wanted.map(|file| Checked { path: path(&file), file }).filter(|checked| checked.path.exists()).collect()
}
