//! What differs between two runs of the same program, and is masked: by place and by what is in front of it.

use std::borrow::Cow;

/// A part of a text that is masked.
struct Mask {
    /// The file, by the end of its path; or the command, by its beginning; or `stdout`, `name` (of a file); empty for all
    /// of them.
    place: &'static str,
    /// What is in front of it; empty for the beginning of the text.
    after: &'static str,
    /// How far it reaches.
    part: Part,
    /// What is shown in its place.
    shown: &'static str,
}

/// How far a masked part reaches.
#[derive(Clone, Copy)]
enum Part {
    /// As far as there are digits.
    Digits,
    /// As far as there are hexadecimal digits.
    Hex,
    /// Up to this character.
    Until(char),
    /// As far as there are spaces and digits, if this follows them.
    Number(&'static str),
}

/// Every mask but those of [`Masks`], which depend on the sandbox.
const MASKS: [Mask; 29] = [
    // The port of a forge.
    mask("", "127.0.0.1:", Part::Digits, "<port>"),
    // How long something took.
    mask("automation_state.json", "\"last_duration_ms\": ", Part::Digits, "<ms>"),
    mask("triage.jsonl", "\"duration_ms\": ", Part::Digits, "<ms>"),
    mask("shadow.jsonl", "\"duration_ms\": ", Part::Digits, "<ms>"),
    mask("stdout", "\"duration_ms\": ", Part::Digits, "<ms>"),
    mask("stdout", "\"last_duration_ms\": ", Part::Digits, "<ms>"),
    // What depends on the length of such a number: the sizes that the demonstration lists, and what introspection keeps of
    // the log of triage runs there. Elsewhere length and checksum are compared.
    mask("timmy demo", "\n  ", Part::Number(" bytes  "), "<size>"),
    mask("day/.loop/retro/insights.source.json", "\"length\": ", Part::Digits, "<length>"),
    mask("day/.loop/retro/insights.source.json", "\"ending\": \"", Part::Until('"'), "<checksum>"),
    // Processes and the machine.
    mask("automation_state.json", "\"pid\": ", Part::Digits, "<pid>"),
    mask("automation_state.json", "\"host\": \"", Part::Until('"'), "<host>"),
    mask("timmy why automation", "\"pid\": ", Part::Digits, "<pid>"),
    mask("timmy why automation", "\"host\": \"", Part::Until('"'), "<host>"),
    mask("timmy schedule run", "(pid ", Part::Digits, "<pid>"),
    mask(".log", "pid of timmy ", Part::Digits, "<pid>"),
    // Device, inode, owner and time of change of a file.
    mask(".index.json", "\"file\": [", Part::Until(']'), "<file>"),
    mask(".index.json", "\"changed\": [", Part::Until(']'), "<time>"),
    mask("insights.source.json", "\"file\": [", Part::Until(']'), "<file>"),
    mask("insights.source.json", "\"changed\": [", Part::Until(']'), "<time>"),
    mask("install.json", "\"modified\": [", Part::Until(']'), "<time>"),
    mask("install.json", "\"owner\": [", Part::Until(']'), "<owner>"),
    // The commit that a program was built of.
    mask("install.json", "\"program_version\": \"", Part::Until('"'), "<version>"),
    mask("stdout", concat!("timmy ", env!("CARGO_PKG_VERSION"), " ("), Part::Until(')'), "<commit>"),
    mask("timmy doctor", concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), " ("), Part::Until(')'), "<commit>"),
    // Drawn from the repository's path, which is another one each time.
    mask("timmy service print", "timmy-repo-", Part::Hex, "<hash>"),
    mask("name", "timmy-repo-", Part::Hex, "<hash>"),
    mask(".plist", "timmy-repo-", Part::Hex, "<hash>"),
    mask("timmy service print", "\"text\": \"", Part::Digits, "<minute>"),
    mask(".cron", "", Part::Digits, "<minute>"),
];

const fn mask(place: &'static str, after: &'static str, part: Part, shown: &'static str) -> Mask {
    Mask { place, after, part, shown }
}

/// The masks of one sandbox: its paths, wherever they are, and [`MASKS`].
#[derive(Default)]
pub(crate) struct Masks {
    texts: Vec<(String, &'static str)>,
}

impl Masks {
    /// Masks a text wherever it is.
    pub(crate) fn text(&mut self, text: impl Into<String>, shown: &'static str) {
        self.texts.push((text.into(), shown));
    }

    /// Returns the text of a place with everything masked that differs from run to run.
    pub(crate) fn apply(&self, place: &str, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for (from, shown) in &self.texts {
            if text.contains(from.as_str()) {
                text = Cow::Owned(text.replace(from.as_str(), shown));
            }
        }
        for mask in MASKS.iter().filter(|mask| mask.is_for(place)) {
            if text.contains(mask.after) {
                text = Cow::Owned(mask.apply(&text));
            }
        }
        text.into_owned()
    }
}

impl Mask {
    fn is_for(&self, place: &str) -> bool {
        place.starts_with(self.place) || place.ends_with(self.place)
    }

    fn apply(&self, text: &str) -> String {
        if self.after.is_empty() {
            return self.masked(text);
        }
        let mut pieces = text.split(self.after);
        let mut masked = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            masked.push_str(self.after);
            masked.push_str(&self.masked(piece));
        }
        masked
    }

    /// Masks the beginning of a text, where the part is not empty.
    fn masked(&self, text: &str) -> String {
        let end = match self.part {
            Part::Digits => text.find(|c: char| !c.is_ascii_digit()),
            Part::Hex => text.find(|c: char| !c.is_ascii_hexdigit()),
            Part::Until(stop) => text.find(stop),
            Part::Number(next) => {
                let end = text.find(|c: char| c != ' ' && !c.is_ascii_digit());
                let end = end.map(|end| text[..end].trim_end().len());
                end.filter(|end| text[*end..].starts_with(next)).or(Some(0))
            }
        };
        let end = end.unwrap_or(text.len());
        format!("{}{}", if end == 0 { "" } else { self.shown }, &text[end..])
    }
}

#[test]
fn masks_hide_what_they_name_and_nothing_else() {
    let mut masks = Masks::default();
    masks.text("/tmp/x", "<repo>");
    for (place, text, expected) in [
        (".loop/automation_state.json", "\"pid\": 12, \"runs\": 12", "\"pid\": <pid>, \"runs\": 12"),
        (".loop/automation_state.json", "\"last_duration_ms\": null", "\"last_duration_ms\": null"),
        (".loop/retro/cycles.jsonl", "\"pid\": 12, \"duration\": 5", "\"pid\": 12, \"duration\": 5"),
        (".loop/retro/cycles.index.json", "\"file\": [\n 1,\n 2\n ], \"lines\": 3", "\"file\": [<file>], \"lines\": 3"),
        ("timmy demo stdout", "\n   12 bytes  a\n  12 cycles\n", "\n  <size> bytes  a\n  12 cycles\n"),
        (
            "timmy why 5 --json stdout",
            "\"duration_ms\": 5, \"at\": \"/tmp/x/a\"",
            "\"duration_ms\": <ms>, \"at\": \"<repo>/a\"",
        ),
    ] {
        assert_eq!(masks.apply(place, text), expected, "{place}");
    }
}
