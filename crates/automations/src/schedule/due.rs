//! What is due: a pure function of the clock, the plan, and what was looked at before.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use crate::schedule::plan::Plan;

/// How far a clock must have been set back for time to pass again, and how long after the last look a time that was had before
/// then counts as new.
const WATCHED: TimeDelta = TimeDelta::hours(1);

/// What a scheduler remembers of one automation's trigger.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TriggerState {
    /// When it last looked, by the clock of then.
    pub last_checked: Option<DateTime<Utc>>,
    /// The latest time that it has handled.
    pub handled_until: Option<DateTime<Utc>>,
    /// Whether the clock was set back so far that handled times come again as time passes.
    pub replays: bool,
}

/// Whether something is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// The run of this time; if several were missed, only the last.
    Run(DateTime<Utc>),
    /// The run of this time would be, but it is too long ago.
    TooOld(DateTime<Utc>),
}

/// Says what is due at `now`, and what is to be remembered after it. A first look makes nothing due. A clock that was set back
/// makes nothing due either, and from there on its time passes as it does; set forth again it brings nothing a second time
/// that was had before.
pub fn evaluate<Z: TimeZone>(
    plan: &Plan,
    memory: TriggerState,
    now: DateTime<Utc>,
    zone: &Z,
    horizon: TimeDelta,
) -> (Due, TriggerState) {
    let last_checked = TriggerState { last_checked: Some(now), ..memory };
    let Some(before) = memory.last_checked else { return (Due::Nothing, last_checked) };
    if now < before {
        return (Due::Nothing, TriggerState { replays: memory.replays || before - now > WATCHED, ..last_checked });
    }
    let Some(time) = plan.last_until(now, before, zone) else { return (Due::Nothing, last_checked) };
    let had_before = memory.handled_until.is_some_and(|handled_until| time <= handled_until);
    if had_before && !(memory.replays && now - before <= WATCHED) {
        return (Due::Nothing, last_checked);
    }
    let handled_until = Some(memory.handled_until.map_or(time, |handled_until| handled_until.max(time)));
    let due = if now - time > horizon { Due::TooOld(time) } else { Due::Run(time) };
    (due, TriggerState { handled_until, replays: memory.replays && had_before, ..last_checked })
}

/// Returns whether a run is due after every `every` cycles, when the log had `before` cycles at the last evaluate and has `now`.
/// A log that has become shorter makes nothing due.
pub fn cycles_are_due(every: u64, before: u64, now: u64) -> bool {
    every > 0 && now > before && now / every > before / every
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;
    use proptest::prelude::*;
    use records::parse_time;

    use super::*;
    use records::Trigger;

    use crate::schedule::plan::TimeOfDay;

    const DAY: TimeDelta = TimeDelta::days(1);

    fn at(text: &str) -> DateTime<Utc> {
        parse_time(text).unwrap()
    }

    fn plan(trigger: &str) -> Plan {
        Plan::of(&trigger.parse::<Trigger>().unwrap(), TimeOfDay { hour: 6, minute: 0 }).unwrap()
    }

    /// Looks at each of these moments, and returns the runs.
    fn runs(trigger: &str, moments: &[&str]) -> Vec<String> {
        let (plan, mut memory, mut runs) = (plan(trigger), TriggerState::default(), Vec::new());
        for moment in moments {
            let (due, next) = evaluate(&plan, memory, at(moment), &Utc, DAY);
            memory = next;
            if let Due::Run(time) = due {
                runs.push(format!("{moment} for {}", time.format("%dT%H:%M")));
            }
        }
        runs
    }

    #[test]
    fn a_run_comes_once_at_its_time() {
        assert_eq!(
            runs(
                "hourly",
                &["2026-03-21T11:30:00Z", "2026-03-21T12:00:00Z", "2026-03-21T12:00:30Z", "2026-03-21T12:59:59Z"]
            ),
            ["2026-03-21T12:00:00Z for 21T12:00"]
        );
    }

    #[test]
    fn missed_runs_are_made_up_once_or_are_too_old() {
        assert_eq!(
            runs("hourly", &["2026-03-21T02:30:00Z", "2026-03-21T12:10:00Z", "2026-03-21T12:11:00Z"]),
            ["2026-03-21T12:10:00Z for 21T12:00"]
        );
        let memory = TriggerState { last_checked: Some(at("2026-03-01")), ..TriggerState::default() };
        let weekly = plan("cron:0 6 * * 1");
        let (due, memory) = evaluate(&weekly, memory, at("2026-03-19"), &Utc, DAY);
        assert_eq!(due, Due::TooOld(at("2026-03-16T06:00:00Z")));
        assert_eq!(evaluate(&weekly, memory, at("2026-03-20"), &Utc, DAY).0, Due::Nothing, "it is said once");
    }

    #[test]
    fn a_clock_that_steps_back_a_day_and_forth_again_brings_nothing_twice() {
        let moments = [
            "2026-03-21T11:59:00Z",
            "2026-03-21T12:00:10Z", // the run of 12:00
            "2026-03-20T12:05:00Z", // a day back
            "2026-03-20T12:06:00Z",
            "2026-03-21T12:07:00Z", // and forth
            "2026-03-21T13:00:00Z", // the run of 13:00
        ];
        assert_eq!(
            runs("hourly", &moments),
            ["2026-03-21T12:00:10Z for 21T12:00", "2026-03-21T13:00:00Z for 21T13:00"]
        );
        assert_eq!(
            runs(
                "daily",
                &["2026-03-21T05:59:00Z", "2026-03-21T06:00:00Z", "2026-03-20T06:05:00Z", "2026-03-21T06:06:00Z"]
            )
            .len(),
            1
        );
    }

    #[test]
    fn a_clock_that_is_corrected_by_seconds_brings_nothing_twice() {
        let moments = ["2026-03-21T05:59:58Z", "2026-03-21T06:00:01Z", "2026-03-21T05:59:59Z", "2026-03-21T06:00:00Z"];
        for trigger in ["hourly", "daily"] {
            assert_eq!(runs(trigger, &moments).len(), 1, "{trigger}");
        }
    }

    #[test]
    fn a_clock_that_stays_back_does_not_silence_the_hours() {
        let moments = [
            "2026-03-21T11:59:00Z",
            "2026-03-21T12:00:10Z",
            "2026-03-20T12:05:00Z",
            "2026-03-20T12:59:50Z",
            "2026-03-20T13:00:10Z",
        ];
        assert_eq!(runs("hourly", &moments).len(), 2, "the hour that has passed is a new one");
    }

    #[test]
    fn cycles_count_in_multiples() {
        assert!(!cycles_are_due(20, 0, 19));
        assert!(cycles_are_due(20, 19, 20));
        assert!(cycles_are_due(20, 19, 95), "several at once are one run");
        assert!(!cycles_are_due(20, 20, 39));
        assert!(!cycles_are_due(20, 100, 10), "a log that was replaced");
    }

    proptest! {
        /// However often one looks: the number of runs is that of the times, once each, as long as nobody misses one.
        #[test]
        fn frequent_looks_bring_every_time_once(start in 0i64..400 * 86_400, steps in proptest::collection::vec(1i64..1700, 1..60)) {
            let hourly = plan("hourly");
            let mut now = at("2026-01-01") + TimeDelta::seconds(start);
            let (first, mut memory) = (now, TriggerState { last_checked: Some(now), ..TriggerState::default() });
            let mut count = 0;
            for step in steps {
                now += TimeDelta::seconds(step);
                let (due, next) = evaluate(&hourly, memory, now, &Berlin, DAY);
                memory = next;
                count += i64::from(matches!(due, Due::Run(_)));
            }
            prop_assert_eq!(count, now.timestamp().div_euclid(3600) - first.timestamp().div_euclid(3600));
        }
    }
}
