//! Simulated loops: logs of cycles with known success rates, for tests and measurements.
//!
//! The model: a hundred cycles a day; two fifths bugs, a quarter features, a fifth refactorings, the rest philosophy and
//! unknown; half of the cycles after a failure try an open failed issue again; durations are log-normal with a time-out at
//! an hour; and, where asked for, main turns red once in two hundred cycles and stays so for twenty on average, with
//! nothing succeeding then. All of it memoryless, and real loops are not: what holds here is necessary, not sufficient.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use records::IssueType;

/// A loop to simulate. The default one is stationary, independent, and succeeds in nine of ten cycles.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The success rate of an ordinary cycle.
    pub success: f64,
    /// Cycles a day.
    pub per_day: usize,
    /// Whether there are bursts of failure, and what the log tells of them.
    pub bursts: Bursts,
    /// The mean length of a burst, in cycles.
    pub burst_length: f64,
    /// How much issues differ in difficulty: the standard deviation of their logits.
    pub unequal: f64,
    /// The share of issues that cannot be solved; they are tried ten times.
    pub impossible: f64,
    /// How much lower the success rate is at night.
    pub night: f64,
    /// How strongly a cycle's duration follows that of the last one.
    pub slow_hours: f64,
    /// What changes, and from which cycle on.
    pub change: Option<(usize, Change)>,
}

/// Bursts of failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bursts {
    /// None; main is reported as green.
    None,
    /// Main is red, and the log has it.
    Reported,
    /// The log says nothing of main.
    Unreported,
    /// The log says that main is red whenever a cycle fails.
    Echo,
}

/// A lasting change.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// The success rate becomes this.
    Success(f64),
    /// The success rate of one kind of work becomes this.
    SuccessOf(IssueType, f64),
    /// How many times as long cycles take.
    Duration(f64),
}

/// One cycle of a simulated loop.
#[derive(Clone, Copy, Debug)]
pub struct Cycle {
    /// When it ended.
    pub time: DateTime<Utc>,
    /// Its issue.
    pub issue: u64,
    /// The issue's kind.
    pub kind: IssueType,
    /// Whether it succeeded.
    pub success: bool,
    /// What is reported of main.
    pub main_green: Option<bool>,
    /// Seconds.
    pub seconds: u32,
}

#[derive(Clone, Copy)]
struct Issue {
    number: u64,
    kind: IssueType,
    ease: f64,
    solvable: bool,
    tries: u32,
}

/// The standard deviation of the logarithms of durations.
const SPREAD: f64 = 0.6;

/// The median duration, in seconds.
const MEDIAN: f64 = 420.0;

/// The longest that a cycle may take, in seconds.
const TIMEOUT: f64 = 3600.0;

/// How often a burst begins, a cycle.
const BURST: f64 = 1.0 / 200.0;

/// How often an impossible issue is tried.
const TRIES: u32 = 10;

impl Default for Scenario {
    fn default() -> Self {
        Self {
            success: 0.9,
            per_day: 100,
            bursts: Bursts::None,
            burst_length: 20.0,
            unequal: 0.0,
            impossible: 0.0,
            night: 0.0,
            slow_hours: 0.0,
            change: None,
        }
    }
}

impl Scenario {
    /// The loop's first cycles; the same seed gives the same.
    pub fn cycles(&self, seed: u64, count: usize) -> Vec<Cycle> {
        let mut random = Rng::with_seed(seed);
        let start: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_500);
        let seconds_apart = 86_400.0 / real(self.per_day);
        let (mut open, mut next, mut burst, mut failed, mut slowness): (Vec<Issue>, u64, bool, bool, f64) =
            (Vec::new(), 100, false, false, 0.0);
        let mut cycles = Vec::with_capacity(count);
        for at in 0..count {
            let changed = self.change.filter(|(from, _)| at >= *from).map(|(_, change)| change);
            let retried = (failed && !open.is_empty() && random.bool()).then(|| random.usize(..open.len()));
            let mut issue = if let Some(place) = retried {
                open.swap_remove(place)
            } else {
                next += 1;
                self.fresh(next - 1, &mut random)
            };
            if self.bursts != Bursts::None {
                let turns = if burst { 1.0 / self.burst_length } else { BURST };
                burst ^= random.f64() < turns;
            }
            let hour = real(at % self.per_day) / real(self.per_day) * 24.0;
            let rate = match changed {
                Some(Change::Success(rate)) => rate,
                Some(Change::SuccessOf(kind, rate)) if kind == issue.kind => rate,
                _ => self.success,
            } - if hour < 8.0 { self.night } else { 0.0 };
            let rate = if issue.ease == 0.0 { rate } else { logistic((rate / (1.0 - rate)).ln() + issue.ease) };
            let success = random.f64() < rate && issue.solvable && !burst;
            issue.tries += 1;
            if !success && (issue.solvable || issue.tries < TRIES) {
                open.push(issue);
            }
            failed = !success;
            let fresh = normal(&mut random);
            slowness = self.slow_hours * slowness + (1.0 - self.slow_hours * self.slow_hours).sqrt() * fresh;
            let factor = if let Some(Change::Duration(factor)) = changed { factor } else { 1.0 };
            cycles.push(Cycle {
                time: start + TimeDelta::milliseconds(whole(real(at) * seconds_apart * 1000.0)),
                issue: issue.number,
                kind: issue.kind,
                success,
                main_green: match self.bursts {
                    Bursts::None => Some(true),
                    Bursts::Reported => Some(!burst),
                    Bursts::Unreported => None,
                    Bursts::Echo => Some(success),
                },
                seconds: u32::try_from(whole((MEDIAN * factor * (SPREAD * slowness).exp()).clamp(1.0, TIMEOUT)))
                    .unwrap_or(1),
            });
        }
        cycles
    }

    fn fresh(&self, number: u64, random: &mut Rng) -> Issue {
        let kind = match random.f64() {
            draw if draw < 0.40 => IssueType::Bug,
            draw if draw < 0.65 => IssueType::Feature,
            draw if draw < 0.85 => IssueType::Refactor,
            draw if draw < 0.90 => IssueType::Philosophy,
            _ => IssueType::Unknown,
        };
        let ease = if self.unequal > 0.0 { self.unequal * normal(random) } else { 0.0 };
        let solvable = self.impossible == 0.0 || random.f64() >= self.impossible;
        Issue { number, kind, ease, solvable, tries: 0 }
    }
}

impl Cycle {
    /// The cycle as a line of `cycles.jsonl`, without its newline.
    pub fn line(&self, number: usize) -> String {
        let green = self.main_green.map_or("null".to_owned(), |green| green.to_string());
        let reason = if self.success { "" } else { "tox failed: 3 errors" };
        format!(
            "{{\"timestamp\": \"{}\", \"cycle\": {number}, \"epoch\": \"\\u27f3{}:{:03}\", \"issue\": {}, \"type\": \"{}\", \
             \"success\": {}, \"hermes_clean\": {}, \"main_green\": {green}, \"duration\": {}, \"tests_passed\": 1450, \
             \"tests_added\": 3, \"files_changed\": 2, \"lines_added\": 45, \"lines_removed\": 12, \"kimi_panes\": 2, \
             \"pr\": {}, \"reason\": \"{reason}\", \"notes\": \"\"}}",
            self.time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00"),
            self.time.format("%V.%u"),
            number % 100 + 1,
            self.issue,
            self.kind.name(),
            self.success,
            self.success,
            self.seconds,
            self.issue + 1,
        )
    }

    /// The cycle as the Python scripts wrote it, without its newline: no `epoch` and no `hermes_clean`, `main_green` last,
    /// a type of their own where ours is unknown, text outside ASCII as `\uXXXX`.
    pub fn old_line(&self, number: usize) -> String {
        let kind = if self.kind == IssueType::Unknown { "infra" } else { self.kind.name() };
        let green = self.main_green.map_or("null".to_owned(), |green| green.to_string());
        let (reason, notes) = if self.success {
            ("", "squash-merged as \\u201cagent/cycle\\u201d \\u2014 all checks green, branch deleted")
        } else {
            (
                "tox failed: 3 errors",
                "see \\\"tox.log\\\" \\u2014 the branch is kept, retried in one of the next cycles",
            )
        };
        format!(
            "{{\"timestamp\": \"{}\", \"cycle\": {number}, \"issue\": {}, \"type\": \"{kind}\", \"success\": {}, \
             \"duration\": {}, \"tests_passed\": 1450, \"tests_added\": 3, \"files_changed\": 2, \"lines_added\": 45, \
             \"lines_removed\": 12, \"kimi_panes\": 2, \"pr\": {}, \"reason\": \"{reason}\", \"notes\": \"{notes}\", \
             \"main_green\": {green}}}",
            self.time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00"),
            self.issue,
            self.success,
            self.seconds,
            self.issue + 1,
        )
    }
}

fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// A standard normal number (Box and Muller 1958).
fn normal(random: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}

#[expect(clippy::cast_precision_loss, reason = "counts of cycles")]
fn real(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of some decades")]
fn whole(value: f64) -> i64 {
    value as i64
}
