//! What a shell completes in the place of an automation or a trigger: those of the repository around it.

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use common::manifest::Manifest;
use host::Host;
use host::text;
use records::Trigger;
use store::Repo;

/// Completes the id of an automation.
pub(crate) fn ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        manifest()
            .listed()
            .iter()
            .map(|listed| {
                let help = Some(text::line(&listed.entry.description)).filter(|help| !help.is_empty());
                CompletionCandidate::new(&listed.entry.id).help(help.map(Into::into))
            })
            .collect()
    })
}

/// Completes a trigger.
pub(crate) fn events() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let without_parameter = Trigger::NAMES.into_iter().filter(|name| *name != "manual");
        let mut names: Vec<String> = without_parameter.map(str::to_owned).collect();
        names.extend(manifest().listed().iter().map(|listed| listed.entry.trigger.text().to_owned()));
        names.sort();
        names.dedup();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// The manifest around the current directory; empty where there is none to be read.
fn manifest() -> Manifest {
    let host = Host::real().unwrap_or_else(|(host, _)| host);
    let repo = Repo::find(&host, None).ok();
    let load_with_diagnostics = repo.and_then(|repo| Manifest::load_with_diagnostics(&host, &repo, None).ok());
    load_with_diagnostics.map(|(manifest, _)| manifest).unwrap_or_default()
}
