//! `timmy doctor`: what is installed, who calls it, and what is broken.

mod callers;

use std::collections::BTreeSet;
use std::path::Path;

use common::document;
use common::host::Host;
use common::text;
use serde::Serialize;
use serde_json::{Value, json};

use crate::automation::survey;
use crate::cli::PlainArgs;
use crate::doctor::callers::find_callers;
use crate::error::{Error, Verdict};
use crate::install::{Installed, PATHS, Record, is_runnable_by_python};
use crate::next_timmy;
use crate::paths::tidy;
use crate::suite::Suite;
use crate::{ledger, scheduler};

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

/// Looks at everything, and says what is broken (exit 1).
pub(crate) fn doctor(host: &Host, args: &PlainArgs) -> Result<Verdict, Error> {
    let suite = Suite::open_anyway(host, &args.common)?;
    let mut broken: Vec<String> = Vec::new();
    let say = |line: &str| suite.say(line);
    say(&format!("timmy {} on {}", crate::VERSION, suite.repo.root().display()));

    say("");
    say("Installed");
    let record = Record::read(&suite.repo)?;
    let places: Vec<Place> = record.iter().flat_map(|record| &record.installed).map(|one| place(&suite, one)).collect();
    if places.is_empty() {
        say("  nothing (timmy install --into DIR replaces the scripts by tools)");
    }
    for place in &places {
        let leads_to = place.leads_to.as_deref().unwrap_or("nothing");
        let original = if place.original_kept { ", original kept" } else { "" };
        say(&format!("  {} -> {leads_to}{original}", place.path));
        broken.extend(place.problem.iter().map(|problem| format!("{}: {problem}", place.path)));
    }

    for path in stray_links(&suite, record.as_ref()) {
        broken.push(format!("{path}: a link of ours that leads nowhere, as a clone of an installed repository has; timmy install mends it"));
    }

    say("");
    say("Called by");
    let callers = find_callers(&suite);
    for caller in &callers {
        say(&format!("  {} calls {} ({})", caller.place, caller.script, caller.what_is_there.name()));
        if caller.what_is_there == callers::There::Nothing {
            broken.push(format!("{} calls {}, which is not there", caller.place, caller.script));
        }
    }
    if callers.is_empty() {
        say(
            "  nothing: no line of a crontab, a hook, a workflow, a script or the manifest names a script of the suite",
        );
    }

    let problems = survey(&suite);
    broken.extend(problems.iter().map(|problem| problem.error.to_string()));
    broken.extend(ledger::damage(&suite));
    broken.extend(failing(&suite)?);

    say("");
    say("Environment");
    let is_scheduling = scheduler::is_running(&suite);
    say(if is_scheduling { "  a scheduler is running" } else { "  no scheduler is running" });
    let other = next_timmy::find(host);
    match &other {
        Some(path) => say(&format!("  unknown commands are passed on to {}", path.display())),
        None => say("  no other timmy is on the PATH"),
    }

    say("");
    if broken.is_empty() {
        say("Nothing is broken.");
    } else {
        say("Broken");
        for one in &broken {
            say(&format!("  {one}"));
        }
    }
    suite.json(&json!({
        "version": crate::VERSION, "repository": suite.repo.root().display().to_string(), "installed": places,
        "callers": callers, "scheduler": is_scheduling, "next_timmy": other.map(|path| path.display().to_string()),
        "broken": broken,
    }))?;
    Ok(Verdict::of(broken.is_empty()))
}

/// Automations that have failed several times in a row.
fn failing(suite: &Suite) -> Result<Vec<String>, Error> {
    let state: Option<Value> = document::read(&suite.repo.automation_state())?.intact_or(|_| ());
    let automations = state.as_ref().and_then(|state| state["automations"].as_object());
    Ok(automations
        .into_iter()
        .flatten()
        .filter_map(|(id, entry)| {
            let count = entry["consecutive_failures"].as_u64().filter(|count| *count >= SEVERAL)?;
            let error = entry["last_error"].as_str().unwrap_or("timmy why automation tells more");
            Some(format!("{}: failed {count} times in a row: {}", text::fit(id, 60), text::fit(error, 200)))
        })
        .collect())
}

/// Links at the scripts' paths that lead nowhere, and that no installation here has noted.
fn stray_links(suite: &Suite, record: Option<&Record>) -> Vec<String> {
    let root = suite.repo.root();
    let listed = suite.manifest.listed().iter().filter_map(|listed| {
        let path = tidy(&suite.base().join(&listed.entry.script));
        Some(path.strip_prefix(root).ok()?.to_string_lossy().into_owned())
    });
    let usual = PATHS.iter().map(|(path, _)| (*path).to_owned());
    let all: BTreeSet<String> = listed.chain(usual).collect();
    all.into_iter()
        .filter(|path| {
            let full = root.join(path);
            let is_noted = record.is_some_and(|record| record.of(path).is_some());
            !is_noted && full.is_symlink() && !full.exists()
        })
        .collect()
}

fn place(suite: &Suite, installed: &Installed) -> Place {
    let root = suite.repo.root();
    let full = root.join(&installed.path);
    let real = full.canonicalize().ok();
    let problem = match &real {
        None if full.is_symlink() => {
            Some(format!("a link to {} that leads nowhere; timmy install mends it", installed.link))
        }
        None => Some("there is nothing; timmy install or timmy uninstall mends it".to_owned()),
        Some(_) if !installed.is_in_place(root) => {
            Some("somebody has put something else in the place of our link; timmy install puts it back".to_owned())
        }
        Some(real) if !is_runnable_by_python(real) => {
            Some(format!("python3 cannot run it: {} was changed; timmy install mends it", suite.shown(real)))
        }
        Some(_) => None,
    };
    Place {
        path: installed.path.clone(),
        tool: installed.tool.clone(),
        leads_to: real.as_deref().map(|real: &Path| suite.shown(real)),
        problem,
        original_kept: installed.original.is_some(),
    }
}
