//! JSON files can be read.

use serde::de::IgnoredAny;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

/// Names of files that hold comments by custom.
const WITH_COMMENTS: [&str; 5] = ["tsconfig", "jsconfig", ".eslintrc", "devcontainer", "api-extractor"];

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    let with_comments = file.name.split('/').any(|part| part == ".vscode" || part == ".devcontainer")
        || WITH_COMMENTS.iter().any(|start| file.short_name().starts_with(start));
    if !file.is_any(&[".json"]) || with_comments {
        return;
    }
    let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file.bytes);
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        // Depth and Python's own words for numbers are no faults of the text.
        if message.starts_with("recursion limit") || is_number_of_python(bytes, &error) {
            return;
        }
        let start = bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(<[u8]>::len);
        let offset = start.sum::<usize>() + error.column().saturating_sub(1) + (file.bytes.len() - bytes.len());
        report.add(Place::Offset(offset), &format!("no JSON: {message}"), "fix the file, or give it another extension");
    }
}

/// Whether the reader stopped at `NaN` or `Infinity`, which Python writes and reads.
fn is_number_of_python(bytes: &[u8], error: &serde_json::Error) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = error.column().saturating_sub(1).min(line.len());
    // The reader stops at a letter of the word, or behind it.
    (at.saturating_sub(3)..=at).any(|at| line[at..].starts_with(b"NaN") || line[at..].starts_with(b"Infinity"))
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn faults_have_their_place() {
        assert_eq!(of("json", "a.json", b"{\n  \"a\": 1,\n}\n"), ["3:1: no JSON: key must be a string"]);
        assert_eq!(of("json", "a.json", b""), ["1:1: no JSON: EOF while parsing a value"]);
        assert_eq!(of("json", "a.json", b"{} x"), ["1:4: no JSON: trailing characters"]);
    }

    #[test]
    fn what_python_reads_is_no_fault() {
        for text in [&b"\xef\xbb\xbf{}"[..], b"[NaN, -Infinity]", b"[1, Infinity]", b"[[[]]]"] {
            assert_eq!(of("json", "a.json", text), [""; 0]);
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(of("json", "a.json", deep.as_bytes()), [""; 0]);
        assert_eq!(of("json", "web/tsconfig.base.json", b"{ // x\n}"), [""; 0]);
        assert_eq!(of("json", "a.txt", b"{"), [""; 0]);
    }
}
