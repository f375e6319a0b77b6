//! Projects that are refused, with the line and the key: a test on what is silently dropped proves nothing.

use std::path::Path;

use common::Failure;
use demo_forge::{DemoForge, Options, Project};
use serde_json::{Value, json};

use crate::client::issue;

fn load(text: &str) -> Result<Project, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    std::fs::write(&path, text).unwrap();
    let shown = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    Project::load(&path).map_err(|error| shown(format!("{error}; {}", error.hint().unwrap_or_default())))
}

#[test]
fn a_wrong_file_is_refused_with_the_line_and_the_key() {
    let cases = [
        (
            "{\"isues\": []}",
            "data.json:1:8: unknown key `isues`; known are `owner`, `name`, `now`, `issues`, `pulls`, `repository`",
        ),
        ("[\n 1,\n 2\n]", "data.json:2:2: expected an issue, found 1"),
        ("7", "expected a JSON object"),
        ("{\"issues\": {}}", "data.json:1:12: `issues`: expected a list, found {}"),
        (
            "{\"issues\": [\n {\"number\": \"7\"}\n]}",
            "data.json:2:15: `number`: invalid type: string \"7\", expected u64",
        ),
        ("{\"issues\": [\n {\"title\": \"x\"}\n]}", "data.json:2:2: an entry needs its `number`"),
        (
            "{\"issues\": [\n {\"number\": 7,\n  \"state\": \"CLOSED\"}\n]}",
            "data.json:3:19: `state`: unknown variant `CLOSED`, expected `open` or `closed`",
        ),
        ("{\"issues\": [{\"number\": 7, \"titel\": \"x\"}]}", "unknown key `titel`"),
        (
            "{\"issues\": [{\"number\": 7, \"created_at\": \"yesterday\"}]}",
            "`created_at`: \"yesterday\" is no time such as",
        ),
        (
            "{\"issues\": [{\"number\": 7, \"labels\": [1]}]}",
            "`labels`: expected a name, or an object with `name`, found 1",
        ),
        (
            "{\"issues\": [{\"number\": 7, \"merged\": true}]}",
            "#7 has `merged`, which a pull request has: it belongs in `pulls`",
        ),
        (
            "{\"issues\": [{\"number\": 7, \"comments\": \"no\"}]}",
            "`comments`: expected a number or a list, found \"no\"",
        ),
        (
            "{\"pulls\": [\n\n {\"number\": 7, \"merged\": true}]}",
            "data.json:3:2: #7 is `merged`, so its `state` must be \"closed\"",
        ),
        (
            "{\"pulls\": [{\"number\": 7, \"merged_at\": \"2026-03-01T00:00:00Z\"}]}",
            "#7 has `merged_at`, so `merged` must be true",
        ),
        (
            "{\"issues\": [{\"number\": 7},\n {\"number\": 7}]}",
            "data.json:2:2: the `number` 7 is taken: another entry has it (line 1)",
        ),
        ("{\"issues\": [{\"number\": 7}],\n \"pulls\": [{\"number\": 7}]}", "data.json:2:12: the `number` 7 is taken"),
        ("{\"issues\": [{\"number\": 7, \"dependencies\": [9]}]}", "`dependencies` of #7 names #9, which is not there"),
        (
            "{\"issues\": [{\"number\": 7, \"timeline\": [{\"type\": \"pull_ref\", \"ref_issue\": 9}]}]}",
            "`ref_issue` of #7 names #9",
        ),
        ("{\"repository\": {\"archivd\": true}}", "unknown key `archivd`"),
        ("{\"repository\": {\"branches\": [{\"commit\": {}}]}}", "`commit`: a branch needs its `name`"),
        ("{\"repository\": []}", "`repository`: expected an object, found []"),
    ];
    for (text, expected) in cases {
        let error = load(text).expect_err(text);
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn what_a_server_answers_is_a_project() {
    let forge = DemoForge::start(&Project::sample().unwrap(), Options::default()).unwrap();
    let list = |path: &str| -> Vec<Value> {
        let page = crate::client::get(&forge, &format!("/repos/acme/weatherbox/{path}")).json();
        page.as_array().unwrap().clone()
    };
    let (issues, pulls) = (list("issues?type=issues&limit=50"), list("pulls?limit=50"));
    let text = json!({"issues": issues, "pulls": pulls}).to_string();
    let again = DemoForge::start(&load(&text).unwrap(), Options::default()).unwrap();
    let reply = crate::client::get(&again, "/repos/acme/project/pulls?limit=50");
    assert_eq!(reply.json().as_array().unwrap().len(), pulls.len());
}

#[test]
fn a_project_of_a_test_is_refused_when_the_forge_starts() {
    let start = |issues: Vec<Value>, repository: Value| {
        let project = Project::new("acme", "app", issues, vec![]).with_repository(repository);
        DemoForge::start(&project, Options::default()).err().map(|error| error.to_string())
    };
    assert_eq!(start(vec![issue(1, json!({}))], json!({})), None);
    let error = start(vec![issue(1, json!({"stat": "open"}))], json!({})).unwrap();
    assert!(error.contains("unknown key `stat`"), "{error}");
    let error = start(vec![], json!({"status": []})).unwrap();
    assert!(error.contains("unknown key `status`"), "{error}");
    let forge = DemoForge::start(&Project::sample().unwrap(), Options::default()).unwrap();
    assert!(forge.serve_instead(&Project::new("acme", "weatherbox", vec![json!(1)], vec![])).is_err());
}

#[test]
fn a_folder_of_two_lists_is_a_project() {
    let folder = tempfile::tempdir().unwrap();
    let load = || Project::load(folder.path()).map_err(|error| error.to_string());
    assert!(load().unwrap_err().contains("neither issues.json nor pulls.json"));
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("issues.json", "[{\"number\": 1}]");
    write("pulls.json", "[{\"number\": 2}]");
    assert!(load().is_ok());
    write("pulls.json", "[{\"number\": 1}]");
    assert!(load().unwrap_err().contains("pulls.json:1:2: the `number` 1 is taken"), "{:?}", load().err());
    assert!(Project::load(Path::new("/nowhere.json")).is_err());
}
