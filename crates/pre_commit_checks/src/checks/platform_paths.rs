//! Tests name no path of one machine: `/Users/…`, `/home/…`, `C:\Users\…`.

use memchr::memmem;

use crate::file::{File, Python, Report};
use crate::finding::Place;
use crate::patterns;
use crate::settings::Settings;

pub(super) fn check(file: &File, python: &Python, settings: &Settings, report: &mut Report) {
    let paths = &settings.platform_paths;
    // The backslashes of a path may be doubled in the text.
    let may_have =
        |path: &String| memmem::find(file.bytes, path.split('\\').next().unwrap_or(path).as_bytes()).is_some();
    if !paths.iter().any(may_have) || !patterns::any(&settings.test_files, file.name) {
        return;
    }
    for literal in python.module.literals() {
        let Some(path) = paths.iter().find(|path| literal.value.starts_with(path.as_str())) else { continue };
        let what = match &literal.argument_of {
            Some(method) if method == "startswith" => format!("startswith({path:?}) holds on one platform only"),
            _ => format!("the path {path}… is of one machine"),
        };
        report.add(Place::Offset(literal.offset), &what, "Use Path.home() instead for platform compatibility.");
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn literals_of_tests_are_looked_at_and_nothing_else() {
        let text = b"'/Users/x'\n# /home/x\nassert p.startswith(\"/Users/\")\nq = f'/home/{x}'\nr = 'C:\\\\Users\\\\x'\ns = 'x/home/y'\n";
        assert_eq!(
            of("platform-paths", "tests/a/test_b.py", text),
            [
                "3:21: startswith(\"/Users/\") holds on one platform only",
                "4:7: the path /home/… is of one machine",
                "5:5: the path C:\\Users\\… is of one machine"
            ]
        );
        assert_eq!(of("platform-paths", "src/b.py", text), [""; 0]);
    }
}
