//! `loop_introspect` as a program: flags, streams, exit codes, files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write;

use sandbox::Sandbox;
use serde_json::{Value, json};
use simulated_loop::{Bursts, Change, Scenario};

const LOG: &str = ".loop/retro/cycles.jsonl";
const INSIGHTS: &str = ".loop/retro/insights.json";

fn log(scenario: &Scenario, cycles: usize) -> String {
    scenario.cycles(3, cycles).iter().enumerate().fold(String::new(), |mut text, (number, cycle)| {
        let _ = writeln!(text, "{}", cycle.line(number));
        text
    })
}

/// A loop that got worse in the middle of its fourth week.
fn dropped() -> Scenario {
    Scenario { bursts: Bursts::Reported, change: Some((2400, Change::Success(0.6))), ..Scenario::default() }
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[test]
fn a_drop_is_told_on_one_screen_with_its_interval() {
    let sandbox = Sandbox::new();
    sandbox.write(LOG, log(&dropped(), 3000));
    let ended = sandbox.run("loop_introspect", &[]).code(0);
    assert!(ended.out.starts_with("[introspect] 3000 cycles up to 2026-03-17 23:45\n"), "{}", ended.out);
    assert!(
        ended.out.lines().count() <= 24 && ended.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        ended.out
    );
    let words = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("HIGH Success fell by") && words.contains("points (interval"), "{}", ended.out);
    for never in ["significant", "causes", "p-value", "NaN", "inf"] {
        assert!(!words.contains(never), "{never}: {}", ended.out);
    }
    let insights = sandbox.json(INSIGHTS);
    assert_eq!((&insights["cycles"], &insights["rests_on"]), (&json!(3000), &json!(3000)));
    let event = &insights["events"][0];
    assert_eq!((&event["stream"], &event["direction"]), (&json!("success"), &json!("down")));
    assert!((2300..=2500).contains(&event["change_at"].as_u64().unwrap()), "{event}");
    assert!(event["low"].as_f64() < event["effect"].as_f64() && event["effect"].as_f64() < event["high"].as_f64());
    let recommendation = &insights["recommendations"][0];
    assert_eq!((&recommendation["id"], &recommendation["severity"]), (&event["id"], &json!("high")));
    for key in ["evidence", "effect", "period", "reason", "suggestion"] {
        assert!(!recommendation[key].is_null(), "{key}");
    }
    let recent = &insights["trends"]["recent"];
    assert_eq!(recent["cycles"], 700);
    assert!(
        recent["low"].as_f64() < recent["success_rate"].as_f64()
            && recent["success_rate"].as_f64() < recent["high"].as_f64()
    );
}

#[test]
fn a_drop_of_all_kinds_of_work_is_not_reported_as_one_of_a_single_kind() {
    let scenario = Scenario {
        success: 0.8,
        per_day: 36,
        bursts: Bursts::None,
        change: Some((800, Change::Success(0.45))),
        ..Scenario::default()
    };
    let (all, mut leads_after_a_week) = (log(&scenario, 1200), false);
    let length = |cycles: usize| all.lines().take(cycles).map(|line| line.len() + 1).sum::<usize>();
    let sandbox = Sandbox::new();
    for cycles in (840..=1200).step_by(20) {
        sandbox.write(LOG, &all[..length(cycles)]);
        let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
        let insights = sandbox.json(INSIGHTS);
        let shown = ids(&insights["recommendations"]);
        let of_kind = shown.iter().find(|id| id.starts_with("success:"));
        assert!(of_kind.is_none(), "{cycles}: {shown:?}");
        let raised = insights["events"][0]["raised_after"].as_u64().unwrap_or(10_000);
        leads_after_a_week |= cycles as u64 > raised + 7 * 36 && shown[0].starts_with("success-");
    }
    assert!(leads_after_a_week, "a part of it that was seen later makes it news again");
}

#[test]
fn a_log_of_the_scripts_says_what_our_own_says() {
    let cycles = dropped().cycles(3, 3000);
    let text =
        |line: &dyn Fn(usize) -> String, end: &str| (0..cycles.len()).map(|at| line(at) + end).collect::<String>();
    let own = text(&|at| cycles[at].line(at), "\n");
    let forms = [
        text(&|at| cycles[at].old_line(at), "\n"),
        text(&|at| if at % 7 < 4 { cycles[at].line(at) } else { cycles[at].old_line(at) }, "\r\n"),
        text(&|at| cycles[at].old_line(at).replace("\"success\"", "\"\\u0073uccess\""), "\n\n"),
        own.replace(", \"", " ,\t\"").trim_end().to_owned(),
        own.replace("\"pr\"", "\"more\": [{\"issue\": 1}, \"}\"], \"pr\""),
    ];
    let insights = |log: &str| {
        let sandbox = Sandbox::new();
        sandbox.write(LOG, log);
        let _ = sandbox.run("loop_introspect", &["--quiet"]).code(0);
        sandbox.read(INSIGHTS)
    };
    let expected = insights(&own);
    assert!(expected.contains("\"damaged_lines\": 0") && expected.contains("\"stream\": \"success\""), "{expected}");
    for (number, form) in forms.iter().enumerate() {
        assert_eq!(insights(form), expected, "form {number}");
    }
}

#[test]
fn a_finding_shows_its_calculation_and_why_another_was_not_made() {
    let sandbox = Sandbox::new();
    sandbox.write(LOG, log(&dropped(), 3000));
    let _ = sandbox.run("loop_introspect", &["--quiet"]).code(0);
    let insights = sandbox.json(INSIGHTS);
    let id = insights["recommendations"][0]["id"].as_str().unwrap();
    let ended = sandbox.run("loop_introspect", &["--explain", id]).code(0);
    assert!(ended.out.contains("dispersion") && ended.out.contains("standard error"), "{}", ended.out);
    let silent = sandbox.run("loop_introspect", &["--explain", "level"]).code(0);
    assert!(silent.out.contains("not recommended: not enough evidence"), "{}", silent.out);
    let list = sandbox.run("loop_introspect", &["--explain", "list"]).code(0);
    assert!(list.out.contains(id) && list.out.contains("quarantine-luck"), "{}", list.out);
    let none = sandbox.run("loop_introspect", &["--explain", "levle"]).code(1);
    assert!(none.err.contains("did you mean `level`?"), "{}", none.err);
}

#[test]
fn the_same_records_give_the_same_bytes_and_an_unchanged_log_is_not_read_again() {
    let sandbox = Sandbox::new();
    sandbox.write(LOG, log(&dropped(), 2000));
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    let first = sandbox.json(INSIGHTS);
    let again = sandbox.call("loop_introspect", ["-v"]).env("TIMMY_NOW", "2026-03-25T00:00:00Z").run().code(0);
    assert!(again.err.contains("nothing has changed since 2026-03-21"), "{}", again.err);
    sandbox.write(LOG, log(&dropped(), 2000));
    let _ = sandbox.call("loop_introspect", ["-q"]).env("TIMMY_NOW", "2026-03-25T00:00:00Z").run().code(0);
    let mut second = sandbox.json(INSIGHTS);
    assert_ne!(second["generated_at"], first["generated_at"], "another file of the same length is read");
    second["generated_at"] = first["generated_at"].clone();
    assert_eq!(second.to_string(), first.to_string());
    let setting =
        sandbox.call("loop_introspect", ["-v"]).env("TIMMY_LOOP_INTROSPECT_SUCCESS_TARGET", "0.95").run().code(0);
    assert!(!setting.err.contains("nothing has changed"), "{}", setting.err);
    assert!(ids(&sandbox.json(INSIGHTS)["recommendations"]).contains(&"level"));
}

#[test]
fn a_clock_that_was_set_back_takes_cycles_out_of_the_answer() {
    let sandbox = Sandbox::new();
    sandbox.write(LOG, log(&Scenario::default(), 2000));
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    assert_eq!(sandbox.json(INSIGHTS)["cycles"], 2000);
    let earlier = sandbox.call("loop_introspect", ["-q"]).env("TIMMY_NOW", "2026-02-26T00:00:00Z");
    let _ = earlier.run().code(0);
    let insights = sandbox.json(INSIGHTS);
    assert_eq!((&insights["cycles"], &insights["future_lines"]), (&json!(1001), &json!(999)));
}

#[test]
fn a_reason_is_new_only_where_there_was_a_time_without_it() {
    let sandbox = Sandbox::new();
    let new = |sandbox: &Sandbox| sandbox.json(INSIGHTS)["failure_reasons"][0]["new"].clone();
    sandbox.write(LOG, log(&Scenario { success: 0.7, ..Scenario::default() }, 600));
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    assert_eq!(new(&sandbox), false, "the log's first days");
    let old = log(&Scenario { success: 0.7, ..Scenario::default() }, 1400);
    let (before, after) = old.split_at(old.lines().take(900).map(|line| line.len() + 1).sum());
    sandbox.write(LOG, before.to_owned() + &after.replace("tox failed: 3 errors", "no space left"));
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    assert_eq!(new(&sandbox), true);
}

#[test]
fn a_young_log_is_told_to_be_one() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run("loop_introspect", &[]).code(0);
    assert!(ended.out.contains("No cycles yet"), "{}", ended.out);
    sandbox.write(LOG, log(&Scenario::default(), 140));
    let ended = sandbox.run("loop_introspect", &[]).code(0);
    assert!(ended.out.contains("Too early to say anything: 140 of 260 cycles."), "{}", ended.out);
    assert_eq!(ids(&sandbox.json(INSIGHTS)["recommendations"]), ["too-early"]);
}

#[test]
fn what_does_not_count_is_counted_and_left_out() {
    let sandbox = Sandbox::new();
    let mut text = log(&Scenario::default(), 300);
    text +=
        "garbage\n{\"cycle\": 3, \"success\": true}\n{\"timestamp\": \"2031-01-01T00:00:00Z\", \"success\": false}\n";
    text += "{\"timestamp\": \"2026-03-01T00:00:00Z\", \"success\": true, \"backfilled\": true, \"pr\": 4}\n";
    for seconds in ["-5", "1e300", "\"nan\"", "null", "99999999999999999999"] {
        let _ =
            writeln!(text, "{{\"timestamp\": \"2026-02-20T00:00:00Z\", \"success\": true, \"duration\": {seconds}}}");
    }
    text += "{\"timestamp\": \"2026-02-20T00:00:00Z\", \"succ";
    sandbox.write(LOG, &text);
    let ended = sandbox.run("loop_introspect", &[]).code(0);
    assert!(ended.out.contains("left out: 2 damaged, 1 undated, 1 in the future, 1 backfilled"), "{}", ended.out);
    let insights = sandbox.json(INSIGHTS);
    assert_eq!((&insights["cycles"], &insights["by_type"]["unknown"]["successes"].is_u64()), (&json!(305), &true));
    assert_eq!(sandbox.read(LOG), text, "still there, byte for byte");
}

#[test]
fn lines_out_of_order_are_put_in_order() {
    let sandbox = Sandbox::new();
    let text = log(&dropped(), 2800);
    sandbox.write(LOG, &text);
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    let events = sandbox.json(INSIGHTS)["events"].clone();
    assert!(!events.as_array().unwrap().is_empty());
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    sandbox.write(LOG, lines.join("\n"));
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    assert_eq!(sandbox.json(INSIGHTS)["events"], events);
}

#[test]
fn a_stuck_issue_and_an_open_outage_are_named() {
    let sandbox = Sandbox::new();
    let mut text = log(&Scenario::default(), 1400);
    let line = |minute: usize, issue: usize, success: bool| {
        format!(
            "{{\"timestamp\": \"2026-03-02T{:02}:{:02}:00+00:00\", \"cycle\": 1, \"issue\": {issue}, \"type\": \"bug\", \"success\": {success}, \"duration\": 60, \"reason\": \"no space left on /dev/sda{minute}\"}}\n",
            minute / 60,
            minute % 60
        )
    };
    for round in 0..8 {
        text += &line(round * 4, 77, false);
        text += &line(round * 4 + 1, 900 + round, true);
        text += &line(round * 4 + 2, 950 + round, true);
    }
    sandbox.write(LOG, &text);
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    let insights = sandbox.json(INSIGHTS);
    let stuck =
        insights["recommendations"].as_array().unwrap().iter().find(|finding| finding["id"] == "stuck-77").unwrap();
    // As of the last look, which is after every twentieth cycle.
    assert!(stuck["finding"].as_str().unwrap().starts_with("#77 failed 7 times in a row; by chance ("), "{stuck}");
    assert_eq!(insights["repeat_failures"][0]["issue"], 77);
    let templates: Vec<&Value> =
        insights["failure_reasons"].as_array().unwrap().iter().map(|reason| &reason["template"]).collect();
    assert!(templates.contains(&&json!("no space left on <path>")), "{templates:?}");
    for round in 0..8 {
        text += &line(600 + round, 1000 + round, false);
    }
    sandbox.write(LOG, &text);
    let ended = sandbox.run("loop_introspect", &[]).code(0);
    assert!(ended.out.contains("Something is broken now: 8 of the last 8 cycles failed"), "{}", ended.out);
}

#[test]
fn markdown_and_json_carry_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write(LOG, log(&dropped(), 3000));
    let json = sandbox.run("loop_introspect", &["--json"]).code(0);
    let printed: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(printed, sandbox.json(INSIGHTS));
    let markdown = sandbox.run("loop_introspect", &["--markdown"]).code(0);
    assert!(markdown.out.starts_with("## Loop report: 3000 cycles"), "{}", markdown.out);
    assert!(markdown.out.contains("- **high** (success-"), "{}", markdown.out);
    let since = sandbox.run("loop_introspect", &["--json", "--since", "2026-03-20"]).code(0);
    assert_eq!(serde_json::from_str::<Value>(&since.out).unwrap()["events"], json!([]));
    let _ = sandbox.run("loop_introspect", &["--window-days", "0"]).code(2);
    let _ = sandbox.run("loop_introspect", &["--since", "yesterday"]).code(2);
}

#[test]
fn a_hundred_thousand_issues_that_fail_once_each_are_no_trouble() {
    let sandbox = Sandbox::new();
    let mut text = String::new();
    for number in 0..100_000 {
        let _ = writeln!(
            text,
            "{{\"timestamp\": \"2026-03-{:02}T{:02}:{:02}:{:02}+00:00\", \"issue\": {number}, \"type\": \"bug\", \"success\": false, \"duration\": {number}}}",
            1 + number / 8000,
            number / 400 % 20,
            number / 8 % 50,
            number % 60
        );
    }
    sandbox.write(LOG, &text);
    let _ = sandbox.run("loop_introspect", &["-q"]).code(0);
    let insights = sandbox.json(INSIGHTS);
    assert_eq!((&insights["cycles"], &insights["rests_on"]), (&json!(100_000), &json!(20_000)));
}
