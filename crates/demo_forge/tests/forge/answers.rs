//! The forge against what four real servers answered (`../answers/`): statuses, headers, and the shapes of the bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use demo_forge::{Access, DemoForge, Flavour, Options, Project};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::{TOKEN, ask};

/// What was asked, and what each server answered.
#[derive(Deserialize)]
struct Recording {
    /// The method, the path and the kind of the token.
    requests: Vec<(String, String, String)>,
    /// A word for a scalar, the shapes of the elements of a list, or the fields with their shapes.
    shapes: Vec<Value>,
    #[serde(flatten)]
    answers: BTreeMap<String, Vec<Answer>>,
}

/// The status, the content type, the names of headers, the number of the body's shape (none for a text), the message of a
/// refusal.
#[derive(Deserialize)]
struct Answer(u16, String, String, Option<usize>, Option<String>);

impl Recording {
    fn load() -> Self {
        serde_json::from_str(include_str!("../answers/answers.json")).unwrap()
    }

    /// Finds how a body differs from a shape. A list may lack a shape of elements that was recorded, but has no other one.
    fn difference(&self, shape: usize, value: &Value, at: &str) -> Option<String> {
        let known = &self.shapes[shape];
        match (known, value) {
            (Value::Object(fields), Value::Object(object)) => self.fields(fields, object, at),
            (Value::Array(elements), Value::Array(list)) => list.iter().find_map(|item| {
                let shapes = elements.iter().map(|shape| usize::try_from(shape.as_u64().unwrap()).unwrap());
                let differences: Vec<_> =
                    shapes.map(|shape| self.difference(shape, item, &format!("{at}[]"))).collect();
                let at_all = || format!("{at} is not empty");
                let is_right = differences.iter().any(Option::is_none);
                (!is_right).then(|| differences.into_iter().flatten().next_back().unwrap_or_else(at_all))
            }),
            (Value::String(kind), value) => {
                let found = kind_of(value);
                // A text can be one that looks like a time.
                let is_right = *kind == found || kind == "text" && found == "time";
                (!is_right).then(|| format!("{at} is {found}, not {kind}: {value}"))
            }
            _ => Some(format!("{at} is {}, not {known}", kind_of(value))),
        }
    }

    fn fields(&self, fields: &Map<String, Value>, object: &Map<String, Value>, at: &str) -> Option<String> {
        let (expected, found): (Vec<_>, Vec<_>) = (fields.keys().collect(), object.keys().collect());
        if expected != found {
            let missing: Vec<_> = expected.iter().filter(|key| !found.contains(key)).collect();
            let more: Vec<_> = found.iter().filter(|key| !expected.contains(key)).collect();
            return Some(format!("{at} lacks {missing:?} and has {more:?}, or they are in another order"));
        }
        fields.iter().find_map(|(key, shape)| {
            let shape = usize::try_from(shape.as_u64().unwrap()).unwrap();
            self.difference(shape, &object[key], &format!("{at}.{key}"))
        })
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "flag",
        Value::Number(_) => "number",
        Value::String(text) if text.len() > 18 && chrono::DateTime::parse_from_rfc3339(text).is_ok() => "time",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Serves the repository of a path as a server, with a token of this kind.
fn serve(flavour: Flavour, path: &str, kind: &str) -> DemoForge {
    let scopes: &[&str] = match kind {
        "rw" => &["write:issue", "read:repository"],
        "issue_only" => &["read:issue"],
        "repo_only" => &["read:repository"],
        "user_only" => &["read:user"],
        "public_only" => &["public-only", "read:issue", "read:repository"],
        _ => &[],
    };
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let access = Access { token: Some(TOKEN.to_owned()), scopes, ..Access::default() };
    let name = path.split(['/', '?']).nth(3).unwrap_or("house");
    let issue = || [1, 2, 3].map(|number| json!({"number": number, "title": "One of several"})).to_vec();
    let project = match name {
        "attic" => Project::new("acme", "attic", issue(), vec![]).with_repository(json!({"archived": true})),
        "blank" => Project::new("acme", "blank", vec![], vec![]).with_repository(json!({"empty": true})),
        "nopulls" => {
            Project::new("acme", "nopulls", vec![], vec![]).with_repository(json!({"has_pull_requests": false}))
        }
        "noissues" => Project::new("acme", "noissues", vec![], vec![]).with_repository(json!({"has_issues": false})),
        "secretive" => Project::new("acme", "secretive", issue(), vec![]).with_repository(json!({"private": true})),
        "oldname" => {
            Project::new("acme", "newname", vec![], vec![]).with_repository(json!({"former_names": ["acme/oldname"]}))
        }
        _ => Project::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/project.json")).unwrap(),
    };
    DemoForge::start(&project, Options { flavour, access, ..Options::default() }).unwrap()
}

/// Returns in what the forge's answer differs from the recorded one.
fn compare(
    recording: &Recording,
    forge: &DemoForge,
    request: &(String, String, String),
    answer: &Answer,
) -> Option<String> {
    let (method, path, kind) = request;
    let sent = match kind.as_str() {
        "" => String::new(),
        "wrong" => format!("Authorization: token {}\r\n", "0".repeat(40)),
        "basic" => "Authorization: Basic aGVybWVzOnNlY3JldA==\r\n".to_owned(),
        _ => format!("Authorization: token {TOKEN}\r\n"),
    };
    let reply = ask(forge, method, path, &sent);
    let Answer(status, content, headers, shape, message) = answer;
    if reply.status != *status {
        return Some(format!("{} instead of {status}: {}", reply.status, reply.body.trim()));
    }
    if !content.is_empty() && reply.header("Content-Type") != Some(content) {
        return Some(format!("the content type is {:?}", reply.header("Content-Type")));
    }
    let sent: BTreeSet<&str> = ["allow", "link", "location", "x-hasmore", "x-total-count"]
        .into_iter()
        .filter(|name| reply.header(name).is_some())
        .collect();
    let expected: BTreeSet<&str> = headers.split_whitespace().collect();
    if sent != expected {
        return Some(format!("the headers are {sent:?}, not {expected:?}"));
    }
    if let Some(message) = message.as_ref().filter(|message| reply.json()["message"] != json!(message)) {
        return Some(format!("the message is {}, not {message:?}", reply.json()["message"]));
    }
    shape.and_then(|shape| recording.difference(shape, &reply.json(), "it"))
}

#[test]
fn every_answer_is_as_the_real_server_gave_it() {
    let recording = Recording::load();
    let mut forges: BTreeMap<(&str, &str, &str), DemoForge> = BTreeMap::new();
    let (mut report, mut count) = (String::new(), 0);
    for flavour in Flavour::EVERY_VERSION {
        for (request, answer) in recording.requests.iter().zip(&recording.answers[flavour.name()]) {
            let (method, path, kind) = request;
            let name = path.split(['/', '?']).nth(3).unwrap_or("house");
            let forge = forges.entry((flavour.name(), name, kind)).or_insert_with(|| serve(flavour, path, kind));
            count += 1;
            // Its fork was deleted before it was merged there.
            let is_other = flavour == Flavour::Gitea123 && path == "/repos/acme/house/pulls/100";
            if let Some(difference) = compare(&recording, forge, request, answer).filter(|_| !is_other) {
                writeln!(report, "{} {method} {path} [{kind}]: {difference}", flavour.name()).unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{} of {count} answers differ:\n{report}", report.lines().count());
    assert_eq!(count, 872);
}

#[test]
fn a_difference_of_shapes_is_found() {
    let mut recording = Recording::load();
    recording.shapes =
        vec![json!("null"), json!("number"), json!("time"), json!({"a": 1, "b": 2}), json!([3]), json!([])];
    let right = json!({"a": 1, "b": "2026-01-01T00:00:00Z"});
    assert_eq!(recording.difference(3, &right, "it"), None);
    assert_eq!(recording.difference(4, &json!([right, right]), "it"), None);
    for (shape, wrong, problem) in [
        (3, json!({"a": 1}), "it lacks [\"b\"]"),
        (3, json!({"b": "2026-01-01T00:00:00Z", "a": 1}), "another order"),
        (3, json!({"a": null, "b": "2026-01-01T00:00:00Z"}), "it.a is null, not number"),
        (4, json!([{"a": 1, "b": "soon"}]), "it[].b is text, not time"),
        (5, json!([1]), "it is not empty"),
        (0, json!(1), "it is number, not null"),
        (4, json!({}), "it is object"),
    ] {
        let found = recording.difference(shape, &wrong, "it").unwrap();
        assert!(found.contains(problem), "{found}");
    }
}
