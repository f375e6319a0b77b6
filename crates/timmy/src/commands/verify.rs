//! `timmy verify`: damage in the files under `.loop/`, and a ledger that does not add up.

use automations::Context;
use common::{Error, Outcome, Page};
use explain::integrity::{self, Finding, Foreign, UnusedFile};
use host::Host;
use host::text;
use serde::Serialize;

use crate::cli::PlainArgs;
use crate::present::present;
use crate::tools::TOOLSET;

/// What was found in every file.
#[derive(Serialize)]
struct Report {
    whole: bool,
    files: Vec<Finding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    foreign: Vec<Foreign>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unused: Vec<UnusedFile>,
}

/// Checks every file; exit 1 if one is damaged, or cannot be written by the loop's user.
pub(crate) fn verify(host: &Host, args: &PlainArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, TOOLSET, &args.common)?;
    let files = integrity::verify(&context)?;
    let (foreign, unused) = (integrity::foreign(&context)?, integrity::unused_files(&context));
    let whole = files.iter().all(|finding| finding.count == 0);
    let is_good = whole && foreign.is_empty();
    present(&context, &Report { whole, files, foreign, unused }, render)?;
    Ok(Outcome::yes_or_no(is_good))
}

fn render(report: &Report, page: &mut Page) {
    for finding in &report.files {
        let lines = finding.lines.map_or(String::new(), |lines| format!(", {}", text::counted(lines, "line")));
        let verdict = match (finding.count, finding.empty) {
            (0, false) => "whole".to_owned(),
            (0, true) => "empty (it counts as missing, and its tool writes it again)".to_owned(),
            (count, _) => text::counted(count, "problem"),
        };
        page.line(format!("{}: {verdict}{lines}", finding.file));
        page.lines(finding.problems.iter().map(|problem| format!("    {problem}")));
        if finding.count > finding.problems.len() {
            page.line(format!("    … and {} more", finding.count - finding.problems.len()));
        }
    }
    if !report.whole {
        page.line("`timmy repair` moves damaged bytes to files next to these; it does not change a ledger that does not add up.");
    } else if report.files.is_empty() {
        page.line("There is no file yet");
    }
    page.lines(report.unused.iter().map(|unused| format!("{}: {}", unused.file, unused.about)));
    page.lines(report.foreign.iter().map(|entry| format!("{}: {}", entry.file, entry.problem())));
    if !report.foreign.is_empty() {
        page.line("`timmy repair` as root gives these to the loop's user; as that user it replaces what it can read.");
    }
}
