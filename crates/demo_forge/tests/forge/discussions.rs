//! What belongs to an issue or a pull request: comments, reviews, timeline, dependencies, labels; milestones and branches.

use demo_forge::{DemoForge, Flavour, Project};
use serde_json::{Value, json};

use crate::client::{Reply, get, issue, signed, start};

fn at(forge: &DemoForge, path: &str) -> Reply {
    signed(forge, &format!("/repos/acme/app/{path}"))
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

#[test]
fn comments_come_whole_and_by_their_times() {
    let comment = |body: &str, time: &str| json!({"user": "ben", "body": body, "created_at": time});
    let comments = [comment("first", "2026-03-02T00:00:00Z"), comment("second", "2026-03-04T00:00:00Z")];
    let pull = issue(2, json!({"head": "a", "comments": [comment("third", "2026-03-05T00:00:00Z")]}));
    let project = Project::new("acme", "app", vec![issue(1, json!({"comments": comments}))], vec![pull]);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let all = at(&forge, "issues/1/comments?limit=1&page=2");
        let list = all.json();
        assert_eq!((list.as_array().unwrap().len(), all.header("X-Total-Count")), (2, Some("2")), "never paged");
        assert_eq!((&list[0]["body"], &list[1]["user"]["login"]), (&json!("first"), &json!("ben")));
        assert!(
            list[0]["issue_url"].as_str().unwrap().ends_with("/acme/app/issues/1") && list[0]["pull_request_url"] == ""
        );
        assert_eq!(at(&forge, "issues/1").json()["comments"], json!(2));
        let late = at(&forge, "issues/1/comments?since=2026-03-03T00:00:00Z").json();
        assert_eq!((late.as_array().unwrap().len(), &late[0]["body"]), (1, &json!("second")));
        let of_pull = at(&forge, "issues/2/comments").json();
        assert!(of_pull[0]["pull_request_url"].as_str().unwrap().ends_with("/acme/app/pulls/2"));
        assert_eq!(at(&forge, "issues/comments").json().as_array().unwrap().len(), 3);
        let missing = at(&forge, "issues/9/comments");
        let expected = if flavour.is_gitea() { (500, "") } else { (404, "IsErrIssueNotExist") };
        assert_eq!((missing.status, missing.json()["message"].as_str().unwrap()), expected);
        assert_eq!(at(&forge, "issues/9/timeline").status, 404);
    }
}

#[test]
fn a_pull_request_keeps_its_reviews_and_is_mergeable_unless_something_is_in_the_way() {
    let review =
        |user: &str, state: &str| json!({"user": user, "state": state, "submitted_at": "2026-03-03T00:00:00Z"});
    let pulls = vec![
        issue(1, json!({"head": "a", "reviews": [review("rina", "APPROVED"), review("olaf", "REQUEST_CHANGES")]})),
        issue(2, json!({"head": "b", "mergeable": false})),
        issue(3, json!({"head": "c", "title": "WIP: c"})),
        issue(4, json!({"head": "d", "draft": true})),
        issue(5, json!({"head": "e", "state": "closed", "merged": true, "merged_at": "2026-03-03T00:00:00Z"})),
    ];
    let project = Project::new("acme", "app", vec![issue(6, json!({}))], pulls);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let reviews = at(&forge, "pulls/1/reviews");
        assert_eq!(reviews.header("X-Total-Count"), Some("2"));
        assert_eq!(reviews.json()[1]["state"], "REQUEST_CHANGES");
        assert_eq!(reviews.json()[0]["user"]["login"], "rina");
        assert_eq!(at(&forge, "pulls/2/reviews").json(), json!([]));
        assert_eq!(at(&forge, "pulls/6/reviews").status, 404, "an issue has none");
        let list = at(&forge, "pulls?sort=oldest").json();
        let mergeable: Vec<bool> = list.as_array().unwrap().iter().map(|pull| pull["mergeable"] == true).collect();
        assert_eq!(mergeable, [true, false, false, false, true], "of {}", numbers(&list).len());
        assert_eq!(
            (&list[2]["draft"], at(&forge, "pulls/2").json()["mergeable"].as_bool()),
            (&json!(true), Some(false))
        );
    }
}

#[test]
fn the_oldest_pull_request_of_a_branch_is_found_by_the_branch() {
    let of = |number: u64, state: &str| issue(number, json!({"head": "timmy/issue-7", "state": state}));
    let project = Project::new("acme", "app", vec![], vec![of(3, "open"), of(2, "closed"), of(4, "open")]);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        for path in ["pulls/main/timmy/issue-7", "pulls/main/timmy%2Fissue-7"] {
            assert_eq!(at(&forge, path).json()["number"], 2, "also while a newer one is open");
        }
        assert_eq!([at(&forge, "pulls/main/other").status, at(&forge, "pulls/other/timmy/issue-7").status], [404, 404]);
    }
}

#[test]
fn a_pull_request_has_its_files_and_commits_and_a_deleted_fork_none_on_forgejo() {
    let files = json!([{"filename": "a.py", "status": "added", "additions": 5}, {"filename": "b.py", "deletions": 2},
                       {"filename": "c.py", "previous_filename": "d.py", "status": "renamed"}]);
    let commits =
        json!([{"message": "first\n"}, {"message": "fixes #7\n", "author": "kimi", "date": "2026-03-03T00:00:00Z"}]);
    let pulls = vec![
        issue(1, json!({"head": "a", "head_sha": "a".repeat(40), "files": files, "commits": commits})),
        issue(2, json!({"head": {"label": "b", "repo": null}, "additions": 7, "deletions": 1, "changed_files": 2})),
    ];
    let project = Project::new("acme", "app", vec![], pulls);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let first = at(&forge, "pulls/1/files?limit=2");
        let list = first.json();
        assert_eq!(
            (&list[0]["filename"], &list[0]["status"], &list[1]["changes"]),
            (&json!("a.py"), &json!("added"), &json!(2))
        );
        let headers = ["X-Total-Count", "X-Page", "X-PerPage", "X-PageCount", "X-HasMore"]
            .map(|name| first.header(name).unwrap());
        assert_eq!((headers, first.header("Link").is_some()), (["3", "1", "2", "2", "true"], true));
        let second = at(&forge, "pulls/1/files?limit=2&page=2");
        assert_eq!(
            (second.header("X-HasMore"), &second.json()[0]["previous_filename"]),
            (Some("false"), &json!("d.py"))
        );
        let single = at(&forge, "pulls/1").json();
        assert_eq!(
            [&single["additions"], &single["deletions"], &single["changed_files"]],
            [5, 2, 3],
            "as the files say"
        );
        let commits = at(&forge, "pulls/1/commits").json();
        assert_eq!(
            (&commits[0]["commit"]["message"], &commits[0]["sha"]),
            (&json!("fixes #7\n"), &json!("a".repeat(40))),
            "the newest first"
        );
        assert_eq!((&commits[0]["author"]["login"], &commits[1]["author"]["login"]), (&json!("kimi"), &json!("timmy")));
        let gone = at(&forge, "pulls/2/files");
        assert_eq!(gone.status, if flavour.is_gitea() { 200 } else { 500 });
        let gone = at(&forge, "pulls/2").json();
        assert_eq!(gone.get("additions").map(Value::to_string), (!flavour.is_gitea()).then(|| "0".to_owned()));
        assert_eq!((&gone["head"]["repo"], &gone["head"]["repo_id"]), (&Value::Null, &json!(-1)));
        assert_eq!(at(&forge, "pulls/2/commits").json().as_array().unwrap().len(), 1);
        assert_eq!(at(&forge, "pulls/9/files").status, 404);
    }
}

#[test]
fn dependencies_are_issues_as_they_are_now_and_known_from_both_ends() {
    let elsewhere = json!({"number": 8, "repository": "acme/other", "state": "closed", "title": "Elsewhere"});
    let issues = vec![issue(1, json!({"dependencies": [2, elsewhere]})), issue(2, json!({}))];
    let project = Project::new("acme", "app", issues, vec![]);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let needed = at(&forge, "issues/1/dependencies");
        let list = needed.json();
        assert_eq!(numbers(&list), [2, 8]);
        assert_eq!((&list[0]["state"], &list[1]["repository"]["full_name"]), (&json!("open"), &json!("acme/other")));
        assert_eq!(needed.header("X-Total-Count").is_some(), flavour.is_gitea(), "Forgejo does not count them");
        let blocked = at(&forge, "issues/2/blocks");
        assert_eq!((numbers(&blocked.json()), blocked.header("X-Total-Count")), (vec![1], None));
        forge.close(2, "2026-03-21T00:00:00Z");
        let closed = &at(&forge, "issues/1/dependencies").json()[0];
        assert_eq!((&closed["state"], &closed["closed_at"]), (&json!("closed"), &json!("2026-03-21T00:00:00Z")));
        assert_eq!(at(&forge, "issues/2/dependencies").json(), json!([]));
        assert_eq!(numbers(&at(&forge, "issues/1/dependencies?limit=1&page=2").json()), [8]);
    }
}

#[test]
fn a_timeline_comes_in_pages_where_the_server_has_them_and_is_null_when_empty() {
    let events: Vec<Value> =
        (0..35).map(|_| json!({"type": "pull_ref", "ref_issue": 2, "ref_action": "closes"})).collect();
    let issues = vec![issue(1, json!({"timeline": events})), issue(3, json!({}))];
    let project = Project::new("acme", "app", issues, vec![issue(2, json!({"head": "a"}))]);
    for (flavour, count) in
        [(Flavour::Gitea, 30), (Flavour::Forgejo, 35), (Flavour::Gitea123, 35), (Flavour::Forgejo15, 35)]
    {
        let forge = start(&project, flavour);
        let timeline = at(&forge, "issues/1/timeline");
        let list = timeline.json();
        assert_eq!(list.as_array().unwrap().len(), count, "{flavour:?}");
        assert_eq!(timeline.header("X-Total-Count"), Some(count.to_string().as_str()), "the length of the answer");
        assert_eq!((&list[0]["ref_issue"]["number"], &list[0]["ref_action"]), (&json!(2), &json!("closes")));
        assert!(list[0]["ref_issue"]["pull_request"].is_object());
        assert_eq!(at(&forge, "issues/1/timeline?page=2&limit=30").json().as_array().unwrap().len(), 5);
        assert_eq!(at(&forge, "issues/3/timeline").body, "null\n");
        assert_eq!(at(&forge, "issues/1/timeline?page=9").body, "null\n");
    }
}

#[test]
fn labels_and_milestones_are_the_repositorys_and_paged_as_the_server_does() {
    let labels: Vec<Value> = (0..34).map(|number| json!(format!("label {number:02}"))).collect();
    let more = json!({"labels": labels, "milestones": [{"title": "M0", "state": "closed"}]});
    let first =
        issue(1, json!({"milestone": "M1", "labels": [{"name": "kind/bug", "exclusive": true, "color": "#00ff00"}]}));
    let project = Project::new("acme", "app", vec![first], vec![]).with_repository(more);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let all = get(&forge, "/repos/acme/app/labels");
        let expected = if flavour == Flavour::Gitea { 30 } else { 35 };
        assert_eq!((all.json().as_array().unwrap().len(), all.header("X-Total-Count")), (expected, Some("35")));
        assert_eq!(all.header("Link"), None);
        let of_issue = at(&forge, "issues/1/labels");
        assert_eq!((of_issue.json().as_array().unwrap().len(), of_issue.header("X-Total-Count")), (1, None));
        let label = &of_issue.json()[0];
        assert_eq!(
            (&label["name"], &label["color"], &label["exclusive"]),
            (&json!("kind/bug"), &json!("00ff00"), &json!(true))
        );
        assert_eq!(&at(&forge, &format!("labels/{}", label["id"])).json(), label);
        let count = |state: &str| at(&forge, &format!("milestones{state}")).json().as_array().unwrap().len();
        let default = if flavour == Flavour::Gitea { 1 } else { 2 };
        assert_eq!((count(""), count("?state=all"), count("?state=closed")), (default, 2, 1));
        assert_eq!(at(&forge, "issues/1").json()["milestone"]["title"], "M1");
        assert_eq!((count("?state=all&name=m1"), &at(&forge, "milestones/M1").json()["id"]), (1, &json!(2)));
        assert_eq!(
            (&at(&forge, "milestones/1").json()["title"], at(&forge, "milestones/9").status),
            (&json!("M0"), 404)
        );
        assert_eq!(at(&forge, "issues?milestones=M1").json().as_array().unwrap().len(), 1);
        assert_eq!(at(&forge, "issues?milestones=M0").json(), json!([]));
    }
}

#[test]
fn branches_have_the_time_of_their_last_commit() {
    let pull = issue(1, json!({"head": "timmy/issue-7", "head_sha": "a".repeat(40)}));
    let closed = issue(2, json!({"head": "old", "state": "closed"}));
    let project = Project::new("acme", "app", vec![], vec![pull, closed]);
    let commit = json!({"id": "b".repeat(40), "timestamp": "2026-03-20T10:00:00Z", "author": "timmy"});
    let of_file = json!({"branches": ["main", {"name": "feature/x", "commit": commit}]});
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let names: Vec<Value> =
            at(&forge, "branches").json().as_array().unwrap().iter().map(|branch| branch["name"].clone()).collect();
        assert_eq!(names, ["main", "timmy/issue-7"], "a merged branch is deleted");
        for path in ["branches/timmy/issue-7", "branches/timmy%2Fissue-7"] {
            let branch = at(&forge, path).json();
            assert_eq!(
                (&branch["commit"]["id"], &branch["commit"]["timestamp"]),
                (&json!("a".repeat(40)), &json!("2026-03-02T00:00:00Z"))
            );
        }
        assert_eq!(at(&forge, "pulls/2").json()["head"]["ref"], "refs/pull/2/head");
        let forge = start(&project.clone().with_repository(of_file.clone()), flavour);
        let branch = at(&forge, "branches/feature/x").json();
        assert_eq!(
            (&branch["commit"]["timestamp"], &branch["commit"]["author"]["username"]),
            (&json!("2026-03-20T10:00:00Z"), &json!("timmy"))
        );
        assert_eq!(at(&forge, "branches/nothing").status, 404);
        assert_eq!(at(&forge, "branches?limit=1").header("X-Total-Count"), Some("2"));
        assert!(at(&forge, "branches?limit=1").header("Link").is_some());
    }
}

#[test]
fn collaborators_are_for_those_who_have_signed_in() {
    let project =
        Project::new("acme", "app", vec![], vec![]).with_repository(json!({"collaborators": ["rina", "olaf"]}));
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        assert_eq!(get(&forge, "/repos/acme/app/collaborators").status, 401);
        let list = at(&forge, "collaborators");
        assert_eq!((&list.json()[1]["login"], list.header("X-Total-Count")), (&json!("olaf"), Some("2")));
    }
}

#[test]
fn a_deleted_account_is_a_ghost_and_counts_are_those_of_the_lists() {
    let pull = issue(2, json!({"head": "a", "user": "Ghost"}));
    let project =
        Project::new("acme", "app", vec![issue(1, json!({})), issue(3, json!({"state": "closed"}))], vec![pull]);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        let pull = at(&forge, "pulls/2").json();
        assert_eq!(
            (&pull["user"]["id"], &pull["user"]["login"], &pull["user"]["email"]),
            (&json!(-1), &json!("Ghost"), &json!(""))
        );
        assert_eq!(pull["user"]["html_url"] == "", !flavour.is_gitea());
        for repository in [&signed(&forge, "/repos/acme/app").json(), &pull["base"]["repo"]] {
            assert_eq!((&repository["open_issues_count"], &repository["open_pr_counter"]), (&json!(1), &json!(1)));
        }
    }
}

#[test]
fn a_locked_issue_says_so() {
    let project = Project::new("acme", "app", vec![issue(1, json!({"is_locked": true})), issue(2, json!({}))], vec![]);
    for flavour in Flavour::ALL {
        let forge = start(&project, flavour);
        assert_eq!(
            [1, 2].map(|number| at(&forge, &format!("issues/{number}")).json()["is_locked"] == true),
            [true, false]
        );
    }
}
