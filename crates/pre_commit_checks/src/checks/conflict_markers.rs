//! No merge conflict is left in.

use memchr::memmem;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    if !file.is_text
        || memmem::find(file.bytes, b"<<<<<<< ").is_none() && memmem::find(file.bytes, b">>>>>>> ").is_none()
    {
        return;
    }
    let mut is_open = false;
    for (number, line) in file.bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let marker = match line {
            _ if line.starts_with(b"<<<<<<< ") => "<<<<<<<",
            _ if line.starts_with(b">>>>>>> ") => ">>>>>>>",
            b"=======" if is_open => "=======",
            _ => continue,
        };
        // A row of equal signs alone underlines a heading.
        is_open = marker == "<<<<<<<";
        report.add(Place::Line(number + 1), &format!("a conflict marker {marker}"), "finish the merge");
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn all_three_markers_are_found_and_underlines_are_not() {
        let text = b"Title\n=======\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n";
        let found: Vec<String> =
            ["3:0: a conflict marker <<<<<<<", "5:0: a conflict marker =======", "7:0: a conflict marker >>>>>>>"]
                .map(str::to_owned)
                .to_vec();
        assert_eq!(of("conflict-markers", "a.md", text), found);
        assert_eq!(of("conflict-markers", "a.md", b"Title\n=======\n x <<<<<<< y\n"), [""; 0]);
    }
}
