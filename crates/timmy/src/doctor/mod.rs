//! `timmy doctor`: what is installed, who calls it, and what is broken.

mod callers;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Error, Outcome, Page, View};
use host::Host;
use host::text;
use records::{Installation, InstalledPath};
use serde::Serialize;

use crate::automation::validate;
use crate::cli::PlainArgs;
use crate::context::Context;
use crate::doctor::callers::{Caller, There, find_callers};
use crate::install::{is_in_place, is_runnable_by_python, read_record};
use crate::paths::tidy;
use crate::{fallback, integrity, scheduler, tools};

/// How many failures in a row are no accident.
const SEVERAL: u64 = 3;

/// One path of a script, and what is there.
#[derive(Serialize)]
struct Place {
    path: String,
    tool: String,
    /// What the link there leads to.
    leads_to: Option<String>,
    /// What is wrong; nothing where all is well.
    problem: Option<String>,
    original_kept: bool,
}

/// The state of an installation.
#[derive(Serialize)]
struct Examination {
    version: &'static str,
    repository: String,
    installed: Vec<Place>,
    callers: Vec<Caller>,
    scheduler: bool,
    next_timmy: Option<String>,
    broken: Vec<String>,
}

impl View for Examination {
    fn render(&self, page: &mut Page) {
        page.line(format!("timmy {} on {}", self.version, self.repository));
        section(page, "Installed");
        for Place { path, leads_to, original_kept, .. } in &self.installed {
            let leads_to = leads_to.as_deref().unwrap_or("nothing");
            let original = if *original_kept { ", original kept" } else { "" };
            page.line(format!("  {path} -> {leads_to}{original}"));
        }
        if self.installed.is_empty() {
            page.line("  nothing (timmy install --into DIR replaces the scripts by tools)");
        }
        section(page, "Called by");
        for Caller { place, script, what_is_there } in &self.callers {
            page.line(format!("  {place} calls {script} ({})", what_is_there.name()));
        }
        if self.callers.is_empty() {
            page.line("  nothing: no line of a crontab, a hook, a workflow, a script or the manifest names a script of the suite");
        }
        section(page, "Environment");
        page.line(if self.scheduler { "  a scheduler is running" } else { "  no scheduler is running" });
        page.line(match &self.next_timmy {
            Some(path) => format!("  unknown commands are passed on to {path}"),
            None => "  no other timmy is on the PATH".to_owned(),
        });
        if self.broken.is_empty() {
            section(page, "Nothing is broken.");
        } else {
            section(page, "Broken");
            page.lines(self.broken.iter().map(|one| format!("  {one}")));
        }
    }
}

fn section(page: &mut Page, title: &str) {
    page.line("");
    page.line(title);
}

/// Looks at everything, and reports what is broken (exit 1).
pub(crate) fn doctor(host: &Host, args: &PlainArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, &args.common)?;
    let installation = read_record(&context.store)?;
    let installed: Vec<Place> =
        installation.iter().flat_map(|record| &record.installed).map(|one| place(&context, one)).collect();
    let callers = find_callers(&context);
    let broken = broken(&context, installation.as_ref(), &installed, &callers);
    let is_well = broken.is_empty();
    context.present(&Examination {
        version: crate::VERSION,
        repository: context.repo().root().display().to_string(),
        installed,
        callers,
        scheduler: scheduler::is_running(&context),
        next_timmy: fallback::find(host).map(|path| path.display().to_string()),
        broken,
    })?;
    Ok(Outcome::yes_or_no(is_well))
}

/// Everything that is broken, a line each.
fn broken(
    context: &Context,
    installation: Option<&Installation>,
    installed: &[Place],
    callers: &[Caller],
) -> Vec<String> {
    let mut broken: Vec<String> = Vec::new();
    for place in installed {
        broken.extend(place.problem.iter().map(|problem| format!("{}: {problem}", place.path)));
    }
    for path in stray_links(context, installation) {
        broken.push(format!(
            "{path}: a dangling link to a tool, as in a clone of an installed repository; timmy install fixes it"
        ));
    }
    for Caller { place, script, what_is_there } in callers {
        if *what_is_there == There::Nothing {
            broken.push(format!("{place} calls {script}, which is missing"));
        }
    }
    broken.extend(validate(context).iter().map(|problem| problem.error.to_string()));
    broken.extend(integrity::damage(context));
    broken.extend(failing(context));
    broken
}

/// Automations that have failed several times in a row.
fn failing(context: &Context) -> Vec<String> {
    let state = context.automation_state();
    let failing = state.entries().filter(|(_, entry)| entry.consecutive_failures >= SEVERAL);
    failing
        .map(|(id, entry)| {
            let error = entry.last_error.as_deref().unwrap_or("timmy why automation tells more");
            let count = entry.consecutive_failures;
            format!("{}: failed {count} times in a row: {}", text::fit(id, 60), text::fit(error, 200))
        })
        .collect()
}

/// Links at the scripts' paths that lead nowhere, and that no installation here has noted.
fn stray_links(context: &Context, installation: Option<&Installation>) -> Vec<String> {
    let root = context.repo().root();
    let listed = context.manifest.listed().iter().filter_map(|listed| {
        let path = tidy(&context.base().join(&listed.entry.script));
        Some(path.strip_prefix(root).ok()?.to_string_lossy().into_owned())
    });
    let usual = tools::automations().map(|(_, script)| script.to_owned());
    let all: BTreeSet<String> = listed.chain(usual).collect();
    all.into_iter()
        .filter(|path| {
            let full = root.join(path);
            let is_noted = installation.is_some_and(|installation| installation.of(path).is_some());
            !is_noted && full.is_symlink() && !full.exists()
        })
        .collect()
}

fn place(context: &Context, installed: &InstalledPath) -> Place {
    let root = context.repo().root();
    let full = root.join(&installed.path);
    let real = full.canonicalize().ok();
    let problem = match &real {
        None if full.is_symlink() => Some(format!("a dangling link to {}; timmy install fixes it", installed.link)),
        None => Some("it is missing; timmy install or timmy uninstall fixes it".to_owned()),
        Some(_) if !is_in_place(root, installed) => {
            Some("the installed link was replaced; timmy install restores it".to_owned())
        }
        Some(real) if !is_runnable_by_python(real) => {
            Some(format!("python3 cannot run it: {} was changed; timmy install fixes it", context.shown(real)))
        }
        Some(_) => None,
    };
    Place {
        path: installed.path.clone(),
        tool: installed.tool.clone(),
        leads_to: real.as_deref().map(|real: &Path| context.shown(real)),
        problem,
        original_kept: installed.original.is_some(),
    }
}
