//! Does the repository keep its own rules: documents made from the code, the border of `common`, the shape of crates?

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads the repository and fails by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use common::manifest::{DailyRunFile, ManifestFile};
use common::reason::{REASONS, Reason};
use common::report::TOKEN_ECONOMY;
use schemars::Schema;

/// Set (by `just generate`), the documents are written instead of compared.
const WRITE: &str = "GENERATE";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn generated(name: &str, text: &str) {
    let path = root().join(name);
    if std::env::var_os(WRITE).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let present = fs::read_to_string(&path).unwrap_or_default();
    assert!(present == text, "{name} is behind the code: run `just generate` and commit the result");
}

#[test]
fn the_reference_is_made_from_the_flags() {
    let tools: [Command; 9] = [
        backfill_retro::cli::Cli::command(),
        cycle_retro::cli::Cli::command(),
        demo_forge::Cli::command(),
        loop_guard::cli::Cli::command(),
        loop_introspect::cli::Cli::command(),
        orchestrator::cli::Cli::command(),
        pre_commit_checks::cli::Cli::command(),
        timmy::cli::Cli::command(),
        triage_score::cli::Cli::command(),
    ];
    let names: Vec<String> = tools.iter().map(|tool| tool.get_name().to_owned()).collect();
    assert_eq!(names, programs(), "every program has its reference");
    for mut tool in tools {
        let name = tool.get_name().to_owned();
        let mut text = format!("# {name}\n\nMade from `{name} --help`.\n\n```text\n{}```\n", tool.render_long_help());
        subcommands(&mut tool, &name, &mut text);
        let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
        generated(&format!("docs/reference/{name}.md"), &(trimmed.join("\n") + "\n"));
    }
}

/// Adds the help of every command below, and of those below it.
fn subcommands(command: &mut Command, path: &str, text: &mut String) {
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        let help = below.clone().bin_name(&path).disable_help_subcommand(true).render_long_help();
        let _ = write!(text, "\n## {path}\n\n```text\n{help}```\n");
        subcommands(below, &path, text);
    }
}

/// Every reason code that was ever published, with its subject. Programs rely on codes, so a line is added for a new code
/// and none is changed or removed.
const PROMISED: &[(&str, &str)] = &[
    ("loop", "work"),
    ("loop", "no_queue"),
    ("loop", "queue_damaged"),
    ("loop", "queue_empty"),
    ("loop", "all_quarantined"),
    ("loop", "all_closed"),
    ("loop", "idle_cycle"),
    ("issue", "ready"),
    ("issue", "not_ready"),
    ("issue", "quarantined"),
    ("issue", "not_triaged"),
    ("agenda", "on_agenda"),
    ("agenda", "no_candidate"),
    ("agenda", "in_work"),
    ("agenda", "no_time"),
    ("agenda", "agenda_full"),
    ("automation", "ran_well"),
    ("automation", "ran_failed"),
    ("automation", "timed_out"),
    ("automation", "stopped"),
    ("automation", "interrupted"),
    ("automation", "disabled"),
    ("automation", "paused"),
    ("automation", "invalid"),
    ("automation", "not_started"),
    ("automation", "already_running"),
    ("automation", "dependency_not_ok"),
    ("automation", "not_due"),
    ("automation", "missed_too_old"),
    ("automation", "not_scheduled"),
];

#[test]
fn no_reason_code_that_was_promised_is_gone() {
    for &(subject, code) in PROMISED {
        let reason = Reason::from_code(code).unwrap_or_else(|| panic!("the code `{code}` was promised and is gone"));
        assert_eq!(reason.subject().name(), subject, "{code}");
    }
    let promised: BTreeSet<&str> = PROMISED.iter().map(|(_, code)| *code).collect();
    let codes: BTreeSet<&str> = REASONS.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, promised, "a new code is promised: add it to PROMISED");
}

/// The page of reasons as it is made from the codes.
fn reasons_page() -> String {
    let mut text = "# Reason codes\n\nWhy something was decided: a closed list, in files and in JSON. `timmy explain CODE` shows one.\n".to_owned();
    let mut about = "";
    for reason in REASONS {
        if about != reason.subject().name() {
            about = reason.subject().name();
            let _ = write!(text, "\n## {about}\n\n| code | meaning | what would change it |\n|---|---|---|\n");
        }
        let _ = writeln!(text, "| `{}` | {} | {} |", reason.code(), reason.meaning(), reason.change());
    }
    text
}

#[test]
fn the_documented_reasons_are_those_of_the_code() {
    generated("docs/reference/reasons.md", &reasons_page());
    let text = fs::read_to_string(root().join("docs/reference/reasons.md")).unwrap();
    let (mut subject, mut documented) = ("", Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            subject = name;
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<&str> = row.strip_suffix(" |").unwrap().split(" | ").collect();
            let [code, meaning, change] = cells[..] else { panic!("three cells: {line}") };
            documented.push((subject, code.trim_end_matches('`'), meaning, change));
        } else {
            assert!(!line.contains('`') || documented.is_empty(), "a code outside a table: {line}");
        }
    }
    let known: Vec<_> = REASONS
        .iter()
        .map(|reason| (reason.subject().name(), reason.code(), reason.meaning(), reason.change()))
        .collect();
    assert_eq!(documented, known, "each code once, with its subject, meaning and change");
}

#[test]
fn the_schemas_are_made_from_the_types() {
    let schemas: [(&str, Schema); 4] = [
        ("automations", schemars::schema_for!(ManifestFile)),
        ("daily_run", schemars::schema_for!(DailyRunFile)),
        ("pre_commit_checks", schemars::schema_for!(pre_commit_checks::Config)),
        ("triage_rules", schemars::schema_for!(triage_rules::RulesFile)),
    ];
    for (name, schema) in schemas {
        generated(
            &format!("config/schema/{name}.schema.json"),
            &(serde_json::to_string_pretty(&schema).unwrap() + "\n"),
        );
    }
}

#[test]
fn the_shipped_configuration_is_read_by_its_own_tools() {
    let sandbox = sandbox::Sandbox::new();
    let config = root().join("config");
    let config = config.to_str().unwrap();
    let _ = sandbox.run("triage_score", &["--check-rules", "--config-dir", config]).code(0);
    let _ = sandbox.run("loop_guard", &["--config-dir", config]).code(1);
    let _ = sandbox.call("orchestrator", ["--issues", "-", "--config-dir", config]).stdin("[]").run().code(0);
    sandbox.write("config/automations.json", common::manifest::SHIPPED);
    sandbox.write("config/daily_run.json", fs::read_to_string(root().join("config/daily_run.json")).unwrap());
    let _ = sandbox.run("timmy", &["automation", "validate"]).code(0);
    let manifest: serde_json::Value = serde_json::from_str(common::manifest::SHIPPED).unwrap();
    let amounts: Vec<(String, i64)> = manifest["token_economy"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(action, amount)| (action.clone(), amount.as_i64().unwrap()))
        .collect();
    assert_eq!(amounts, TOKEN_ECONOMY.map(|(action, amount)| (action.to_owned(), amount)), "as built in");
}

/// The source files of a crate, with their texts.
fn sources(of: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates").join(of).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn crates() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| root().join("crates").join(name).is_dir());
    names.sort();
    names
}

/// The programs of the workspace: the crates with a `main.rs`.
fn programs() -> Vec<String> {
    let mut names = crates();
    names.retain(|name| root().join("crates").join(name).join("src/main.rs").exists());
    names
}

/// The tools: the programs that answer for an automation of the manifest, which `TOOL` says.
fn tools() -> Vec<String> {
    let is_tool = |name: &String| sources(name).iter().any(|(_, text)| text.contains("pub const TOOL: "));
    let tools: Vec<String> = programs().into_iter().filter(is_tool).collect();
    assert!(tools.len() >= 7, "{tools:?}");
    tools
}

/// The lines of `common` that may name a tool, each with its file.
const NAMED_IN_COMMON: [(&str, &str); 2] = [
    // The settings of the cycle log are those of the tool that appends to it.
    ("crates/common/src/cycle_log/mod.rs", "pub const OWNER: &str = \"cycle_retro\";"),
    // The name of an entry in the token ledger, which the contract fixes.
    ("crates/common/src/report/tokens.rs", "(\"cycle_retro_success\", 5),"),
];

#[test]
fn common_keeps_its_border() {
    let manifest = fs::read_to_string(root().join("crates/common/Cargo.toml")).unwrap();
    for heavy in ["reqwest", "git2", "tokio", "regex", "statrs", "[features]"] {
        assert!(!manifest.contains(heavy), "common must not know {heavy}");
    }
    let (tools, root) = (tools(), root());
    let mut named = BTreeSet::new();
    for (path, text) in sources("common") {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if tools.iter().any(|tool| line.contains(tool.as_str())) {
                named.insert((file.clone(), line.to_owned()));
            }
            assert!(!line.contains("static mut"), "{file}: {line}");
        }
    }
    let permitted = NAMED_IN_COMMON.map(|(file, line)| (file.to_owned(), line.to_owned()));
    assert_eq!(named, BTreeSet::from(permitted), "common names a tool only where it may");
}

#[test]
fn tools_are_doorways_and_depend_on_no_tools() {
    let tools = tools();
    for name in crates() {
        let main = root().join("crates").join(&name).join("src/main.rs");
        if let Ok(text) = fs::read_to_string(&main) {
            assert!(text.lines().count() < 12, "{} is a doorway", main.display());
            // Cargo builds a program for tests only where its own package has some.
            assert!(root().join("crates").join(&name).join("tests").is_dir(), "{name} has program tests");
        }
        let manifest = fs::read_to_string(root().join("crates").join(&name).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} inherits the lints");
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        for tool in &tools {
            let depends = dependencies.contains(&format!("\n{tool}.workspace"));
            assert!(!depends || name == "timmy", "{name} depends on the tool {tool}");
        }
    }
}

#[test]
fn every_crate_and_tool_has_its_line_in_the_guides() {
    let (map, readme) = (
        fs::read_to_string(root().join("crates/README.md")).unwrap(),
        fs::read_to_string(root().join("README.md")).unwrap(),
    );
    for name in crates() {
        assert!(map.contains(&format!("`{name}`")), "crates/README.md does not know {name}");
        if root().join("crates").join(&name).join("src/main.rs").exists() {
            assert!(readme.contains(&format!("docs/reference/{name}.md")), "README.md does not know {name}");
        }
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

/// Every Rust file of the workspace, with its text.
fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = ["benches", "crates", "tests"].map(|name| root().join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn what_is_promised_names_a_test_that_exists() {
    let text = fs::read_to_string(root().join("COMPATIBILITY.md")).unwrap();
    let mut tests = String::new();
    for (_, source) in all_sources() {
        tests += &source;
    }
    let mut named = 0;
    for name in text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("test:")) {
        assert!(
            tests.contains(&format!("fn {name}()")),
            "COMPATIBILITY.md names the test {name}, which does not exist"
        );
        named += 1;
    }
    assert!(named > 20, "the promises name their tests");
}

#[test]
fn ignored_tests_have_their_reason_and_are_run_by_name_in_ci() {
    let mut ignored = BTreeSet::new();
    for (path, text) in all_sources() {
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.by_ref().find(|line| line.starts_with("#[ignore")) {
            assert_eq!(line, "#[ignore = \"needs python3\"]", "{}: a reason that .ci/run knows", path.display());
            let name = lines.find_map(|line| line.strip_prefix("fn ")).and_then(|rest| rest.split('(').next());
            ignored.insert(name.unwrap().to_owned());
        }
    }
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let list = script.split("needs_python3=(\n").nth(1).and_then(|rest| rest.split("\n)").next()).unwrap();
    let named: BTreeSet<String> = list.lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(named, ignored, "needs_python3 in .ci/run names every test that is ignored");
}

#[test]
fn no_test_returns_before_its_end() {
    let in_one_line = ["else {", " return }"].concat();
    for (path, text) in all_sources() {
        let is_test_file = path.components().any(|part| part.as_os_str() == "tests");
        let code = if is_test_file { Some(text.as_str()) } else { text.split("\n#[cfg(test)]\nmod tests {").nth(1) };
        for test in code.unwrap_or_default().split("#[test]\n").skip(1) {
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
    assert_eq!(places, [Path::new("tests/sandbox/src/forge.rs")], "elsewhere it could be printed without a leak");
}
