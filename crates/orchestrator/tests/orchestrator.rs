//! `orchestrator` as a program: flags, streams, exit codes, files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use demo_forge::{DemoForge, Fault};
use sandbox::{Flavour, SAMPLE_SLUG, Sandbox, each_flavour, serve_sample};
use serde_json::{Value, json};

const AGENDA: &str = ".loop/agenda.json";

fn planned(sandbox: &Sandbox, forge: &DemoForge, args: &[&str]) -> sandbox::CallOutput {
    sandbox.call("orchestrator", args).forge(forge, SAMPLE_SLUG).env("TIMMY_NOW", "2026-03-21T07:30:00Z").run()
}

fn items(agenda: &Value) -> Vec<(u64, String)> {
    let items = agenda["items"].as_array().unwrap().iter();
    items.map(|item| (item["number"].as_u64().unwrap(), item["action"].as_str().unwrap().to_owned())).collect()
}

each_flavour!(the_agenda_fits_the_time_and_the_screen);
fn the_agenda_fits_the_time_and_the_screen(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    let ended = planned(&sandbox, &forge, &["--review"]).code(0);
    assert!(ended.out.starts_with("[orchestrator] Agenda for Sat 21 Mar 2026: "), "{}", ended.out);
    assert!(ended.out.lines().count() <= 24, "{}", ended.out);
    assert_eq!(ended.out.lines().find(|line| line.chars().count() > 80), None);
    let agenda = sandbox.json(AGENDA);
    let keys: Vec<&String> = agenda.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["generated_at", "time_budget_minutes", "planned_minutes", "candidates", "items", "review", "left_out"]
    );
    let keys: Vec<&String> = agenda["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["number", "title", "url", "action", "minutes", "size", "layer", "labels", "assignee", "why"]);
    let minutes: u64 = agenda["items"].as_array().unwrap().iter().map(|item| item["minutes"].as_u64().unwrap()).sum();
    assert_eq!(agenda["planned_minutes"], minutes);
    assert!(minutes <= 10);
    let review = &agenda["review"];
    assert_eq!(review["issues"]["opened"], json!([132, 134, 135]));
    assert_eq!(review["issues"]["closed"], json!([106, 112, 122]));
    assert_eq!(review["pulls"]["merged"], json!([129, 131, 133]));
}

each_flavour!(each_action_has_its_reason);
fn each_action_has_its_reason(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    sandbox.write(".loop/quarantine.json", "{\"101\": {\"reason\": \"failed 3 of its last 3 cycles\"}}");
    sandbox.write(
        ".loop/retro/cycles.jsonl",
        "{\"issue\": 96, \"success\": true, \"pr\": 140, \"timestamp\": \"2026-03-21T07:00:00Z\"}\n",
    );
    let call = sandbox.call("orchestrator", ["--max-items", "50"]).forge(&forge, SAMPLE_SLUG);
    let _ = call
        .env("TIMMY_NOW", "2026-03-21T07:30:00Z")
        .env("TIMMY_ORCHESTRATOR_AGENDA_TIME_MINUTES", "240")
        .run()
        .code(0);
    let agenda = sandbox.json(AGENDA);
    let items = items(&agenda);
    for (number, action) in [(130, "review"), (125, "review"), (101, "clarify"), (96, "close"), (107, "fix")] {
        assert!(items.contains(&(number, action.to_owned())), "#{number} {action}: {items:?}");
    }
    assert!(items.iter().all(|(number, _)| *number != 111), "a draft waits for nobody");
    assert!(agenda["items"].as_array().unwrap().iter().all(|item| !item["why"].as_str().unwrap().is_empty()));
}

each_flavour!(a_forge_that_is_away_leaves_the_local_queue);
fn a_forge_that_is_away_leaves_the_local_queue(flavour: Flavour) {
    for fault in [
        Fault::BadGateway,
        Fault::Drop,
        Fault::Hang,
        Fault::NotJson,
        Fault::CutBody,
        Fault::Panic,
        Fault::BadToken,
        Fault::TooManyRequests(900),
    ] {
        let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
        forge.order(fault.clone(), None);
        let ended = planned(&sandbox, &forge, &["--review"]).code(1);
        assert!(
            ended.err.contains("error: there is nothing to plan") && ended.err.contains("caused by: GET http"),
            "{fault:?}: {}",
            ended.err
        );
        assert_eq!(sandbox.bytes(AGENDA), None);
        sandbox.write(
            ".loop/queue.json",
            "[{\"issue\": 85, \"title\": \"Crash\", \"type\": \"bug\", \"score\": 8, \"ready\": true}]",
        );
        let ended = planned(&sandbox, &forge, &["--review"]).code(0);
        assert!(ended.err.contains("the agenda is made from the local queue"), "{fault:?}: {}", ended.err);
        assert!(ended.out.contains("unknown, because no list came from the forge"), "{}", ended.out);
        assert_eq!(items(&sandbox.json(AGENDA)), [(85, "fix".to_owned())]);
    }
}

#[test]
fn markdown_is_ready_to_be_pasted() {
    let sandbox = Sandbox::new();
    let issue =
        json!({"number": 85, "title": "<script>alert(1)</script> @ann [x](y)", "labels": [{"name": "daily-run"}]});
    let ended =
        sandbox.call("orchestrator", ["--markdown", "--issues", "-"]).stdin(json!([issue]).to_string()).run().code(0);
    assert!(
        ended
            .out
            .contains("- [ ] **implement** #85 &lt;script&gt;alert(1)&lt;/script&gt; @\u{2060}ann \\[x\\](y) (5 min)"),
        "{}",
        ended.out
    );
}

each_flavour!(json_is_the_agenda);
fn json_is_the_agenda(flavour: Flavour) {
    let (sandbox, forge) = (Sandbox::new(), serve_sample(flavour));
    let ended = planned(&sandbox, &forge, &["--json"]).code(0);
    let agenda: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(agenda, sandbox.json(AGENDA));
    assert_eq!(agenda["review"], Value::Null);
}

#[test]
fn what_others_put_into_the_agenda_survives() {
    let sandbox = Sandbox::new();
    let others = ["\"also\": {\"b\":[],  \"a\": 1e400}", "\"mine\": 1.10"];
    sandbox.write(AGENDA, format!("{{{}, \"items\": 5, {}}}", others[1], others[0]));
    let ended = sandbox.call("orchestrator", ["--issues", "-", "--json"]).stdin("[]").run().code(0);
    assert!(ended.out.ends_with("\"review\": null, \"left_out\": []}\n"), "{}", ended.out);
    let text = sandbox.read(AGENDA);
    assert!(text.ends_with(&format!("  \"left_out\": [],\n  {},\n  {}\n}}\n", others[0], others[1])), "{text}");
    assert!(text.contains("  \"items\": [],\n"), "{text}");
}

#[test]
fn the_review_counts_what_is_ready_and_what_has_a_balance() {
    let sandbox = Sandbox::new();
    let item = |issue: u64| json!({"issue": issue, "title": "x", "ready": true});
    sandbox.write(".loop/queue.json", json!([item(1), item(2), item(2), {"issue": 3}]).to_string());
    sandbox.write(".loop/quarantine.json", "{\"1\": {}}");
    let line = |tokens: i64, balance: &str| {
        format!("{{\"timestamp\": \"2026-03-21T07:00:00Z\", \"action\": \"run\", \"tokens\": {tokens}{balance}}}\n")
    };
    let ledger = [line(5, ", \"balance\": 5"), line(50, ""), line(-1, ", \"balance\": 4"), line(-50, "")];
    sandbox.write(".loop/tokens.jsonl", ledger.concat());
    let call = sandbox.call("orchestrator", ["--issues", "-", "--review"]).env("TIMMY_NOW", "2026-03-21T07:30:00Z");
    let _ = call.stdin("[]").run().code(0);
    let review = &sandbox.json(AGENDA)["review"];
    assert_eq!((&review["queue_depth"], &review["quarantined"]), (&json!(1), &json!([1])));
    assert_eq!(review["tokens"], json!({"earned": 5, "spent": -1, "balance": 4}));
}

#[test]
fn the_review_tells_an_issues_failures_from_others() {
    let sandbox = Sandbox::new();
    for (cycle, class) in [("1", None), ("2", Some("forge")), ("3", Some("forge"))] {
        let args = [
            &["--cycle", cycle, "--failure", "--issue", "132"][..],
            &class.map_or(vec![], |class| vec!["--failure-class", class]),
        ];
        let _ = sandbox.run("cycle_retro", &args.concat()).code(0);
    }
    let ended = sandbox.call("orchestrator", ["--issues", "-", "--review"]).stdin("[]").run().code(0);
    assert!(ended.out.contains("failed: #132: no reason given\n"), "{}", ended.out);
    let expected = "failed: not the issue's fault, forge (2 times): The forge could not be\n";
    assert!(ended.out.contains(expected), "{}", ended.out);
    let failures = &sandbox.json(AGENDA)["review"]["cycles"]["failures"];
    assert_eq!((&failures[0]["failure_class"], &failures[1]["failure_class"]), (&json!(null), &json!("forge")));
}

#[test]
fn settings_come_from_both_configuration_files() {
    let sandbox = Sandbox::new();
    let manifest = |config: &str| {
        format!("{{\"automations\": [{{\"id\": \"orchestrator\", \"script\": \"x\", \"config\": {config}}}]}}")
    };
    sandbox.write("config/automations.json", manifest("{}"));
    sandbox.write(
        "config/daily_run.json",
        "{\"orchestrator\": {\"agenda_time_minutes\": 7, \"candidate_labels\": [\"today\"]}}",
    );
    let issue = json!({"number": 85, "title": "x", "labels": [{"name": "today"}]});
    let minutes = || {
        let ended =
            sandbox.call("orchestrator", ["--json", "--issues", "-"]).stdin(json!([issue]).to_string()).run().code(0);
        let agenda: Value = serde_json::from_str(&ended.out).unwrap();
        (agenda["time_budget_minutes"].as_u64().unwrap(), agenda["candidates"].as_u64().unwrap())
    };
    assert_eq!(minutes(), (7, 1));
    sandbox.write("config/automations.json", manifest("{\"agenda_time_minutes\": 9}"));
    assert_eq!(minutes(), (9, 1), "the manifest goes before daily_run.json");
}
