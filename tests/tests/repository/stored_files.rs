//! Every file that the suite stores is in the list, has a type, and is read by it.

use std::collections::BTreeSet;
use std::path::Path;

use records::stored_files::{CONFIG_FILES, LOOP_FILES};
use records::{Format, StoredFile};
use sandbox::{Flavour, SAMPLE_SLUG, Sandbox, serve_sample};
use serde_json::Value;

use crate::{all_sources, crates, root, shipped_code, sources};

/// What shadowing runs instead of an old script.
const OLD_GUARD: &str =
    "#!/bin/sh\necho '{\"queue_ready\": 0, \"consecutive_idle\": 0, \"next_backoff_seconds\": 60}'\n";

/// Where files are opened, replaced, moved or removed other than by the store, and which: none of them is a stored file, except
/// that an installation moves scripts and programs in and out of their directories.
const OPENED_ELSEWHERE: [(&str, &str); 22] = [
    ("crates/common/src/run.rs", "a file that the command line names"),
    ("crates/gitea/src/remote.rs", "the configuration of git"),
    ("crates/gitea/src/settings.rs", "the token of the forge"),
    ("crates/pre_commit_checks/src/checks/formatting.rs", "a copy for the formatter"),
    ("crates/git_hook/src/place.rs", "the hook of git"),
    ("crates/git_repository/src/files.rs", "files that name a directory of git"),
    ("crates/pre_commit_checks/src/lib.rs", "the baseline that the command line names"),
    ("crates/pre_commit_checks/src/place.rs", "the files that are checked"),
    ("crates/automations/src/create.rs", "a new script"),
    ("crates/dropin/src/adoption.rs", "scripts and their originals"),
    ("crates/dropin/src/callers/mod.rs", "files that may call scripts"),
    ("crates/timmy/src/manual.rs", "a manual page"),
    ("crates/dropin/src/program.rs", "installed programs"),
    ("crates/dropin/src/install.rs", "scripts and their originals"),
    ("crates/dropin/src/git_index.rs", "scripts, compared with what is committed"),
    ("crates/dropin/src/plan.rs", "scripts and their originals"),
    ("crates/dropin/src/record.rs", "scripts and their originals"),
    ("crates/automations/src/shim.rs", "the first lines of a script"),
    ("crates/dropin/src/uninstall.rs", "scripts and their originals"),
    ("crates/dropin/src/shadow/repo_copy.rs", "a copy of the repository"),
    ("crates/automations/src/schedule/zone_name.rs", "time zones of the system"),
    ("crates/automations/src/supervise/target.rs", "the first bytes of a program"),
];

/// The calls that open, replace, move or remove a file.
const OPENING: [&str; 17] = [
    "files::lock(",
    "files::lock_from(",
    "files::try_lock(",
    "files::read(",
    "files::read_existing(",
    "files::read_stream(",
    "files::open(",
    "files::create(",
    "files::remove(",
    "files::rename(",
    "fs::read(",
    "fs::read_to_string(",
    "fs::write(",
    "File::open(",
    "File::create",
    "File::options(",
    "OpenOptions",
];

/// What may access things by key: the types themselves, a foreign server, a foreign format of reports, HTTP headers, and the
/// template of a Python script.
const BY_KEY: [&str; 6] = [
    "crates/records/",
    "crates/demo_forge/",
    "crates/pre_commit_checks/src/format/sarif.rs",
    "crates/gitea/src/client.rs",
    "crates/gitea/src/refusal.rs",
    "crates/automations/src/create.rs",
];

/// Lets every tool store what it stores.
fn one_of_everything(sandbox: &Sandbox) {
    let forge = serve_sample(Flavour::default());
    let git = sandbox.git();
    sandbox.write("README.md", "x\n");
    sandbox.script("scripts/loop_guard.py", OLD_GUARD);
    sandbox::stage_all(&git);
    let _ = sandbox::commit(&git, "fix: begin (#1)");
    let on_the_forge = |tool: &str, args: &[&str], code: i32| {
        let _ = sandbox.call(tool, args).forge(&forge, SAMPLE_SLUG).run().code(code);
    };
    let _ = sandbox.run("timmy", &["install", "--into", "."]).code(0);
    let _ = sandbox.run("loop_guard", &[]).code(1);
    on_the_forge("triage_score", &[], 0);
    on_the_forge("triage_score", &[], 0);
    let failing = sandbox.json(".loop/queue.json")[0]["issue"].to_string();
    for cycle in 1..6 {
        on_the_forge("loop_guard", &[], 0);
        assert!(sandbox.bytes(".loop/cycle_result.json").is_some(), "the guard seeds the result");
        let args = ["--cycle", &cycle.to_string(), "--failure", "--issue", &failing, "--duration", "7"];
        let _ = sandbox.run("cycle_retro", &args).code(0);
    }
    on_the_forge("triage_score", &[], 0);
    on_the_forge("triage_score", &["--release", &failing], 0);
    on_the_forge("loop_guard", &[], 0);
    sandbox
        .write(".loop/retro/deep-triage.jsonl", "{\"timestamp\": \"2026-03-20T01:00:00Z\", \"issues_reviewed\": 3}\n");
    on_the_forge("orchestrator", &["--review"], 0);
    on_the_forge("backfill_retro", &["--from-git"], 0);
    let _ = sandbox.run("loop_introspect", &[]).code(0);
    let _ =
        sandbox.run("timmy", &["automation", "pause", "orchestrator", "--for", "1h", "--reason", "a holiday"]).code(0);
    let _ = sandbox.run("timmy", &["automation", "run", "loop_introspect"]).code(0);
    let _ = sandbox.run("timmy", &["automation", "set", "loop_guard", "max_idle_backoff=300"]);
    let _ = sandbox.run("timmy", &["schedule", "tick"]);
    let _ = sandbox.run("timmy", &["shadow", "--", ".loop/originals/scripts/loop_guard.py", "--status"]);
    sandbox.write(".loop/scores.json", "damaged");
    on_the_forge("triage_score", &[], 0);
}

/// The entry of the list that a file below `.loop/` belongs to: its own, or that of the directory it is in.
fn entry(path: &str) -> Option<StoredFile> {
    let is_it = |file: &StoredFile| match file.format {
        Format::Directory => path.strip_prefix(file.path).is_some_and(|rest| rest.starts_with('/')),
        _ => path == file.path,
    };
    LOOP_FILES.into_iter().find(is_it)
}

/// Whether it is a lock, or what every directory may have beside stored files.
fn is_bookkeeping(path: &str) -> bool {
    let name = Path::new(path).file_name().unwrap().to_str().unwrap();
    name == ".gitignore" || name.strip_suffix(".lock").is_some_and(|name| name.starts_with('.'))
}

/// The JSON documents in a stored text.
fn documents(file: &StoredFile, text: &str) -> Vec<Value> {
    match file.format {
        Format::Object | Format::List | Format::AgentText => vec![serde_json::from_str(text).unwrap()],
        Format::Log => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        Format::Yaml | Format::Text | Format::Directory => Vec::new(),
    }
}

fn assert_valid(file: &StoredFile, text: &str) {
    let primary = StoredFile { path: file.path.trim_end_matches(".bak"), ..*file };
    let Some(schema) = records::schema(&primary) else {
        return assert_eq!(documents(file, text), Vec::<Value>::new(), "{}", file.path);
    };
    let schema = serde_json::to_value(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for document in documents(file, text) {
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}\n{document:#}", file.path);
    }
}

#[test]
fn every_stored_file_is_in_the_list_and_as_its_schema_says() {
    let sandbox = Sandbox::new();
    one_of_everything(&sandbox);
    let mut seen = BTreeSet::new();
    for (path, item) in sandbox.work_tree() {
        let Some(path) = path.strip_prefix(".loop/").filter(|path| !sandbox.root().join(".loop").join(path).is_dir())
        else {
            continue;
        };
        let path = path.strip_suffix(".bad").unwrap_or(path);
        let Some(file) = entry(path) else {
            assert!(is_bookkeeping(path), ".loop/{path} is in no list: records::stored_files has them all");
            continue;
        };
        if path == file.path && item.content != b"damaged" {
            assert_valid(&file, std::str::from_utf8(&item.content).unwrap());
        }
        let _ = seen.insert(file.path);
    }
    let listed: BTreeSet<&str> = LOOP_FILES.iter().map(|file| file.path).collect();
    assert_eq!(seen, listed, "the test lets every file be stored");
}

#[test]
fn the_shipped_configuration_is_as_its_schema_says() {
    for file in CONFIG_FILES {
        assert!(records::schema(&file).is_some(), "{}", file.path);
        if let Ok(text) = std::fs::read_to_string(root().join("config").join(file.path)) {
            assert_valid(&file, &text);
        }
    }
}

/// Whether the access at a place of a line is one by a key: an index follows a value, and a key begins with a letter.
fn is_key(line: &str, at: usize, access: &str) -> bool {
    let follows_value = line[..at].ends_with(|end: char| end.is_alphanumeric() || "_)]".contains(end));
    let key = &line[at + access.len()..];
    (access.starts_with('.') || follows_value) && key.starts_with(|begin: char| begin.is_ascii_alphabetic())
}

#[test]
fn no_code_but_the_types_accesses_json_by_key() {
    let accesses = ["[\"", ".get(\"", ".insert(\"", ".get_mut(\"", ".remove(\"", ".pointer(\"", ".contains_key(\""];
    let root = root();
    let mut found = Vec::new();
    for (path, text) in all_sources() {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
        let is_shipped = name.starts_with("crates/") && name.contains("/src/");
        if !is_shipped || BY_KEY.iter().any(|own| name.starts_with(own)) {
            continue;
        }
        for line in shipped_code(&text).lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let is_access =
                accesses.iter().any(|access| line.match_indices(access).any(|(at, _)| is_key(line, at, access)));
            if is_access {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "a stored file is read and written by its type: {found:#?}");
}

#[test]
fn no_tool_opens_a_stored_file_but_through_the_store() {
    let root = root();
    // The store itself and what it is made of, and programs that play others in tests.
    let below = ["store", "host", "demo_forge", "simulated_loop"];
    let mut found = BTreeSet::new();
    for name in crates().iter().filter(|name| !below.contains(&name.as_str())) {
        for (path, text) in sources(name) {
            if OPENING.iter().any(|call| shipped_code(&text).contains(call)) {
                found.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let permitted = OPENED_ELSEWHERE.map(|(path, _)| path.to_owned());
    assert_eq!(found, BTreeSet::from(permitted), "stored files are opened by `store` alone");
}
