//! Whether the variable `TZ` names a time zone that can be used. What cannot be used is passed over in silence by the library
//! that computes local times (chrono), which then takes the machine's time zone; this reports it.

use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::Offset;
use common::Error;
use host::{Host, files};

use super::zone::MachineZone;

/// Where the time zones of a system are: where chrono looks for them.
const FOLDERS: [&str; 4] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo", "/usr/share/lib/zoneinfo"];

/// Warns if `TZ` is set to what is no time zone, and says what is used.
pub fn warn_of_unknown_zone(host: &Host) {
    let Some(name) = host.var("TZ").filter(|name| !is_known(name)) else { return };
    // What is refused is not read for its offset.
    if check_zone(host).is_err() {
        return;
    }
    let offset = host.now().with_timezone(&MachineZone).offset().fix();
    host.warn(&format!(
        "TZ names no time zone of this system: {}; the machine's time zone is used (now UTC{offset})",
        host::text::line(&name)
    ));
}

/// Refuses a `TZ` that names a device or a pipe: it would be read without end.
///
/// # Errors
/// It does.
pub fn check_zone(host: &Host) -> Result<(), Error> {
    let Some(name) = host.var("TZ") else { return Ok(()) };
    let name = name.strip_prefix(':').unwrap_or(&name);
    let folders = FOLDERS.iter().map(Path::new);
    let is_special =
        |path: &PathBuf| files::metadata(path).is_ok_and(|it| it.is_some_and(|it| !it.is_file() && !it.is_dir()));
    let special = folders.map(|folder| folder.join(name)).find(is_special);
    special.map_or(Ok(()), |path| {
        let what = format!("TZ names {}, which is no file of a time zone", host::text::line(&path.to_string_lossy()));
        Err(Error::usage(what, "set it to a name such as Europe/Berlin, or unset it"))
    })
}

/// Whether chrono can use this value: a file of a time zone, or a rule of POSIX.
fn is_known(name: &str) -> bool {
    if name == "localtime" {
        return is_zone_file(Path::new("/etc/localtime"));
    }
    match (name.strip_prefix(':'), find(name)) {
        (Some(name), _) => find(name).is_some_and(|path| is_zone_file(&path)),
        (None, Some(path)) => is_zone_file(&path),
        (None, None) => is_rule(name.trim_matches(|character: char| character.is_ascii_whitespace())),
    }
}

/// What is at the place of a time zone of this name, if anything is.
fn find(name: &str) -> Option<PathBuf> {
    let is_there = |path: &PathBuf| !matches!(files::open(path), Ok(None));
    if Path::new(name).is_absolute() {
        return Some(PathBuf::from(name)).filter(is_there);
    }
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(is_there)
}

/// Whether a file begins as that of a time zone does.
fn is_zone_file(path: &Path) -> bool {
    let mut start = [0; 4];
    let Ok(Some(mut file)) = files::open(path) else { return false };
    file.read_exact(&mut start).is_ok() && start == *b"TZif"
}

/// Whether this is a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`. One with a summer time has to say when it begins and ends.
fn is_rule(text: &str) -> bool {
    let Some(rest) = after_name(text).and_then(|rest| after_time(rest, true, 23)) else { return false };
    if rest.is_empty() {
        return true;
    }
    let Some(rest) = after_name(rest) else { return false };
    let rest = if rest.starts_with(',') { Some(rest) } else { after_time(rest, true, 23) };
    rest.and_then(after_day).and_then(after_day) == Some("")
}

/// What follows a name of three to seven characters.
fn after_name(text: &str) -> Option<&str> {
    let (name, rest) = match text.strip_prefix('<') {
        Some(text) => text.split_once('>')?,
        None => text.split_at(text.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(text.len())),
    };
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'));
    ((3..=7).contains(&name.len()) && is_name(name)).then_some(rest)
}

/// What follows hours, and minutes and seconds where there are some.
fn after_time(text: &str, may_have_sign: bool, last_hour: u32) -> Option<&str> {
    let text = if may_have_sign { text.strip_prefix(['+', '-']).unwrap_or(text) } else { text };
    let mut rest = after_number(text, 0, last_hour)?;
    for _ in 0..2 {
        match rest.strip_prefix(':') {
            Some(text) => rest = after_number(text, 0, 59)?,
            None => break,
        }
    }
    Some(rest)
}

/// What follows the day, and the time where there is one, of a change of the clock.
fn after_day(text: &str) -> Option<&str> {
    let text = text.strip_prefix(',')?;
    let rest = if let Some(text) = text.strip_prefix('M') {
        let rest = after_number(text, 1, 12)?.strip_prefix('.')?;
        after_number(after_number(rest, 1, 5)?.strip_prefix('.')?, 0, 6)?
    } else if let Some(text) = text.strip_prefix('J') {
        after_number(text, 1, 365)?
    } else {
        after_number(text, 0, 365)?
    };
    rest.strip_prefix('/').map_or(Some(rest), |time| after_time(time, false, 24))
}

/// What follows a number between these two.
fn after_number(text: &str, first: u32, last: u32) -> Option<&str> {
    let (number, rest) = text.split_at(text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len()));
    number.parse().is_ok_and(|number| (first..=last).contains(&number)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_from_what_is_none() {
        for rule in [
            "UTC0",
            "CET-1",
            "<+0530>-5:30",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "EST5EDT4,J60/0:30,300/24",
            "ABC+3:10:59",
            "<-03>3<-02>,M3.5.0/2,M10.5.0/24:00:00",
        ] {
            assert!(is_rule(rule), "{rule}");
        }
        for other in [
            "",
            "Nowhere",
            "Mars/Olympus",
            "CET",
            "CET-1CEST",
            "CET-1CEST,M3.5.0",
            "CET-24",
            "CE-1",
            "CET-1:60",
            "<CET-1",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.5.0,M10.5.0/25",
            "CET-1CEST,J0,J1",
            "CET-1CEST,0,366",
            "CET-1x",
            "CET-1CEST,M3.5.0,M10.5.0,",
            "LONGNAME1",
            "Ünï1",
        ] {
            assert!(!is_rule(other), "{other}");
        }
    }
}
