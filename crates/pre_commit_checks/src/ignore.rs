//! `# pre-commit: ignore[ID] reason`: findings that a person has judged, in the line that they are in.

use host::text;
use memchr::memmem;

use crate::checks::CHECKS;
use crate::file::File;
use crate::finding::{Finding, Findings, Place, line_of};

/// What a comment begins with.
const MARK: &[u8] = b"pre-commit: ignore[";

/// How many comments of a file are complained about.
const MOST: usize = 50;

/// The id of findings about the comments themselves.
pub(crate) const ID: &str = "ignore-comments";

/// Leaves out the findings of a file whose lines ask for it.
pub(crate) fn leave_out(file: &File, findings: &mut Findings) {
    if file.is_text && memmem::find(file.bytes, MARK).is_some() {
        findings.found.retain(|finding| !is_ignored(file, finding));
    }
}

/// Leaves out the findings of a file whose lines ask for it, and adds one for each comment that says nothing useful.
pub(crate) fn apply(file: &File, findings: &mut Findings) {
    if !file.is_text || memmem::find(file.bytes, MARK).is_none() {
        return;
    }
    leave_out(file, findings);
    let (mut line, mut counted, mut complaints) = (1, 0, 0);
    for at in memmem::find_iter(file.bytes, MARK) {
        if at < counted {
            // The line was read already.
            continue;
        }
        line += memchr::memchr_iter(b'\n', &file.bytes[counted..at]).count();
        let start = memchr::memrchr(b'\n', &file.bytes[counted..at]).map_or(counted, |offset| counted + offset + 1);
        let end = memchr::memchr(b'\n', &file.bytes[at..]).map_or(file.bytes.len(), |length| at + length);
        counted = end;
        let comment = String::from_utf8_lossy(&file.bytes[start..end.min(start + 10_000)]).into_owned();
        let mut complain = |what: &str, mend: &str| {
            complaints += 1;
            if complaints <= MOST {
                findings.add(ID, file.name, file.bytes, Place::Line(line), what, mend);
            }
        };
        let (ids, reason) = read(&comment);
        // What does not look like ids is no comment of this kind, but a word about them.
        if ids.iter().any(|id| !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')) {
            continue;
        }
        for id in &ids {
            if !CHECKS.iter().any(|check| check.id == id) {
                let near = text::nearest(id, CHECKS.map(|check| check.id));
                let mend = near.map_or("see --list".to_owned(), |near| format!("did you mean `{near}`?"));
                complain(&format!("there is no check `{}` to ignore", text::fit(id, 40)), &mend);
            }
        }
        if reason.is_empty() {
            complain("the comment ignores a finding without a reason", "say after the bracket why that is right");
        }
    }
}

fn is_ignored(file: &File, finding: &Finding) -> bool {
    // What concerns the file as a whole is judged in its first line.
    let Some(line) = line_of(file.bytes, finding.line.max(1)) else { return false };
    let (ids, reason) = read(&String::from_utf8_lossy(line));
    !reason.is_empty() && ids.iter().any(|id| id == finding.check)
}

/// The ids of a line's comment, and its reason.
fn read(line: &str) -> (Vec<String>, String) {
    let mark = String::from_utf8_lossy(MARK);
    let Some((ids, reason)) = line.split_once(&*mark).and_then(|(_, rest)| rest.split_once(']')) else {
        return (Vec::new(), String::new());
    };
    let ids = ids.split(',').map(|id| id.trim().to_owned()).collect();
    let reason = reason.trim().trim_end_matches("-->").trim_end_matches("*/");
    (ids, reason.trim_start_matches([':', '-', ' ']).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Vec<String> {
        let file = File::new("a.py", text.as_bytes());
        let mut findings = Findings::default();
        findings.add("secrets", "a.py", file.bytes, Place::Line(1), "found", "mend");
        apply(&file, &mut findings);
        findings.found.iter().map(|finding| format!("{}: {}", finding.check, finding.what)).collect()
    }

    #[test]
    fn a_reason_is_needed() {
        assert_eq!(after("x  # pre-commit: ignore[secrets] a sample\n"), [""; 0]);
        assert_eq!(after("x  # pre-commit: ignore[json, secrets] a sample\n"), [""; 0]);
        let without = ["secrets: found", "ignore-comments: the comment ignores a finding without a reason"];
        assert_eq!(after("x  # pre-commit: ignore[secrets]\n"), without);
        assert_eq!(after("x\n# pre-commit: ignore[secrets] another line\n"), ["secrets: found"]);
    }

    #[test]
    fn an_unknown_id_is_told() {
        let expected = ["secrets: found", "ignore-comments: there is no check `secret` to ignore"];
        assert_eq!(after("x  # pre-commit: ignore[secret] a sample\n"), expected);
    }
}
