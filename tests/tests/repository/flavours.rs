//! Every test that speaks to a forge runs as Gitea and as Forgejo: what one of them does has hidden what the other does not.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{all_sources, root};

/// The files that name one server, each with its reason.
const ONE_SERVER: [(&str, &str); 4] = [
    ("tests/sandbox/src/leaks.rs", "the programs do not ask the forge"),
    ("tests/sandbox/src/lib.rs", "makes a test for each server"),
    ("tests/tests/night/main.rs", "two hundred cycles take minutes"),
    ("tests/tests/repository/stored_files.rs", "which files there are does not depend on the server"),
];

/// Returns whether a test file serves a forge as one server, named or by default.
fn names_one_server(text: &str) -> bool {
    let is_named = ["Gitea", "Forgejo", "default()"].iter().any(|name| text.contains(&format!("Flavour::{name}")));
    let mut uses = text.match_indices("Options::default()").map(|(at, _)| &text[..at]);
    // Where other options are set, the server is one of them.
    let is_default = uses.any(|before| {
        let literal = before.strip_suffix("..").and_then(|before| before.rsplit_once("Options {"));
        literal.is_none_or(|(_, literal)| !literal.contains("flavour"))
    });
    is_named || is_default
}

#[test]
fn a_test_that_speaks_to_a_forge_runs_as_each_server() {
    let mut found = BTreeSet::new();
    for (path, text) in all_sources() {
        let name = path.strip_prefix(root()).unwrap().to_owned();
        let is_test = name.iter().any(|part| part == "tests");
        let speaks = text.contains("demo_forge::") || text.contains("Flavour");
        let is_own = name.starts_with("crates/demo_forge") || name == Path::new("tests/tests/repository/flavours.rs");
        if is_test && speaks && !is_own && names_one_server(&text) {
            found.insert(name.to_string_lossy().into_owned());
        }
    }
    let allowed: BTreeSet<String> = ONE_SERVER.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(found, allowed, "use `each_flavour!`, or give a reason");
}

#[test]
fn a_test_as_one_server_is_found() {
    assert!(names_one_server("serve_sample(Flavour::Gitea)"));
    assert!(names_one_server("serve_with(&project, Options::default())"));
    assert!(names_one_server("serve_with(&project, Options { access, ..Options::default() })"));
    assert!(!names_one_server("serve_with(&project, Options { flavour, access, ..Options::default() })"));
    assert!(!names_one_server("serve(&project, flavour)"));
}
