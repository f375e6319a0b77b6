//! What a repository holds: every file as text that loses no byte, and what a call has changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::masks::Masks;
use crate::recording::Section;
use crate::rule::divide_file;

/// Larger files are programs that `timmy install` has copied.
const LARGEST: u64 = 1 << 20;

/// A repository at one moment: each file by its path.
pub(crate) type Picture = BTreeMap<String, Entry>;

/// One file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// What kind of file it is, where it is no plain one.
    kind: &'static str,
    /// The content, masked, lossless and without its messages; of a link the target.
    text: String,
    /// The messages in it.
    messages: String,
}

/// Takes the picture of a repository.
///
/// Left out are locks, and what is below `.git` except hooks.
pub(crate) fn take(root: &Path, masks: &Masks) -> Picture {
    let mut picture = Picture::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let metadata = path.symlink_metadata().unwrap();
            if is_left_out(&name) {
                continue;
            }
            if metadata.is_dir() {
                folders.push(path);
                continue;
            }
            picture.insert(masks.apply("name", &lossless(name.as_bytes())), entry_of(&path, &name, &metadata, masks));
        }
    }
    picture
}

/// Locks are always empty, and what Git keeps is its own.
fn is_left_out(name: &str) -> bool {
    let is_gits = name.contains(".git/") && !name.starts_with(".git/hooks");
    is_gits || is_of_kind(name, "lock") || is_of_kind(name, "sample")
}

/// Whether a file's name ends so.
pub(crate) fn is_of_kind(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == ending)
}

fn entry_of(path: &Path, name: &str, metadata: &fs::Metadata, masks: &Masks) -> Entry {
    let plain = |kind, text| Entry { kind, text, messages: String::new() };
    if metadata.is_symlink() {
        let target = fs::read_link(path).unwrap();
        return plain(" (link)", masks.apply(name, &lossless(target.as_os_str().as_encoded_bytes())));
    }
    let kind = if metadata.permissions().mode() & 0o100 == 0 { "" } else { " (executable)" };
    if metadata.len() > LARGEST {
        return plain(kind, "(a large file)\n".to_owned());
    }
    let parts = divide_file(name, &masks.apply(name, &lossless(&fs::read(path).unwrap())));
    Entry { kind, text: parts.contract, messages: parts.prose }
}

/// Returns the changes between two pictures: new files in full, of changed ones the changed lines, removed ones by name.
pub(crate) fn changes(before: &Picture, after: &Picture) -> Vec<Section> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter_map(|name| change(name, before.get(name), after.get(name))).collect()
}

/// Returns the messages of the files in which they have changed.
pub(crate) fn new_messages(before: &Picture, after: &Picture) -> Vec<Section> {
    let is_new = |name: &str, entry: &Entry| {
        let old = before.get(name).map_or("", |entry| &entry.messages);
        !entry.messages.is_empty() && entry.messages != old
    };
    let changed = after.iter().filter(|(name, entry)| is_new(name, entry));
    changed
        .map(|(name, entry)| Section { title: format!("messages in {name}"), body: entry.messages.clone() })
        .collect()
}

fn change(name: &str, before: Option<&Entry>, after: Option<&Entry>) -> Option<Section> {
    match (before, after) {
        (Some(before), Some(after)) if before.kind == after.kind && before.text == after.text => None,
        (Some(before), Some(after)) if before.kind == after.kind => {
            // Of a log's lines the one before says nothing about the next.
            let context = u32::from(!is_of_kind(name, "jsonl"));
            let body = difference(&before.text, &after.text, context);
            Some(Section { title: format!("changed {name}"), body })
        }
        (_, Some(after)) => Some(Section { title: format!("new {name}{}", after.kind), body: after.text.clone() }),
        (Some(_), None) => Some(Section { title: format!("removed {name}"), body: String::new() }),
        (None, None) => None,
    }
}

/// Returns the lines that differ, as `diff -U` shows them, with so many lines around them.
pub(crate) fn difference(old: &str, new: &str, context: u32) -> String {
    let mut options = git2::DiffOptions::new();
    options.context_lines(context).force_text(true);
    let mut diff = git2::Patch::from_buffers(old.as_bytes(), None, new.as_bytes(), None, Some(&mut options)).unwrap();
    let text = String::from_utf8(diff.to_buf().unwrap().to_vec()).unwrap();
    // What comes before the first hunk only names the file; behind the range of a hunk libgit2 guesses at a headline.
    let lines = text.split_inclusive('\n').skip_while(|line| !line.starts_with("@@"));
    let mut shown = String::new();
    for line in lines {
        match line.strip_prefix("@@ ").and_then(|rest| rest.split_once(" @@")) {
            Some((range, _)) => {
                let _ = writeln!(shown, "@@ {range} @@");
            }
            // An empty line around the changed ones.
            None if line == " \n" => shown.push('\n'),
            None => shown.push_str(line),
        }
    }
    shown
}

/// Returns bytes as text in which every byte can be seen: what is not UTF-8 or not visible is shown by its code.
pub(crate) fn lossless(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let is_hidden =
                c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}');
            if c == '‹' || (is_hidden && c != '\n') {
                let _ = write!(text, "‹u+{:04x}›", u32::from(c));
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "‹{byte:02x}›");
        }
    }
    text
}

#[test]
fn every_byte_is_shown() {
    assert_eq!(lossless(b"a\r\n\xff\0\xc3\xbc"), "a‹u+000d›\n‹ff›‹u+0000›ü");
    assert_eq!(lossless("\u{feff}‹ff›".as_bytes()), "‹u+feff›‹u+2039›ff›", "the marks themselves are marked");
}
