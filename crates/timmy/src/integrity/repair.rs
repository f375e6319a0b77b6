//! `timmy repair`: damaged bytes are moved into files beside; none is dropped, and what is intact stays byte for byte.

use common::{Error, Outcome, Page, View};
use host::Host;
use host::files::FileError;
use serde::Serialize;

use crate::cli::RepairArgs;
use crate::context::Context;

/// What was repaired.
#[derive(Serialize)]
struct Repairs {
    dry_run: bool,
    repaired: Vec<Repair>,
    #[serde(skip)]
    is_whole: bool,
}

/// One file.
#[derive(Serialize)]
struct Repair {
    file: String,
    /// The damaged lines of a log; null of a document.
    lines: Option<u64>,
    moved_to: Option<String>,
}

impl View for Repairs {
    fn render(&self, page: &mut Page) {
        let would = if self.dry_run { "would be " } else { "" };
        for Repair { file, lines, moved_to } in &self.repaired {
            page.line(match (lines, moved_to) {
                (Some(lines), Some(side)) => format!("{file}: {lines} line(s) {would}moved to {side}"),
                (_, Some(kept)) => {
                    format!("{file}: moved to {kept}; its content is no longer used, and its tool recreates it")
                }
                (_, None) => format!("{file}: would be moved"),
            });
        }
        if self.repaired.is_empty() && self.is_whole {
            page.line("Nothing is damaged");
        }
    }
}

/// Repairs every damaged file.
pub(crate) fn repair(host: &Host, args: &RepairArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, &args.common)?;
    let mut repairs = Repairs { dry_run: args.dry_run, repaired: Vec::new(), is_whole: true };
    for log in context.store.checked_logs(context.cycles().path()) {
        let moved = log.move_damaged(args.dry_run)?.map(|lines| {
            let (file, moved_to) = (context.shown(log.path()), Some(context.shown(&log.side())));
            (lines > 0).then_some(Repair { file, lines: Some(lines), moved_to })
        });
        repairs.add(&context, moved);
    }
    for document in context.store.checked_documents() {
        let moved = document.set_aside(args.dry_run)?.map(|damaged| {
            let kept = damaged?;
            let moved_to = kept.map(|kept| context.shown(&kept));
            Some(Repair { file: context.shown(document.path()), lines: None, moved_to })
        });
        repairs.add(&context, moved);
    }
    context.present(&repairs)?;
    Ok(Outcome::yes_or_no(repairs.is_whole))
}

impl Repairs {
    /// Adds what was done about a file; an error is that of reading it.
    fn add(&mut self, context: &Context, result: Result<Option<Repair>, FileError>) {
        match result {
            Ok(repair) => self.repaired.extend(repair),
            Err(error) => {
                self.is_whole = false;
                context.warn(&format!("{error}: move it by hand"));
            }
        }
    }
}
