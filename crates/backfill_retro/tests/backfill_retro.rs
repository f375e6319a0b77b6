//! `backfill_retro` as a program: flags, streams, exit codes, files.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use demo_forge::{DemoForge, Fault, Project};
use git2::{Oid, Repository};
use sandbox::{FIRST_COMMIT, Flavour, Sandbox, author, each_flavour, serve};
use serde_json::{Value, json};

const LOG: &str = ".loop/retro/cycles.jsonl";
const SLUG: &str = "acme/app";

fn pull(number: u64, day: u32, more: &Value) -> Value {
    let mut pull = json!({"number": number, "title": format!("fix: number {number}"), "body": format!("Fixes #{}", number + 100),
        "state": "closed", "merged": true, "merged_at": format!("2026-03-{day:02}T12:00:00Z"),
        "created_at": format!("2026-03-{day:02}T11:00:00Z"), "closed_at": format!("2026-03-{day:02}T12:00:00Z"),
        "additions": 10, "deletions": 2, "changed_files": 1});
    for (key, value) in more.as_object().unwrap() {
        pull[key] = value.clone();
    }
    pull
}

fn forge(pulls: Vec<Value>, flavour: Flavour) -> DemoForge {
    serve(&Project::new("acme", "app", Vec::new(), pulls), flavour)
}

each_flavour!(merged_pull_requests_become_records_in_the_order_of_time);
fn merged_pull_requests_become_records_in_the_order_of_time(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let forge = forge(
        vec![
            pull(7, 3, &json!({"title": "[loop-cycle-12] feat: two stations", "body": ""})),
            pull(5, 2, &json!({"additions": 0, "deletions": 0, "changed_files": 0})),
            pull(9, 9, &json!({"merged": false, "merged_at": null})),
        ],
        flavour,
    );
    let old = [
        "{\"timestamp\": \"2026-03-01T12:00:00+00:00\", \"cycle\": 1, \"pr\": 1,  \"odd\":1.10}",
        "not a record",
        "{\"timestamp\": \"2026-03-04T12:00:00+00:00\", \"cycle\": 2}",
    ];
    sandbox.write(LOG, old.join("\n"));
    let ended = sandbox.call("backfill_retro", [""; 0]).forge(&forge, SLUG).run().code(0);
    assert_eq!(ended.out, "[backfill] Added 2 records, 1 of unknown size; 0 known already\n");
    let lines = sandbox.read(LOG);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!([lines[0], lines[1], lines[4]], old, "what was there is as it was");
    let records = [lines[2], lines[3]].map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(
        records[0],
        json!({"timestamp": "2026-03-02T12:00:00+00:00", "cycle": null, "issue": 105, "type": "bug",
        "success": true, "duration": 3600, "pr": 5, "reason": "", "notes": "fix: number 5", "backfilled": true})
    );
    assert_eq!(
        (&records[1]["cycle"], &records[1]["type"], &records[1]["lines_added"]),
        (&json!(12), &json!("feature"), &json!(10))
    );
    assert_eq!(sandbox.read(".loop/retro/cycles.jsonl.bak"), old.join("\n"));
    let summary = sandbox.json(".loop/retro/summary.json");
    assert_eq!((&summary["total_cycles"], &summary["damaged_lines"]), (&json!(4), &json!(1)));
    // A run that was killed between the log and its summary is made good by the next.
    std::fs::remove_file(sandbox.root().join(".loop/retro/summary.json")).unwrap();
    let before = sandbox.bytes(LOG);
    let again = sandbox.call("backfill_retro", ["--json"]).forge(&forge, SLUG).run().code(0);
    assert_eq!(serde_json::from_str::<Value>(&again.out).unwrap()["known"], 2);
    assert_eq!(sandbox.bytes(LOG), before, "run twice it adds nothing twice");
    assert_eq!(sandbox.json(".loop/retro/summary.json")["total_cycles"], 4);
}

each_flavour!(sizes_that_a_list_does_not_tell_are_asked_for_one_by_one);
fn sizes_that_a_list_does_not_tell_are_asked_for_one_by_one(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let forge = forge((1..=120).map(|number| pull(number, 1, &json!({}))).collect(), flavour);
    forge.order(Fault::Latency(Duration::from_millis(5)), None);
    let ended = sandbox.call("backfill_retro", [""; 0]).forge(&forge, SLUG).run().code(0);
    assert_eq!(ended.out, "[backfill] Added 120 records; 0 known already\n");
    assert!(sandbox.json_lines(LOG).iter().all(|record| record["lines_added"] == 10));
    // Gitea's list does not tell them, Forgejo's does.
    let most = if flavour.has_sizes_in_lists() { 3 } else { 3 + 120 + 1 };
    assert!(forge.requests().len() <= most, "{} requests", forge.requests().len());
    assert!(forge.peak_requests() <= 8, "{} requests at once", forge.peak_requests());
}

each_flavour!(a_limit_and_a_day_choose_and_a_dry_run_writes_nothing);
fn a_limit_and_a_day_choose_and_a_dry_run_writes_nothing(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let forge =
        forge((1..=9).map(|number| pull(number, u32::try_from(number).unwrap(), &json!({}))).collect(), flavour);
    let ended = sandbox.call("backfill_retro", ["--dry-run"]).forge(&forge, SLUG).run().code(0);
    assert!(ended.out.ends_with("[backfill] Dry run: would add 9 records; 0 known already\n"), "{}", ended.out);
    assert!(sandbox.tree(".loop").is_empty());
    let prs = |sandbox: &Sandbox| {
        sandbox.json_lines(LOG).iter().map(|record| record["pr"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let _ = sandbox.call("backfill_retro", ["--since", "2026-03-04", "--limit", "2"]).forge(&forge, SLUG).run().code(0);
    assert_eq!(prs(&sandbox), [4, 5]);
    let _ = sandbox.call("backfill_retro", ["--since", "2026-03-04", "--limit", "2"]).forge(&forge, SLUG).run().code(0);
    assert_eq!(prs(&sandbox), [4, 5, 6, 7], "the next ones");
    let _ = sandbox.call("backfill_retro", [""; 0]).forge(&forge, SLUG).run().code(0);
    assert_eq!(prs(&sandbox), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let _ = sandbox.call("backfill_retro", ["--since", "tomorrow"]).run().code(2);
}

each_flavour!(interrupted_or_without_a_forge_it_leaves_the_old_log);
fn interrupted_or_without_a_forge_it_leaves_the_old_log(flavour: Flavour) {
    let sandbox = Sandbox::new();
    sandbox.write(LOG, "{\"cycle\": 1}\n");
    let forge = forge((1..=50).map(|number| pull(number, 1, &json!({}))).collect(), flavour);
    forge.order(Fault::Latency(Duration::from_millis(500)), None);
    let mut child = sandbox.call("backfill_retro", [""; 0]).forge(&forge, SLUG).start();
    std::thread::sleep(Duration::from_millis(350));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(sandbox.read(LOG), "{\"cycle\": 1}\n");
    drop(forge);
    let gone =
        sandbox.call("backfill_retro", [""; 0]).env("GITEA_API", "http://127.0.0.1:9/api/v1").env("REPO_SLUG", SLUG);
    let ended = gone.env("TIMMY_AUTOMATION_HTTP_RETRIES", "0").run().code(1);
    assert!(ended.err.contains("127.0.0.1:9"), "{}", ended.err);
    assert_eq!(sandbox.read(LOG), "{\"cycle\": 1}\n");
}

/// A history on `main`, made commit by commit.
struct History {
    repository: Repository,
    main: Option<Oid>,
    clock: i64,
}

impl History {
    fn new(sandbox: &Sandbox) -> Self {
        let mut history = Self { repository: sandbox.git(), main: None, clock: FIRST_COMMIT };
        history.main = Some(history.commit("Begin", &[], "a.txt", "one\ntwo\nthree\n"));
        history
    }

    /// A commit that sets one file.
    fn commit(&mut self, message: &str, parents: &[Oid], file: &str, content: &str) -> Oid {
        self.clock += 3600;
        let blob = self.repository.blob(content.as_bytes()).unwrap();
        let parents: Vec<_> = parents.iter().map(|parent| self.repository.find_commit(*parent).unwrap()).collect();
        let base = parents.last().map(|parent| parent.tree().unwrap());
        let mut tree = self.repository.treebuilder(base.as_ref()).unwrap();
        tree.insert(file, blob, 0o100_644).unwrap();
        let tree = self.repository.find_tree(tree.write().unwrap()).unwrap();
        let author = author(self.clock);
        self.repository.commit(None, &author, &author, message, &tree, &parents.iter().collect::<Vec<_>>()).unwrap()
    }

    /// A branch of two commits that is merged.
    fn merge(&mut self, message: &str, content: &str) -> [Oid; 3] {
        let base = self.main.unwrap();
        let first = self.commit("work", &[base], "a.txt", "half\n");
        let head = self.commit("more work", &[first], "a.txt", content);
        let merge = self.commit(message, &[base, head], "a.txt", content);
        self.main = Some(merge);
        [base, head, merge]
    }

    fn on_main(&mut self, message: &str, content: &str) -> Oid {
        let commit = self.commit(message, &[self.main.unwrap()], "a.txt", content);
        self.main = Some(commit);
        commit
    }

    fn end(&self) {
        self.repository.reference("refs/heads/main", self.main.unwrap(), true, "tests").unwrap();
    }
}

#[test]
fn a_history_alone_tells_what_was_merged_in_every_style() {
    let sandbox = Sandbox::new();
    let mut history = History::new(&sandbox);
    let trailer = |number: u64| format!("\n\nReviewed-on: https://old.example/acme/app/pulls/{number}\n");
    history
        .merge(&format!("Merge pull request 'fix: it's 'quoted'' (#3) from issue-85 into main{}", trailer(3)), "one\n");
    history.on_main(&format!("feat: squashed (#4){}", trailer(4)), "one\ntwo\n");
    history.on_main("plain work", "one\ntwo\nthree\n");
    history.on_main("refactor: by a robot, fixes #90 (#5)", "one\n");
    history.merge("Merge pull request #6 from timmy/issue-7\n\nFix the cache\n", "six\n");
    history.on_main(&format!("an edited subject{}", trailer(8)), "eight\n");
    history.on_main(&format!("Backport (#9)\n\nReviewed-on: https://x/acme/app/pulls/4{}", trailer(9)), "nine\n");
    history.on_main("picked (#4711)\n\nReviewed-on: https://x/other/thing/pulls/4711\n", "x\n");
    history.on_main("Revert something (#5)", "y\n");
    history.end();
    history.repository.remote("origin", "https://gitea.example/acme/app.git").unwrap();
    let ended = sandbox.run("backfill_retro", &["--from-git"]).code(0);
    assert_eq!(ended.out, "[backfill] Added 6 records; 0 known already\n");
    assert!(ended.err.contains("1 of 6 are named only at the end of a commit's subject"), "{}", ended.err);
    let found: Vec<Value> = sandbox
        .json_lines(LOG)
        .iter()
        .map(|record| {
            json!([
                record["pr"],
                record["issue"],
                record["type"],
                record["files_changed"],
                record["lines_added"],
                record["lines_removed"]
            ])
        })
        .collect();
    assert_eq!(
        found,
        [
            json!([3, 85, "bug", 1, 0, 2]),
            json!([4, null, "feature", 1, 1, 0]),
            json!([5, 90, "refactor", 1, 0, 2]),
            json!([6, 7, "bug", 1, 1, 1]),
            json!([8, null, "unknown", 1, 1, 1]),
            json!([9, null, "unknown", 1, 1, 1]),
        ]
    );
    assert!(sandbox.json_lines(LOG).iter().all(|record| record.get("duration").is_none()));
    let without_git = Sandbox::new();
    let mut same = History::new(&without_git);
    same.merge("Merge pull request 'x' (#3) from y into main", "one\n");
    same.end();
    let _ = without_git.call("backfill_retro", ["--from-git"]).env("PATH", "/nowhere").run().code(0);
    assert_eq!(without_git.json_lines(LOG)[0]["lines_removed"], 2, "compared in the process itself");
}

#[test]
fn a_repository_that_was_moved_counts_what_its_old_address_names() {
    let sandbox = Sandbox::new();
    let mut history = History::new(&sandbox);
    let trailer = |slug: &str, number: u64| format!("\n\nReviewed-on: http://old.example:3000/{slug}/pulls/{number}\n");
    history
        .merge(&format!("Merge pull request 'fix: x' (#3) from issue-85 into main{}", trailer("Them/Old", 3)), "one\n");
    history.on_main(&format!("feat: squashed (#4){}", trailer("them/old", 4)), "one\ntwo\n");
    history.on_main(&format!("picked (#4711){}", trailer("other/thing", 4711)), "x\n");
    history.on_main(&format!("another (#4712){}", trailer("other/thing", 4712)), "y\n");
    history.end();
    history.repository.remote("origin", "https://gitea.example/acme/app.git").unwrap();
    let ended = sandbox.run("backfill_retro", &["--from-git", "--dry-run"]).code(0);
    let left_out = "2 commits left out: pull requests of other/thing; if this repository had that name before, \
                    REPO_SLUG=other/thing backfill_retro --from-git counts them";
    assert!(ended.err.contains(left_out), "{}", ended.err);
    assert_eq!(
        ended.out,
        "  2026-03-20  #3     bug        issue #85   +0 -2         fix: x\n  \
         2026-03-20  #4     feature    -           +1 -0         feat: squashed\n\
         [backfill] Dry run: would add 2 records; 0 known already\n"
    );
    let call = sandbox.call("backfill_retro", ["--from-git"]).env("REPO_SLUG", "other/thing");
    let _ = call.run().code(0);
    let numbers: Vec<Value> = sandbox.json_lines(LOG).iter().map(|record| record["pr"].clone()).collect();
    assert_eq!(numbers, [json!(3), json!(4), json!(4711), json!(4712)]);
}

each_flavour!(the_clone_is_asked_before_the_forge_and_believed_more);
fn the_clone_is_asked_before_the_forge_and_believed_more(flavour: Flavour) {
    let sandbox = Sandbox::new();
    let mut history = History::new(&sandbox);
    let [base, head, merge] = history.merge("Merge pull request 'x' (#3) from y into main", "one\n");
    let squash = history.on_main("squashed", "one\ntwo\n");
    history.end();
    let wrong = json!({"additions": 99, "deletions": 99, "changed_files": 99});
    let with = |names: Value| {
        let mut all = wrong.clone();
        for (key, value) in names.as_object().unwrap() {
            all[key] = value.clone();
        }
        all
    };
    let forge = forge(
        vec![
            pull(
                3,
                1,
                &with(
                    json!({"merge_base": base.to_string(), "head_sha": head.to_string(), "merge_commit_sha": merge.to_string()}),
                ),
            ),
            pull(4, 2, &with(json!({"merge_commit_sha": squash.to_string()}))),
        ],
        flavour,
    );
    let _ = sandbox.call("backfill_retro", [""; 0]).forge(&forge, SLUG).run().code(0);
    let sizes: Vec<Value> =
        sandbox.json_lines(LOG).iter().map(|record| json!([record["lines_added"], record["lines_removed"]])).collect();
    assert_eq!(sizes, [json!([0, 2]), json!([1, 0])]);
    assert_eq!(forge.requests().len(), 1, "only the list");
}

#[test]
fn a_folder_without_history_is_said() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run("backfill_retro", &["--from-git"]).code(1);
    assert!(ended.err.contains("hint: --from-git needs a clone"), "{}", ended.err);
}
