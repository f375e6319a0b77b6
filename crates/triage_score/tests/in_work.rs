//! Issues that `triage_score` keeps out of the queue because a pull request is open, and what it tells the guard of changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use demo_forge::{DemoForge, Fault, Project};
use sandbox::{CallOutput, Sandbox, serve};
use serde_json::{Value, json};

const QUEUE: &str = ".loop/queue.json";
const SCORES: &str = ".loop/scores.json";

fn issue(number: u64, body: &str, updated: &str) -> Value {
    let body =
        format!("`load()` in src/config.py raises.\n\n## Expected\nIt must use the defaults. Add a test.\n{body}");
    json!({"number": number, "title": "Crash when the config file is empty", "body": body, "labels": [{"name": "bug"}],
           "state": "open", "created_at": "2026-03-01T00:00:00Z", "updated_at": updated})
}

fn pull(number: u64, body: &str, branch: &str, state: &str, merged: bool) -> Value {
    json!({"number": number, "title": "A pull request", "body": body, "state": state, "merged": merged,
           "created_at": "2026-03-21T08:00:00Z", "updated_at": "2026-03-21T08:00:00Z", "head": {"label": branch}})
}

fn forge(issues: Vec<Value>, pulls: Vec<Value>) -> DemoForge {
    serve(&Project::new("acme", "app", issues, pulls))
}

fn triage(sandbox: &Sandbox, forge: &DemoForge, args: &[&str]) -> CallOutput {
    sandbox.call("triage_score", args).forge(forge, "acme/app").run().code(0)
}

fn queued(sandbox: &Sandbox) -> Vec<u64> {
    sandbox.json(QUEUE).as_array().unwrap().iter().map(|item| item["issue"].as_u64().unwrap()).collect()
}

fn two() -> Vec<Value> {
    vec![issue(1, "", "2026-03-20T00:00:00Z"), issue(2, "", "2026-03-20T00:00:00Z")]
}

#[test]
fn an_issue_with_an_open_pull_request_is_in_work_and_not_in_the_queue() {
    for (body, branch) in [("Closes #1", "main"), ("A change.", "timmy/issue-1")] {
        let sandbox = Sandbox::new();
        let open = forge(two(), vec![pull(7, body, branch, "open", false)]);
        let said = triage(&sandbox, &open, &[]).out;
        assert_eq!(queued(&sandbox), [2], "{body}");
        assert!(said.contains("Ready: 1 | Not ready: 1 | Quarantined: 0"), "{said}");
        assert!(said.contains("#1 is in work: the pull request #7 is open since 2026-03-21 08:00 UTC"), "{said}");
        let known = &sandbox.json(SCORES)["issues"]["1"];
        assert_eq!((&known["reason"], &known["in_work"]["pull"]), (&json!("in_work"), &json!(7)));
        let why = sandbox.call("timmy", ["why", "1"]).run().code(0).out;
        assert!(why.contains("(in_work)") && why.contains("the pull request #7 is open since"), "{why}");
        let explained = triage(&sandbox, &open, &["--explain", "1"]).out;
        assert!(explained.contains("in work: the pull request #7"), "{explained}");
        // It stays so while the list of pull requests cannot be had.
        open.order(Fault::NotJson, None);
        let file = json!(two()).to_string();
        let call = sandbox.call("triage_score", ["--issues", "-"]).stdin(file);
        let _ = call.run().code(0);
        assert_eq!(queued(&sandbox), [2], "{body}");
        // Closed without a merge: it is given out again, and does not cool down.
        let closed = forge(two(), vec![pull(7, body, branch, "closed", false)]);
        let _ = triage(&sandbox, &closed, &[]);
        assert_eq!(queued(&sandbox), [1, 2], "{body}");
        assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T12:34:56.123456+00:00");
        assert_eq!(sandbox.json(QUEUE)[1]["changed_at"], json!(null));
    }
}

#[test]
fn an_issue_that_a_merge_left_open_has_not_changed() {
    let sandbox = Sandbox::new();
    let _ = triage(&sandbox, &forge(two(), vec![pull(7, "Closes #1", "main", "open", false)]), &[]);
    let _ = triage(&sandbox, &forge(two(), vec![pull(7, "Closes #1", "main", "closed", true)]), &[]);
    assert_eq!(queued(&sandbox), [1, 2]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], json!(null));
}

#[test]
fn a_change_of_the_text_or_the_labels_is_noted_with_the_forges_time() {
    let sandbox = Sandbox::new();
    let _ = triage(&sandbox, &forge(two(), vec![]), &[]);
    // Touched, as by a reference: no change.
    let mut issues = two();
    issues[0]["updated_at"] = json!("2026-03-21T09:00:00Z");
    let _ = triage(&sandbox, &forge(issues.clone(), vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], json!(null));
    issues[0]["body"] = json!(format!("{} More.", issues[0]["body"].as_str().unwrap()));
    let _ = triage(&sandbox, &forge(issues.clone(), vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T09:00:00+00:00");
    // It stays noted, and a later change comes after it.
    issues[0]["updated_at"] = json!("2026-03-21T10:00:00Z");
    let _ = triage(&sandbox, &forge(issues.clone(), vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T09:00:00+00:00");
    issues[0]["labels"] = json!([{"name": "urgent"}, {"name": "bug"}]);
    let _ = triage(&sandbox, &forge(issues, vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T10:00:00+00:00");
}
