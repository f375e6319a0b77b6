//! There is one list of the tools, `timmy::tools::TOOLS`, and one of the stored files, `records::stored_files`; and the variables
//! that the code names are in the guide to settings.

use std::collections::BTreeSet;

use records::stored_files::LOOP_FILES;
use timmy::tools::TOOLS;

use crate::{read, shipped_code};

/// Where tools are named close together and are no list: two call one after the other, as the loop does, and one says for
/// each stored file who writes it.
const NO_LISTS: [&str; 3] = [".ci/run", "crates/timmy/src/demo.rs", "crates/records/src/stored_files.rs"];

/// Names in one place from which on it is a list.
const LIST: usize = 4;

/// How many lines a place spans.
const SPAN: usize = 12;

/// The places of a text in which many of `names` are close together, each by its first line.
fn lists(text: &str, names: &[&str]) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let place = &lines[at..lines.len().min(at + SPAN)];
        let count = names.iter().filter(|name| place.iter().any(|line| names_it(line, name))).count();
        if count >= LIST && names.iter().any(|name| names_it(lines[at], name)) {
            found.push(format!("line {}: {}", at + 1, lines[at].trim()));
            at += SPAN;
        } else {
            at += 1;
        }
    }
    found
}

/// Whether a line has the name as a whole word, outside of comments.
fn names_it(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("//") || line.starts_with('#') && !line.starts_with("#[") {
        return false;
    }
    line.match_indices(name).any(|(at, _)| {
        let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
        !line[..at].ends_with(is_part) && !line[at + name.len()..].starts_with(is_part)
    })
}

/// All code that is compiled into programs, and the scripts.
fn texts() -> Vec<(String, String)> {
    let root = crate::root();
    let mut texts: Vec<(String, String)> = [".ci/run", "justfile"].map(|name| (name.to_owned(), read(name))).into();
    for (path, text) in crate::all_sources() {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        if name.starts_with("crates/") && !name.contains("/tests/") {
            texts.push((name, shipped_code(&text).to_owned()));
        }
    }
    texts
}

fn places(names: &[&str]) -> Vec<(String, Vec<String>)> {
    let found = texts().into_iter().map(|(name, text)| (name, lists(&text, names)));
    found.filter(|(_, lists)| !lists.is_empty()).collect()
}

#[test]
fn there_is_one_list_of_tools() {
    let names: Vec<&str> = TOOLS.iter().map(|tool| tool.id).collect();
    let mut places = places(&names);
    places.retain(|(name, _)| !NO_LISTS.contains(&name.as_str()));
    let files: Vec<String> = places.into_iter().map(|(name, lists)| format!("{name}: {lists:?}")).collect();
    assert_eq!(files.len(), 1, "{files:#?}");
    assert!(files[0].starts_with("crates/timmy/src/tools.rs"), "{files:#?}");
}

#[test]
fn there_is_one_list_of_stored_files() {
    let names: Vec<&str> = LOOP_FILES.iter().map(|file| file.path).filter(|path| path.contains('.')).collect();
    let mut places = places(&names);
    places.retain(|(name, _)| name != "crates/records/src/stored_files.rs");
    assert!(places.is_empty(), "{places:#?}");
}

/// Variables that are not part of the interface: one of the build, one that `timmy` sets for the next `timmy`, and one that a shim
/// sets for the program that it becomes.
const INTERNAL: [&str; 3] = ["TIMMY_COMMIT", "TIMMY_PASSED_ON", "TIMMY_SHIM"];

#[test]
fn the_variables_in_the_code_are_in_the_guide_to_settings() {
    let guide = read("docs/settings.md");
    let mut named = BTreeSet::new();
    for (_, text) in texts() {
        for literal in text.split("\"TIMMY_").skip(1) {
            let name = literal.split('"').next().unwrap();
            if name.ends_with(|last: char| last.is_ascii_uppercase()) {
                named.insert(format!("TIMMY_{name}"));
            }
        }
    }
    named.retain(|name| !guide.contains(name));
    assert_eq!(named, BTreeSet::from(INTERNAL.map(str::to_owned)), "docs/settings.md shows `timmy help environment`");
}

#[test]
fn a_list_is_seen() {
    let text = "x\nlet names = [\n    \"a\",\n    b::B,\n    \"c.json\",\n];\n// d\n";
    assert_eq!(lists(text, &["a", "b", "c.json", "x"]), ["line 1: x"]);
    assert_eq!(lists(text, &["a", "b", "c.json", "d"]), [""; 0], "a comment is none");
    assert_eq!(lists(text, &["a", "b", "json", "nam"]), [""; 0], "nor is a part of a word");
}
