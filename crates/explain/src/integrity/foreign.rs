//! Entries under `.loop/` that another user made, and that the loop's user cannot write.

use automations::Context;
use common::Error;
use common::error::chain;
use serde::Serialize;
use store::foreign::ForeignEntry;

/// An entry that the loop's user cannot write.
#[derive(Debug, Serialize)]
pub struct Foreign {
    /// The file or directory.
    pub file: String,
    /// The user to whom it belongs: `root`, or a number.
    pub owner: String,
    /// The user who works with `.loop/`.
    pub user: String,
}

/// What was done about an entry.
#[derive(Debug, Serialize)]
pub struct HandOver {
    /// The entry.
    #[serde(flatten)]
    pub entry: Foreign,
    /// Whether the loop's user can write it now; if not, only root can change that.
    pub done: bool,
}

impl Foreign {
    fn new(context: &Context, entry: &ForeignEntry) -> Self {
        let name = |user| if user == 0 { "root".to_owned() } else { format!("user {user}") };
        Self { file: context.shown(entry.path()), owner: name(entry.owner), user: name(entry.user) }
    }

    /// Returns the problem in a sentence.
    pub fn problem(&self) -> String {
        format!("it belongs to {}, and {} cannot write it", self.owner, self.user)
    }
}

/// Finds the entries that the loop's user cannot write.
///
/// # Errors
/// An entry cannot be looked at.
pub fn foreign(context: &Context) -> Result<Vec<Foreign>, Error> {
    Ok(context.store.foreign_entries()?.iter().map(|entry| Foreign::new(context, entry)).collect())
}

/// Lets the loop's user write them, as far as this user can; with `dry_run` nothing is changed.
pub(super) fn hand_over(context: &Context, dry_run: bool) -> Result<Vec<HandOver>, Error> {
    let mut done = Vec::new();
    for entry in context.store.foreign_entries()? {
        let result = entry.hand_over(dry_run);
        if let Err(error) = &result {
            context.warn(&chain(error));
        }
        done.push(HandOver { entry: Foreign::new(context, &entry), done: result.unwrap_or(false) });
    }
    Ok(done)
}
