//! What a shell completes in the place of an automation, a trigger, an issue, a code or a finding: those of the repository around
//! it.

use std::collections::BTreeMap;

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use common::manifest::Manifest;
use host::Host;
use host::text;
use records::{REASONS, Trigger};
use store::{Repo, Store};

/// Completes the id of an automation.
pub(crate) fn ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let manifest = manifest();
        manifest.listed().iter().map(|listed| candidate(&listed.entry.id, &listed.entry.description)).collect()
    })
}

/// Completes a trigger that is an event or a time.
pub(crate) fn events() -> ArgValueCandidates {
    ArgValueCandidates::new(|| named(triggers().into_iter().filter(|name| name != "manual")))
}

/// Completes the trigger of an automation.
pub(crate) fn all_triggers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| named(triggers().into_iter()))
}

/// Completes the number of an issue.
pub(crate) fn issues() -> ArgValueCandidates {
    ArgValueCandidates::new(known_issues)
}

/// Completes what `timmy why` explains.
pub(crate) fn stories() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut all =
            vec![candidate("idle", "why the loop has no work"), candidate("automation", "followed by its id")];
        all.extend(known_issues());
        all
    })
}

/// Completes a reason code.
pub(crate) fn codes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| REASONS.iter().map(|reason| candidate(reason.code(), reason.meaning())).collect())
}

/// Completes the id of a finding of the introspection.
pub(crate) fn findings() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut all = vec![candidate("list", "every id")];
        all.extend(with_store(|store| {
            let insights = store.insights().read_intact("").ok().flatten().unwrap_or_default();
            let findings = insights.recommendations.iter().chain(&insights.details).chain(&insights.considered);
            findings.map(|finding| candidate(&finding.id, &finding.finding)).collect()
        }));
        all
    })
}

/// Makes a candidate with a text that a shell may show next to it.
pub(crate) fn candidate(value: &str, about: &str) -> CompletionCandidate {
    let about = Some(text::line(about)).filter(|about| !about.is_empty());
    CompletionCandidate::new(value).help(about.map(Into::into))
}

fn named(names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    names.map(CompletionCandidate::new).collect()
}

/// The triggers without a parameter, and those that the manifest uses.
fn triggers() -> Vec<String> {
    let mut names: Vec<String> = Trigger::NAMES.into_iter().map(str::to_owned).collect();
    names.extend(manifest().listed().iter().map(|listed| listed.entry.trigger.text().to_owned()));
    names.sort();
    names.dedup();
    names
}

/// The issues that the last triage scored, and those of the queue.
fn known_issues() -> Vec<CompletionCandidate> {
    with_store(|store| {
        let mut titles: BTreeMap<u64, String> = BTreeMap::new();
        let _ = store.queue().read(|entry| {
            titles.extend(entry.item().map(|item| (item.issue, item.title)));
        });
        let scores = store.scores().read_intact("").ok().flatten().unwrap_or_default();
        titles.extend(scores.issues.0.into_iter().map(|(number, scored)| (number, scored.title.into_owned())));
        titles.into_iter().map(|(number, title)| candidate(&number.to_string(), &title)).collect()
    })
}

/// Reads the stored files of the repository around the current directory, silently; nothing where there is no repository.
fn with_store<T>(read: impl FnOnce(&Store) -> Vec<T>) -> Vec<T> {
    let host = Host::real().unwrap_or_else(|(host, _)| host);
    Repo::find(&host, None).map_or_else(|_| Vec::new(), |repo| read(&Store::new(&host, repo, true)))
}

/// The manifest around the current directory, or the one that the suite ships; empty where it cannot be read.
fn manifest() -> Manifest {
    let host = Host::real().unwrap_or_else(|(host, _)| host);
    let repo = Repo::find(&host, None).ok();
    let load_with_diagnostics = repo.and_then(|repo| Manifest::load_with_diagnostics(&host, &repo, None).ok());
    load_with_diagnostics.map(|(manifest, _)| manifest.or_shipped()).unwrap_or_default()
}
