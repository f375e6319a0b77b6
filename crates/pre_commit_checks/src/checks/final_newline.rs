//! Files end in a newline.

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    if file.is_utf8 && !file.bytes.is_empty() && !file.bytes.ends_with(b"\n") && !file.bytes.ends_with(b"\r") {
        let lines = memchr::memchr_iter(b'\n', file.bytes).count();
        report.add(Place::Line(lines + 1), "no newline at the end of the file", "add one (--fix)");
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn the_last_line_has_its_end() {
        assert_eq!(of("final-newline", "a", b"a\nb"), ["2:0: no newline at the end of the file"]);
        for text in [&b"a\n"[..], b"", b"a\0"] {
            assert_eq!(of("final-newline", "a", text), [""; 0]);
        }
    }
}
