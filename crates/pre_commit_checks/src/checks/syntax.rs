//! Python files can be compiled.

use python_source::Undecodable;

use crate::file::{Python, Report};
use crate::finding::Place;

pub(super) fn check(python: &Result<&Python, &Undecodable>, report: &mut Report) {
    let mend = "fix the syntax; Python refuses the whole file";
    match python {
        Ok(python) => {
            for error in &python.errors {
                report.add(Place::Offset(error.offset), &format!("syntax error: {}", error.message), mend);
            }
        }
        Err(Undecodable::Nul(at)) => {
            report.add(Place::Offset(*at), "syntax error: a NUL byte", "take it out");
        }
        Err(Undecodable::Bytes(at, encoding)) => {
            let what = format!("syntax error: a byte that is not {encoding}");
            report.add(Place::Offset(*at), &what, "save the file as UTF-8, or declare its encoding in the first line");
        }
        Err(Undecodable::Contradiction(encoding)) => {
            let what = format!("syntax error: a byte order mark of UTF-8, and {encoding} declared");
            report.add(Place::Line(1), &what, "take out one of the two");
        }
        Err(Undecodable::Unknown(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn what_python_refuses_is_found_at_its_place() {
        assert_eq!(of("syntax", "a.py", b"x = 1\n"), [""; 0]);
        assert_eq!(
            of("syntax", "a.py", "x = 'ä' y\n".as_bytes()),
            ["1:9: syntax error: simple statements must be separated by newlines or semicolons"]
        );
        assert_eq!(
            of("syntax", "a.py", b"x = 1\nif x:\npass\n"),
            ["3:1: syntax error: expected an indented block after `if` statement"]
        );
        assert_eq!(of("syntax", "a.py", b"x = '\xff'\n"), ["1:6: syntax error: a byte that is not utf-8"]);
        assert_eq!(of("syntax", "a.py", b"x = 1\n\0"), ["2:1: syntax error: a NUL byte"]);
        assert_eq!(of("syntax", "a.py", b"# coding: klingon\n\xff"), [""; 0]);
    }
}
