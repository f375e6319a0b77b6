//! `timmy install`: the tools take the place of a repository's scripts.

use automations::Context;
use common::{CommonArgs, Error, Outcome, Page};
use dropin::install::{Action, InstallOptions, Kind, install};
use host::Host;
use serde::Serialize;

use crate::cli::InstallArgs;
use crate::present::present;
use crate::tools::TOOLSET;

/// What an installation did, or would do.
#[derive(Serialize)]
struct InstallView {
    dry_run: bool,
    kind: &'static str,
    bin: String,
    paths: Vec<PathView>,
    to_commit: Vec<String>,
    shown_again: Vec<String>,
    failing_calls: Vec<String>,
    notes: Vec<String>,
    renewed_hooks: Vec<String>,
    #[serde(skip)]
    shown_bin: String,
    #[serde(skip)]
    root: String,
    #[serde(skip)]
    is_own_bin: bool,
}

/// One path, as it is shown.
#[derive(Serialize)]
struct PathView {
    path: String,
    tool: String,
    changed: bool,
    #[serde(skip)]
    action: Action,
}

/// Installs into a repository.
pub(crate) fn command(host: &Host, args: &InstallArgs) -> Result<Outcome, Error> {
    let common = CommonArgs {
        repo_root: Some(args.into.clone()),
        config_dir: args.config_dir.clone(),
        json: args.json,
        quiet: args.quiet,
        ..CommonArgs::default()
    };
    let context = Context::open(host, TOOLSET, &common)?;
    let (dry_run, allow_dirty, bin_dir) = (args.dry_run, args.allow_dirty, args.bin_dir.clone());
    let kind = if args.shims { Some(Kind::Shims) } else { args.links.then_some(Kind::Links) };
    let report = install(&context, &InstallOptions { dry_run, allow_dirty, kind, bin_dir })?;
    let paths = report.paths.into_iter().map(|one| PathView {
        path: one.path,
        tool: one.tool,
        changed: one.action != Action::Nothing,
        action: one.action,
    });
    let installed = InstallView {
        dry_run,
        kind: if report.kind == Kind::Shims { "shims" } else { "links" },
        bin: report.bin.display().to_string(),
        paths: paths.collect(),
        to_commit: report.to_commit,
        shown_again: report.shown_again,
        failing_calls: report.failing_calls,
        notes: report.notes,
        renewed_hooks: report.renewed_hooks,
        shown_bin: context.shown(&report.bin),
        root: context.repo().root().display().to_string(),
        is_own_bin: context.store.programs() == report.bin,
    };
    present(&context, &installed, render)?;
    Ok(Outcome::done(""))
}

fn render(report: &InstallView, page: &mut Page) {
    for PathView { path, action, .. } in &report.paths {
        let verb = match (action, report.dry_run) {
            (Action::Nothing, _) => "is installed already",
            (Action::Replace, true) => "would be kept and replaced",
            (Action::Exchange, true) => "would be replaced",
            (Action::Exchange, false) => "is replaced",
            (Action::Create, true) => "would be created",
            (Action::Replace, false) => "is kept and replaced",
            (Action::Create, false) => "is created",
        };
        page.line(format!("{path} {verb}"));
    }
    for path in &report.shown_again {
        page.line(format!("{path}: Git shows its changes again (skip-worktree or assume-unchanged is removed)"));
    }
    for path in &report.renewed_hooks {
        let verb = if report.dry_run { "would be" } else { "is" };
        page.line(format!("{path} {verb} renewed: a commit is checked once, and passes when the program is gone"));
    }
    if report.dry_run {
        let changed = report.paths.iter().filter(|path| path.changed).count();
        page.line(format!("Nothing was done; {changed} of {} paths would change", report.paths.len()));
    } else {
        page.line(format!(
            "Originals: .loop/originals; programs: {}. `timmy uninstall --from {}` restores everything.",
            report.shown_bin, report.root
        ));
    }
    render_calls(report, page);
    if report.kind == "links" {
        page.line(
            "The links are for trying out: do not commit them, because a clone has no programs. \
             `timmy install --shims` puts files there that can be committed, and that pull, stash and reset keep.",
        );
        return;
    }
    if !report.is_own_bin {
        page.line(format!("Shims look for the programs in .loop/bin: set TIMMY_HOME={}.", report.shown_bin));
    }
    if !report.to_commit.is_empty() {
        page.line("Commit the shims, so that pull, stash and reset keep them (a clone needs the programs only):");
        page.line(format!("  git add --chmod=+x {}", report.to_commit.join(" ")));
    }
}

/// The calls of the scripts that need a change, or that none does.
fn render_calls(report: &InstallView, page: &mut Page) {
    if report.failing_calls.is_empty() {
        page.line("Callers need no change, even those that run `python3 scripts/…`; `timmy doctor` lists them.");
    } else {
        page.line("These callers fail with it; `timmy doctor` lists all:");
        page.lines(report.failing_calls.iter().map(|call| format!("  {call}")));
    }
    if !report.notes.is_empty() {
        page.line("On other machines, and in commits:");
        page.lines(report.notes.iter().map(|note| format!("  {note}")));
    }
}
