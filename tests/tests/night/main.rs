//! A journey: the loop of the README, word for word, with an agent that opens pull requests, over a forge that is away for a
//! while, a token that expires and a disk that is full for a while. Its time is simulated: the shell asks the test for the
//! time before each tool, and the test is the agent, the reviewers and the weather.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test sets its world up and fails by panicking"
)]

mod model;
mod world;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Child;

use sandbox::{Flavour, Sandbox, each_flavour};
use serde_json::json;
use world::World;

/// What the shell gets before the loop: each call of a tool, and the agent, is asked for on stdout as a line with `@`. The answer
/// is a command of the shell.
const PRELUDE: &str = r#"
exec 2>&1
ask() { printf '@%s\n' "$*"; IFS= read -r answer || exit 3; }
trap 'case $BASH_COMMAND in scripts/*) ask "$BASH_COMMAND"; eval "$answer" ;; esac' DEBUG
run_your_agent() { ask agent; eval "$answer"; }
"#;

/// The loop, as the README shows it.
fn documented_loop() -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, chapter) = readme.split_once("\n## The loop\n").unwrap();
    let (_, block) = chapter.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// Starts the loop's shell.
fn start(sandbox: &Sandbox, world: &World) -> Child {
    let script = format!("{PRELUDE}{}", documented_loop());
    let call = sandbox.call_as(Path::new("/bin/bash"), ["-c", &script]);
    // What a night needs minutes for is not waited for here.
    call.forge(world.forge(), world::SLUG)
        .env("TIMMY_AUTOMATION_HTTP_RETRIES", "0")
        .env("TIMMY_LOOP_GUARD_BASE_BACKOFF", "0")
        .converse()
}

/// Runs the loop until so many cycles are recorded; returns what the tools printed. A loop that stops because the disk is full
/// is started again, as a person or a service manager does.
#[expect(clippy::print_stdout, reason = "what the tools print is shown where the test fails")]
fn run(sandbox: &Sandbox, world: &mut World, cycles: usize) -> String {
    let mut transcript = String::new();
    loop {
        let mut child = start(sandbox, world);
        let mut stdin = child.stdin.take().unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            println!("{line}");
            let Some(request) = line.strip_prefix('@') else {
                transcript.push_str(&line);
                transcript.push('\n');
                continue;
            };
            let answer = match request {
                _ if world.recorded(sandbox) >= cycles => "exit 77".to_owned(),
                "agent" => world.agent(sandbox),
                _ => world.before_tool(sandbox, request),
            };
            writeln!(stdin, "{answer}").unwrap();
        }
        let code = child.wait().unwrap().code();
        if code == Some(77) {
            return transcript;
        }
        assert!(world.disk_was_full() && code == Some(2), "the loop ended with {code:?}:\n{transcript}");
    }
}

/// One run of the loop over so many cycles, and what must be true at its end.
fn night(cycles: usize, flavour: Flavour) {
    let (sandbox, mut world) = (Sandbox::new(), World::new(cycles, flavour));
    let _ = sandbox.git();
    let root = sandbox.root();
    let _ = sandbox.run("timmy", &["install", "--into", root.to_str().unwrap()]).code(0);
    let transcript = run(&sandbox, &mut world, cycles);

    // Every cycle once, in order.
    let numbers: Vec<u64> =
        sandbox.json_lines(".loop/retro/cycles.jsonl").iter().map(|line| line["cycle"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=cycles as u64).collect::<Vec<_>>());
    assert_eq!(world.weather_seen(), ["away", "disk full", "token expired"], "\n{transcript}");
    world.check_end(&sandbox);

    // What is told at breakfast is what happened.
    let call = sandbox.call("orchestrator", ["--review"]).forge(world.forge(), world::SLUG);
    let ended = call.env("TIMMY_NOW", world.now()).run().code(0);
    let agenda = sandbox.json(".loop/agenda.json");
    let told = &agenda["review"]["cycles"];
    let (count, failures) = world.last_day();
    assert_eq!(told["count"], count, "{}", ended.out);
    let told: Vec<_> = told["failures"].as_array().unwrap().iter().map(|failure| failure["issue"].clone()).collect();
    assert_eq!(told, failures.into_iter().map(|issue| json!(issue)).collect::<Vec<_>>(), "{}", ended.out);
    assert_eq!(agenda["review"]["quarantined"], json!(world.quarantined()));

    // Every issue's story is the one that happened.
    for issue in world.worked_on() {
        let call = sandbox.call("timmy", ["why", &issue.to_string(), "--json"]).env("TIMMY_NOW", world.now());
        let story: serde_json::Value = serde_json::from_str(&call.run().code(0).out).unwrap();
        world.check_story(issue, &story);
    }
    let ended = sandbox.call("timmy", ["verify"]).env("TIMMY_NOW", world.now()).run().code(0);
    assert!(ended.err.is_empty(), "{}", ended.err);
}

each_flavour!(a_night_of_the_documented_loop);
fn a_night_of_the_documented_loop(flavour: Flavour) {
    night(25, flavour);
}

#[test]
#[ignore = "needs minutes"]
fn two_hundred_cycles_of_the_documented_loop() {
    night(200, Flavour::Gitea);
}
