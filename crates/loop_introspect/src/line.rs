//! One line of the log, as fast as it can be read without trusting it.
//!
//! Lines that our own writer wrote have their fields in its order: these are read, and checked to their last byte, in one
//! pass. Whatever differs in the least goes to the general reader.

use chrono::NaiveDate;
use common::journal;
use common::records::{IssueType, PastCycle};

/// What the scan needs of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// When, in microseconds of Unix time; none where the line does not say.
    pub time: Option<i64>,
    pub issue: Option<u64>,
    pub kind: IssueType,
    pub success: bool,
    pub main_green: Option<bool>,
    /// Seconds; none where it is unknown or absurd.
    pub seconds: Option<f64>,
    pub panes: Option<u64>,
    pub backfilled: bool,
}

/// Reads lines; remembers the last day, which most lines share.
#[derive(Default)]
pub(crate) struct Reader {
    day: Option<([u8; 10], i64)>,
}

impl Reader {
    /// Reads a line; none is a damaged one.
    pub fn read(&mut self, line: &[u8]) -> Option<Line> {
        self.own(line).or_else(|| general(line))
    }

    /// Reads a line as `cycle_retro` writes it.
    fn own(&mut self, line: &[u8]) -> Option<Line> {
        let mut rest = Cursor(line);
        rest.expect(b"{\"timestamp\": \"")?;
        let time = self.time(rest.text()?)?;
        rest.expect(b", \"cycle\": ")?;
        rest.number()?;
        rest.expect(b", \"epoch\": \"")?;
        rest.text()?;
        rest.expect(b", \"issue\": ")?;
        let issue = rest.number_or_null()?;
        rest.expect(b", \"type\": \"")?;
        let kind = match rest.text()? {
            b"bug" => IssueType::Bug,
            b"feature" => IssueType::Feature,
            b"refactor" => IssueType::Refactor,
            b"philosophy" => IssueType::Philosophy,
            b"unknown" => IssueType::Unknown,
            _ => return None,
        };
        rest.expect(b", \"success\": ")?;
        let success = rest.flag()??;
        rest.expect(b", \"hermes_clean\": ")?;
        rest.flag()??;
        rest.expect(b", \"main_green\": ")?;
        let main_green = rest.flag()?;
        rest.expect(b", \"duration\": ")?;
        let seconds = rest.number()?;
        for key in [
            &b", \"tests_passed\": "[..],
            b", \"tests_added\": ",
            b", \"files_changed\": ",
            b", \"lines_added\": ",
            b", \"lines_removed\": ",
        ] {
            rest.expect(key)?;
            rest.number()?;
        }
        rest.expect(b", \"kimi_panes\": ")?;
        let panes = Some(rest.number()?);
        rest.expect(b", \"pr\": ")?;
        rest.number_or_null()?;
        rest.expect(b", \"reason\": \"")?;
        rest.text()?;
        rest.expect(b", \"notes\": \"")?;
        rest.text()?;
        rest.expect(b"}")?;
        let seconds = plausible(u32::try_from(seconds).ok().map(f64::from));
        let line = Line { time: Some(time), issue, kind, success, main_green, seconds, panes, backfilled: false };
        rest.0.is_empty().then_some(line)
    }

    /// Reads `2026-03-21T12:34:56.123456+00:00`, or without the fraction.
    fn time(&mut self, text: &[u8]) -> Option<i64> {
        let (date, clock) = text.split_first_chunk::<10>()?;
        let day = match self.day {
            Some((known, day)) if known == *date => day,
            _ => {
                let day = day(date)?;
                self.day = Some((*date, day));
                day
            }
        };
        let clock = clock.strip_suffix(b"+00:00")?;
        let (clock, micros) = match clock.split_at_checked(9)? {
            (clock, []) => (clock, 0),
            (clock, [b'.', micros @ ..]) if micros.len() == 6 => (clock, digits(micros)?),
            _ => return None,
        };
        let shape = clock[0] == b'T' && clock[3] == b':' && clock[6] == b':';
        let (hour, minute, second) = (digits(&clock[1..3])?, digits(&clock[4..6])?, digits(&clock[7..9])?);
        (shape && hour < 24 && minute < 60 && second < 60)
            .then_some((day * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
    }
}

fn general(line: &[u8]) -> Option<Line> {
    let cycle: PastCycle = journal::parse(line)?;
    Some(Line {
        time: cycle.time().map(|time| time.timestamp_micros()),
        issue: cycle.issue,
        kind: cycle.kind(),
        success: cycle.succeeded(),
        main_green: cycle.main_green,
        seconds: cycle.seconds(),
        panes: cycle.kimi_panes,
        backfilled: !cycle.was_observed(),
    })
}

fn plausible(seconds: Option<f64>) -> Option<f64> {
    seconds.filter(|seconds| PastCycle::is_plausible(*seconds))
}

/// The days of Unix time of `2026-03-21`.
fn day(date: &[u8; 10]) -> Option<i64> {
    let number = |part: &[u8]| digits(part).and_then(|number| u32::try_from(number).ok());
    let (year, month, day) = (digits(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    let date = (date[4] == b'-' && date[7] == b'-')
        .then(|| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day))
        .flatten()?;
    Some(date.signed_duration_since(NaiveDate::default()).num_days())
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// What is left of a line.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn expect(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Reads a whole number of at most 18 digits, without a leading zero.
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut length) = (0_u64, 0);
        while let Some(digit) = self.0.get(length).filter(|byte| byte.is_ascii_digit()) {
            number = number * 10 + u64::from(digit - b'0');
            length += 1;
            if length > 18 {
                return None;
            }
        }
        if length == 0 || (length > 1 && self.0[0] == b'0') {
            return None;
        }
        self.take(length)?;
        Some(number)
    }

    #[expect(clippy::option_option, reason = "null, and no number at all")]
    fn number_or_null(&mut self) -> Option<Option<u64>> {
        match self.expect(b"null") {
            Some(()) => Some(None),
            None => self.number().map(Some),
        }
    }

    #[expect(clippy::option_option, reason = "null, and no flag at all")]
    fn flag(&mut self) -> Option<Option<bool>> {
        if self.expect(b"true").is_some() {
            Some(Some(true))
        } else if self.expect(b"false").is_some() {
            Some(Some(false))
        } else {
            self.expect(b"null").map(|()| None)
        }
    }

    /// Reads a text up to its closing quote; its opening one is behind. Escapes are checked, not resolved.
    fn text(&mut self) -> Option<&'a [u8]> {
        let mut at = 0;
        loop {
            match *self.0.get(at)? {
                b'"' => break,
                b'\\' => match *self.0.get(at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                    b'u' => {
                        let code = self.0.get(at + 2..at + 6)?;
                        // Half of a pair needs a look at the other half.
                        if !code.iter().all(u8::is_ascii_hexdigit) || code[0].eq_ignore_ascii_case(&b'd') {
                            return None;
                        }
                        at += 6;
                    }
                    _ => return None,
                },
                0x20..0x7f => at += 1,
                _ => return None,
            }
        }
        let text = self.take(at)?;
        self.expect(b"\"")?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use common::pyjson;
    use common::records::CycleRecord;
    use proptest::prelude::*;

    use super::*;

    fn record() -> CycleRecord {
        CycleRecord {
            timestamp: "2026-03-21T12:34:56.123456+00:00".to_owned(),
            cycle: 42,
            epoch: "\u{27f3}12.6:003".to_owned(),
            issue: Some(85),
            kind: IssueType::Bug,
            success: false,
            hermes_clean: false,
            main_green: None,
            duration: 480,
            tests_passed: 1450,
            tests_added: 3,
            files_changed: 2,
            lines_added: 45,
            lines_removed: 12,
            kimi_panes: 2,
            pr: None,
            reason: "tox: \"3\" \\ errors\n".to_owned(),
            notes: String::new(),
        }
    }

    #[test]
    fn our_own_lines_take_the_fast_way_and_mean_the_same() {
        for issue in [None, Some(0), Some(85), Some(999_999_999_999_999_999)] {
            let mut line = pyjson::to_line(&CycleRecord { issue, ..record() }).unwrap();
            if issue.is_none() {
                line = line.replace(".123456", "");
            }
            let own = Reader::default().own(line.as_bytes());
            assert!(own.is_some() && own == general(line.as_bytes()), "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn whatever_the_fast_way_takes_the_general_one_takes_for_the_same(
            at in 0_usize..400, byte in any::<u8>(), cut in 0_usize..400, reason in "\\PC{0,12}",
        ) {
            let mut line = pyjson::to_line(&CycleRecord { reason, ..record() }).unwrap().into_bytes();
            let length = line.len();
            line[at % length] = byte;
            if cut < length {
                line.truncate(cut.max(length / 2));
            }
            if let Some(own) = Reader::default().own(&line) {
                prop_assert_eq!(Some(own), general(&line), "{}", String::from_utf8_lossy(&line));
            }
        }
    }
}
