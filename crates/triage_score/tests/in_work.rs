//! Issues that `triage_score` keeps out of the queue because a pull request is open, and what it tells the guard of changes.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use demo_forge::{DemoForge, Fault, Project};
use sandbox::{CallOutput, Flavour, Sandbox, each_flavour, serve};
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

fn forge(flavour: Flavour, issues: Vec<Value>, pulls: Vec<Value>) -> DemoForge {
    serve(&Project::new("acme", "app", issues, pulls), flavour)
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

each_flavour!(an_issue_with_an_open_pull_request_is_in_work_and_not_in_the_queue);
fn an_issue_with_an_open_pull_request_is_in_work_and_not_in_the_queue(flavour: Flavour) {
    for (body, branch) in [("Closes #1", "main"), ("A change.", "timmy/issue-1")] {
        let sandbox = Sandbox::new();
        let open = forge(flavour, two(), vec![pull(7, body, branch, "open", false)]);
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
        let closed = forge(flavour, two(), vec![pull(7, body, branch, "closed", false)]);
        let _ = triage(&sandbox, &closed, &[]);
        assert_eq!(queued(&sandbox), [1, 2], "{body}");
        assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T12:34:56.123456+00:00");
        assert_eq!(sandbox.json(QUEUE)[1]["changed_at"], json!(null));
    }
}

each_flavour!(an_issue_that_a_merge_left_open_has_not_changed);
fn an_issue_that_a_merge_left_open_has_not_changed(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let _ = triage(&sandbox, &forge(flavour, two(), vec![pull(7, "Closes #1", "main", "open", false)]), &[]);
    let _ = triage(&sandbox, &forge(flavour, two(), vec![pull(7, "Closes #1", "main", "closed", true)]), &[]);
    assert_eq!(queued(&sandbox), [1, 2]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], json!(null));
}

each_flavour!(a_change_of_the_text_or_the_labels_is_noted_with_the_forges_time);
fn a_change_of_the_text_or_the_labels_is_noted_with_the_forges_time(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let _ = triage(&sandbox, &forge(flavour, two(), vec![]), &[]);
    // Touched, as by a reference: no change.
    let mut issues = two();
    issues[0]["updated_at"] = json!("2026-03-21T09:00:00Z");
    let _ = triage(&sandbox, &forge(flavour, issues.clone(), vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], json!(null));
    issues[0]["body"] = json!(format!("{} More.", issues[0]["body"].as_str().unwrap()));
    let _ = triage(&sandbox, &forge(flavour, issues.clone(), vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T09:00:00+00:00");
    // It stays noted, and a later change comes after it.
    issues[0]["updated_at"] = json!("2026-03-21T10:00:00Z");
    let _ = triage(&sandbox, &forge(flavour, issues.clone(), vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T09:00:00+00:00");
    issues[0]["labels"] = json!([{"name": "urgent"}, {"name": "bug"}]);
    let _ = triage(&sandbox, &forge(flavour, issues, vec![]), &[]);
    assert_eq!(sandbox.json(QUEUE)[0]["changed_at"], "2026-03-21T10:00:00+00:00");
}

/// A record of a success on #1 with the pull request #7, at this hour of the day.
fn succeed(sandbox: &Sandbox, hour: &str) {
    let at = format!("2026-03-21T{hour}:00Z");
    let args = ["--cycle", "1", "--success", "--issue", "1", "--pr", "7", "--duration", "9"];
    let _ = sandbox.call("cycle_retro", args).env("TIMMY_NOW", &at).run().code(0);
}

fn triage_at(sandbox: &Sandbox, forge: &DemoForge, hour: &str) -> CallOutput {
    let at = format!("2026-03-21T{hour}:00Z");
    sandbox.call("triage_score", ["-q"]).env("TIMMY_NOW", &at).forge(forge, "acme/app").run().code(0)
}

/// What the guard gives out first, as of that hour.
fn given_out(sandbox: &Sandbox, forge: &DemoForge, hour: &str) -> Value {
    let at = format!("2026-03-21T{hour}:00Z");
    let _ = std::fs::remove_file(sandbox.root().join(".loop/cycle_result.json"));
    let ended = sandbox.call("loop_guard", ["--json"]).env("TIMMY_NOW", &at).forge(forge, "acme/app").run().code(0);
    serde_json::from_str::<Value>(&ended.out).unwrap()["issue"].clone()
}

each_flavour!(an_issue_that_was_changed_while_it_was_closed_does_not_wait_when_it_is_open_again);
fn an_issue_that_was_changed_while_it_was_closed_does_not_wait_when_it_is_open_again(flavour: Flavour) {
    for (is_changed, expected) in [(true, 1), (false, 2)] {
        let sandbox = Sandbox::new();
        let open = forge(flavour, two(), vec![]);
        let _ = triage_at(&sandbox, &open, "07:00");
        succeed(&sandbox, "08:00");
        let _ = triage_at(&sandbox, &open, "08:01");
        for hour in ["09:00", "09:30"] {
            let _ = triage_at(&sandbox, &forge(flavour, vec![two().remove(1)], vec![]), hour);
        }
        assert!(sandbox.json(SCORES)["not_open"]["1"].is_object());
        let text = if is_changed { "Also when it is a link." } else { "" };
        let again = forge(flavour, vec![issue(1, text, "2026-03-21T09:40:00Z"), two().remove(1)], vec![]);
        let _ = triage_at(&sandbox, &again, "10:00");
        assert_eq!(given_out(&sandbox, &again, "10:01"), expected);
        assert_eq!(sandbox.json(SCORES)["not_open"], json!(null));
    }
}

fn closed_at(number: u64, body: &str, time: &str) -> Value {
    let mut closed = pull(number, body, "main", "closed", false);
    closed["closed_at"] = json!(time);
    closed
}

each_flavour!(a_pull_request_of_whose_end_the_forge_does_not_tell_is_asked_for_again);
fn a_pull_request_of_whose_end_the_forge_does_not_tell_is_asked_for_again(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let open = forge(flavour, two(), vec![pull(7, "Closes #1", "main", "open", false)]);
    succeed(&sandbox, "08:00");
    let _ = triage_at(&sandbox, &open, "08:01");
    let closed = forge(flavour, two(), vec![closed_at(7, "Closes #1", "2026-03-21T09:00:00Z")]);
    closed.order_at("/pulls/7", Fault::BadGateway);
    let call = sandbox.call("triage_score", [""; 0]).env("TIMMY_NOW", "2026-03-21T09:01:00Z");
    let ended = call.forge(&closed, "acme/app").run().code(0);
    assert!(ended.err.contains("how the pull request #7 ended is not known"), "{}", ended.err);
    assert_eq!(queued(&sandbox), [2], "it counts as open");
    closed.behave();
    let _ = triage_at(&sandbox, &closed, "09:02");
    assert_eq!(given_out(&sandbox, &closed, "09:03"), 1);
}

each_flavour!(a_pull_request_that_was_deleted_is_a_rejected_one);
fn a_pull_request_that_was_deleted_is_a_rejected_one(flavour: Flavour) {
    let sandbox = Sandbox::new();
    succeed(&sandbox, "08:00");
    let _ = triage_at(&sandbox, &forge(flavour, two(), vec![pull(7, "Closes #1", "main", "open", false)]), "08:01");
    let gone = forge(flavour, two(), vec![]);
    let _ = triage_at(&sandbox, &gone, "09:00");
    assert_eq!(given_out(&sandbox, &gone, "09:01"), 1);
}

each_flavour!(a_pull_request_that_was_closed_before_a_triage_saw_it_frees_its_issue_too);
fn a_pull_request_that_was_closed_before_a_triage_saw_it_frees_its_issue_too(flavour: Flavour) {
    for (time, expected) in [("2026-03-21T08:30:00Z", 1), ("2026-03-21T07:58:00Z", 1), ("2026-03-11T08:30:00Z", 2)] {
        let sandbox = Sandbox::new();
        let none = forge(flavour, two(), vec![]);
        let _ = triage_at(&sandbox, &none, "07:00");
        succeed(&sandbox, "08:00");
        let closed = forge(flavour, two(), vec![closed_at(7, "Closes #1", time)]);
        for hour in ["09:00", "09:30"] {
            let _ = triage_at(&sandbox, &closed, hour);
            // One that ended long before is not the work of this cycle, whatever its record says.
            assert_eq!(given_out(&sandbox, &closed, hour), expected, "{time} {hour}");
        }
        let asked = closed.requests().iter().filter(|request| request.target.ends_with("/pulls/7")).count();
        assert_eq!(asked, if expected == 1 { 1 } else { 2 }, "{time}");
    }
    // One that the forge does not know ends no wait: an agent may name any.
    let sandbox = Sandbox::new();
    let none = forge(flavour, two(), vec![]);
    let _ = triage_at(&sandbox, &none, "07:00");
    succeed(&sandbox, "08:00");
    let _ = triage_at(&sandbox, &none, "09:00");
    assert_eq!(given_out(&sandbox, &none, "09:01"), 2);
}

each_flavour!(a_change_that_may_be_the_agents_own_ends_no_wait);
fn a_change_that_may_be_the_agents_own_ends_no_wait(flavour: Flavour) {
    let changed = |updated: &str| {
        let mut issues = two();
        issues[0]["body"] = json!(format!("{} Ticked.", issues[0]["body"].as_str().unwrap()));
        issues[0]["updated_at"] = json!(updated);
        issues
    };
    let sandbox = Sandbox::new();
    let _ = triage_at(&sandbox, &forge(flavour, two(), vec![]), "07:00");
    // Its own edit, the record, and a reference that moves `updated_at`, all before the next triage.
    succeed(&sandbox, "08:00");
    let after = forge(flavour, changed("2026-03-21T08:05:00Z"), vec![]);
    let _ = triage_at(&sandbox, &after, "08:10");
    assert_eq!(given_out(&sandbox, &after, "08:11"), 2);
    // A later edit is a person's.
    let mut issues = changed("2026-03-21T09:00:00Z");
    issues[0]["title"] = json!("Crash when the config file is missing");
    let later = forge(flavour, issues, vec![]);
    let _ = triage_at(&sandbox, &later, "09:10");
    assert_eq!(given_out(&sandbox, &later, "09:11"), 1);
}
