//! No line ends in spaces.

use memchr::memchr_iter;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;
use crate::significant_spaces::{keeps_trailing_spaces, strings};

/// How many lines of a file are shown.
const SHOWN: usize = 5;

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    if !file.is_utf8 || keeps_trailing_spaces(file) {
        return;
    }
    let mut lines = Vec::new();
    let ends_in_space = |at: usize| {
        let end = if at > 0 && file.bytes[at - 1] == b'\r' { at - 1 } else { at };
        let kept = file.bytes[..end].trim_ascii_end();
        // Behind a backslash a space keeps two lines apart.
        end > 0 && matches!(file.bytes[end - 1], b' ' | b'\t') && !kept.ends_with(b"\\")
    };
    for (line, at) in memchr_iter(b'\n', file.bytes).chain([file.bytes.len()]).enumerate() {
        if ends_in_space(at) {
            lines.push((line + 1, at));
        }
    }
    if lines.is_empty() {
        return;
    }
    // In Python, what is inside a string is a value.
    let strings = strings(file);
    lines.retain(|(_, at)| !strings.iter().any(|string| string.contains(at)));
    for (line, _) in lines.iter().take(SHOWN) {
        report.add(Place::Line(*line), "spaces at the end of the line", "take them away (--fix)");
    }
    if let Some((line, _)) = lines.get(SHOWN) {
        let what = format!("spaces at the end of {} more lines", lines.len() - SHOWN);
        report.add(Place::Line(*line), &what, "take them away (--fix)");
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn strings_of_python_and_markdown_keep_their_spaces() {
        assert_eq!(
            of("trailing-spaces", "a.txt", b"a \nb\t\r\nc"),
            ["1:0: spaces at the end of the line", "2:0: spaces at the end of the line"]
        );
        assert_eq!(of("trailing-spaces", "a.py", b"x = '''a \nb'''\ny = 1 \n"), ["3:0: spaces at the end of the line"]);
        assert_eq!(of("trailing-spaces", "a.md", b"a  \nb\n"), [""; 0]);
        assert_eq!(of("trailing-spaces", "a.txt", b"a "), ["1:0: spaces at the end of the line"]);
        assert_eq!(
            of("trailing-spaces", "a.txt", b"a \n".repeat(9).as_slice()).last().unwrap(),
            "6:0: spaces at the end of 4 more lines"
        );
    }
}
