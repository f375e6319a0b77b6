//! What Python itself refuses is found: mutations of a sample project, and what Python said of each (`mutations/record.py`).

#![allow(clippy::disallowed_methods, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Sandbox;
use serde_json::Value;

/// How many of a hundred refused mutations are to be found.
const BAR: usize = 98;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

/// The ids of the checks that find something in the project.
fn found(sandbox: &Sandbox) -> Vec<String> {
    let checks = ["syntax", "imports", "undefined-names"].map(|id| ["--check", id]).concat();
    // The version of the Python that was asked.
    let call = sandbox.call("pre_commit_checks", [vec!["--json"], checks].concat());
    let ended = call.env("TIMMY_PRE_COMMIT_CHECKS_TARGET_VERSION", "3.11").run();
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(ended.code, Some(i32::from(!findings.is_empty())));
    findings.iter().map(|finding| finding["check"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_python_refuses_is_found_and_what_it_takes_is_not() {
    let recorded = fs::read_to_string(here().join("recorded.jsonl")).unwrap();
    let records: Vec<Value> = recorded.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let project = here().join("project");
    let sandbox = Sandbox::new();
    copy(&project, &sandbox.root());
    assert_eq!(found(&sandbox), [""; 0], "the project itself is sound");
    let (mut refused, mut missed) = (0, Vec::new());
    for record in &records {
        let (file, old, new) =
            (record["file"].as_str().unwrap(), record["old"].as_str().unwrap(), record["new"].as_str().unwrap());
        let text = fs::read_to_string(project.join(file)).unwrap();
        match record["offset"].as_u64().map(|at| usize::try_from(at).unwrap()) {
            Some(at) => {
                let rest = text[at..].strip_prefix(old).unwrap_or_else(|| panic!("{file}: run record.py"));
                sandbox.write(file, format!("{}{new}{rest}", &text[..at]));
            }
            None => fs::remove_file(sandbox.root().join(file)).unwrap(),
        }
        let found = found(&sandbox);
        if record["refused"] == true {
            refused += 1;
            if found.is_empty() {
                missed.push(record.to_string());
            }
        } else {
            // A name that is missing in a function shows when that is called, which recording does not do.
            assert!(found.iter().all(|check| check == "undefined-names"), "{record}: {found:?}");
        }
        sandbox.write(file, text);
    }
    assert!(refused >= 200, "only {refused} of {} mutations are refused", records.len());
    assert!((refused - missed.len()) * 100 >= refused * BAR, "missed of {refused}:\n{}", missed.join("\n"));
}
