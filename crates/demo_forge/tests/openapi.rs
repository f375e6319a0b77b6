//! The forge's answers against the API's own description (`openapi/`), and against what the description is silent about.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use demo_forge::{Access, DemoForge, Flavour, Options, Project};
use serde_json::Value;

/// The description, trimmed to what the forge serves.
const DESCRIPTION: &str = include_str!("openapi/description.json");

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

fn ask(forge: &DemoForge, method: &str, path: &str, headers: &str) -> Reply {
    let api = forge.api();
    let mut connection = TcpStream::connect(api.trim_start_matches("http://").trim_end_matches("/api/v1")).unwrap();
    write!(connection, "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Reply { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

fn get(forge: &DemoForge, path: &str) -> Reply {
    ask(forge, "GET", path, "")
}

fn sample(options: Options) -> DemoForge {
    DemoForge::start(&Project::sample().unwrap(), options).unwrap()
}

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

#[test]
fn every_answer_fits_the_description() {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let paths = [
        ("/version", "/version"),
        ("/settings/api", "/settings/api"),
        ("/user", "/user"),
        ("/repos/acme/weatherbox", "/repos/{owner}/{repo}"),
        ("/repos/acme/weatherbox/issues?state=all", "/repos/{owner}/{repo}/issues"),
        ("/repos/acme/weatherbox/issues/9", "/repos/{owner}/{repo}/issues/{index}"),
        ("/repos/acme/weatherbox/issues/9/comments", "/repos/{owner}/{repo}/issues/{index}/comments"),
        ("/repos/acme/weatherbox/labels", "/repos/{owner}/{repo}/labels"),
        ("/repos/acme/weatherbox/milestones", "/repos/{owner}/{repo}/milestones"),
        ("/repos/acme/weatherbox/pulls", "/repos/{owner}/{repo}/pulls"),
        ("/repos/acme/weatherbox/pulls/64", "/repos/{owner}/{repo}/pulls/{index}"),
    ];
    let described: BTreeSet<&str> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths.map(|(_, path)| path).into_iter().collect::<BTreeSet<_>>(), described, "all of it is asked for");
    for flavour in [Flavour::Forgejo, Flavour::Gitea] {
        let access = Access { token: Some("good".to_owned()), ..Access::default() };
        let forge = sample(Options { flavour, access, ..Options::default() });
        for (path, described) in paths {
            let reply = ask(&forge, "GET", path, "Authorization: token good\r\n");
            assert_eq!(reply.status, 200, "{path}");
            let schema = &description["paths"][described]["get"]["responses"]["200"]["schema"];
            assert!(schema.is_object(), "{path} is not described");
            check(&description, schema, &reply.json(), path);
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
    assert!(link.contains("page=2&limit=20>; rel=\"next\"") && !link.contains("rel=\"prev\""), "{link}");
    let both = list("issues?labels=bug,size:S&type=issues").json();
    assert!(both.as_array().unwrap().iter().all(|issue| {
        let names: Vec<&str> =
            issue["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap()).collect();
        names.contains(&"bug") && names.contains(&"size:S")
    }));
    assert_eq!(total("issues?labels=no-such-label"), 36, "an unknown label filters nothing");
    assert!(list("issues").json()[0]["pull_request"].is_object() || list("issues").json()[0]["pull_request"].is_null());
}

#[test]
fn the_two_flavours_differ_where_the_servers_do() {
    for (flavour, has_sizes) in [(Flavour::Forgejo, true), (Flavour::Gitea, false)] {
        let forge = sample(Options { flavour, ..Options::default() });
        let version = get(&forge, "/version").json()["version"].as_str().unwrap().to_owned();
        assert_eq!(version.contains("+gitea-"), flavour == Flavour::Forgejo, "{version}");
        let list = get(&forge, "/repos/acme/weatherbox/pulls?state=closed").json();
        let first = &list[0];
        assert_eq!(first.get("additions").is_some(), has_sizes);
        assert!(first["merged_by"].is_null(), "no list names the merger");
        let single = get(&forge, &format!("/repos/acme/weatherbox/pulls/{}", first["number"])).json();
        assert!(single.get("additions").is_some());
    }
}

#[test]
fn refusals_have_the_servers_shapes() {
    let access = Access { token: Some("good".to_owned()), private: true, ..Access::default() };
    let forge = sample(Options { access, ..Options::default() });
    let path = "/repos/acme/weatherbox/issues";
    let anonymous = ask(&forge, "GET", path, "");
    assert_eq!((anonymous.status, anonymous.json()["errors"].is_array()), (404, true));
    let wrong = ask(&forge, "GET", "/version", "Authorization: token bad\r\n");
    assert_eq!(wrong.status, 401);
    assert!(wrong.json()["message"].as_str().unwrap().contains("[sha: bad]"), "the token comes back");
    let upper = ask(&forge, "GET", path, "Authorization: Token good\r\n");
    assert_eq!(upper.status, 404, "a header that does not parse is no authentication");
    assert_eq!(ask(&forge, "GET", path, "Authorization: token good\r\n").status, 200);
    assert_eq!(ask(&forge, "GET", "/user", "").json()["message"], "token is required");
    assert_eq!(ask(&forge, "GET", "/nothing", "").body, "404 page not found\n");
    assert_eq!(ask(&forge, "DELETE", path, "Authorization: token good\r\n").status, 405);
    assert_eq!(
        ask(&forge, "GET", &format!("{path}?since=2026-03-21T00:00:00+01:00"), "Authorization: token good\r\n").status,
        422
    );
    assert_eq!(ask(&forge, "GET", &format!("{path}/x"), "Authorization: token good\r\n").status, 404);
}
