//! The forge's answers against the API's own description (`../openapi/`), and against what the description is silent about.

use std::collections::BTreeSet;

use demo_forge::{Flavour, Options, Project};
use serde_json::{Value, json};

use crate::client::{get, issue, sample, signed, start};

/// The description, trimmed to what the forge serves.
const DESCRIPTION: &str = include_str!("../openapi/description.json");

/// Checks a value against a schema of the description; null passes, since the description marks nothing as nullable
/// while the servers send nulls.
fn check(description: &Value, schema: &Value, value: &Value, at: &str) {
    if value.is_null() {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = description.pointer(reference.trim_start_matches('#')).unwrap();
        return check(description, target, value, at);
    }
    match schema["type"].as_str() {
        Some("array") => {
            for (index, item) in value.as_array().unwrap_or_else(|| panic!("{at} is no list")).iter().enumerate() {
                check(description, &schema["items"], item, &format!("{at}[{index}]"));
            }
        }
        Some("object") => {
            let object = value.as_object().unwrap_or_else(|| panic!("{at} is no object"));
            for (key, item) in object {
                // The server adds this one when it sends a user; its description forgets it.
                if key == "username" && schema["properties"]["login"].is_object() {
                    assert!(item.is_string(), "{at}.{key}: {item} is no text");
                    continue;
                }
                let inner = schema["properties"].get(key).unwrap_or_else(|| panic!("{at}.{key} is not described"));
                check(description, inner, item, &format!("{at}.{key}"));
            }
        }
        Some("string") => {
            let text = value.as_str().unwrap_or_else(|| panic!("{at}: {value} is no text"));
            if schema["format"] == "date-time" {
                assert!(chrono::DateTime::parse_from_rfc3339(text).is_ok(), "{at}: {value} is no time");
            }
            let allowed = schema["enum"].as_array();
            assert!(allowed.is_none_or(|allowed| allowed.contains(value)), "{at}: {value} is none of {allowed:?}");
        }
        Some("integer") => assert!(value.is_i64() || value.is_u64(), "{at}: {value} is no whole number"),
        Some("boolean") => assert!(value.is_boolean(), "{at}: {value} is no boolean"),
        other => panic!("{at} is described as {other:?}, which this test does not know"),
    }
}

/// A project with one of each thing that the forge serves.
fn full() -> Project {
    let by = |user: &str| json!({"user": user, "body": "Seen again", "created_at": "2026-03-02T00:00:00Z"});
    let event = |kind: &str, more: Value| {
        let mut event = json!({"type": kind, "user": "ann", "created_at": "2026-03-02T00:00:00Z"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let timeline = [
        event("label", json!({"label": "bug", "body": "1"})),
        event("pull_ref", json!({"ref_issue": 3, "ref_action": "closes"})),
        event("assignees", json!({"assignee": "ann"})),
        event("add_dependency", json!({"dependent_issue": 2})),
    ];
    let elsewhere = json!({"number": 7, "repository": "acme/other", "title": "Elsewhere"});
    let first = json!({"labels": ["bug"], "assignees": ["ann"], "milestone": "M1", "comments": [by("ben")],
                       "dependencies": [2, elsewhere], "timeline": timeline, "is_locked": true});
    let pull = json!({"head": "timmy/issue-1", "requested_reviewers": ["rina"], "changed_files": 1, "due_date": "2026-04-01T00:00:00Z",
                      "reviews": [{"user": "rina", "state": "REQUEST_CHANGES", "submitted_at": "2026-03-02T00:00:00Z"}]});
    Project::new("acme", "weatherbox", vec![issue(1, first), issue(2, json!({}))], vec![issue(3, pull)])
        .with_repository(
            json!({"milestones": [{"title": "M1", "due_on": "2026-04-01T00:00:00Z"}], "collaborators": ["rina"],
               "statuses": [{"context": "ci/test", "status": "success"}, {"context": "ci/lint", "status": "failure"}]}),
        )
}

#[test]
fn every_answer_fits_the_description() {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let paths = [
        ("/version", "/version"),
        ("/settings/api", "/settings/api"),
        ("/user", "/user"),
        ("/repos/acme/weatherbox", "/repos/{owner}/{repo}"),
        ("/repos/acme/weatherbox/issues?state=all", "/repos/{owner}/{repo}/issues"),
        ("/repos/acme/weatherbox/issues/comments", "/repos/{owner}/{repo}/issues/comments"),
        ("/repos/acme/weatherbox/issues/1", "/repos/{owner}/{repo}/issues/{index}"),
        ("/repos/acme/weatherbox/issues/2/blocks", "/repos/{owner}/{repo}/issues/{index}/blocks"),
        ("/repos/acme/weatherbox/issues/1/comments", "/repos/{owner}/{repo}/issues/{index}/comments"),
        ("/repos/acme/weatherbox/issues/1/dependencies", "/repos/{owner}/{repo}/issues/{index}/dependencies"),
        ("/repos/acme/weatherbox/issues/1/labels", "/repos/{owner}/{repo}/issues/{index}/labels"),
        ("/repos/acme/weatherbox/issues/1/timeline", "/repos/{owner}/{repo}/issues/{index}/timeline"),
        ("/repos/acme/weatherbox/labels", "/repos/{owner}/{repo}/labels"),
        ("/repos/acme/weatherbox/labels/1", "/repos/{owner}/{repo}/labels/{id}"),
        ("/repos/acme/weatherbox/milestones", "/repos/{owner}/{repo}/milestones"),
        ("/repos/acme/weatherbox/milestones/1", "/repos/{owner}/{repo}/milestones/{id}"),
        ("/repos/acme/weatherbox/pulls", "/repos/{owner}/{repo}/pulls"),
        ("/repos/acme/weatherbox/pulls/3", "/repos/{owner}/{repo}/pulls/{index}"),
        ("/repos/acme/weatherbox/pulls/3/commits", "/repos/{owner}/{repo}/pulls/{index}/commits"),
        ("/repos/acme/weatherbox/pulls/3/files", "/repos/{owner}/{repo}/pulls/{index}/files"),
        ("/repos/acme/weatherbox/pulls/3/reviews", "/repos/{owner}/{repo}/pulls/{index}/reviews"),
        ("/repos/acme/weatherbox/branches", "/repos/{owner}/{repo}/branches"),
        ("/repos/acme/weatherbox/branches/timmy/issue-1", "/repos/{owner}/{repo}/branches/{branch}"),
        ("/repos/acme/weatherbox/collaborators", "/repos/{owner}/{repo}/collaborators"),
        ("/repos/acme/weatherbox/commits/main/status", "/repos/{owner}/{repo}/commits/{ref}/status"),
        ("/repos/acme/weatherbox/commits/main/statuses", "/repos/{owner}/{repo}/commits/{ref}/statuses"),
        ("/repos/acme/weatherbox/statuses/main", "/repos/{owner}/{repo}/statuses/{sha}"),
    ];
    let described: BTreeSet<&str> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths.map(|(_, path)| path).into_iter().collect::<BTreeSet<_>>(), described, "all of it is asked for");
    for flavour in [Flavour::Forgejo, Flavour::Forgejo15] {
        let forge = start(&full(), flavour);
        for (path, described) in paths {
            let reply = signed(&forge, path);
            assert_eq!(reply.status, 200, "{path}");
            let schema = &description["paths"][described]["get"]["responses"]["200"]["schema"];
            assert!(schema.is_object(), "{path} is not described");
            let json = reply.json();
            assert!(json.as_array().is_none_or(|list| !list.is_empty()), "{path}: nothing to look at");
            check(&description, schema, &json, path);
        }
    }
}

#[test]
#[should_panic(expected = "/version.build is not described")]
fn an_answer_that_is_not_described_is_found() {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let schema = &description["paths"]["/version"]["get"]["responses"]["200"]["schema"];
    check(&description, schema, &serde_json::json!({"version": "16.0.0", "build": 1}), "/version");
}

#[test]
fn lists_mix_count_and_clamp_as_the_servers_do() {
    let forge = sample(Options::default());
    let list = |query: &str| get(&forge, &format!("/repos/acme/weatherbox/{query}"));
    let total = |query: &str| list(query).header("X-Total-Count").unwrap().parse::<usize>().unwrap();
    assert_eq!(total("issues?state=all"), 74, "pull requests are among the issues");
    assert_eq!((total("issues"), total("issues?type=issues"), total("issues?type=pulls")), (36, 33, 3));
    assert_eq!(total("issues?state=typo"), 36, "an unknown state is open");
    assert_eq!(total("pulls"), 34, "the default of pulls is all");
    assert_eq!(list("issues").json().as_array().unwrap().len(), 30);
    assert_eq!(list("issues?state=all&limit=500").json().as_array().unwrap().len(), 50, "clamped without a word");
    assert_eq!(list("issues?page=99").json(), serde_json::json!([]));
    let link = list("issues?limit=20").header("Link").unwrap().to_owned();
    assert!(link.contains("limit=20&page=2>; rel=\"next\"") && !link.contains("rel=\"prev\""), "{link}");
    let both = list("issues?labels=bug,size:S&type=issues").json();
    assert!(both.as_array().unwrap().iter().all(|issue| {
        let names: Vec<&str> =
            issue["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap()).collect();
        names.contains(&"bug") && names.contains(&"size:S")
    }));
    assert_eq!(total("issues?labels=no-such-label"), 36, "an unknown label filters nothing");
    assert!(list("issues").json()[0]["pull_request"].is_object() || list("issues").json()[0]["pull_request"].is_null());
}
