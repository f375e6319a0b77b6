//! Tests that need Docker or another service can be skipped where it is not there.

use memchr::memmem;

use crate::file::{File, Python, Report};
use crate::finding::Place;
use crate::patterns;
use crate::settings::Settings;

/// Marks and calls that skip a test.
const SKIPS: [&str; 6] = ["skipif", "skipIf", "skipUnless", "skip", "importorskip", "SkipTest"];

pub(super) fn check(file: &File, python: &Python, settings: &Settings, report: &mut Report) {
    for (service, files) in &settings.services {
        let mentions = |text: &[u8]| memmem::find(text, service.to_ascii_lowercase().as_bytes()).is_some();
        if !patterns::any(std::slice::from_ref(files), file.name) || !mentions(&file.bytes.to_ascii_lowercase()) {
            continue;
        }
        let marks = python.module.marks("pytestmark");
        let calls = python.module.calls();
        let mut names = marks.iter().chain(calls.iter().map(|call| &call.name));
        if !names.any(|name| name.rsplit('.').next().is_some_and(|last| SKIPS.contains(&last))) {
            let what = format!("the test needs {service} and cannot be skipped");
            let mend = "add @pytest.mark.skipif, or a module-level pytestmark with skipif";
            report.add(Place::File, &what, mend);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn a_mark_or_a_call_that_skips_is_enough() {
        let found = |text: &str| of("skip-markers", "tests/test_docker_x.py", text.as_bytes());
        assert_eq!(found("import docker\n"), ["0:0: the test needs docker and cannot be skipped"]);
        for text in [
            "import docker\n@pytest.mark.skipif(True, reason='x')\ndef test(): pass\n",
            "import docker\npytestmark = pytest.mark.skipif(x)\n",
            "pytest.importorskip('docker')\n",
            "x = 1\n",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
        assert_eq!(of("skip-markers", "tests/test_x.py", b"import docker\n"), [""; 0]);
    }
}
