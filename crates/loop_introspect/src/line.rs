//! One line of the log, as fast as it can be read without trusting it.
//!
//! The fields are found in any order, in one pass that checks the line to its last byte. A doubtful line goes to the general
//! parser.

use chrono::NaiveDate;
use json_fields::{Object, slot};
use records::{Cycle, FailureClass, IssueType, is_void, parse_time, written};
use store::LineReader;

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
    /// Whether a failure was the fault of something other than the issue.
    pub others_fault: bool,
    /// Whether it counts in no rate, because it was cut short or its right to the issue was lost.
    pub void: bool,
    pub backfilled: bool,
}

/// Reads lines; remembers the last day, which most lines share.
#[derive(Default)]
pub(crate) struct Reader {
    lines: LineReader,
    day: Option<KnownDay>,
}

/// A date as it is written, and its days of Unix time.
type KnownDay = ([u8; 10], i64);

// The places of fields among those of a cycle.
const TIMESTAMP: usize = slot(Cycle::FIELDS, "timestamp");
const ISSUE: usize = slot(Cycle::FIELDS, "issue");
const KIND: usize = slot(Cycle::FIELDS, "type");
const SUCCESS: usize = slot(Cycle::FIELDS, "success");
const MAIN_GREEN: usize = slot(Cycle::FIELDS, "main_green");
const DURATION: usize = slot(Cycle::FIELDS, "duration");
const PANES: usize = slot(Cycle::FIELDS, "kimi_panes");
const FAILURE_CLASS: usize = slot(Cycle::FIELDS, "failure_class");
const CLAIM_LOST: usize = slot(Cycle::FIELDS, "claim_lost");
const BACKFILLED: usize = slot(Cycle::FIELDS, "backfilled");

impl Reader {
    /// Reads the line that is the first `length` bytes of `text`; returns none for a damaged line. What follows the line is
    /// not part of the answer, but lets its last keys be compared in blocks.
    pub(crate) fn read(&mut self, text: &[u8], length: usize) -> Option<Line> {
        self.lines.read_first(text, length, |fields| Line::from_fields(fields, &mut self.day), Line::from)
    }
}

impl Line {
    fn from_fields(fields: &Object<'_>, day: &mut Option<KnownDay>) -> Self {
        let boolean = |slot| fields.get(slot).and_then(written::boolean);
        let number = |slot| fields.get(slot).and_then(written::number);
        let class = fields.get(FAILURE_CLASS).and_then(FailureClass::written);
        let claim_lost = boolean(CLAIM_LOST) == Some(true);
        Self {
            time: fields.get(TIMESTAMP).and_then(|raw| {
                let plain = raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\""));
                plain
                    .and_then(|text| time(text, day))
                    .or_else(|| parse_time(&written::string(raw)?).map(|time| time.timestamp_micros()))
            }),
            issue: number(ISSUE),
            kind: fields.get(KIND).map(IssueType::written).unwrap_or_default(),
            success: boolean(SUCCESS) == Some(true),
            main_green: boolean(MAIN_GREEN),
            seconds: plausible(fields.get(DURATION).and_then(written::float)),
            panes: number(PANES),
            others_fault: class.is_some() || claim_lost,
            void: is_void(class, claim_lost),
            backfilled: boolean(BACKFILLED) == Some(true),
        }
    }
}

impl From<Cycle> for Line {
    fn from(cycle: Cycle) -> Self {
        Self {
            time: cycle.time().map(|time| time.timestamp_micros()),
            issue: cycle.issue,
            kind: cycle.kind,
            success: cycle.success,
            main_green: cycle.main_green.is_green(),
            seconds: cycle.seconds(),
            panes: cycle.kimi_panes,
            others_fault: cycle.failure_class.is_some() || cycle.claim_lost,
            void: is_void(cycle.failure_class, cycle.claim_lost),
            backfilled: !cycle.was_observed(),
        }
    }
}

/// Reads `2026-03-21T12:34:56.123456+00:00`, with or without the fraction; `Z` or no zone means UTC too.
fn time(text: &[u8], known: &mut Option<KnownDay>) -> Option<i64> {
    let (date, clock) = text.split_first_chunk::<10>()?;
    let day = match *known {
        Some((known, day)) if known == *date => day,
        _ => {
            let day = day(date)?;
            *known = Some((*date, day));
            day
        }
    };
    let (clock, rest) = clock.split_first_chunk::<9>()?;
    let (micros, zone) = match rest.split_first_chunk::<7>() {
        Some(([b'.', micros @ ..], zone)) => (digits(micros)?, zone),
        _ => (0, rest),
    };
    let shape = clock[0] == b'T' && clock[3] == b':' && clock[6] == b':' && matches!(zone, b"+00:00" | b"Z" | b"");
    let (hour, minute, second) = (digits(&clock[1..3])?, digits(&clock[4..6])?, digits(&clock[7..9])?);
    (shape && hour < 24 && minute < 60 && second < 60)
        .then_some((day * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
}

fn plausible(seconds: Option<f64>) -> Option<f64> {
    seconds.filter(|seconds| Cycle::is_plausible(*seconds))
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

#[cfg(test)]
mod tests {
    use json_fields::Finder;
    use proptest::prelude::*;
    use records::{MainChecks, Seconds, pyjson};
    use simulated_loop::{Bursts, Scenario};

    use super::*;

    fn general(line: &[u8]) -> Option<Line> {
        LineReader::default().cycle(line).map(Into::into)
    }

    fn record() -> Cycle {
        Cycle {
            timestamp: Some("2026-03-21T12:34:56.123456+00:00".to_owned()),
            cycle: Some(42),
            epoch: Some("\u{27f3}12.6:003".to_owned()),
            issue: Some(85),
            kind: IssueType::Bug,
            success: false,
            hermes_clean: Some(false),
            main_green: MainChecks::NotReported,
            duration: Some(Seconds::Whole(480)),
            tests_passed: Some(1450),
            tests_added: Some(3),
            files_changed: Some(2),
            lines_added: Some(45),
            lines_removed: Some(12),
            kimi_panes: Some(2),
            pr: None,
            reason: "tox: \"3\" \\ errors\n".to_owned(),
            notes: String::new(),
            failure_class: Some(FailureClass::Forge),
            claim_lost: false,
            backfilled: false,
        }
    }

    /// Lines as our tool writes them, and as the scripts did.
    fn lines() -> Vec<String> {
        let scenario = Scenario { success: 0.5, bursts: Bursts::Reported, ..Scenario::default() };
        let mut lines = vec![pyjson::to_line(&record()).unwrap()];
        for (number, cycle) in scenario.cycles(1, 40).iter().enumerate() {
            lines.extend([cycle.line(number), cycle.old_line(number)]);
        }
        lines
    }

    #[test]
    fn no_ordinary_line_is_doubtful() {
        let (mut reader, mut finder) = (Reader::default(), Finder::new(Cycle::FIELDS));
        for line in lines() {
            let compact = line.replace(": ", ":").replace(", ", ",");
            for line in [line + "\r", compact] {
                assert!(finder.find(line.as_bytes()).is_ok(), "{line}");
                let read = reader.read(line.as_bytes(), line.len());
                assert!(read.is_some() && read == general(line.as_bytes()), "{line}");
                assert_eq!(
                    reader.read(format!("{line}\n{{").as_bytes(), line.len()),
                    read,
                    "a text that goes on: {line}"
                );
            }
        }
    }

    #[test]
    fn a_line_does_not_end_in_the_next_one() {
        let mut reader = Reader::default();
        let text = b"{\"issue\": 1,\n\"success\": true}\n";
        assert_eq!(reader.read(text, 12), None);
        assert!(reader.read(&text[..text.len() - 1], text.len() - 1).is_some());
    }

    #[test]
    fn a_field_that_is_there_twice_is_damage_as_for_the_general_parser() {
        for name in Cycle::FIELDS {
            let line = format!("{{\"{name}\": 1, \"other\": 2, \"other\": 3, \"{name}\": 1}}");
            assert_eq!((Reader::default().read(line.as_bytes(), line.len()), general(line.as_bytes())), (None, None));
        }
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            2 => "[0-9]{1,20}",
            1 => "-?[0-9]{1,3}\\.[0-9]{1,3}(e-?[0-9]{1,3})?".prop_filter("no number", |text| !text.trim_start_matches('-').starts_with("00")),
            2 => "\"[#+-]?[0-9., ]{0,12}\"",
            1 => prop_oneof![Just("true"), Just("false"), Just("null"), Just("\"true\""), Just("[1]"), Just("{\"issue\": 1}")].prop_map(str::to_owned),
            1 => prop_oneof![Just("\"Bug\""), Just("\" feature\""), Just("\"infra\""), Just("\"b\\u0075g\""), Just("\"\\ud800\"")].prop_map(str::to_owned),
            2 => "\"20[0-9][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,9})?)?(Z|z|[+-]0[0-9]:?[03]0|)\"",
            1 => "\"20[0-9][0-9]-[01][0-9]-[0-3][0-9]\"",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn damaged_lines_mean_what_they_mean_to_the_general_parser(
            which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), edit in 0..4,
            reason in "\\PC{0,12}",
        ) {
            let mut lines = lines();
            lines.push(pyjson::to_line(&Cycle { reason, ..record() }).unwrap());
            let whole = which.get(&lines).as_bytes();
            let (mut line, at) = (whole.to_vec(), at.index(whole.len()));
            match edit {
                0 => line[at] = byte,
                1 => drop(line.remove(at)),
                2 => line.insert(at, byte),
                _ => line.truncate(at),
            }
            let mut reader = Reader::default();
            for line in [&line, whole, &line] {
                prop_assert_eq!(reader.read(line, line.len()), general(line), "{}", String::from_utf8_lossy(line));
            }
        }

        #[test]
        fn fields_of_any_kind_mean_what_they_mean_to_the_general_parser(
            values in proptest::collection::vec(proptest::option::weighted(0.7, value()), Cycle::FIELDS.len()),
        ) {
            let fields: Vec<String> = Cycle::FIELDS
                .iter()
                .zip(&values)
                .filter_map(|(name, value)| Some(format!("\"{name}\": {}", value.as_ref()?)))
                .collect();
            let line = format!("{{{}}}", fields.join(", "));
            let read = Reader::default().read(line.as_bytes(), line.len());
            prop_assert_eq!(read, general(line.as_bytes()), "{}", line);
        }

        #[test]
        fn times_are_read_as_the_general_parser_reads_them(raw in value()) {
            let line = format!("{{\"timestamp\": {raw}}}");
            let read = Reader::default().read(line.as_bytes(), line.len());
            prop_assert_eq!(read, general(line.as_bytes()), "{}", line);
        }
    }
}
