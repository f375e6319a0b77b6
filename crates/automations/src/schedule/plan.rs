//! The times of a trigger: the next one after a moment, the last one up to a moment.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use common::settings::Value;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use records::Trigger;

/// A time of day, in hours and minutes of the scheduler's time zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// The times at which a trigger comes.
#[derive(Clone, Debug)]
pub struct Plan {
    cron: Cron,
}

impl Plan {
    /// Returns the times of a trigger of the clock; none of any other. `daily_at` is when a day's runs are.
    pub fn of(trigger: &Trigger, daily_at: TimeOfDay) -> Option<Self> {
        match trigger {
            Trigger::Hourly => Self::cron("0 * * * *").ok(),
            Trigger::Daily => Self::cron(&format!("{} {} * * *", daily_at.minute, daily_at.hour)).ok(),
            Trigger::Cron(expression) => Self::cron(expression).ok(),
            Trigger::PreCycle | Trigger::PostCycle | Trigger::PreCommit | Trigger::EveryCycles(_) | Trigger::Manual => {
                None
            }
        }
    }

    /// Reads a cron expression of five fields, or a name such as `@daily`.
    pub(crate) fn cron(expression: &str) -> Result<Self, String> {
        // A long text cannot be one, and costs the parser a while.
        if expression.len() > 200 {
            return Err("it is too long".to_owned());
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression.trim()).map_err(|error| error.to_string())?;
        let plan = Self { cron };
        // A day that no year has: found here, and not by a scheduler that waits without end.
        match plan.next_after(DateTime::UNIX_EPOCH, &Utc) {
            Some(_) => Ok(plan),
            None => Err("it never comes".to_owned()),
        }
    }

    /// Returns the first time after `moment`.
    pub fn next_after<Z: TimeZone>(&self, moment: DateTime<Utc>, zone: &Z) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&moment.with_timezone(zone), false).ok()?;
        Some(whole_minute(next.with_timezone(&Utc)))
    }

    /// Returns the last time up to and with `moment`, but after `since`.
    pub fn last_until<Z: TimeZone>(
        &self,
        moment: DateTime<Utc>,
        since: DateTime<Utc>,
        zone: &Z,
    ) -> Option<DateTime<Utc>> {
        // Looked for forwards, from nearer and nearer: going back over a change of the clock is what calendars are weak in.
        let mut step = TimeDelta::hours(2);
        loop {
            let from = moment.checked_sub_signed(step).unwrap_or(since).max(since);
            let mut last = None;
            let mut at = from;
            while let Some(next) = self.next_after(at, zone).filter(|next| *next <= moment && *next > at) {
                (last, at) = (Some(next), next);
            }
            if last.is_some() || from <= since {
                return last;
            }
            if step > TimeDelta::days(3660) {
                // No calendar has a longer gap, so there is nothing to be found.
                return None;
            }
            step = step * 8;
        }
    }
}

/// The whole minute that a time lies in: what the calendar gives may have the moment's fraction in it.
fn whole_minute(time: DateTime<Utc>) -> DateTime<Utc> {
    let past = time.timestamp().rem_euclid(60);
    DateTime::from_timestamp(time.timestamp() - past, 0).unwrap_or(time)
}

impl Value for TimeOfDay {
    fn from_text(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |text: &str, most: u8| {
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number <= most)
        };
        Some(Self { hour: number(hour, 23)?, minute: number(minute, 59)? })
    }

    fn from_json(json: &serde_json::Value) -> Option<Self> {
        Self::from_text(json.as_str()?)
    }

    fn show(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;
    use chrono_tz::Tz;
    use records::parse_time;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        parse_time(text).unwrap()
    }

    fn daily(hour: u8, minute: u8) -> Plan {
        Plan::of(&Trigger::Daily, TimeOfDay { hour, minute }).unwrap()
    }

    /// All times of a plan between two moments, as found one after the other.
    fn times(plan: &Plan, from: &str, to: &str, zone: Tz) -> Vec<String> {
        let mut found = Vec::new();
        let mut moment = at(from);
        while let Some(next) = plan.next_after(moment, &zone).filter(|next| *next <= at(to)) {
            found.push(next.format("%dT%H:%M").to_string());
            moment = next;
        }
        found
    }

    #[test]
    fn a_day_has_one_run_also_when_the_clock_changes() {
        // Berlin: on 29 March 2026 the clock goes from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
        assert_eq!(
            times(&daily(2, 30), "2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z", Berlin),
            ["28T01:30", "29T01:00", "30T00:30"],
            "a time that is skipped comes at the end of the gap"
        );
        assert_eq!(
            times(&daily(2, 30), "2026-10-23T12:00:00Z", "2026-10-26T12:00:00Z", Berlin),
            ["24T00:30", "25T00:30", "26T01:30"],
            "a time that comes twice is taken once"
        );
        assert_eq!(
            times(&daily(6, 0), "2026-03-28T00:00:00Z", "2026-03-29T12:00:00Z", Berlin),
            ["28T05:00", "29T04:00"]
        );
    }

    #[test]
    fn hours_go_on_over_a_change_of_the_clock() {
        let hourly = Plan::of(&Trigger::Hourly, TimeOfDay { hour: 0, minute: 0 }).unwrap();
        for day in ["2026-03-29", "2026-10-25"] {
            let found = times(&hourly, &format!("{day}T00:00:00Z"), &format!("{day}T04:00:00Z"), Berlin);
            assert_eq!(found.len(), 4, "{day}: {found:?}");
        }
    }

    #[test]
    fn the_last_time_is_the_one_before_the_next() {
        let plan = daily(6, 30);
        let long_ago = at("2020-01-01");
        assert_eq!(plan.last_until(at("2026-03-21T06:30:00Z"), long_ago, &Utc), Some(at("2026-03-21T06:30:00Z")));
        assert_eq!(plan.last_until(at("2026-03-21T06:29:59Z"), long_ago, &Utc), Some(at("2026-03-20T06:30:00Z")));
        assert_eq!(plan.last_until(at("2026-03-21T06:29:59Z"), at("2026-03-20T06:30:00Z"), &Utc), None);
        let leap = Plan::cron("0 0 29 2 *").unwrap();
        assert_eq!(leap.last_until(at("2026-03-21"), at("2020-01-01"), &Utc), Some(at("2024-02-29")));
    }

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(TimeOfDay::from_text("6:05"), Some(TimeOfDay { hour: 6, minute: 5 }));
        for text in ["24:00", "6", "6:60", "+6:00", "6:005", ""] {
            assert_eq!(TimeOfDay::from_text(text), None, "{text}");
        }
        assert_eq!(TimeOfDay { hour: 6, minute: 5 }.show(), "06:05");
    }
}
