//! `timmy doctor`: what is installed, what calls it, and what is broken.

use automations::Context;
use common::{Error, Outcome, Page};
use dropin::Caller;
use dropin::doctor::{Examination, Place, PlaceState, examine};
use host::Host;

use crate::cli::PlainArgs;
use crate::fallback;
use crate::present::present;
use crate::tools::TOOLSET;

/// Examines everything, and reports what is broken (exit 1).
pub(crate) fn doctor(host: &Host, args: &PlainArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, TOOLSET, &args.common)?;
    let examination = examine(&context, fallback::find(host).map(|path| path.display().to_string()))?;
    present(&context, &examination, render)?;
    Ok(Outcome::yes_or_no(examination.broken.is_empty()))
}

fn render(report: &Examination, page: &mut Page) {
    page.line(format!("timmy {} on {}", report.version, report.repository));
    section(page, "Installed");
    for Place { path, state, leads_to, original_kept, .. } in &report.installed {
        let original = if *original_kept { ", original kept" } else { "" };
        let leads_to = leads_to.as_deref().unwrap_or("nothing");
        page.line(match state {
            PlaceState::Link => format!("  {path} -> {leads_to}{original}"),
            PlaceState::Shim => format!("  {path} (shim) -> {leads_to}{original}"),
            PlaceState::Original => format!("  {path}: not the tool, but the script of the repository"),
            PlaceState::Other => format!("  {path}: not the tool, but another file{original}"),
            PlaceState::Missing => format!("  {path}: nothing is there{original}"),
        });
    }
    if report.installed.is_empty() {
        page.line("  nothing (timmy install --into DIR replaces the scripts by tools)");
    }
    section(page, "Called by");
    for Caller { place, script, how, what_is_there, in_clone, .. } in &report.callers {
        let there = what_is_there.name();
        let in_clone =
            in_clone.filter(|other| other != what_is_there).map(|other| format!("; in a clone {}", other.name()));
        page.line(format!("  {place} {} {script} ({there}{})", how.verb(), in_clone.unwrap_or_default()));
    }
    if report.callers.is_empty() {
        page.line(
            "  nothing: no line of a crontab, a hook, a workflow, a script or the manifest names a script of the suite",
        );
    }
    if !report.hooks.is_empty() {
        section(page, "Hooks of Git");
        let readable = report.hooks.iter().filter(|hook| !hook.program.is_empty());
        page.lines(readable.map(|hook| {
            let of = hook.of.as_ref().map(|root| format!(" for {root}")).unwrap_or_default();
            format!("  {} calls {}{of}", hook.path, hook.program)
        }));
    }
    section(page, "Environment");
    page.line(if report.scheduler { "  a scheduler is running" } else { "  no scheduler is running" });
    page.line(match &report.next_timmy {
        Some(path) => format!("  unknown commands are passed on to {path}"),
        None => "  no other timmy is on the PATH".to_owned(),
    });
    if !report.notes.is_empty() {
        section(page, "Notes");
        page.lines(report.notes.iter().map(|one| format!("  {one}")));
    }
    if report.broken.is_empty() {
        section(page, "Nothing is broken.");
    } else {
        section(page, "Broken");
        page.lines(report.broken.iter().map(|one| format!("  {one}")));
    }
}

fn section(page: &mut Page, title: &str) {
    page.line("");
    page.line(title);
}
