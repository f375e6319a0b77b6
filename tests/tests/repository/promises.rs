//! What the documents promise is tested, and what is tested can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::{all_sources, read, root};

#[test]
fn what_is_promised_names_a_test_that_exists() {
    let text = read("COMPATIBILITY.md");
    let mut tests = String::new();
    for (_, source) in all_sources() {
        tests += &source;
    }
    let mut named = 0;
    for name in text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("test:")) {
        assert!(
            tests.contains(&format!("fn {name}()")) || tests.contains(&format!("each_flavour!({name});")),
            "COMPATIBILITY.md names the test {name}, which does not exist"
        );
        named += 1;
    }
    assert!(named > 20, "the promises name their tests");
}

#[test]
fn ignored_tests_have_their_reason_and_are_run_by_name_in_ci() {
    let (script, mut ignored) = (read(".ci/run"), BTreeMap::<String, BTreeSet<String>>::new());
    for (path, text) in all_sources() {
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.by_ref().find(|line| line.starts_with("#[ignore")) {
            let need = line.strip_prefix("#[ignore = \"needs ").and_then(|rest| rest.strip_suffix("\"]"));
            let need = need.unwrap_or_else(|| panic!("{}: what does it need: {line}", path.display()));
            let name = lines.find_map(|line| line.strip_prefix("fn ")).and_then(|rest| rest.split('(').next());
            ignored.entry(need.to_owned()).or_default().insert(name.unwrap().to_owned());
        }
    }
    assert!(ignored.len() > 1, "tests that need python3, and others");
    for (need, tests) in ignored {
        let list = script.split(&format!("needs_{need}=(\n")).nth(1).and_then(|rest| rest.split("\n)").next());
        let list = list.unwrap_or_else(|| panic!("there is no list needs_{need} in .ci/run"));
        let named: BTreeSet<String> = list.lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(named, tests, "needs_{need} in .ci/run names every test that needs {need}");
    }
}

#[test]
fn no_test_returns_before_its_end() {
    let in_one_line = ["else {", " return }"].concat();
    for (path, text) in all_sources() {
        let is_test_file = path.components().any(|part| part.as_os_str() == "tests");
        let code = if is_test_file { Some(text.as_str()) } else { text.split("\n#[cfg(test)]\nmod tests {").nth(1) };
        let code = code.unwrap_or_default().replace("each_flavour!(", "#[test]\n// ");
        for test in code.split("#[test]\n").skip(1) {
            let indent = test.len() - test.trim_start_matches(' ').len();
            let body = test.split(&format!("\n{}}}\n", " ".repeat(indent))).next().unwrap();
            let early = body.lines().find(|line| line.trim() == "return;" || line.contains(&in_one_line));
            assert_eq!(early, None, "{}: such a test cannot fail; #[ignore] shows that it is not run", path.display());
        }
    }
}

#[test]
fn the_canary_token_is_written_in_one_place() {
    let mut places: Vec<PathBuf> = all_sources()
        .into_iter()
        .filter(|(_, text)| text.contains(sandbox::CANARY_TOKEN))
        .map(|(path, _)| path.strip_prefix(root()).unwrap().to_owned())
        .collect();
    places.sort();
    assert_eq!(places, [Path::new("tests/sandbox/src/token.rs")], "elsewhere it could be printed without a leak");
}
