//! The forms of the output, as their readers take them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use sandbox::{CallOutput, Sandbox};
use serde_json::Value;

/// Findings with everything in their names and texts that a form has to escape.
fn report(form: &str) -> CallOutput {
    let sandbox = Sandbox::new();
    sandbox.write("a & <b>, c:d.py", "x = (\n");
    sandbox.write("tests/test_ä.py", "x = '/home/\u{1b}[31m\"'\n");
    sandbox.write("no newline.txt", "x");
    sandbox
        .call("pre_commit_checks", ["--format", form])
        .env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER", "black")
        .env("PATH", "/x")
        .run()
}

#[test]
fn sarif_is_valid_against_its_schema() {
    let ended = report("sarif");
    assert_eq!(ended.code, Some(1));
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    // As published it has a bracket too many, which no reader of patterns takes.
    let schema = include_str!("schemas/sarif-2.1.0.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    let broken = serde_json::json!({"version": "2.1.0", "runs": [{"tool": {}}]});
    assert!(!validator.is_valid(&broken), "the schema refuses what is wrong");
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20%26%20%3Cb%3E%2C%20c%3Ad.py");
    assert_eq!((place["region"]["startLine"].as_u64(), results[0]["ruleId"].as_str()), (Some(1), Some("syntax")));
    let index = usize::try_from(results[0]["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(document["runs"][0]["tool"]["driver"]["rules"][index]["id"], "syntax");
}

#[test]
fn junit_is_read_by_a_reader_of_junit() {
    let ended = report("junit");
    let suites = junit_parser::from_reader(std::io::Cursor::new(ended.out.as_bytes())).unwrap();
    assert_eq!((suites.suites.len(), suites.failures), (1, 3));
    let suite = &suites.suites[0];
    assert_eq!(suite.tests, suite.cases.len() as u64);
    let failed: Vec<&str> =
        suite.cases.iter().filter(|case| case.status.is_failure()).map(|case| case.original_name.as_str()).collect();
    assert_eq!(failed, ["syntax", "platform-paths", "final-newline"]);
    let syntax = suite.cases.iter().find(|case| case.original_name == "syntax").unwrap();
    assert!(syntax.status.failure_as_ref().text.contains("c:d.py:1:5: syntax error"), "{syntax:?}");
    assert!(ended.out.contains("a &amp; &lt;b&gt;, c:d.py:1:5: syntax error"), "{}", ended.out);
}

#[test]
fn github_takes_one_command_a_line() {
    let ended = report("github");
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(
        lines[0].starts_with("::error file=a & <b>%2C c%3Ad.py,line=1,col=5,title=syntax::syntax error: "),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("::error file=no newline.txt,line=1,title=final-newline::no newline"), "{}", lines[1]);
    assert!(lines.contains(&"::warning title=formatting::black is not installed"), "{}", ended.out);
    assert_eq!(lines.last(), Some(&"3 findings in 3 files"));
}

#[test]
fn json_has_every_part_of_a_finding() {
    let ended = report("json");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["status"], "failed");
    let first = &document["findings"][0];
    for key in ["check", "file", "line", "column", "what", "mend"] {
        assert!(!first[key].is_null(), "{key}");
    }
    assert_eq!(document["warnings"][0]["check"], "formatting");
    assert!(!ended.out.contains('\u{1b}'), "escapes stay out");
}
