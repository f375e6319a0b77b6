//! Do the tools understand one another's files, over a real HTTP forge, as the loop calls them?

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test sets its world up and fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use demo_forge::{DemoForge, Project};
use sandbox::{
    CANARY_TOKEN, Flavour, SAMPLE_SLUG, Sandbox, commit, each_flavour, git_at, program, serve, serve_sample,
};
use serde_json::{Value, json};

/// Whether every request to the forge carried the token.
fn all_with_token(forge: &DemoForge) -> bool {
    let requests = forge.requests();
    let expected = format!("token {CANARY_TOKEN}");
    !requests.is_empty() && requests.iter().all(|request| request.authorization.as_ref() == Some(&expected))
}

each_flavour!(one_day_of_the_loop);
fn one_day_of_the_loop(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    let run = |tool: &str, args: &[&str]| {
        sandbox.call(tool, args).forge(&forge, SAMPLE_SLUG).env("TIMMY_NOW", "2026-03-21T07:30:00Z").run()
    };
    let _ = run("loop_guard", &[]).code(1);
    let _ = run("triage_score", &[]).code(0);
    let first = sandbox.json(".loop/queue.json")[0]["issue"].as_u64().unwrap();
    let ended = run("loop_guard", &[]).code(0);
    assert!(ended.out.contains("resuming after 1 idle cycle\n"), "{}", ended.out);
    assert_eq!(sandbox.json(".loop/cycle_result.json")["issue"], first);
    for cycle in ["1", "2"] {
        let ended = run(
            "cycle_retro",
            &["--cycle", cycle, "--failure", "--issue", &first.to_string(), "--duration", "60", "--reason", "tests"],
        )
        .code(0);
        assert!(
            ended.out.contains(&format!("(#{first} bug)")),
            "the type is the one that the guard seeded: {}",
            ended.out
        );
        let _ = run("loop_guard", &[]).code(0);
    }
    let _ = run("triage_score", &[]).code(0);
    assert_ne!(sandbox.json(".loop/queue.json")[0]["issue"], first, "quarantined after two failures");
    let ended = run("orchestrator", &["--review"]).code(0);
    assert!(ended.out.contains(&format!("1 in quarantine (#{first})")), "{}", ended.out);
    let agenda = sandbox.json(".loop/agenda.json");
    assert_eq!(agenda["review"]["cycles"]["failures"].as_array().unwrap().len(), 2);
    assert!(
        agenda["items"].as_array().unwrap().iter().any(|item| item["number"] == first && item["action"] == "clarify"),
        "{agenda}"
    );
    let _ = run("triage_score", &["--release", &first.to_string()]).code(0);
    let _ = run("triage_score", &[]).code(0);
    assert_eq!(sandbox.json(".loop/queue.json")[0]["issue"], first, "released");
    assert_eq!(sandbox.json(".loop/quarantine.json"), json!({}));
}

each_flavour!(tools_work_through_the_old_scripts_paths_from_anywhere);
fn tools_work_through_the_old_scripts_paths_from_anywhere(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    fs::create_dir_all(sandbox.root().join("scripts")).unwrap();
    for target in ["triage_score", "timmy"] {
        let link = sandbox.root().join("scripts/triage_score.py");
        let _ = fs::remove_dir_all(sandbox.root().join(".loop"));
        let _ = fs::remove_file(&link);
        symlink(program(target), &link).unwrap();
        let _ = sandbox.call_as(&link, [""; 0]).forge(&forge, SAMPLE_SLUG).dir("/").run().code(0);
        assert!(!sandbox.json(".loop/queue.json").as_array().unwrap().is_empty(), "{target}");
    }
}

#[test]
fn the_links_own_work_tree_decides_also_when_it_is_a_linked_one() {
    let sandbox = Sandbox::new();
    let (main, linked) = (sandbox.outside().join("main"), sandbox.outside().join("linked"));
    let repository = git_at(&main);
    commit(&repository, "x");
    repository.worktree("issue-7", &linked, None).unwrap();
    for root in [&main, &linked] {
        fs::create_dir_all(root.join("scripts")).unwrap();
        symlink(program("cycle_retro"), root.join("scripts/cycle_retro.py")).unwrap();
    }
    // From the main tree's folder through the linked tree's script, and the other way round.
    for (script, from, issue) in [(&linked, &main, json!(7)), (&main, &linked, json!(null))] {
        let call = sandbox.call_as(
            &script.join("scripts/cycle_retro.py"),
            ["--cycle", "1", "--success", "--duration", "5", "--json"],
        );
        let ended = call.dir(from).run().code(0);
        let record: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(record["issue"], issue, "the branch is the one of the script's own tree");
        assert!(script.join(".loop/retro/cycles.jsonl").exists());
        assert_eq!(from.join(".loop").exists(), *from == linked);
    }
}

each_flavour!(the_origin_remote_tells_the_forge_and_keeps_its_credentials);
fn the_origin_remote_tells_the_forge_and_keeps_its_credentials(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    let address = forge.api().replace("http://", "http://me:s3cret@").replace("/api/v1", "/acme/weatherbox.git");
    sandbox.git().remote("origin", &address).unwrap();
    let ended = sandbox.call("triage_score", ["--verbose"]).env("GITEA_TOKEN", CANARY_TOKEN).run().code(0);
    assert!(ended.err.contains(&format!("33 issues from {}/repos/acme/weatherbox", forge.api())), "{}", ended.err);
    assert!(!ended.conversation().contains("s3cret"), "{}", ended.err);
    assert!(all_with_token(&forge));
}

each_flavour!(the_token_file_is_read_and_its_openness_warned_about);
fn the_token_file_is_read_and_its_openness_warned_about(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    let call =
        || sandbox.call("triage_score", ["--dry-run"]).env("GITEA_API", forge.api()).env("REPO_SLUG", SAMPLE_SLUG);
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        sandbox.write_token_file(mode);
        let ended = call().run().code(0);
        assert_eq!(ended.err.contains("other users can read the token file"), warned, "{}", ended.err);
    }
    assert!(all_with_token(&forge));
}

each_flavour!(real_issues_are_triaged_and_planned);
/// The issues of `real_issues/`, which nobody wrote for these tools.
fn real_issues_are_triaged_and_planned(flavour: Flavour) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("real_issues/issues.json");
    let issues: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let known: BTreeSet<u64> =
        issues.as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()).collect();
    let (sandbox, forge) = (Sandbox::new(), serve(&Project::load(&path).unwrap(), flavour));
    let ended = sandbox.call("triage_score", [""; 0]).forge(&forge, "acme/project").run().code(0);
    assert!(ended.out.contains("[triage] Open: 60 | Scored: 60"), "{}", ended.out);
    assert!(forge.peak_requests() <= 8);
    let run = &sandbox.json_lines(".loop/retro/triage.jsonl")[0];
    let scored = run["scores"].as_object().unwrap().keys().map(|number| number.parse().unwrap());
    assert_eq!(scored.collect::<BTreeSet<u64>>(), known);
    let queue = sandbox.json(".loop/queue.json");
    let ready = queue.as_array().unwrap().len();
    assert!(0 < ready && ready < known.len(), "some are ready and some are not: {ready}");
    let call = sandbox.call("orchestrator", ["--review"]).forge(&forge, "acme/project");
    let ended = call.env("TIMMY_ORCHESTRATOR_AGENDA_TIME_MINUTES", "60").run().code(0);
    let agenda = sandbox.json(".loop/agenda.json");
    let items = agenda["items"].as_array().unwrap();
    // A title takes two lines at most, its reason one; the rest is the heading and the summary.
    assert!(items.len() <= 10 && ended.out.lines().count() <= 10 + 3 * items.len(), "{}", ended.out);
    assert!(
        !items.is_empty() && items.iter().all(|item| known.contains(&item["number"].as_u64().unwrap())),
        "{agenda}"
    );
    assert!(agenda["planned_minutes"].as_u64().unwrap() <= 60, "{agenda}");
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.call("cycle_retro", ["--cycle", "1", "--failure", "--issue", "5"]).start();
    drop(child.stdout.take());
    let ended: sandbox::CallOutput = child.wait_with_output().unwrap().into();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(sandbox.json_lines(".loop/retro/cycles.jsonl").len(), 1);
}
