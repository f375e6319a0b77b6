//! Line endings are not mixed.

use memchr::memchr_iter;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    if !file.is_utf8 || memchr::memchr(b'\r', file.bytes).is_none() {
        return;
    }
    let (mut windows, mut unix, mut first) = (0_usize, 0_usize, None);
    for (line, at) in memchr_iter(b'\n', file.bytes).enumerate() {
        let is_windows = at > 0 && file.bytes[at - 1] == b'\r';
        let count = if is_windows { &mut windows } else { &mut unix };
        *count += 1;
        if *count == 1 && line > 0 {
            first = first.or(Some(line + 1));
        }
    }
    if let Some(line) = first {
        let what = format!("mixed line endings: {unix} of Unix, {windows} of Windows");
        report.add(Place::Line(line), &what, "use one of them throughout (--fix)");
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn one_kind_is_fine_and_two_are_not() {
        assert_eq!(of("line-endings", "a", b"a\r\nb\r\n"), [""; 0]);
        assert_eq!(of("line-endings", "a", b"a\nb\n"), [""; 0]);
        assert_eq!(of("line-endings", "a", b"a\nb\nc\r\n"), ["3:0: mixed line endings: 2 of Unix, 1 of Windows"]);
        assert_eq!(of("line-endings", "a", b"a\n\0\r\n"), [""; 0]);
    }
}
