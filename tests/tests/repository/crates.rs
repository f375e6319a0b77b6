//! The shape of the crates and what they may depend on.

use std::collections::BTreeSet;
use std::fs;

use timmy::tools::TOOLS;

use crate::{crates, programs, read, root, shipped_code, sources};

/// The line of `common` that may name a tool, with its file: the settings of the cycle log are those of the tool that appends
/// to it.
const NAMED_IN_COMMON: (&str, &str) =
    ("crates/common/src/cycle_log_settings.rs", "pub const OWNER: &str = \"cycle_retro\";");

#[test]
fn common_keeps_its_border() {
    let manifest = read("crates/common/Cargo.toml");
    for heavy in ["reqwest", "git2", "tokio", "regex", "statrs", "[features]"] {
        assert!(!manifest.contains(heavy), "common must not know {heavy}");
    }
    let root = root();
    let mut named = BTreeSet::new();
    for (path, text) in sources("common") {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        for line in shipped_code(&text).lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if TOOLS.iter().any(|tool| line.contains(tool.id)) {
                named.insert((file.clone(), line.to_owned()));
            }
            assert!(!line.contains("static mut"), "{file}: {line}");
        }
    }
    let permitted = (NAMED_IN_COMMON.0.to_owned(), NAMED_IN_COMMON.1.to_owned());
    assert_eq!(named, BTreeSet::from([permitted]), "common names a tool only where it may");
}

#[test]
fn tools_are_doorways_and_depend_on_no_tools() {
    for name in crates() {
        let directory = root().join("crates").join(&name);
        if let Ok(text) = fs::read_to_string(directory.join("src/main.rs")) {
            assert!(text.lines().count() < 12, "{name}: main.rs is a doorway");
            // Cargo builds a program for tests only where its own package has some.
            assert!(directory.join("tests").is_dir(), "{name} has program tests");
        }
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} inherits the lints");
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        for tool in TOOLS.iter().filter(|tool| tool.script.is_some()) {
            let depends = dependencies.lines().any(|line| line.split(['.', ' ']).next() == Some(tool.id));
            assert!(!depends || name == "timmy", "{name} depends on the tool {}", tool.id);
        }
    }
}

/// The tools have their line in the generated tables of README and ARCHITECTURE.
#[test]
fn every_library_has_its_line_in_the_guide() {
    let (map, readme) = (read("crates/README.md"), read("README.md"));
    for name in crates().iter().filter(|name| !programs().contains(name)) {
        assert!(map.contains(&format!("`{name}`")), "crates/README.md does not know {name}");
    }
    for command in ["cargo run --release --bin timmy -- demo", "cargo test --workspace"] {
        assert!(readme.lines().take(30).any(|line| line.trim() == command), "the first screen shows `{command}`");
    }
}

#[test]
fn every_check_has_its_place_in_the_guide() {
    let guide = fs::read_to_string(root().join("docs/checks.md")).unwrap();
    for id in pre_commit_checks::ids() {
        assert!(guide.contains(&format!("`{id}`")), "docs/checks.md does not know {id}");
    }
}
