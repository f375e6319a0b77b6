//! Where the servers differ: versions, words of refusal, nulls, orders, tokens, renamed repositories.

use demo_forge::{Access, DemoForge, Flavour, Options, Project};
use serde_json::{Value, json};

use crate::client::{TOKEN, ask, get, issue, sample, signed, start};

const ISSUES: &str = "/repos/acme/app/issues";

fn forge(flavour: Flavour, access: Access) -> DemoForge {
    let pulls = vec![issue(2, json!({"head": "a"})), issue(3, json!({"head": "b", "state": "closed", "merged": true}))];
    let project = Project::new("acme", "app", vec![issue(1, json!({}))], pulls);
    DemoForge::start(&project, Options { flavour, access, ..Options::default() }).unwrap()
}

fn access(scopes: &[&str]) -> Access {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Access { token: Some(TOKEN.to_owned()), scopes, ..Access::default() }
}

#[test]
fn each_server_tells_its_own_version() {
    for (flavour, version) in [
        (Flavour::Gitea, "1.26.0+dev-469-g3db3c058b3"),
        (Flavour::Gitea123, "1.23.0+dev"),
        (Flavour::Forgejo, "17.0.0-dev-38-d883bd8f12+gitea-1.22.0"),
        (Flavour::Forgejo15, "15.0.3+gitea-1.22.0"),
    ] {
        let forge = sample(Options { flavour, ..Options::default() });
        assert_eq!(get(&forge, "/version").json(), json!({"version": version}));
        assert_eq!(flavour.name().parse::<Flavour>().unwrap(), flavour);
    }
    assert!("gitea".parse::<Flavour>().is_err());
}

#[test]
fn sizes_and_the_merger_are_in_lists_of_those_servers_that_send_them() {
    for (flavour, has_sizes, has_merger) in [
        (Flavour::Gitea, false, false),
        (Flavour::Forgejo, true, false),
        (Flavour::Gitea123, true, true),
        (Flavour::Forgejo15, true, false),
    ] {
        let forge = forge(flavour, Access::default());
        let list = get(&forge, "/repos/acme/app/pulls?state=closed").json();
        for key in ["additions", "deletions", "changed_files"] {
            assert_eq!(list[0].get(key).is_some(), has_sizes, "{flavour:?}");
        }
        assert_eq!(flavour.has_sizes_in_lists(), has_sizes);
        assert_eq!(list[0]["merged_by"].is_object(), has_merger, "{flavour:?}");
        let single = get(&forge, "/repos/acme/app/pulls/3").json();
        assert!(single.get("additions").is_some() && single["merged_by"].is_object(), "{flavour:?}");
    }
}

#[test]
fn what_nobody_has_is_null_or_an_empty_list() {
    let empty = || json!([]);
    for (flavour, assignees, listed, single) in [
        (Flavour::Gitea, empty(), Value::Null, empty()),
        (Flavour::Forgejo, Value::Null, empty(), empty()),
        (Flavour::Gitea123, Value::Null, Value::Null, Value::Null),
        (Flavour::Forgejo15, Value::Null, empty(), empty()),
    ] {
        let forge = forge(flavour, Access::default());
        let pull = get(&forge, "/repos/acme/app/pulls/2").json();
        let list = get(&forge, "/repos/acme/app/pulls?state=open").json();
        assert_eq!((&pull["assignees"], &pull["requested_reviewers"]), (&assignees, &single), "{flavour:?}");
        assert_eq!((&list[0]["assignees"], &list[0]["requested_reviewers"]), (&Value::Null, &listed), "{flavour:?}");
        assert_eq!(get(&forge, &format!("{ISSUES}/1")).json()["assignees"], Value::Null, "{flavour:?}");
    }
}

#[test]
fn every_gitea_ignores_the_order_of_issues() {
    for flavour in Flavour::EVERY_VERSION {
        let forge = forge(flavour, Access::default());
        let numbers = |path: &str| -> Vec<u64> {
            let list = get(&forge, &format!("/repos/acme/app/{path}")).json();
            list.as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
        };
        let expected: &[u64] = if flavour.is_gitea() { &[3, 2, 1] } else { &[1, 2, 3] };
        assert_eq!(numbers("issues?state=all&sort=oldest"), expected, "{flavour:?}");
        assert_eq!(numbers("pulls?state=all&sort=oldest"), [2, 3], "{flavour:?}");
    }
}

#[test]
fn each_server_refuses_in_its_own_words() {
    for (flavour, absent, errors, unknown, lacking) in [
        (
            Flavour::Gitea,
            "not found",
            Value::Null,
            "invalid username, password or token",
            "scope(s), required=[read:issue], token scope=read:repository",
        ),
        (
            Flavour::Gitea123,
            "The target couldn't be found.",
            Value::Null,
            "user does not exist [uid: 0, name: ]",
            "scope(s): [read:issue]",
        ),
        (
            Flavour::Forgejo,
            "The target couldn't be found.",
            json!([]),
            "\naccess token does not exist [sha: bad]\n",
            "scope(s): [read:issue]",
        ),
        (
            Flavour::Forgejo15,
            "The target couldn't be found.",
            json!([]),
            "access token does not exist [sha: bad]",
            "scope(s): [read:issue]",
        ),
    ] {
        let forge = forge(flavour, access(&["read:repository"]));
        let missing = get(&forge, "/repos/acme/app/pulls/9");
        assert_eq!((missing.status, &missing.json()["message"]), (404, &json!(absent)), "{flavour:?}");
        assert_eq!(missing.json()["errors"], errors, "{flavour:?}");
        let wrong = ask(&forge, "GET", "/version", "Authorization: token bad\r\n");
        assert_eq!(wrong.status, 401);
        assert!(wrong.json()["message"].as_str().unwrap().contains(unknown), "{}", wrong.body);
        let refused = signed(&forge, ISSUES);
        assert_eq!(refused.status, 403);
        assert!(refused.json()["message"].as_str().unwrap().ends_with(lacking), "{}", refused.body);
        let upper = ask(&forge, "GET", "/user", &format!("Authorization: Token {TOKEN}\r\n"));
        assert_eq!(upper.status == 401, flavour == Flavour::Gitea123, "an old server wants the word in small letters");
    }
}

#[test]
fn refusals_are_told_apart_by_their_status() {
    let access = Access { private: true, ..access(&[]) };
    for flavour in Flavour::EVERY_VERSION {
        let forge = forge(flavour, access.clone());
        assert_eq!(get(&forge, ISSUES).status, 404, "a private repository is not revealed");
        assert_eq!(ask(&forge, "GET", ISSUES, &format!("Authorization: Something {TOKEN}\r\n")).status, 404);
        assert_eq!(signed(&forge, ISSUES).status, 200);
        assert_eq!(get(&forge, "/user").json()["message"], "token is required");
        assert_eq!(ask(&forge, "GET", "/user", "Authorization: nonsense\r\n").status, 401);
        assert_eq!(get(&forge, "/nothing").body, "404 page not found\n");
        let other = ask(&forge, "DELETE", ISSUES, &format!("Authorization: token {TOKEN}\r\n"));
        assert_eq!((other.status, other.header("Allow")), (405, Some("GET")));
        assert_eq!(signed(&forge, &format!("{ISSUES}?since=2026-03-21T00:00:00+01:00")).status, 422);
        assert_eq!(signed(&forge, &format!("{ISSUES}/x")).status, 404);
        assert_eq!(signed(&forge, "/repos/nobody/app").json()["message"], "GetUserByName");
        let nobody = signed(&forge, &format!("{ISSUES}?created_by=nobody"));
        assert_eq!(nobody.json()["errors"], json!(["user does not exist [uid: 0, name: nobody]"]));
    }
}

#[test]
fn a_token_is_taken_where_none_is_set_and_does_what_its_scopes_say() {
    for flavour in Flavour::ALL {
        let open = forge(flavour, Access::default());
        assert_eq!(ask(&open, "GET", ISSUES, "Authorization: token whatever\r\n").status, 200);
        let of_issues = forge(flavour, access(&["write:issue"]));
        for (path, status) in
            [("/version", 200), (ISSUES, 200), ("/repos/acme/app/labels", 200), ("/repos/acme/app", 403)]
        {
            assert_eq!(signed(&of_issues, path).status, status, "{path}");
        }
        assert_eq!(signed(&of_issues, "/repos/acme/app/commits/main/status").status, 403);
        let of_public = access(&["public-only", "read:issue", "read:repository"]);
        assert_eq!(signed(&forge(flavour, of_public.clone()), ISSUES).status, 200);
        let private = forge(flavour, Access { private: true, ..of_public });
        let refused = signed(&private, ISSUES);
        let message = json!("token scope is limited to public issues");
        assert_eq!((refused.status, &refused.json()["message"]), (403, &message));
        let signing = forge(flavour, Access { sign_in_required: true, ..Access::default() });
        assert_eq!(
            get(&signing, "/version").json(),
            json!({"message": "Only signed in user is allowed to call APIs."})
        );
    }
}

#[test]
fn a_former_name_leads_to_the_repository() {
    let project = Project::new("acme", "app", vec![issue(1, json!({}))], vec![])
        .with_repository(json!({"former_names": ["acme/old", "before/app"]}));
    for (flavour, status) in
        [(Flavour::Gitea, 301), (Flavour::Forgejo, 301), (Flavour::Forgejo15, 301), (Flavour::Gitea123, 307)]
    {
        let forge = start(&project, flavour);
        let moved = get(&forge, "/repos/acme/old/issues?limit=2");
        assert_eq!((moved.status, moved.header("Location")), (status, Some("/api/v1/repos/acme/app/issues?limit=2")));
        assert_eq!(moved.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert!(moved.body.starts_with("<a href=\"/api/v1/repos/acme/app/issues?limit=2\">"), "{}", moved.body);
        assert_eq!(get(&forge, "/repos/before/app").status, 307, "an owner's new name is not for good");
        assert_eq!(get(&forge, "/repos/acme/other").status, 404);
    }
}

#[test]
fn the_repository_says_what_it_has_and_serves_no_more() {
    let served = |repository: Value| {
        let pulls = vec![issue(2, json!({"head": "a"}))];
        let project = Project::new("acme", "app", vec![issue(1, json!({}))], pulls).with_repository(repository);
        Flavour::ALL.map(|flavour| start(&project, flavour))
    };
    let statuses = |forge: &DemoForge| {
        ["", "/issues", "/issues?type=issues", "/issues/1", "/pulls", "/pulls/2"]
            .map(|path| signed(forge, &format!("/repos/acme/app{path}")).status)
    };
    for (repository, expected) in [
        (json!({}), [200; 6]),
        (json!({"archived": true}), [200; 6]),
        (json!({"has_pull_requests": false}), [200, 200, 200, 200, 404, 404]),
        (json!({"has_issues": false}), [200, 200, 404, 404, 200, 200]),
        (json!({"empty": true}), [200, 200, 200, 200, 404, 404]),
    ] {
        for forge in served(repository.clone()) {
            assert_eq!(statuses(&forge), expected, "{repository}");
            let object = signed(&forge, "/repos/acme/app").json();
            for (key, value) in repository.as_object().unwrap() {
                assert_eq!(&object[key], value);
            }
            assert_eq!(object["permissions"], json!({"admin": false, "push": true, "pull": true}));
            let anonymous = get(&forge, "/repos/acme/app").json();
            assert_eq!(anonymous["permissions"], json!({"admin": false, "push": false, "pull": true}));
        }
    }
    for forge in served(json!({"private": true, "permissions": {"admin": false, "push": false, "pull": true}})) {
        assert_eq!(get(&forge, "/repos/acme/app").status, 404);
        let object = signed(&forge, "/repos/acme/app").json();
        assert_eq!((&object["private"], &object["permissions"]["push"]), (&json!(true), &json!(false)));
    }
    for forge in served(json!({"has_issues": false})) {
        let list = signed(&forge, "/repos/acme/app/issues").json();
        assert_eq!(list.as_array().unwrap().len(), 1, "the pull requests alone");
    }
}
