//! Commit statuses, with what each server makes of them.

use demo_forge::{DemoForge, Flavour, Project};
use serde_json::{Value, json};

use crate::client::{Reply, signed, start};

fn forge(flavour: Flavour, words: &[&str]) -> DemoForge {
    let statuses: Vec<Value> =
        words.iter().enumerate().map(|(at, word)| json!({"context": format!("ci/{at:02}"), "status": word})).collect();
    let repository = json!({"statuses": statuses, "branches": ["main", "feature/x"]});
    start(&Project::new("acme", "app", vec![], vec![]).with_repository(repository), flavour)
}

fn at(forge: &DemoForge, path: &str) -> Reply {
    signed(forge, &format!("/repos/acme/app/commits/{path}"))
}

#[test]
fn a_word_that_has_no_rank_hides_failures_on_forgejo_alone() {
    // The newest comes first.
    for (words, gitea, forgejo, forgejo_15) in [
        (&["success", "failure"][..], "failure", "failure", "failure"),
        (&["success", "warning"], "success", "warning", "warning"),
        (&["failure", "skipped"], "failure", "failure", "skipped"),
        (&["failure", "frob"], "failure", "frob", "frob"),
        (&["frob", "success"], "pending", "success", "success"),
    ] {
        for (flavour, expected) in
            [(Flavour::Gitea, gitea), (Flavour::Forgejo, forgejo), (Flavour::Forgejo15, forgejo_15)]
        {
            let combined = at(&forge(flavour, words), "main/status").json();
            assert_eq!(combined["state"], expected, "{words:?} as {flavour:?}");
            assert_eq!((&combined["total_count"], combined["statuses"].as_array().unwrap().len()), (&json!(2), 2));
            assert_eq!(combined["repository"]["full_name"], "acme/app");
        }
    }
}

#[test]
fn what_is_on_another_page_counts_for_nothing() {
    let words: Vec<&str> = std::iter::once("failure").chain(std::iter::repeat_n("success", 32)).collect();
    for flavour in Flavour::ALL {
        let forge = forge(flavour, &words);
        let first = at(&forge, "main/status");
        assert_eq!((&first.json()["state"], &first.json()["total_count"]), (&json!("success"), &json!(30)));
        assert_eq!(first.header("X-Total-Count"), Some("33"));
        assert_eq!(first.header("Link").is_some(), flavour == Flavour::Gitea);
        assert_eq!(at(&forge, "main/status?limit=50").json()["state"], "failure");
        let all = at(&forge, "main/statuses");
        let expected = if flavour == Flavour::Gitea { 30 } else { 33 };
        assert_eq!((all.json().as_array().unwrap().len(), all.header("X-Total-Count")), (expected, Some("33")));
        assert!(all.header("Link").unwrap().contains("rel=\"next\""), "also on an answer that is complete");
        assert_eq!(at(&forge, "main/statuses?page=2&limit=30").json().as_array().unwrap().len(), 3);
        assert_eq!(at(&forge, "main/statuses?state=failure").json()[0]["status"], "failure");
    }
}

#[test]
fn the_newest_of_a_context_counts_and_all_are_kept() {
    let status = |word: &str| json!({"context": "one", "status": word});
    let repository = json!({"statuses": [status("failure"), status("success")]});
    for flavour in Flavour::ALL {
        let forge = start(&Project::new("acme", "app", vec![], vec![]).with_repository(repository.clone()), flavour);
        let combined = at(&forge, "main/status").json();
        assert_eq!((&combined["state"], &combined["total_count"]), (&json!("success"), &json!(1)));
        let sha = combined["sha"].as_str().unwrap();
        assert_eq!(at(&forge, &format!("{sha}/statuses")).json().as_array().unwrap().len(), 2);
        assert_eq!(signed(&forge, &format!("/repos/acme/app/statuses/{sha}")).json()[0]["id"], 2);
    }
}

#[test]
fn nothing_is_said_of_a_commit_without_statuses_in_each_servers_way() {
    for flavour in Flavour::EVERY_VERSION {
        let forge = forge(flavour, &[]);
        let none = at(&forge, "main/status");
        let json = none.json();
        let state = (none.status, &json["state"], &json["total_count"], &json["statuses"]);
        assert_eq!(state, (200, &json!(""), &json!(0), &Value::Null));
        let is_new = flavour == Flavour::Gitea;
        assert_eq!(
            (json["repository"].is_object(), json["sha"] != "", none.header("X-Total-Count").is_some()),
            (is_new, is_new, is_new)
        );
        let unknown = at(&forge, "nothing/status");
        assert_eq!(
            (unknown.status == 404, unknown.json()["total_count"] == 0),
            (flavour.is_gitea(), !flavour.is_gitea())
        );
        assert_eq!(at(&forge, "nothing/statuses").status == 404, flavour.is_gitea());
        assert_eq!(at(&forge, "feature%2Fx/status").status, 200);
        assert_eq!(at(&forge, "feature/x/status").status, if is_new { 200 } else { 404 }, "a bare slash");
    }
}
