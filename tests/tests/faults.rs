//! Each fault of the forge against each tool that talks to it: retried or reported, old files untouched, exit code, and
//! never a word of the token, though a server may repeat it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use demo_forge::Fault;
use sandbox::{Flavour, SAMPLE_SLUG, Sandbox, each_flavour, serve_sample};

const QUEUE: &str = "[{\"issue\": 132, \"title\": \"x\", \"type\": \"bug\", \"ready\": true}]";

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// Its work is done as if nothing had been.
    Done,
    /// It fails with exit 1 and says this; the old queue stands.
    Failed(&'static str),
    /// It goes on with what it has, exit 0, and says this; the old queue stands.
    GoesOn(&'static str),
}

use Outcome::{Done, Failed, GoesOn};

fn faults() -> Vec<(Fault, Option<usize>, [Outcome; 3])> {
    let stands = GoesOn("the queue is used as it is");
    let local = GoesOn("the agenda is made from the local queue");
    let nowhere = || Fault::Redirect("http://127.0.0.1:9".to_owned());
    // A fault, for how many requests; triage_score, orchestrator, loop_guard.
    vec![
        (Fault::Latency(std::time::Duration::from_millis(30)), None, [Done, Done, Done]),
        (Fault::PageCap(7), None, [Done, Done, Done]),
        (Fault::NoTotal, None, [Done, Done, Done]),
        (Fault::TooManyRequests(0), Some(1), [Done, Done, stands]),
        (Fault::TooManyRequests(900), None, [Failed("asks to wait 900 s"), local, stands]),
        (Fault::BadGateway, Some(1), [Done, Done, stands]),
        (Fault::BadGateway, None, [Failed("502 Bad Gateway"), local, stands]),
        (Fault::Panic, None, [Failed("500 Internal Server Error"), local, stands]),
        (Fault::CutBody, Some(1), [Done, Done, stands]),
        (Fault::CutBody, None, [Failed("the response was cut off"), local, stands]),
        (Fault::CutJson, Some(1), [Done, Done, stands]),
        (Fault::CutJson, None, [Failed("the response was cut off"), local, stands]),
        (Fault::Drop, Some(1), [Done, Done, stands]),
        (Fault::Drop, None, [Failed("the connection broke"), local, stands]),
        (Fault::Hang, Some(1), [Done, Done, stands]),
        (Fault::Hang, None, [Failed("no response in time"), local, stands]),
        (Fault::NotJson, None, [Failed("not a list of entries"), local, stands]),
        (Fault::BadToken, None, [Failed("401 Unauthorized"), local, stands]),
        (nowhere(), None, [Failed("redirected to http://127.0.0.1:9"), local, stands]),
        (Fault::NullEntries, None, [GoesOn("could not be fetched"), GoesOn("could not be fetched"), Done]),
    ]
}

each_flavour!(every_fault_has_its_outcome_with_every_tool);
fn every_fault_has_its_outcome_with_every_tool(flavour: Flavour) {
    std::thread::scope(|scope| {
        for (fault, times, outcomes) in faults() {
            scope.spawn(move || {
                for (tool, expected) in ["triage_score", "orchestrator", "loop_guard"].into_iter().zip(outcomes) {
                    check(flavour, tool, &fault, times, expected);
                }
                // What triage needs of a forge, backfill needs too.
                check(flavour, "backfill_retro", &fault, times, outcomes[0]);
            });
        }
    });
}

fn check(flavour: Flavour, tool: &str, fault: &Fault, times: Option<usize>, expected: Outcome) {
    let forge = serve_sample(flavour);
    forge.order(fault.clone(), times);
    let sandbox = Sandbox::new();
    sandbox.write(".loop/queue.json", QUEUE);
    let ended = sandbox.call(tool, [""; 0]).forge(&forge, SAMPLE_SLUG).env("TIMMY_NOW", "2026-03-21T07:30:00Z").run();
    let told = format!("{tool}, {fault:?}, {times:?}: {}", ended.conversation());
    let is_triage = tool == "triage_score";
    match expected {
        Done => {
            assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{told}");
            assert_eq!(sandbox.read(".loop/queue.json") != QUEUE, is_triage, "{told}");
        }
        Failed(words) => {
            assert_eq!(ended.code, Some(1), "{told}");
            assert!(ended.err.contains(words) && ended.err.contains("hint: "), "{told}");
            assert_eq!(sandbox.read(".loop/queue.json"), QUEUE, "{told}");
        }
        GoesOn(words) => {
            assert_eq!(ended.code, Some(0), "{told}");
            assert!(ended.err.contains(words), "{told}");
            assert_eq!(sandbox.read(".loop/queue.json") != QUEUE, is_triage, "{told}");
        }
    }
    let records = sandbox.json_lines(".loop/retro/cycles.jsonl").len();
    assert_eq!(records > 0, tool == "backfill_retro" && !matches!(expected, Failed(_)), "{told}");
    assert!(sandbox.files_with_token().is_empty(), "{told}");
}
