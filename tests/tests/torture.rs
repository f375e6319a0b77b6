//! Many processes, kills, full disks: is anything lost?

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use sandbox::{CallOutput, Sandbox};
use serde_json::Value;

const LOG: &str = ".loop/retro/cycles.jsonl";
const PROCESSES: usize = 16;

/// How many calls each process makes: 250 in the named step of `.ci/run`, fewer among the other tests.
fn calls() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the torture step of .ci/run sets it")]
    let calls = std::env::var("TORTURE_CALLS").ok();
    calls.map_or(12, |calls| calls.parse().unwrap())
}

fn retro(sandbox: &Sandbox, cycle: usize) -> sandbox::Call {
    let args = format!("--cycle {cycle} --success --duration 5 --issue {} --lines-added 1", cycle % 50 + 1);
    sandbox.call("cycle_retro", args.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

/// Every line of the log: its epoch, or none where it cannot be read.
fn epochs(sandbox: &Sandbox) -> Vec<Option<String>> {
    let text = sandbox.read(LOG);
    let epoch = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?["epoch"].as_str()?.to_owned());
    text.lines().map(epoch).collect()
}

#[test]
fn many_processes_at_once_lose_nothing() {
    let (sandbox, calls) = (Sandbox::new(), calls());
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for call in 0..calls {
                    let ended = retro(sandbox, process * calls + call).run().code(0);
                    assert!(ended.err.is_empty(), "{}", ended.err);
                }
            });
        }
    });
    let epochs = epochs(&sandbox);
    assert_eq!(epochs.len(), PROCESSES * calls);
    assert!(epochs.iter().all(Option::is_some), "every line is intact");
    assert_eq!(epochs.iter().collect::<BTreeSet<_>>().len(), PROCESSES * calls, "every epoch is another");
    let summary = sandbox.json(".loop/retro/summary.json");
    assert_eq!(summary["total_cycles"], PROCESSES * calls);
    assert_eq!((&summary["success_rate"], &summary["damaged_lines"]), (&Value::from(1.0), &Value::from(0)));
    assert_eq!(summary["by_week"]["2026-W12"], PROCESSES * calls);
    let state = &sandbox.json(".loop/automation_state.json")["automations"]["cycle_retro"];
    assert_eq!(state["successes"], PROCESSES * calls);
    let ledger = sandbox.json_lines(".loop/tokens.jsonl");
    assert_eq!(ledger.len(), 2 * PROCESSES * calls);
    assert_eq!(ledger.last().unwrap()["balance"], 4 * PROCESSES * calls);
}

#[test]
fn a_killed_process_loses_nothing_that_it_said() {
    let (sandbox, calls) = (Sandbox::new(), calls());
    let said = Mutex::new(BTreeSet::new());
    let kills = Mutex::new(0_usize);
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            let (sandbox, said, kills) = (&sandbox, &said, &kills);
            scope.spawn(move || {
                for call in 0..calls {
                    let mut child = retro(sandbox, process * calls + call).start();
                    // Times all over a run's few milliseconds, different in each process.
                    let patience = (process * 7919 + call * 104_729) % 12_000;
                    if call % 2 == 0 {
                        std::thread::sleep(Duration::from_micros(u64::try_from(patience).unwrap()));
                        let _ = child.kill();
                    }
                    let ended: CallOutput = child.wait_with_output().unwrap().into();
                    if ended.code.is_none() {
                        *kills.lock().unwrap() += 1;
                    }
                    if let Some(epoch) = ended.out.strip_prefix("[retro] ").and_then(|rest| rest.split(' ').next()) {
                        said.lock().unwrap().insert(epoch.to_owned());
                    }
                }
            });
        }
    });
    let (said, kills) = (said.into_inner().unwrap(), kills.into_inner().unwrap());
    let lines = epochs(&sandbox);
    let intact: Vec<&String> = lines.iter().flatten().collect();
    let distinct: BTreeSet<&String> = intact.iter().copied().collect();
    assert_eq!(intact.len(), distinct.len(), "every epoch is another");
    for epoch in &said {
        assert!(distinct.contains(epoch), "{epoch} was said and is not in the log");
    }
    let damaged = lines.len() - intact.len();
    assert!(damaged <= kills, "{damaged} damaged lines after {kills} kills");
    assert!(kills > 0, "somebody was killed");
    // The next call goes on, and what is derived is right again.
    let _ = retro(&sandbox, 1).run().code(0);
    let summary = sandbox.json(".loop/retro/summary.json");
    assert_eq!(summary["total_cycles"], intact.len() + 1);
    assert_eq!(summary["damaged_lines"], damaged);
}

#[test]
fn many_guards_and_triages_at_once_leave_whole_files() {
    let sandbox = Sandbox::new();
    let issue = |number: usize| {
        format!(
            "{{\"number\": {number}, \"title\": \"Crash number {number} when it starts\", \"labels\": [\"bug\"], \"body\": \"`f()` in a.py must not fail. Add a test for it.\"}}"
        )
    };
    sandbox.write("issues.json", format!("[{}]", (1..=60).map(issue).collect::<Vec<_>>().join(",")));
    std::thread::scope(|scope| {
        for process in 0..8 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for _ in 0..6 {
                    let ended = if process % 2 == 0 {
                        sandbox.call("triage_score", ["--issues", "issues.json", "--quiet"]).run().code(0)
                    } else {
                        sandbox.call("loop_guard", ["--quiet"]).env("TIMMY_LOOP_GUARD_VERIFY_OPEN", "0").run()
                    };
                    assert!(ended.err.is_empty() && ended.code < Some(2), "{}", ended.conversation());
                    let queue: Value = sandbox
                        .bytes(".loop/queue.json")
                        .map_or(Value::Array(vec![]), |bytes| serde_json::from_slice(&bytes).unwrap());
                    assert!(matches!(queue.as_array().unwrap().len(), 0 | 60));
                }
            });
        }
    });
    assert_eq!(sandbox.json_lines(".loop/retro/triage.jsonl").len(), 24);
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let sandbox = Sandbox::new();
    let _ = retro(&sandbox, 1).run().code(0);
    sandbox.write(".loop/queue.json", "[{\"issue\": 1}]");
    sandbox.write("issues.json", "[]");
    // A log that the limit leaves no room behind, so that the next record does not fit.
    let log = sandbox.read(LOG) + &" ".repeat(4096);
    sandbox.write(LOG, &log);
    let another = "--cycle 2 --success --duration 5";
    let ended = sandbox.call_with_file_limit(4, "cycle_retro", another.split(' ')).run().code(2);
    assert!(
        ended.err.contains("cycles.jsonl") && ended.err.contains("hint: raise the file-size limit"),
        "{}",
        ended.err
    );
    assert!(ended.out.is_empty());
    assert_eq!(sandbox.read(LOG), log, "not half a record");
    let before = sandbox.tree(".loop");
    for (tool, args) in [
        ("cycle_retro", another),
        ("loop_guard", ""),
        ("triage_score", "--issues issues.json"),
        ("orchestrator", "--issues issues.json"),
    ] {
        let ended = sandbox.call_with_file_limit(0, tool, args.split_whitespace()).run().code(2);
        assert!(ended.err.contains("error: cannot") && ended.err.contains("hint: "), "{tool}: {}", ended.err);
        assert_eq!(sandbox.tree(".loop"), before, "{tool}");
    }
    let _ = retro(&sandbox, 3).run().code(0);
}
