//! What every tool does alike: disabled, paused, forced, quiet, wrong usage, wrong configuration, other names, help.

use std::fs;
use std::os::unix::fs::symlink;

use sandbox::{program, signal, soon};

use crate::scenario::Scenario;

/// A call of each tool that does something.
const CALLS: [&str; 7] = [
    "backfill_retro --from-git",
    "cycle_retro --cycle 1 --success --duration 5",
    "loop_guard",
    "loop_introspect",
    "orchestrator --issues issues.json",
    "pre_commit_checks --check syntax",
    "triage_score --issues issues.json",
];

fn name(call: &str) -> &str {
    call.split(' ').next().unwrap_or(call)
}

fn manifest(enabled: bool) -> String {
    let entries: Vec<String> = CALLS
        .iter()
        .map(|call| format!("{{\"id\": \"{}\", \"script\": \"x\", \"enabled\": {enabled}}}", name(call)))
        .collect();
    format!("{{\"automations\": [{}]}}\n", entries.join(",\n"))
}

#[test]
fn tools_do_nothing_when_disabled() {
    let mut scenario = Scenario::new("tools_do_nothing_when_disabled");
    scenario.write("issues.json", "[]\n");
    scenario.write("config/automations.json", manifest(false));
    for call in CALLS {
        scenario.call(call);
        scenario.call(&format!("{call} --json"));
        scenario.call(&format!("{call} --quiet"));
    }
    // What only reads is no run.
    scenario.call("loop_guard --status");
    scenario.call("triage_score --check-rules --json");
    scenario.call("triage_score --issues issues.json --explain 5 --json");
    scenario.call("pre_commit_checks --list");
    scenario.end();
}

#[test]
fn tools_run_when_forced() {
    let mut scenario = Scenario::new("tools_run_when_forced");
    scenario.write("issues.json", "[]\n");
    scenario.write("config/automations.json", manifest(false));
    for call in CALLS {
        scenario.call(&format!("{call} --force --quiet"));
    }
    scenario.end();
}

#[test]
fn tools_do_nothing_when_paused() {
    let mut scenario = Scenario::new("tools_do_nothing_when_paused");
    scenario.write("issues.json", "[]\n");
    scenario.write("config/automations.json", manifest(true));
    let ids: Vec<&str> = CALLS.iter().map(|call| name(call)).collect();
    scenario.call(&format!("timmy automation pause {} --for 1h --reason 'of no use'", ids.join(" ")));
    for call in CALLS {
        scenario.call(call);
        scenario.call(&format!("{call} --json"));
    }
    scenario.end();
}

#[test]
fn tools_refuse_wrong_usage() {
    let mut scenario = Scenario::new("tools_refuse_wrong_usage");
    for tool in [
        "backfill_retro",
        "cycle_retro",
        "loop_guard",
        "loop_introspect",
        "orchestrator",
        "pre_commit_checks",
        "triage_score",
        "timmy",
        "timmy automation list",
        "demo_forge",
    ] {
        scenario.call(&format!("{tool} --no-such-flag"));
    }
    for line in [
        "cycle_retro --cycle 1 --sucess",
        "cycle_retro --cycle 1",
        "cycle_retro --success",
        "cycle_retro --cycle 1 --success --failure",
        "cycle_retro --cycle x --success",
        "cycle_retro --cycle 1 --success --duration -5",
        "cycle_retro --cycle 1 --success --type bgu",
        "cycle_retro --cycle 1 --success --issue 0",
        "loop_guard --quiet --verbose",
        "triage_score --explain x",
        "orchestrator --max-items 0",
        "loop_guard --repo-root nowhere",
        "loop_guard --config-dir nowhere",
        "TIMMY_REPO_ROOT=/nowhere loop_guard",
        "TIMMY_AUTOMATION_CONFIG_DIR=/nowhere loop_guard",
        "TIMMY_NOW=yesterday loop_guard",
        "TIMMY_LOOP_GUARD_BACKOFF_BASE=soon loop_guard",
        "GITEA_TOKEN='has space' triage_score",
        "timmy triage_scor",
        "timmy",
        "timmy explain --json x",
        "timmy tokens --days x",
    ] {
        scenario.call(line);
    }
    fs::remove_dir_all(scenario.path(".git")).unwrap();
    scenario.call("loop_guard");
    scenario.end();
}

#[test]
fn tools_refuse_broken_configuration() {
    let mut scenario = Scenario::new("tools_refuse_broken_configuration");
    scenario.write("issues.json", "[]\n");
    scenario.write("config/automations.json", "{\"automations\": [}");
    for call in CALLS {
        scenario.call(call);
    }
    for text in [
        "",
        "[]",
        "{\"automations\": 7}",
        "{\n \"automations\": [\n  {\"id\": \"loop_guard\"}]}",
        "{\"automations\": [{\"id\": \"loop_guard\", \"script\": \"x\", \"enabled\": \"yes\"}]}",
        "{\"automations\": [{\"id\": \"loop_guard\", \"script\": \"x\", \"enabeld\": true}]}",
        "{\"automations\": [{\"id\": \"loop_guard\", \"script\": \"x\", \"config\": {\"backof_max\": 5}}]}",
        "{\"automations\": [], \"token_economy\": {\"runn\": 1}}",
    ] {
        scenario.write("config/automations.json", text);
        scenario.call("loop_guard --json");
    }
    fs::remove_dir_all(scenario.path(".loop")).unwrap();
    scenario.write("config/automations.json", "{\"automations\": []}");
    scenario.write("config/daily_run.json", "{\"schedules\": {\"daily\": {\"automations\": 7}}}");
    scenario.call("orchestrator --issues issues.json");
    scenario.write(".loop/queue.json/in the way", "x");
    scenario.call("loop_guard");
    scenario.call("triage_score --issues issues.json");
    scenario.end();
}

#[test]
fn tools_work_on_the_repository_that_is_named() {
    let mut scenario = Scenario::new("tools_work_on_the_repository_that_is_named");
    scenario.env("TIMMY_PRE_COMMIT_CHECKS_FORMATTER", "none");
    scenario.write("issues.json", "[]\n");
    scenario.write("conf/automations.json", manifest(true).replace("]}\n", "], \"token_economy\": {\"run\": -7}}\n"));
    let root = scenario.path("").display().to_string();
    for call in CALLS {
        let call = call.replace("issues.json", &format!("{root}issues.json"));
        scenario.call_in("/", &format!("{call} --repo-root {root} --config-dir conf"));
        scenario.call_in("/", &format!("{call} --repo-root {root} --config-dir {root}conf --verbose"));
    }
    scenario.end();
}

#[test]
fn timmy_takes_the_common_flags_everywhere() {
    let mut scenario = Scenario::new("timmy_takes_the_common_flags_everywhere");
    scenario.env("PATH", "/nowhere");
    scenario.sandbox.script("s.sh", "");
    scenario.write(
        "conf/automations.json",
        r#"{"automations": [{"id": "a", "script": "s.sh", "trigger": "hourly", "enabled": false}]}"#,
    );
    let root = scenario.path("").display().to_string();
    for command in [
        "automation list",
        "automation validate",
        "automation enable a",
        "automation disable a",
        "automation pause a --for 1h --reason x",
        "automation resume a",
        "automation config a",
        "automation run a",
        "trigger hourly",
        "schedule tick",
        "schedule next",
        "service print launchd",
        "doctor",
        "shadow report",
        "why idle",
        "tokens",
        "verify",
        "repair",
    ] {
        scenario.call_in("/", &format!("timmy {command} --repo-root {root} --config-dir {root}conf --verbose --force"));
        scenario.call(&format!("timmy {command} --config-dir conf --quiet"));
    }
    scenario.end();
}

#[test]
fn tools_run_by_other_names() {
    let mut scenario = Scenario::new("tools_run_by_other_names");
    scenario.call_named("loop_guard.py", "timmy --status");
    scenario.call_named("/elsewhere/triage_score", "timmy --check-rules --json");
    scenario.call("timmy loop_guard --status");
    scenario.call("timmy cycle_retro.py --cycle 1 --success --issue 5 --type bug --duration 60");
    scenario.call("timmy pre_commit_checks --check syntax");
    for (tool, target) in [("loop_guard", "loop_guard"), ("cycle_retro", "timmy")] {
        fs::create_dir_all(scenario.path("scripts")).unwrap();
        symlink(program(target), scenario.path(&format!("scripts/{tool}.py"))).unwrap();
    }
    scenario.call_in("/", "scripts/loop_guard.py");
    scenario.call_in("/", "scripts/cycle_retro.py --cycle 2 --success --duration 60");
    scenario.call_in("scripts", "loop_guard --status");
    scenario.call_in("/", "TIMMY_REPO_ROOT=/nowhere scripts/loop_guard.py --repo-root /nowhere");
    let theirs = scenario.sandbox.outside().join("theirs");
    scenario.sandbox.script("../theirs/timmy", "echo \"theirs: $*\"; exit 7");
    scenario.env("PATH", &format!("{}:/usr/bin:/bin", theirs.display()));
    scenario.call("timmy think hard --json");
    scenario.call("timmy --model x chat");
    scenario.call("timmy explain work --json");
    scenario.end();
}

#[test]
fn timmy_helps_and_completes() {
    let mut scenario = Scenario::new("timmy_helps_and_completes");
    scenario.env("PATH", "/nowhere");
    scenario.write(
        "config/automations.json",
        r#"{"automations": [{"id": "tidy_up", "script": "x"}, {"id": "tally", "script": "x"}]}"#,
    );
    for shell in ["bash", "zsh", "fish"] {
        scenario.call(&format!("timmy completions {shell}"));
    }
    for words in [
        "timmy automation enable t",
        "timmy sched",
        "timmy loop_guard --st",
        "timmy why automation t",
        "timmy trigger p",
    ] {
        let last = words.split(' ').count() - 1;
        scenario.call(&format!(
            "COMPLETE=bash _CLAP_IFS=, _CLAP_COMPLETE_COMP_TYPE=9 _CLAP_COMPLETE_INDEX={last} timmy -- {words}"
        ));
    }
    for line in [
        "timmy --version",
        "loop_guard --version",
        "timmy help exit-codes",
        "timmy help environment",
        "timmy help files",
        "timmy help automation pause",
        "timmy help exit-code",
        "timmy man loop_guard",
        // Its pages are the documentation once more, and not recorded.
        "timmy man --out ../pages",
    ] {
        scenario.call(line);
    }
    scenario.end();
}

/// Calls a script that runs a program which serves until SIGTERM. What it prints goes to a file, so that it can be waited for.
fn serve(scenario: &mut Scenario, program_name: &str, args: &str, file: &str) {
    let program = program(program_name);
    scenario.sandbox.script("serve.sh", &format!("exec {} {args} >{file}", program.display()));
    scenario.call_while("./serve.sh", &format!("{program_name} {args}, ended by SIGTERM"), |sandbox, child| {
        soon(|| sandbox.read(file).contains("GITEA_API"));
        signal("TERM", child.id());
    });
}

#[test]
fn timmy_plays_a_demo() {
    let mut scenario = Scenario::new("timmy_plays_a_demo");
    scenario.env("PATH", "/nowhere");
    scenario.call("timmy demo --keep day");
    scenario.call("timmy demo --keep day");
    // In a folder that is removed at the end, and not recorded a second time.
    serve(&mut scenario, "timmy", "demo --serve", "../served.txt");
    scenario.end();
}

#[test]
fn forge_runs_as_a_program() {
    let mut scenario = Scenario::new("forge_runs_as_a_program");
    scenario.write("issues.json", "[]");
    scenario.call("demo_forge --data nowhere.json");
    scenario.call("demo_forge --fault sometimes");
    serve(&mut scenario, "demo_forge", "--data issues.json --gitea --token x --fault '502*2'", "served.txt");
    scenario.end();
}
