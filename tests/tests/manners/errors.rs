//! An error is a JSON document under `--json`.

use sandbox::{CallOutput, Sandbox};
use serde_json::Value;

use crate::programs;

/// Checks that stdout is one document of an error that says what stderr says.
fn check_document(what: &str, output: &CallOutput) {
    let document: Value =
        serde_json::from_str(&output.out).unwrap_or_else(|error| panic!("{what}: {error}: {output:?}"));
    assert_eq!(document.as_object().map(serde_json::Map::len), Some(1), "{what}");
    let error = &document["error"];
    let message = error["message"].as_str().unwrap();
    assert!(output.err.contains("error: ") && !message.is_empty(), "{what}: {output:?}");
    let first_line = message.lines().next().unwrap();
    let begin = first_line.get(..first_line.len().min(30)).unwrap_or(first_line);
    assert!(output.err.contains(begin), "{what}: {output:?}");
    assert_eq!(error["exit_code"].as_i64(), output.code.map(i64::from), "{what}");
    assert!(error["causes"].as_array().is_some_and(|causes| causes.iter().all(Value::is_string)), "{what}");
    for cause in error["causes"].as_array().unwrap() {
        assert!(output.err.contains(&format!("caused by: {}", cause.as_str().unwrap())), "{what}");
    }
    assert!(error["hint"].is_null() || error["hint"].is_string(), "{what}");
}

#[test]
fn wrong_usage_is_a_json_document_of_every_command() {
    let sandbox = Sandbox::new();
    let all = programs::with_json();
    assert!(all.len() > 25, "{all:?}");
    for words in all {
        let args: Vec<&str> = words[1..].iter().map(String::as_str).chain(["--json", "--no-such-flag"]).collect();
        let output = sandbox.run(&words[0], &args).code(2);
        check_document(&words.join(" "), &output);
        let without: Vec<&str> = args.iter().copied().filter(|word| *word != "--json").collect();
        let output = sandbox.run(&words[0], &without).code(2);
        assert_eq!(output.out, "", "{words:?}");
    }
}

#[test]
fn an_error_at_run_time_is_a_json_document() {
    let sandbox = Sandbox::new();
    sandbox.write("config/automations.json", "{ broken");
    for tool in timmy::tools::TOOLS.iter().filter(|tool| tool.script.is_some()) {
        let args: &[&str] =
            if tool.id == "cycle_retro" { &["--cycle", "1", "--success", "--json"] } else { &["--json"] };
        check_document(tool.id, &sandbox.run(tool.id, args).code(2));
        let through: Vec<&str> = [tool.id].into_iter().chain(args.iter().copied()).collect();
        check_document(tool.id, &sandbox.run("timmy", &through).code(2));
    }
    for args in [
        &["automation", "enable", "x", "--json"][..],
        &["automation", "run", "x", "--json"],
        &["explain", "no_such_code", "--json"],
        &["why", "nothing", "--json"],
        &["schedule", "next", "--json"],
        &["install", "--into", "no-such-directory", "--json"],
        &["uninstall", "--from", "no-such-directory", "--json"],
        &["no-such-command", "--json"],
    ] {
        let output = sandbox.run("timmy", args);
        check_document(&args.join(" "), &output.code(2));
    }
}

#[test]
fn a_finding_that_does_not_exist_is_an_error_as_json() {
    let sandbox = Sandbox::new();
    let output = sandbox.run("loop_introspect", &["--explain", "no-such-finding", "--json"]).code(1);
    check_document("loop_introspect --explain", &output);
}

#[test]
fn what_comes_after_two_dashes_asks_another_program_for_json() {
    let sandbox = Sandbox::new();
    let output = sandbox.run("timmy", &["trigger", "no_such_trigger", "--", "--json"]).code(2);
    assert_eq!(output.out, "");
}

#[test]
fn a_clock_that_is_no_time_is_an_error_as_json() {
    let sandbox = Sandbox::new();
    let output = sandbox.call("loop_guard", ["--json"]).env("TIMMY_NOW", "yesterday").run().code(2);
    check_document("TIMMY_NOW", &output);
}
