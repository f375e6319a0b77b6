//! The shape of the crates and what they may depend on.

use std::fs;

use timmy::tools::TOOLS;

use crate::{all_sources, crates, programs, read, root};

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

#[test]
fn no_file_is_longer_than_450_lines() {
    let long = all_sources().into_iter().map(|(path, text)| (path, text.lines().count()));
    let long: Vec<_> = long.filter(|(_, lines)| *lines > 450).collect();
    assert!(long.is_empty(), "split them by what they are about: {long:#?}");
}
