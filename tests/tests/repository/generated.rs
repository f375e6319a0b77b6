//! Documents that are made from the code: written with `just generate`, compared otherwise.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::fs;

use automations::declared::{self, Take};
use clap::Command;
use common::manifest::SHIPPED;
use common::settings::{Resolved, SHARED_KEYS, SUPERVISION_KEYS};
use host::Host;
use records::stored_files::{CONFIG_FILES, LOOP_FILES};
use records::{Durability, ManifestFile, StoredFile, TOKEN_ECONOMY};
use schemars::Schema;
use serde_json::{Value, json};
use timmy::tools::{TOOLS, automations};

use crate::{crates, programs, read, root};

/// Set (by `just generate`), the documents are written instead of compared.
const WRITE: &str = "GENERATE";

/// Compares a document with the text that is made from the code, or writes it.
pub(crate) fn generated(name: &str, text: &str) {
    let path = root().join(name);
    let is_current = || fs::read_to_string(&path).is_ok_and(|present| present == text);
    if std::env::var_os(WRITE).is_some() && !is_current() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    assert!(is_current(), "{name} is behind the code: run `just generate` and commit the result");
}

/// Compares the part of a document between two marks, or writes it.
fn generated_part(name: &str, mark: &str, part: &str) {
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
    let text = read(name);
    let (head, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{name} has the mark {begin}"));
    let (_, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} has the mark {end}"));
    generated(name, &format!("{head}{begin}{part}{end}{tail}"));
}

#[test]
fn the_reference_is_made_from_the_flags() {
    let mut commands: Vec<Command> = TOOLS.iter().map(|tool| (tool.command)()).chain([timmy::command()]).collect();
    commands.sort_by(|a, b| a.get_name().cmp(b.get_name()));
    let names: Vec<String> = commands.iter().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(names, programs(), "every program has its reference");
    for mut command in commands {
        let name = command.get_name().to_owned();
        let mut text =
            format!("# {name}\n\nMade from `{name} --help`.\n\n```text\n{}```\n", command.render_long_help());
        subcommands(&mut command, &name, &mut text);
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

#[test]
fn the_schemas_are_made_from_the_types() {
    let pretty = |schema: Schema| serde_json::to_string_pretty(&schema).unwrap() + "\n";
    generated("config/schema/pre_commit_checks.schema.json", &pretty(schemars::schema_for!(pre_commit_checks::Config)));
    for file in CONFIG_FILES {
        let name = file.path.split('.').next().unwrap();
        generated(&format!("config/schema/{name}.schema.json"), &pretty(records::schema(&file).unwrap()));
    }
    for file in LOOP_FILES {
        let Some(schema) = records::schema(&file) else { continue };
        let name = file.path.replace('/', ".").replace(".jsonl", ".line").replace(".json", "");
        generated(&format!("docs/reference/files/{name}.schema.json"), &pretty(schema));
    }
}

#[test]
fn the_table_of_files_is_made_from_the_list() {
    let mut table = "| file | holds | written by | read by | flushed |\n|---|---|---|---|---|\n".to_owned();
    for file in LOOP_FILES {
        let StoredFile { about, writers, readers, durability, .. } = file;
        let durability = match durability {
            _ if writers == "none of these tools" => "-",
            Durability::Flushed => "yes",
            Durability::Derived => "no",
        };
        let _ = writeln!(table, "| `{}` | {about} | {writers} | {readers} | {durability} |", file.shown());
    }
    generated_part("ARCHITECTURE.md", "the files under .loop", &table);
}

#[test]
fn the_guide_to_settings_is_made_from_their_declarations() {
    let (heads, line) = ("| key | default | aliases | expected |\n", "|---|---|---|---|\n");
    for (mark, take) in [
        ("the settings of the forge", declared::forge as Take),
        ("the settings of the scheduler", declared::scheduler),
        ("the settings of every automation", declared::every_automation),
    ] {
        let rows: String = declared::declared(take).unwrap().iter().map(setting_row).collect();
        generated_part("docs/settings.md", mark, &format!("{heads}{line}{rows}"));
    }
    let mut table = format!("| automation {heads}|---{line}");
    for (tool, _) in automations() {
        let mut settings = declared::declared(tool.settings).unwrap();
        settings.retain(|setting| !SHARED_KEYS.contains(&setting.key.as_str()));
        for setting in &settings {
            let _ = write!(table, "| {} {}", tool.id, setting_row(setting));
        }
    }
    generated_part("docs/settings.md", "the settings of the tools", &table);
    let (host, topic, _) = Host::test(&["timmy", "help", "environment"], &[], &root());
    assert_eq!(timmy::run(&host), 0);
    generated_part("docs/settings.md", "the environment variables", &format!("```text\n{}```\n", topic.text()));
}

/// The row of a setting in a table of settings.
fn setting_row(setting: &Resolved) -> String {
    let Resolved { key, value, aliases, expected, .. } = setting;
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) };
    let aliases: Vec<String> = aliases.iter().map(|alias| code(alias)).collect();
    format!("| `{key}` | {} | {} | {expected} |\n", code(value), aliases.join(", "))
}

#[test]
fn the_keys_that_several_programs_read_are_those_of_declared_settings() {
    let keys = |take: Take| -> Vec<String> {
        declared::declared(take).unwrap().into_iter().map(|setting| setting.key).collect()
    };
    assert_eq!(keys(declared::forge), SHARED_KEYS);
    assert_eq!(keys(declared::every_automation), SUPERVISION_KEYS);
}

#[test]
fn the_table_of_tools_is_made_from_the_list() {
    let mut table = "| tool | what it does | flags |\n|---|---|---|\n".to_owned();
    for tool in &TOOLS {
        let _ = writeln!(table, "| `{0}` | {1} | [reference](docs/reference/{0}.md) |", tool.id, tool.about);
    }
    let timmy = "All tools behind one command, with the commands that install, schedule, run and explain them.";
    let _ = writeln!(table, "| `timmy` | {timmy} | [reference](docs/reference/timmy.md) |");
    generated_part("README.md", "the tools", &table);
}

#[test]
fn the_crate_map_is_made_from_the_crates() {
    let mut map = "| crate | what it is |\n|---|---|\n".to_owned();
    let mut names = crates();
    names.sort_by_key(|name| Reverse(height(name)));
    for name in names {
        let text = read(&format!("crates/{name}/src/lib.rs"));
        let first: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
        let sentence = first.join(" ");
        assert!(sentence.ends_with('.'), "{name}: its first lines are a sentence: {sentence}");
        let _ = writeln!(map, "| `{name}` | {sentence} |");
    }
    generated_part("ARCHITECTURE.md", "the crates", &map);
}

/// How many crates of the workspace are below one, each on the next.
fn height(name: &str) -> usize {
    let manifest = read(&format!("crates/{name}/Cargo.toml"));
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.split(['.', ' ']).next());
    let below = names.filter(|name| root().join("crates").join(name).join("Cargo.toml").exists());
    below.filter(|below| !below.is_empty()).map(|below| height(below) + 1).max().unwrap_or(0)
}

/// The shipped manifest has an entry for every tool; `just generate` adds a missing one at the end.
#[test]
fn the_shipped_manifest_has_every_tool_as_its_descriptor_has_it() {
    let mut manifest: Value = serde_json::from_str(&read("config/automations.json")).unwrap();
    let listed = manifest["automations"].as_array_mut().unwrap();
    for (tool, script) in automations() {
        if listed.iter().all(|entry| entry["id"] != tool.id) {
            let name = tool.id.replace('_', " ");
            listed.push(json!({"id": tool.id, "name": name, "description": tool.about, "script": script,
                               "category": "other", "enabled": true, "trigger": tool.trigger, "config": {}}));
        }
        let entry = listed.iter().find(|entry| entry["id"] == tool.id).unwrap();
        let described = (&entry["description"], &entry["script"], &entry["trigger"]);
        assert_eq!(described, (&json!(tool.about), &json!(script), &json!(tool.trigger)), "{}", tool.id);
    }
    generated("config/automations.json", &(serde_json::to_string_pretty(&manifest).unwrap() + "\n"));
}

#[test]
fn the_shipped_configuration_is_read_by_its_own_tools() {
    let sandbox = sandbox::Sandbox::new();
    let config = root().join("config");
    let config = config.to_str().unwrap();
    let _ = sandbox.run("triage_score", &["--check-rules", "--config-dir", config]).code(0);
    let _ = sandbox.run("loop_guard", &["--config-dir", config]).code(1);
    let _ = sandbox.call("orchestrator", ["--issues", "-", "--config-dir", config]).stdin("[]").run().code(0);
    sandbox.write("config/automations.json", SHIPPED);
    sandbox.write("config/daily_run.json", read("config/daily_run.json"));
    let _ = sandbox.run("timmy", &["automation", "validate"]).code(0);
    let manifest: ManifestFile = serde_json::from_str(SHIPPED).unwrap();
    let built_in = TOKEN_ECONOMY.map(|(action, amount)| (action.to_owned(), amount));
    assert_eq!(manifest.token_economy, built_in.into(), "as built in");
}
