//! The issue that is about to be given out, asked of the forge by itself.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

use std::time::{Duration, Instant};

use demo_forge::{DemoForge, Fault, Project};
use sandbox::{Flavour, Sandbox, each_flavour, serve};
use serde_json::{Value, json};

const QUEUE: &str = ".loop/queue.json";
const TOUCHED: &str = "2026-01-30T00:00:00Z";

#[expect(clippy::needless_pass_by_value, reason = "a literal")]
fn issue(number: u64, more: Value) -> Value {
    let mut issue = json!({"number": number, "title": "T", "state": "open", "created_at": "2026-01-01T00:00:00Z", "updated_at": TOUCHED});
    issue.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    issue
}

fn forge(flavour: Flavour, issues: Vec<Value>) -> DemoForge {
    serve(&Project::new("acme", "app", issues, vec![]), flavour)
}

fn sandbox(queued: &[u64]) -> Sandbox {
    let sandbox = Sandbox::new();
    let item = |issue: &u64| json!({"issue": issue, "title": "T", "updated": TOUCHED, "ready": true});
    sandbox.write(QUEUE, json!(queued.iter().map(item).collect::<Vec<_>>()).to_string());
    sandbox
}

fn guard(sandbox: &Sandbox, forge: &DemoForge) -> Value {
    let ended = sandbox.call("loop_guard", ["--json"]).forge(forge, "acme/app").run();
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.conversation()))
}

fn queued(sandbox: &Sandbox) -> Vec<u64> {
    sandbox.json(QUEUE).as_array().unwrap().iter().map(|item| item["issue"].as_u64().unwrap()).collect()
}

each_flavour!(an_issue_that_is_closed_or_deleted_leaves_the_queue_however_many_were_closed_since);
fn an_issue_that_is_closed_or_deleted_leaves_the_queue_however_many_were_closed_since(flavour: Flavour) {
    let mut issues: Vec<Value> = (10..90).map(|number| issue(number, json!({"state": "closed"}))).collect();
    issues.extend((100..490).map(|number| issue(number, json!({}))));
    let forge = forge(flavour, issues);
    // 9 was deleted.
    let sandbox = sandbox(&[10, 9, 89, 100, 101]);
    let said = guard(&sandbox, &forge);
    assert_eq!(
        (&said["issue"], &said["forge"]),
        (&json!(100), &json!({"asked": true, "answered": true, "error": null}))
    );
    assert_eq!(queued(&sandbox), [100, 101]);
    let asked = forge.requests().len();
    assert_eq!(asked, 5, "one for each, and one to know that 9 is gone");
    let _ = guard(&sandbox, &forge);
    assert_eq!(forge.requests().len(), asked + 1);
}

each_flavour!(a_repository_that_the_token_cannot_see_has_deleted_nothing);
fn a_repository_that_the_token_cannot_see_has_deleted_nothing(flavour: Flavour) {
    let sandbox = sandbox(&[1]);
    let forge = forge(flavour, vec![issue(1, json!({}))]);
    let ended = sandbox.call("loop_guard", ["--json"]).forge(&forge, "acme/other").run().code(0);
    let said: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&said["issue"], &said["forge"]["answered"]), (&json!(1), &json!(false)));
    assert!(ended.err.contains("the queue is used as it is"), "{}", ended.err);
    assert_eq!(queued(&sandbox), [1]);
}

each_flavour!(an_issue_that_is_locked_or_assigned_to_a_person_is_passed_over);
fn an_issue_that_is_locked_or_assigned_to_a_person_is_passed_over(flavour: Flavour) {
    let sandbox = sandbox(&[1, 2, 3]);
    let forge = forge(
        flavour,
        vec![
            issue(1, json!({"is_locked": true})),
            issue(2, json!({"assignees": [{"login": "hermes"}, {"login": "rina"}]})),
            issue(3, json!({"assignees": [{"login": "Hermes"}]})),
        ],
    );
    let call = |agents: &str| {
        let call = sandbox.call("loop_guard", ["--json"]).forge(&forge, "acme/app");
        let ended = call.env("TIMMY_LOOP_GUARD_AGENT_LOGINS", agents).run();
        let _ = std::fs::remove_file(sandbox.root().join(".loop/cycle_result.json"));
        serde_json::from_str::<Value>(&ended.out).unwrap()
    };
    assert_eq!(call("hermes,kimi")["issue"], 3);
    assert_eq!(queued(&sandbox), [1, 2, 3], "they stay queued");
    assert_eq!(call("hermes,rina")["issue"], 2);
    let said = call("kimi");
    assert_eq!((&said["status"], &said["reason"]), (&json!("idle"), &json!("all_waiting")));
    let reasons: Vec<&Value> = said["held_back"].as_array().unwrap().iter().map(|held| &held["reason"]).collect();
    assert_eq!(reasons, ["locked", "assigned", "assigned"]);
}

each_flavour!(asking_ends_when_its_time_is_over);
fn asking_ends_when_its_time_is_over(flavour: Flavour) {
    let sandbox = sandbox(&[1]);
    let forge = forge(flavour, vec![issue(1, json!({}))]);
    forge.order(Fault::Hang, None);
    let begun = Instant::now();
    let call = sandbox.call("loop_guard", ["--json"]).forge(&forge, "acme/app");
    let said = call.env("TIMMY_LOOP_GUARD_VERIFY_TIMEOUT", "0.2").run().code(0);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let said: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&said["issue"], &said["forge"]["asked"], &said["forge"]["answered"]),
        (&json!(1), &json!(true), &json!(false))
    );
}

each_flavour!(an_issue_that_was_touched_since_the_triage_is_looked_at_again);
fn an_issue_that_was_touched_since_the_triage_is_looked_at_again(flavour: Flavour) {
    let moved = |more: Value| {
        let mut more = more;
        more["updated_at"] = json!("2026-03-21T09:00:00Z");
        issue(1, more)
    };
    let pull = |state: &str, reviews: Value| json!({"number": 7, "title": "x", "state": state, "merged": false, "reviews": reviews, "created_at": TOUCHED});
    let refers =
        |action: &str| json!([{"type": "comment"}, {"type": "pull_ref", "ref_action": action, "ref_issue": 7}]);
    let depends = json!([{"type": "add_dependency"}]);
    let asks =
        |stale: bool| json!([{"state": "REQUEST_CHANGES", "user": "rina", "stale": stale, "submitted_at": TOUCHED}]);
    for (first, pull, expected) in [
        (moved(json!({})), pull("open", json!([])), None),
        (moved(json!({"timeline": refers("closes")})), pull("open", json!([])), Some("in_work")),
        (moved(json!({"timeline": refers("closes")})), pull("closed", json!([])), None),
        (moved(json!({"timeline": refers("closes")})), pull("open", asks(false)), None),
        (moved(json!({"timeline": refers("closes")})), pull("open", asks(true)), Some("in_work")),
        (moved(json!({"timeline": refers("none")})), pull("open", json!([])), None),
        (moved(json!({"timeline": refers("neutered")})), pull("open", json!([])), None),
        (moved(json!({"timeline": depends, "dependencies": [3]})), pull("open", json!([])), Some("blocked_by")),
        (moved(json!({"timeline": depends, "dependencies": [4]})), pull("open", json!([])), None),
        // It has not moved: nothing more is asked.
        (issue(1, json!({"timeline": refers("closes")})), pull("open", json!([])), None),
    ] {
        let issues =
            vec![first.clone(), issue(2, json!({})), issue(3, json!({})), issue(4, json!({"state": "closed"}))];
        let forge = serve(&Project::new("acme", "app", issues, vec![pull]), flavour);
        let sandbox = sandbox(&[1, 2]);
        let said = guard(&sandbox, &forge);
        assert_eq!(said["issue"], if expected.is_some() { 2 } else { 1 }, "{first} {said}");
        assert_eq!(queued(&sandbox), [1, 2], "it stays queued");
    }
}

each_flavour!(every_page_of_a_timeline_is_read);
fn every_page_of_a_timeline_is_read(flavour: Flavour) {
    let mut events = vec![json!({"type": "comment"}); 120];
    events.push(json!({"type": "pull_ref", "ref_action": "closes", "ref_issue": 7}));
    let first = issue(1, json!({"timeline": events, "updated_at": "2026-03-21T09:00:00Z"}));
    let pull = json!({"number": 7, "title": "x", "state": "open", "created_at": TOUCHED});
    let forge = serve(&Project::new("acme", "app", vec![first, issue(2, json!({}))], vec![pull]), flavour);
    for fault in [None, Some(Fault::PageCap(10))] {
        if let Some(fault) = fault {
            forge.order(fault, None);
        }
        assert_eq!(guard(&sandbox(&[1, 2]), &forge)["issue"], 2);
    }
}
