//! `backfill_retro`: merged pull requests of a forge and of a history, merged into logs that are there.

use std::path::Path;

use demo_forge::{Fault, Flavour, Project};
use git2::{Oid, Repository, Signature, Time};
use sandbox::each_flavour;
use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::worlds::{LOG, OLD_LOG};

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

fn project() -> Project {
    let pulls = vec![
        pull(7, 3, &json!({"title": "[loop-cycle-12] feat: two stations", "body": ""})),
        pull(5, 2, &json!({"additions": 0, "deletions": 0, "changed_files": 0})),
        pull(
            8,
            19,
            &json!({"title": "Tidy up \u{1b}[31m ü", "body": null, "head": "issue-44", "labels": ["refactor"], "created_at": "2026-01-01T00:00:00Z"}),
        ),
        pull(9, 9, &json!({"merged": false, "merged_at": null})),
        pull(70, 18, &json!({"title": "already in the log"})),
        pull(10, 20, &json!({"title": "Why is it so?", "body": "closes #1 and resolves #2", "created_at": null})),
    ];
    Project::new("acme", "app", Vec::new(), pulls)
}

each_flavour!(backfill_adds_what_a_forge_has_merged);
fn backfill_adds_what_a_forge_has_merged(flavour: Flavour) {
    let mut scenario = Scenario::new("backfill_adds_what_a_forge_has_merged");
    let forge = scenario.forge(&project(), flavour);
    scenario.write(LOG, OLD_LOG);
    scenario.call("backfill_retro --dry-run");
    scenario.call("backfill_retro --dry-run --json --limit 1");
    scenario.call("backfill_retro --since 2026-03-03 --limit 2");
    scenario.call("backfill_retro --json");
    scenario.call("backfill_retro");
    forge.order(Fault::BadGateway, None);
    scenario.call("backfill_retro --quiet");
    scenario.call("backfill_retro --since tomorrow");
    scenario.end();
}

each_flavour!(backfill_begins_a_log);
fn backfill_begins_a_log(flavour: Flavour) {
    let mut scenario = Scenario::new("backfill_begins_a_log");
    let _forge = scenario.forge(&project(), flavour);
    scenario.call("backfill_retro --verbose");
    scenario.call("cycle_retro --cycle 1 --success --duration 5");
    scenario.call("TIMMY_BACKFILL_RETRO_SINCE=2026-03-19 TIMMY_BACKFILL_RETRO_LIMIT=1 TIMMY_CYCLE_RETRO_RETRO_FILE=metrics/log.jsonl backfill_retro");
    scenario.end();
}

/// A history on `main` with dates of its own.
struct History {
    repository: Repository,
    main: Option<Oid>,
    clock: i64,
}

impl History {
    fn new(root: &Path) -> Self {
        std::fs::remove_dir_all(root.join(".git")).unwrap();
        let repository = Repository::init_opts(root, git2::RepositoryInitOptions::new().initial_head("main")).unwrap();
        Self { repository, main: None, clock: 1_774_000_000 }
    }

    fn commit(&mut self, message: &str, parents: &[Oid], content: &str) -> Oid {
        self.clock += 3600;
        let blob = self.repository.blob(content.as_bytes()).unwrap();
        let parents: Vec<_> = parents.iter().map(|parent| self.repository.find_commit(*parent).unwrap()).collect();
        let mut tree = self.repository.treebuilder(None).unwrap();
        tree.insert("a.txt", blob, 0o100_644).unwrap();
        let tree = self.repository.find_tree(tree.write().unwrap()).unwrap();
        let author = Signature::new("Timmy", "timmy@localhost", &Time::new(self.clock, 0)).unwrap();
        self.repository.commit(None, &author, &author, message, &tree, &parents.iter().collect::<Vec<_>>()).unwrap()
    }

    fn merge(&mut self, message: &str, content: &str) {
        let base = self.main.unwrap();
        let head = self.commit("work", &[base], content);
        self.main = Some(self.commit(message, &[base, head], content));
    }

    fn on_main(&mut self, message: &str, content: &str) {
        let parents: Vec<Oid> = self.main.into_iter().collect();
        self.main = Some(self.commit(message, &parents, content));
    }
}

#[test]
fn backfill_reads_a_history() {
    let mut scenario = Scenario::new("backfill_reads_a_history");
    scenario.call("backfill_retro --from-git");
    let mut history = History::new(&scenario.sandbox.root());
    history.on_main("Begin", "one\ntwo\nthree\n");
    let trailer = |number: u64| format!("\n\nReviewed-on: https://old.example/acme/app/pulls/{number}\n");
    history
        .merge(&format!("Merge pull request 'fix: it's 'quoted'' (#3) from issue-85 into main{}", trailer(3)), "one\n");
    history.on_main(&format!("feat: squashed (#4){}", trailer(4)), "one\ntwo\n");
    history.on_main("plain work", "one\ntwo\nthree\n");
    history.on_main("refactor: by a robot, fixes #90 (#5)", "one\n");
    history.merge("Merge pull request #6 from timmy/issue-7\n\nFix the cache\n", "six\n");
    history.on_main("picked (#4711)\n\nReviewed-on: https://x/other/thing/pulls/4711\n", "x\n");
    history.on_main("Revert something (#5)", "y\n");
    history.repository.reference("refs/heads/main", history.main.unwrap(), true, "tests").unwrap();
    history.repository.remote("origin", "https://gitea.example/acme/app.git").unwrap();
    scenario.call("backfill_retro --from-git --dry-run");
    scenario.call("backfill_retro --from-git");
    scenario.call("PATH=/nowhere backfill_retro --from-git --json");
    scenario.write(LOG, OLD_LOG);
    scenario.call("PATH=/nowhere backfill_retro --from-git --verbose");
    scenario.end();
}
