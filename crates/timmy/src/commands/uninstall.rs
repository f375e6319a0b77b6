//! `timmy uninstall`: the scripts of a repository take their places again.

use automations::Context;
use common::{CommonArgs, Error, Outcome, Page};
use dropin::uninstall::{Restoration, UninstallOptions, uninstall};
use dropin::{HookFate, HookReport, OtherInstallation};
use host::Host;
use serde::Serialize;
use store::Repo;

use crate::cli::UninstallArgs;
use crate::present::present;
use crate::tools::TOOLSET;

/// One path, as it is shown.
#[derive(Serialize)]
struct PathView {
    path: String,
    restored: bool,
    kept: bool,
    superseded: bool,
    /// Whether what was there before is not recorded.
    #[serde(skip)]
    adopted: bool,
    #[serde(skip)]
    removed: bool,
}

/// What was put back, or would be.
#[derive(Serialize)]
struct UninstallView {
    dry_run: bool,
    whole: bool,
    paths: Vec<PathView>,
    hooks: Vec<HookReport>,
    shown_again: Vec<String>,
    changed: Vec<String>,
    kept_originals: Vec<String>,
    /// The directory of the programs, where it stays.
    #[serde(skip)]
    kept_programs: Option<String>,
    #[serde(skip)]
    failing_calls: Vec<String>,
}

/// That there is no installation.
#[derive(Serialize)]
struct NoInstallation {
    paths: [PathView; 0],
}

/// Restores everything that an installation has replaced.
pub(crate) fn command(host: &Host, args: &UninstallArgs) -> Result<Outcome, Error> {
    let common =
        CommonArgs { repo_root: Some(args.from.clone()), json: args.json, quiet: args.quiet, ..CommonArgs::default() };
    let repo = Repo::find(host, common.repo_root.as_deref())?;
    // A broken manifest must not prevent going back.
    let context = Context::open_in(host, TOOLSET, repo.clone(), &common);
    let context = context.unwrap_or_else(|_| Context::without_configuration(host, TOOLSET, repo, &common));
    let Some(report) = uninstall(&context, UninstallOptions { dry_run: args.dry_run, force: args.force })? else {
        present(&context, &NoInstallation { paths: [] }, |_, page| page.line("Nothing is installed here"))?;
        return Ok(Outcome::done(""));
    };
    let path = |(path, restoration)| PathView {
        adopted: report.adopted.contains(&path),
        path,
        restored: matches!(restoration, Restoration::Restored | Restoration::Removed),
        removed: restoration == Restoration::Removed,
        kept: restoration == Restoration::Kept,
        superseded: restoration == Restoration::Superseded,
    };
    let paths: Vec<PathView> = report.paths.into_iter().map(path).collect();
    let whole = paths.iter().all(|path| !path.kept);
    let uninstalled = UninstallView {
        dry_run: args.dry_run,
        whole,
        paths,
        hooks: report.hooks,
        shown_again: report.shown_again,
        changed: report.changed,
        kept_originals: report.kept_originals,
        kept_programs: report.kept_programs,
        failing_calls: report.failing_calls,
    };
    present(&context, &uninstalled, render)?;
    Ok(Outcome::yes_or_no(whole))
}

fn render(report: &UninstallView, page: &mut Page) {
    if report.paths.iter().any(|path| path.adopted) {
        page.line(
            "The record of the installation is gone, as after `git clean -fdx`: each path gets what Git has, or what is kept in \
             .loop/originals",
        );
    }
    for PathView { path, restored, kept, superseded, adopted, removed } in &report.paths {
        let verdict = match (restored, kept, report.dry_run) {
            (true, _, false) if *removed && *adopted => "is removed: nothing else is known of this path",
            (true, _, true) if *removed && *adopted => "would be removed: nothing else is known of this path",
            (true, _, false) if *removed => "is removed: nothing was there before",
            (true, _, true) if *removed => "would be removed: nothing was there before",
            (true, _, false) => "is restored",
            (true, _, true) => "would be restored",
            (_, true, _) => "is no longer what was installed, and is not changed (--force restores the original)",
            _ if *superseded => "is unchanged: Git has put the committed version there",
            _ => "is unchanged",
        };
        page.line(format!("{path} {verdict}"));
    }
    for path in &report.shown_again {
        page.line(format!("{path}: Git shows its changes again (skip-worktree or assume-unchanged is removed)"));
    }
    if !report.changed.is_empty() {
        page.line(format!(
            "Git has something else at these paths: {}. Commit what is there now, or `git checkout -- PATH` brings back what is committed",
            report.changed.join(", ")
        ));
    }
    render_hooks(report, page);
    if report.whole && !report.dry_run {
        page.line("What the loop has recorded stays in .loop; the configuration, the units of a scheduler and the lines of a crontab stay too");
    }
    if !report.kept_originals.is_empty() {
        page.line(format!("These files stay, because Git does not have them: {}", report.kept_originals.join(", ")));
    }
    if !report.failing_calls.is_empty() {
        page.line("These lines call a program that is removed, and fail without it; change them:");
        page.lines(report.failing_calls.iter().map(|call| format!("  {call}")));
    }
    if let Some(bin) = &report.kept_programs {
        page.line(format!("The programs in {bin} are not removed: other repositories may use them"));
    }
}

/// What becomes of the hooks, and which lines of other installations stay in them.
fn render_hooks(report: &UninstallView, page: &mut Page) {
    for HookReport { path, fate, others } in &report.hooks {
        let verdict = match (fate, report.dry_run) {
            (HookFate::Removed, false) => "is removed: it only called the checks",
            (HookFate::Removed, true) => "would be removed: it only calls the checks",
            (HookFate::LineRemoved, false) => "is kept, without the line that called the checks",
            (HookFate::LineRemoved, true) => "would be kept, without the line that calls the checks",
            (HookFate::KeptLink, _) => "is a link, and is not changed: remove the line that calls the checks by hand",
            (HookFate::Kept, _) => "is not changed: the line of this installation is not in it",
            (HookFate::KeptCall, _) => "is not changed: remove the line that calls a program in .loop/bin by hand",
        };
        page.line(format!("{path} {verdict}"));
        for OtherInstallation { root, checks_here } in others {
            let effect = if *checks_here { ", and checks commits here too" } else { "" };
            page.line(format!("  the line of {root} stays in it{effect}"));
        }
    }
}
