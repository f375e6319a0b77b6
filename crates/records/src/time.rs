//! Times as the files hold them.

use chrono::{DateTime, SecondsFormat, Utc};

/// Writes a time as the files hold it: Python's `isoformat()` in UTC, with a fraction only where there is one.
pub fn timestamp(time: DateTime<Utc>) -> String {
    let is_whole = time.timestamp_subsec_micros() == 0;
    time.to_rfc3339_opts(if is_whole { SecondsFormat::Secs } else { SecondsFormat::Micros }, false)
}

/// Reads a time in any form that the files may hold: with `Z`, any offset or none (meaning UTC), with or without a fraction,
/// with `T` or a space, or a date alone (its midnight).
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"] {
        if let Ok(time) = DateTime::parse_from_str(text, form) {
            return Some(time.with_timezone(&Utc));
        }
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(time) = chrono::NaiveDateTime::parse_from_str(text, form) {
            return Some(time.and_utc());
        }
    }
    Some(chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc())
}

/// Reads the time in an optional field.
pub(crate) fn time_in(text: Option<&str>) -> Option<DateTime<Utc>> {
    parse_time(text?)
}

/// Returns a timestamp as people read it: the date and the minute, in UTC.
pub fn minute(timestamp: &str) -> String {
    parse_time(timestamp).map_or_else(|| timestamp.to_owned(), |time| time.format("%Y-%m-%d %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_python_writes_them() {
        assert_eq!(timestamp(parse_time("2026-03-21T12:34:56.123456Z").unwrap()), "2026-03-21T12:34:56.123456+00:00");
        assert_eq!(timestamp(parse_time("2026-03-21T12:34:56Z").unwrap()), "2026-03-21T12:34:56+00:00");
        assert_eq!(timestamp(parse_time("2026-03-21T12:34:56.5Z").unwrap()), "2026-03-21T12:34:56.500000+00:00");
    }

    #[test]
    fn every_form_of_time_in_old_files_is_read() {
        let expected = parse_time("2026-03-21T12:00:00Z").unwrap();
        for form in [
            "2026-03-21T12:00:00+00:00",
            "2026-03-21T14:00:00+02:00",
            "2026-03-21T14:00:00+0200",
            "2026-03-21T12:00:00",
            "2026-03-21T12:00:00.000",
            "2026-03-21 12:00:00",
            "2026-03-21 12:00:00+00:00",
            "2026-03-21T12:00",
        ] {
            assert_eq!(parse_time(form), Some(expected), "{form}");
        }
        assert_eq!(parse_time("2026-03-21"), parse_time("2026-03-21T00:00:00Z"));
        assert_eq!(parse_time("yesterday"), None);
    }
}
