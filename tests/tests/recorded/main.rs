//! Is everything that callers rely on as it was when it was recorded, byte for byte?
//!
//! A scenario is a repository with files in it (also old, foreign and damaged ones) and a sequence of calls of the tools.
//! After each call the exit code, both outputs and every change of a file are compared with the recording of the scenario
//! in `tests/recorded/NAME/`. A recording has two files:
//!
//! - `contract.txt`: what callers rely on. `RECORD=all` writes it; it changes only where an issue says so.
//! - `prose.txt`: words for people. `RECORD=prose` accepts new ones, as long as `contract.txt` stays as it is.
//!
//! To `contract.txt` belong
//!
//! 1. the exit code;
//! 2. every file of the repository, below `.loop/` and `config/` and elsewhere: new ones in full, of changed ones the lines
//!    that changed. Left out are locks and what Git keeps below `.git/` except hooks; a program that was installed is there
//!    by its name;
//! 3. stdout as a whole where a program reads it: with `--json`, `--markdown`, `--status` or `--format`, completions of a
//!    command line, units of `timmy service print` and the report of `pre_commit_checks` (but for comments and lines with a
//!    bracketed prefix);
//! 4. the other lines of stdout whose text the contract gives: `[retro] ⟳…`, `[retro] Cycle N skipped…`, `[loop-guard] Queue
//!    active (…`, `[loop-guard] Queue empty — idle #…`, `[triage] Ready: …`;
//! 5. of every other line with a bracketed prefix that it is there, with its prefix: logs are searched for it.
//!
//! To `prose.txt` belong the rest of stdout, stderr, and the sentences in JSON and in files that no contract words: messages
//! of errors, hints and explanations ([`rule`] lists the keys), the reason at the end of a run in a log, comments in units.
//! In `contract.txt` such a sentence is `<message>`.
//!
//! A scenario with a forge is played as Gitea and as Forgejo. Where the tools do not do the same on both, one of them has a
//! recording of its own: `NAME_as_gitea` or `NAME_as_forgejo`.
//!
//! What differs between two runs of the same program is masked in both, by the one list in [`masks`].

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test sets its world up and fails by panicking"
)]

mod agenda;
mod backfill;
mod checks;
mod guard;
mod introspect;
mod masks;
mod picture;
mod recording;
mod retro;
mod rule;
mod scenario;
mod timmy_install;
mod timmy_manifest;
mod timmy_running;
mod timmy_stories;
mod triage;
mod usage;
mod worlds;

#[test]
fn every_recording_has_its_scenario() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: String = std::fs::read_dir(tests.join("tests/recorded"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for entry in std::fs::read_dir(tests.join("recorded")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let scenario = name.trim_end_matches("_as_gitea").trim_end_matches("_as_forgejo");
        assert!(sources.contains(&format!("(\"{scenario}\")")), "tests/recorded/{name} is of no scenario: remove it");
    }
}
