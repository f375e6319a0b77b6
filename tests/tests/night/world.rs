//! The world around the loop: its time, the agent, the people on the forge, and what breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use demo_forge::{DemoForge, Fault, Project};
use sandbox::{Flavour, Sandbox};
use serde_json::{Value, json};

use crate::model::{Attempt, Model};

/// The owner and name of the project.
pub(crate) const SLUG: &str = "acme/night";

/// Something that breaks for a while.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Trouble {
    Away,
    DiskFull,
    TokenExpired,
}

/// Trouble that comes when so many cycles are recorded, at the next call of this tool.
#[derive(Clone, Copy, Debug)]
struct Episode {
    trouble: Trouble,
    at_cycle: usize,
    tool: &'static str,
    length: TimeDelta,
}

struct Issue {
    title: String,
    is_open: bool,
    /// When a person last changed its text.
    changed: DateTime<Utc>,
}

struct Pull {
    number: u64,
    issue: u64,
    opened: DateTime<Utc>,
    closed: Option<DateTime<Utc>>,
    is_merged: bool,
}

pub(crate) struct World {
    forge: DemoForge,
    now: DateTime<Utc>,
    issues: BTreeMap<u64, Issue>,
    pulls: Vec<Pull>,
    next_number: u64,
    model: Model,
    /// The cycle whose record is not seen yet.
    pending: Option<Attempt>,
    last_triage: DateTime<Utc>,
    episodes: Vec<Episode>,
    trouble: Option<(Trouble, DateTime<Utc>)>,
    seen: BTreeSet<Trouble>,
    disk_was_full: bool,
    /// Whether the last look found no work, as far as is known.
    is_idle: bool,
    released: usize,
    edited: usize,
}

/// A number that looks random, the same in each run.
fn dice(a: u64, b: u64) -> u64 {
    let mixed =
        (a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xbf58_476d_1ce4_e5b9)).wrapping_mul(0x94d0_49bb);
    (mixed >> 24) % 10
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl World {
    pub(crate) fn new(cycles: usize, flavour: Flavour) -> Self {
        let now: DateTime<Utc> = "2026-03-20T20:00:00Z".parse().unwrap();
        let mut world = Self {
            forge: sandbox::serve(&Project::new("acme", "night", Vec::new(), Vec::new()), flavour),
            now,
            issues: BTreeMap::new(),
            pulls: Vec::new(),
            next_number: 1,
            model: Model::default(),
            pending: None,
            last_triage: now,
            episodes: Vec::new(),
            trouble: None,
            seen: BTreeSet::new(),
            disk_was_full: false,
            is_idle: false,
            released: 0,
            edited: 0,
        };
        for _ in 0..10 {
            world.open_issue();
        }
        // In a short night three, one of each kind; in a long one each kind at each tool in turn.
        let tools = ["scripts/cycle_retro", "scripts/triage_score", "scripts/loop_guard"];
        let kinds = [(Trouble::Away, 60), (Trouble::DiskFull, 40), (Trouble::TokenExpired, 150)];
        let count = (cycles / 12).max(3);
        world.episodes = (0..count)
            .map(|n| {
                let ((trouble, minutes), tool) = (kinds[n % 3], tools[n / 3 % 3]);
                let length = TimeDelta::minutes(minutes);
                Episode { trouble, at_cycle: cycles * (n + 1) / (count + 1), tool, length }
            })
            .rev()
            .collect();
        world.publish();
        world
    }

    pub(crate) fn forge(&self) -> &DemoForge {
        &self.forge
    }

    pub(crate) fn now(&self) -> String {
        text(self.now)
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn open_issue(&mut self) {
        let number = self.number();
        let title = format!("Crash in module_{number}.py");
        self.issues.insert(number, Issue { title, is_open: true, changed: self.now });
    }

    /// Gives the forge the project as it is now.
    fn publish(&self) {
        let issues = self.issues.iter().map(|(number, issue)| {
            json!({
                "number": number, "title": issue.title, "labels": ["bug"], "state": if issue.is_open { "open" } else { "closed" },
                "body": format!("It must not. Add a test for f() in module_{number}.py."),
                "created_at": "2026-03-20T10:00:00Z", "updated_at": text(issue.changed)
            })
        });
        let pulls = self.pulls.iter().map(|pull| {
            // Half of the agents name the issue only in the branch.
            let (body, head) = if pull.number.is_multiple_of(2) {
                (format!("Closes #{}", pull.issue), format!("topic-{}", pull.number))
            } else {
                (String::new(), format!("issue-{}", pull.issue))
            };
            json!({
                "number": pull.number, "title": "A change", "body": body, "head": head,
                "state": if pull.closed.is_some() { "closed" } else { "open" }, "merged": pull.is_merged,
                "created_at": text(pull.opened), "updated_at": text(pull.closed.unwrap_or(pull.opened)),
                "closed_at": pull.closed.map(text), "merged_at": pull.closed.filter(|_| pull.is_merged).map(text)
            })
        });
        self.forge.serve_instead(&Project::new("acme", "night", issues.collect(), pulls.collect())).unwrap();
    }

    fn is(&self, trouble: Trouble) -> bool {
        self.trouble.is_some_and(|(current, _)| current == trouble)
    }

    /// Takes note of a cycle that was recorded; returns how many are.
    pub(crate) fn recorded(&mut self, sandbox: &Sandbox) -> usize {
        let recorded = sandbox.json_lines(".loop/retro/cycles.jsonl").len();
        let known = self.model.attempts.len();
        assert!((known..=known + 1).contains(&recorded), "{recorded} records of {known} cycles");
        let pending = self.pending.take_if(|_| recorded > known);
        if let Some(attempt) = pending {
            self.model.record(attempt);
        }
        assert_eq!(recorded, self.model.attempts.len(), "a record of no cycle");
        recorded
    }

    /// The next thing breaks, or is in order again.
    fn change_trouble(&mut self, tool: &str) {
        if let Some((_, until)) = self.trouble
            && self.now >= until
        {
            self.trouble = None;
            self.forge.behave();
        }
        let recorded = self.model.attempts.len();
        let next = self.episodes.pop_if(|next| recorded >= next.at_cycle && tool.starts_with(next.tool));
        if let Some(next) = next {
            self.trouble = Some((next.trouble, self.now + next.length));
            self.seen.insert(next.trouble);
            self.disk_was_full |= next.trouble == Trouble::DiskFull;
            match next.trouble {
                Trouble::Away if recorded.is_multiple_of(2) => self.forge.order(Fault::Drop, None),
                Trouble::Away => self.forge.order(Fault::BadGateway, None),
                Trouble::TokenExpired => self.forge.order(Fault::BadToken, None),
                Trouble::DiskFull => {}
            }
        }
    }

    /// What people do on the forge meanwhile.
    fn people(&mut self, sandbox: &Sandbox) {
        let recorded = self.model.attempts.len();
        let is_free = |(number, issue): &(&u64, &Issue)| {
            let waits = self.model.waits_until(**number).is_some_and(|until| until > self.now);
            issue.is_open && !waits && !self.model.quarantined.contains(*number) && self.open_pull(**number).is_none()
        };
        if self.issues.iter().filter(is_free).count() < 3 {
            self.open_issue();
        }
        for pull in self.pulls.iter_mut().filter(|pull| pull.closed.is_none()) {
            let verdict = dice(pull.number, 7);
            let patience = TimeDelta::hours(if verdict < 8 { 6 } else { 30 });
            if self.now - pull.opened > patience {
                pull.closed = Some(self.now);
                pull.is_merged = verdict != 7;
                // Now and then a merge closes nothing.
                if pull.is_merged && verdict != 6 {
                    let issue = self.issues.get_mut(&pull.issue).unwrap();
                    (issue.is_open, issue.changed) = (false, self.now);
                }
            }
        }
        if recorded / 10 > self.released
            && let Some(issue) = self.model.quarantined.first().copied()
        {
            self.released += 1;
            self.model.release(issue, self.now);
            let args = ["--release", &issue.to_string()];
            let _ = sandbox.call("triage_score", args).env("TIMMY_NOW", self.now()).run().code(0);
        }
        if recorded / 15 > self.edited {
            self.edited += 1;
            // One that waits after a success and is in no pull request.
            let waits = |issue: &u64| self.model.waits_until(*issue).is_some_and(|until| until > self.now);
            let edited = self.issues.keys().copied().find(|issue| waits(issue) && self.open_pull(*issue).is_none());
            if let Some(issue) = edited.and_then(|issue| self.issues.get_mut(&issue)) {
                issue.title.push_str(", again");
                issue.changed = self.now;
            }
        }
        self.publish();
    }

    fn open_pull(&self, issue: u64) -> Option<&Pull> {
        self.pulls.iter().find(|pull| pull.issue == issue && pull.closed.is_none())
    }

    /// Lets time go on before a tool is called; returns the command that sets the shell's clock and disk.
    pub(crate) fn before_tool(&mut self, sandbox: &Sandbox, command: &str) -> String {
        self.now += TimeDelta::minutes(match command {
            // After a look that found no work the guard would have waited.
            _ if command.starts_with("scripts/triage_score") && std::mem::take(&mut self.is_idle) => 60,
            _ if command.starts_with("scripts/triage_score") => 6,
            _ => 1,
        });
        self.is_idle = command.starts_with("scripts/loop_guard") && self.trouble.is_none();
        self.change_trouble(command);
        if !self.is(Trouble::Away) && !self.is(Trouble::DiskFull) {
            self.people(sandbox);
        }
        if command.starts_with("scripts/triage_score") && self.trouble.is_none() {
            self.last_triage = self.now;
        }
        if command.starts_with("scripts/cycle_retro")
            && let Some(pending) = &mut self.pending
        {
            pending.time = self.now;
        }
        self.check_quarantine(sandbox);
        let blocks = if self.is(Trouble::DiskFull) { "0" } else { "unlimited" };
        format!("export TIMMY_NOW={}; ulimit -S -f {blocks}", self.now())
    }

    /// The agent works on the issue that it was given; returns the command that ends its function.
    pub(crate) fn agent(&mut self, sandbox: &Sandbox) -> String {
        let mut result = sandbox.json(".loop/cycle_result.json");
        let issue = result["issue"].as_u64().unwrap_or_else(|| panic!("no issue was given out: {result}"));
        self.is_idle = false;
        self.check_given_out(issue);
        self.check_quarantine(sandbox);
        self.now += TimeDelta::minutes(25);
        let luck = if issue.is_multiple_of(5) { 9 } else { dice(issue, self.model.attempts.len() as u64) };
        let success = luck < 8;
        if luck < 7 && !self.is(Trouble::Away) {
            let number = self.number();
            self.pulls.push(Pull { number, issue, opened: self.now, closed: None, is_merged: false });
            self.publish();
            result["pr"] = json!(number);
            sandbox.write(".loop/cycle_result.json", result.to_string());
        }
        self.pending = Some(Attempt { issue, success, time: self.now });
        format!("return {}", u8::from(!success))
    }

    /// Whether an issue could be given out, by the rules.
    fn check_given_out(&self, number: u64) {
        let issue = &self.issues[&number];
        assert!(issue.is_open, "#{number} is closed");
        let pull = self.open_pull(number).map(|pull| (pull.number, pull.opened));
        assert!(
            pull.is_none(),
            "#{number} is in work in {pull:?}; now: {}, last: {:?}",
            self.now,
            self.model.last(number)
        );
        assert!(!self.model.quarantined.contains(&number), "#{number} is in quarantine");
        // A change of its text, or a pull request that was closed without a merge, ends the wait.
        let rejected = self.pulls.iter().filter(|pull| pull.issue == number && !pull.is_merged);
        let changes = rejected.filter_map(|pull| pull.closed).chain([issue.changed]);
        let wait_ended = self.model.last(number).is_some_and(|last| changes.max() > Some(last.time));
        if let Some(until) = self.model.waits_until(number) {
            assert!(wait_ended || until <= self.now, "#{number} waits until {until}, and it is {}", self.now);
        }
    }

    /// The quarantine is right at every moment: no tool has to be run before it is.
    fn check_quarantine(&mut self, sandbox: &Sandbox) {
        let _ = self.recorded(sandbox);
        // A record that came in while the disk was full for the quarantine's own file.
        if self.is(Trouble::DiskFull) {
            return;
        }
        let stored = sandbox.read(".loop/quarantine.json");
        let stored: BTreeMap<String, Value> = serde_json::from_str(&stored).unwrap_or_default();
        let stored: BTreeSet<u64> = stored.keys().map(|number| number.parse().unwrap()).collect();
        assert_eq!(stored, self.model.quarantined, "at {}", self.now);
    }

    /// What was left: no temporary file, no process.
    pub(crate) fn check_end(&self, sandbox: &Sandbox) {
        let tree = sandbox.tree("");
        let temporary = |name: &str| [".tmp", ".bad", ".damaged", ".replaced"].iter().any(|end| name.ends_with(end));
        // The result of a cycle whose record failed is kept, and that is said.
        let kept = |name: &str| name.starts_with(".loop/cycle_result.json.bad") && self.disk_was_full;
        let left: Vec<&String> = tree.keys().filter(|name| temporary(name) && !kept(name)).collect();
        assert!(left.is_empty(), "{left:?}");
        let home = sandbox.outside().into_os_string().into_encoded_bytes();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let environment = std::fs::read(Path::new(&entry.path()).join("environ")).unwrap_or_default();
            let is_ours = environment.windows(home.len()).any(|window| window == home);
            assert!(!is_ours, "the process {} was left", entry.file_name().display());
        }
        assert!(self.model.attempts.iter().any(|attempt| attempt.success), "the agent succeeds now and then");
        assert!(!self.model.quarantined.is_empty() || self.released > 0, "some issues cannot be solved");
    }

    pub(crate) fn disk_was_full(&self) -> bool {
        self.disk_was_full
    }

    /// What broke, by name.
    pub(crate) fn weather_seen(&self) -> Vec<&'static str> {
        let name = |trouble: &Trouble| match trouble {
            Trouble::Away => "away",
            Trouble::DiskFull => "disk full",
            Trouble::TokenExpired => "token expired",
        };
        self.seen.iter().map(name).collect()
    }

    /// How many cycles were recorded in the last 24 hours, and the issues of those that failed.
    pub(crate) fn last_day(&self) -> (usize, Vec<u64>) {
        let since = self.now - TimeDelta::hours(24);
        let recent: Vec<&Attempt> = self.model.attempts.iter().filter(|attempt| attempt.time >= since).collect();
        let failed = recent.iter().filter(|attempt| !attempt.success).map(|attempt| attempt.issue);
        (recent.len(), failed.collect())
    }

    pub(crate) fn quarantined(&self) -> Vec<u64> {
        self.model.quarantined.iter().copied().collect()
    }

    pub(crate) fn worked_on(&self) -> BTreeSet<u64> {
        self.model.attempts.iter().map(|attempt| attempt.issue).collect()
    }

    /// The story of an issue has its cycles, and the reason why it is not given out.
    pub(crate) fn check_story(&self, issue: u64, story: &Value) {
        let attempts = self.model.attempts.iter().filter(|attempt| attempt.issue == issue);
        let told: Vec<&Value> = story["cycles"].as_array().unwrap().iter().map(|cycle| &cycle["success"]).collect();
        assert_eq!(told, attempts.map(|attempt| attempt.success).collect::<Vec<_>>(), "#{issue}: {story}");
        let reason = if self.model.quarantined.contains(&issue) {
            "quarantined"
        } else if self.open_pull(issue).is_some_and(|pull| pull.opened < self.last_triage) {
            "in_work"
        } else {
            return;
        };
        assert_eq!(story["reason"], reason, "#{issue}: {story}");
    }
}
