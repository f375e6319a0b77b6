//! YAML files can be read.

use memchr::memmem;
use serde::de::IgnoredAny;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

/// The largest file that is read, in bytes.
const LIMIT: usize = 4 << 20;

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    if !file.is_any(&[".yaml", ".yml"]) || file.bytes.len() > LIMIT {
        return;
    }
    // A template becomes YAML only later.
    if [&b"{{"[..], b"{%"].iter().any(|sign| memmem::find(file.bytes, sign).is_some()) {
        return;
    }
    let Ok(text) = std::str::from_utf8(file.bytes) else { return };
    if let Err(error) = serde_yaml::from_multiple::<IgnoredAny>(text) {
        let Some(location) = error.location() else { return };
        let Some(message) = fault(&error) else { return };
        report.add(
            Place::Line(usize::try_from(location.line()).unwrap_or(0)),
            &format!("no YAML: {message}"),
            "fix the file",
        );
    }
}

/// What is wrong with the text; none where only a limit of the reader, or a tag that it does not know, is in the way.
fn fault(error: &serde_yaml::Error) -> Option<String> {
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    // The place is reported apart, and how to set up the reader is of no use here.
    let first =
        first.strip_prefix("error: line ").and_then(|rest| rest.split_once(": ")).map_or(first, |(_, rest)| rest);
    let first = first.split(", set ").next().unwrap_or(first).trim();
    let of_reader = ["budget", "limit", "tag", "merge", "alias", "anchor", "base64", "binary"];
    if of_reader.iter().any(|word| first.contains(word)) { None } else { Some(first.to_owned()) }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn good_files_and_templates_pass() {
        for text in
            ["", "a: 1\n---\nb: [1, 2]\n", "a: !vault |\n  x\n", "a: &x {b: 1}\nc: *x\n", "a: {{ x }}\n", "# only\n"]
        {
            assert_eq!(of("yaml", "a.yml", text.as_bytes()), [""; 0], "{text}");
        }
    }

    #[test]
    fn faults_have_their_line() {
        assert_eq!(of("yaml", "a.yaml", b"a: 1\na: 2\n"), ["2:0: no YAML: duplicate mapping key: a"]);
        for (text, line) in [("a: [1\nb: 2\n", "2:"), ("a: 1\n b: 2\n", "2:"), ("a: 'x\n", ""), ("a: 1\n\tb: 2\n", "")]
        {
            let found = of("yaml", "a.yaml", text.as_bytes());
            assert!(
                found.len() == 1 && found[0].starts_with(line) && found[0].contains("no YAML"),
                "{text}: {found:?}"
            );
        }
    }
}
