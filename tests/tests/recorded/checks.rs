//! `pre_commit_checks`: findings and none, in every form, of the work tree, the index and a range of commits.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use git2::{Repository, Signature, Time};

use crate::scenario::Scenario;

/// A scenario without the machine's formatter.
fn without_formatter(name: &'static str) -> Scenario {
    let mut scenario = Scenario::new(name);
    scenario.env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER", "none");
    scenario
}

fn repository(scenario: &Scenario) -> Repository {
    fs::remove_dir_all(scenario.path(".git")).unwrap();
    Repository::init(scenario.sandbox.root()).unwrap()
}

fn stage(repository: &Repository, names: &[&str]) {
    let mut index = repository.index().unwrap();
    for name in names {
        index.add_path(Path::new(name)).unwrap();
    }
    index.write().unwrap();
}

fn commit(repository: &Repository) -> String {
    let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
    let author = Signature::new("T", "t@localhost", &Time::new(1_774_000_000, 0)).unwrap();
    let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<&git2::Commit> = parent.iter().collect();
    repository.commit(Some("HEAD"), &author, &author, "x", &tree, &parents).unwrap().to_string()
}

/// Files with one finding at least of every check that needs no settings.
fn findings(scenario: &Scenario) {
    scenario.write("a & <b>, c:d.py", "x = (\n");
    scenario.write("tests/test_ä.py", "x = p().startswith('/home/\u{1b}[31m\"')\n");
    scenario.write("no newline.txt", "x");
    scenario.write("mixed.txt", "a\r\nb\nc\r\n");
    scenario.write("merge.txt", ["<<<<<<< ours", "a", "=======", "b", ">>>>>>> theirs", ""].join("\n"));
    scenario.write("pkg/__init__.py", "");
    scenario.write("pkg/a.py", "import os\nfrom pkg.b import nothing\nfrom pkg import nowhere\n\n\ndef f():\n    breakpoint()\n    return os.name\n");
    scenario.write("pkg/b.py", "x = 1\nx = \"\\d\"\n");
    scenario.write("Read.me", "a\n");
    scenario.write("read.ME", "a\n");
    scenario.write("data.json", "{\"a\": 1, \"a\": 2}\n");
    scenario.write("bad.json", "{\"a\": }\n");
    scenario.write("bad.yaml", "a: [\n");
    scenario.write("bad.toml", "a = \n");
    // In two pieces, so that no check finds it here.
    scenario.write("key.txt", ["token = AK", "IAQ3EGRZ7XW5NKD2TP\n"].concat());
    scenario.write("tests/test_docker_up.py", "import docker\n\n\ndef test_up():\n    assert docker\n");
    scenario.write("src/config.py", "class Settings:\n    ollama_model: str = \"\"\n\n\nsettings = Settings()\n");
    scenario.write("config/daily_run.json", "{\"schedules\": 3}\n");
    scenario.write("spaces.txt", "a \nb\n");
    scenario.write("src/dashboard/__init__.py", "");
    scenario.write("src/dashboard/app.py", "template = 1\n");
    symlink("nowhere", scenario.path("broken")).unwrap();
}

#[test]
fn checks_report_in_every_form() {
    let mut scenario = without_formatter("checks_report_in_every_form");
    findings(&scenario);
    for form in ["text", "json", "sarif", "junit", "github"] {
        scenario.call(&format!("pre_commit_checks --format {form}"));
    }
    scenario.call("pre_commit_checks --json");
    scenario.call("pre_commit_checks --quiet");
    scenario.call("pre_commit_checks pkg read.ME");
    scenario.call("pre_commit_checks nowhere.py");
    scenario.end();
}

#[test]
fn checks_find_nothing() {
    let mut scenario = without_formatter("checks_find_nothing");
    scenario.write("a.py", "x = 1\n");
    for form in ["text", "json", "sarif", "junit", "github"] {
        scenario.call(&format!("pre_commit_checks --format {form}"));
    }
    scenario.call("pre_commit_checks --quiet");
    scenario.call("pre_commit_checks --verbose");
    scenario.call("pre_commit_checks --list");
    scenario.call("pre_commit_checks --list --json");
    scenario.end();
}

#[test]
fn checks_are_chosen_and_configured() {
    let mut scenario = without_formatter("checks_are_chosen_and_configured");
    scenario.write("a.py", "x = (");
    scenario.write("b.py", "breakpoint()\nbreakpoint()\n");
    scenario.call("pre_commit_checks --check syntax --check final-newline");
    scenario.call("pre_commit_checks --skip syntax");
    scenario.call("pre_commit_checks --check syntaxx");
    scenario.call("pre_commit_checks --baseline known.json --update-baseline");
    scenario.call("pre_commit_checks --baseline known.json");
    scenario.write("b.py", "x = 1\nbreakpoint()\nbreakpoint()\nbreakpoint()\n");
    scenario.call("pre_commit_checks --baseline known.json --json");
    scenario.write("known.json", "{");
    scenario.call("pre_commit_checks --baseline known.json");
    let config = |text: &str| {
        format!("{{\"automations\": [{{\"id\": \"pre_commit_checks\", \"script\": \"x\", \"config\": {text}}}]}}\n")
    };
    scenario.write(
        "config/automations.json",
        config(
            r#"{"skip": ["syntax"], "exclude": ["b.py"], "required_exports": ["a:x", "nowhere:x"], "max_file_kib": 1}"#,
        ),
    );
    scenario.write("big.bin", vec![b'a'; 2048]);
    scenario.call("pre_commit_checks");
    scenario.write("config/automations.json", config(r#"{"max_file_kb": 1}"#));
    scenario.call("pre_commit_checks");
    scenario.end();
}

#[test]
fn checks_read_the_index_and_commits() {
    let mut scenario = without_formatter("checks_read_the_index_and_commits");
    let repository = repository(&scenario);
    scenario.write(".gitignore", ".loop\nbuild/\n");
    scenario.write("build/b.py", "x = (\n");
    scenario.write("pkg/__init__.py", "");
    scenario.write("pkg/a.py", "def f(): pass\n\n\ndef g(): pass\n");
    scenario.write("pkg/b.py", "from pkg.a import f, g\n");
    stage(&repository, &["pkg/__init__.py", "pkg/a.py", "pkg/b.py"]);
    let from = commit(&repository);
    scenario.write("pkg/a.py", "def f(): pass\n");
    stage(&repository, &["pkg/a.py"]);
    scenario.write("pkg/a.py", "def f(: pass\n");
    scenario.call("pre_commit_checks --staged");
    scenario.call("pre_commit_checks --staged --json");
    scenario.call("pre_commit_checks");
    let to = commit(&repository);
    scenario.call(&format!("pre_commit_checks --from-ref {from} --to-ref {to} --json"));
    scenario.call("pre_commit_checks --from-ref nowhere --to-ref HEAD");
    scenario.call("pre_commit_checks --fix --staged");
    scenario.end();
}

#[test]
fn checks_fix_and_format() {
    let mut scenario = Scenario::new("checks_fix_and_format");
    let bin = scenario.sandbox.outside().join("bin");
    scenario.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    scenario.sandbox.script("../bin/black", "for file; do :; done; echo \"would reformat $PWD/$file\" >&2; exit 1");
    scenario.write("src/a.py", "x = '''y \nz'''\nx = 1");
    scenario.write("run.sh", "#!/bin/sh \necho  a\t\nexit");
    scenario.write("mixed.txt", "a\r\nb\r\nc\n");
    scenario.call("pre_commit_checks --json");
    scenario.sandbox.script("../bin/black", "exit 0");
    scenario.call("pre_commit_checks --fix");
    scenario.call("pre_commit_checks --fix --json");
    scenario.sandbox.script("../bin/black", "echo oh no >&2; exit 123");
    scenario.call("pre_commit_checks --check formatting");
    scenario.call("PATH=/nowhere pre_commit_checks --check formatting --json");
    scenario.end();
}

#[test]
fn checks_install_the_hook() {
    let mut scenario = without_formatter("checks_install_the_hook");
    let repository = repository(&scenario);
    scenario.call("pre_commit_checks install-hook");
    scenario.call("pre_commit_checks install-hook --json");
    scenario.write("a.py", "x = (\n");
    stage(&repository, &["a.py"]);
    scenario.call(".git/hooks/pre-commit");
    scenario.call("pre_commit_checks install-hook --remove");
    scenario.call("pre_commit_checks install-hook --remove --json");
    scenario.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n");
    scenario.call("pre_commit_checks install-hook");
    scenario.end();
}
