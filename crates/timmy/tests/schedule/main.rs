//! `timmy schedule` as a program, with a clock that the tests set.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test builds its own world and fails by panicking"
)]

mod forecast;
mod memory;

use std::process::Child;
use std::time::Duration;

use sandbox::{Call, CallOutput, Sandbox, signal, soon};
use serde_json::{Value, json};

/// A repository with one automation that notes when it runs.
fn world(trigger: &str, config: &Value) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "echo \"$TIMMY_NOW\" >> ran");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": trigger, "config": config}]));
    sandbox
}

/// A time zone with a summer time like that of Berlin, which needs no files of the machine: on 29 March 2026 the clock goes from
/// 02:00 to 03:00, on 25 October from 03:00 to 02:00.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn tick_in(sandbox: &Sandbox, now: &str, zone: &str) -> CallOutput {
    sandbox.call("timmy", ["schedule", "tick"]).env("TIMMY_NOW", now).env("TZ", zone).run()
}

/// Looks at each of these moments, and returns at which of them the automation ran.
fn ran_at(sandbox: &Sandbox, zone: &str, moments: &[&str]) -> Vec<String> {
    for moment in moments {
        let _ = tick_in(sandbox, moment, zone).code(0);
    }
    sandbox.read("ran").lines().map(str::to_owned).collect()
}

/// Every half hour of a day.
fn half_hours(day: &str) -> Vec<String> {
    (0..48).map(|half| format!("{day}T{:02}:{:02}:00Z", half / 2, half % 2 * 30)).collect()
}

fn scheduler(sandbox: &Sandbox) -> Call {
    sandbox.call("timmy", ["schedule", "run"])
}

fn end(child: Child) -> CallOutput {
    signal("TERM", child.id());
    child.wait_with_output().unwrap().into()
}

#[test]
fn an_hour_brings_one_run_and_missed_ones_are_made_up_once() {
    let sandbox = world("hourly", &json!({}));
    let moments = [
        "2026-03-21T09:50:00Z",
        "2026-03-21T10:01:00Z",
        "2026-03-21T10:06:00Z",
        "2026-03-21T14:30:00Z",
        "2026-03-21T14:35:00Z",
    ];
    assert_eq!(ran_at(&sandbox, "UTC", &moments), ["2026-03-21T10:01:00Z", "2026-03-21T14:30:00Z"]);
    let entry = &sandbox.json(".loop/automation_state.json")["automations"]["a"];
    assert_eq!((&entry["runs"], &entry["last_reason"]), (&json!(2), &json!("ran_well")));
}

#[test]
fn a_run_that_was_missed_too_long_ago_is_not_made_up_and_this_is_said() {
    let sandbox = world("daily", &json!({"at": "06:30", "catch_up_hours": 3}));
    let _ = tick_in(&sandbox, "2026-03-20T12:00:00Z", "UTC").code(0);
    let ended = tick_in(&sandbox, "2026-03-21T12:00:00Z", "UTC").code(0);
    assert!(ended.err.contains("its run of 2026-03-21T06:30:00+00:00 was missed (missed_too_old)"), "{}", ended.err);
    assert_eq!(ran_at(&sandbox, "UTC", &["2026-03-22T06:29:00Z", "2026-03-22T08:00:00Z"]), ["2026-03-22T08:00:00Z"]);
}

#[test]
fn a_day_has_one_run_when_the_clock_changes() {
    for (day, at, expected) in [
        // Skipped by the clock: it comes when the gap is over, at 03:00 summer time.
        ("2026-03-29", "02:30", "2026-03-29T01:00:00Z"),
        // Twice on the clock: it comes the first time.
        ("2026-10-25", "02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25", "06:00", "2026-10-25T05:00:00Z"),
    ] {
        let sandbox = world("daily", &json!({"at": at}));
        let moments = half_hours(day);
        let moments: Vec<&str> = moments.iter().map(String::as_str).collect();
        assert_eq!(ran_at(&sandbox, BERLIN, &moments), [expected], "{day} {at}");
    }
    // Killed before the change, and back after it.
    let sandbox = world("daily", &json!({"at": "02:30"}));
    let moments = ["2026-03-28T23:00:00Z", "2026-03-29T09:00:00Z", "2026-03-29T10:00:00Z"];
    assert_eq!(ran_at(&sandbox, BERLIN, &moments), ["2026-03-29T09:00:00Z"]);
}

#[test]
fn a_clock_that_steps_a_day_back_and_forth_brings_nothing_twice_and_silences_nothing() {
    let sandbox = world("hourly", &json!({}));
    let moments = [
        "2026-03-21T11:55:00Z",
        "2026-03-21T12:00:30Z",
        "2026-03-20T12:05:00Z",
        "2026-03-20T12:10:00Z",
        "2026-03-21T12:15:00Z",
        "2026-03-21T13:00:10Z",
    ];
    assert_eq!(ran_at(&sandbox, "UTC", &moments), ["2026-03-21T12:00:30Z", "2026-03-21T13:00:10Z"]);
    // One that stays back goes on hour by hour.
    let moments = ["2026-03-20T13:05:00Z", "2026-03-20T13:58:00Z", "2026-03-20T14:00:10Z"];
    assert_eq!(ran_at(&sandbox, "UTC", &moments).last().unwrap(), "2026-03-20T14:00:10Z");
}

#[test]
fn cycles_are_counted_in_the_log_and_seeded_lines_are_none() {
    let sandbox = world("every_5_cycles", &json!({}));
    let mut log = String::new();
    let mut add = |count: usize, extra: &str| {
        for _ in 0..count {
            let line = json!({"cycle": 1, "success": true, "timestamp": "2026-03-20T12:00:00+00:00"});
            let line = line.to_string();
            log.push_str(&line[..line.len() - 1]);
            log.push_str(extra);
            log.push_str("}\n");
        }
        sandbox.write(".loop/retro/cycles.jsonl", &log);
        let _ = tick_in(&sandbox, "2026-03-21T12:00:00Z", "UTC").code(0);
        sandbox.read("ran").lines().count()
    };
    assert_eq!(add(3, ""), 0, "the first look only counts");
    assert_eq!(add(1, ""), 0);
    assert_eq!(add(1, ""), 1);
    assert_eq!(add(20, ", \"backfilled\": true"), 1);
    assert_eq!(add(14, ""), 2, "several at once are one run");
}

#[test]
fn a_cron_expression_and_a_schedule_of_daily_run_bring_runs() {
    let sandbox = world("cron:*/15 9 * * mon-fri", &json!({}));
    sandbox.write("config/daily_run.json", r#"{"schedules": {"hourly": {"automations": ["a"]}}}"#);
    // The 20th is a Friday, the 21st a Saturday.
    let moments = [
        "2026-03-20T08:59:00Z",
        "2026-03-20T09:00:10Z",
        "2026-03-20T09:16:00Z",
        "2026-03-21T09:16:00Z",
        "2026-03-21T09:17:00Z",
    ];
    assert_eq!(
        ran_at(&sandbox, "UTC", &moments),
        ["2026-03-20T09:00:10Z", "2026-03-20T09:16:00Z", "2026-03-21T09:16:00Z"]
    );
    let ended = sandbox
        .call("timmy", ["schedule", "next", "--json"])
        .env("TZ", BERLIN)
        .env("TIMMY_NOW", "2026-03-21T09:18:00Z")
        .run()
        .code(0);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let next: Vec<(&str, &str)> = document["next"]
        .as_array()
        .unwrap()
        .iter()
        .map(|next| (next["trigger"].as_str().unwrap(), next["at"].as_str().unwrap()))
        .collect();
    assert_eq!(
        next,
        [("hourly", "2026-03-21T10:00:00+00:00"), ("cron:*/15 9 * * mon-fri", "2026-03-23T08:00:00+00:00")]
    );
}

#[test]
fn what_is_disabled_or_paused_is_not_made_up_when_it_goes_on() {
    let sandbox = world("hourly", &json!({}));
    let timmy = |args: &[&str], now: &str| sandbox.call("timmy", args).env("TIMMY_NOW", now).run().code(0);
    let _ = ran_at(&sandbox, "UTC", &["2026-03-21T09:50:00Z"]);
    let _ = timmy(&["automation", "disable", "a"], "2026-03-21T09:51:00Z");
    let _ = ran_at(&sandbox, "UTC", &["2026-03-21T10:10:00Z", "2026-03-21T11:10:00Z"]);
    let _ = timmy(&["automation", "enable", "a"], "2026-03-21T11:11:00Z");
    let _ = timmy(&["automation", "pause", "a", "--for", "1h", "--reason", "x"], "2026-03-21T11:12:00Z");
    assert_eq!(
        ran_at(&sandbox, "UTC", &["2026-03-21T12:05:00Z", "2026-03-21T12:30:00Z", "2026-03-21T13:01:00Z"]),
        ["2026-03-21T13:01:00Z"]
    );
}

#[test]
fn a_second_scheduler_refuses_and_a_stop_waits_for_what_runs() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "touch begun; sleep 0.5; touch ended");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "hourly"}]));
    let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
    let first = scheduler(&sandbox).start();
    soon(|| sandbox.bytes("begun").is_some());
    for command in ["run", "tick"] {
        let second = sandbox.run("timmy", &["schedule", command]).code(1);
        assert!(second.err.contains("another scheduler is running"), "{}", second.err);
    }
    let ended = end(first).code(0);
    assert!(sandbox.bytes("ended").is_some(), "{}", ended.conversation());
    assert!(ended.out.contains("[timmy] a for hourly: ran_well"), "{}", ended.out);
    let _ = tick_in(&sandbox, "2026-03-21T12:40:00Z", "UTC").code(0);
}

#[test]
fn a_scheduler_whose_lock_was_removed_goes_on_unless_another_has_taken_over() {
    for another in [false, true] {
        let sandbox = Sandbox::new();
        sandbox.script("s.sh", "touch begun; while [ ! -e go ]; do sleep 0.02; done");
        sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "hourly"}]));
        let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
        let first = scheduler(&sandbox).start();
        soon(|| sandbox.bytes("begun").is_some());
        let is_held = || sandbox.run("timmy", &["schedule", "next", "--json"]).out.contains("\"scheduler\": true");
        assert!(is_held());
        std::fs::remove_dir_all(sandbox.root().join(".loop/running")).unwrap();
        assert!(!is_held());
        let second = another.then(|| scheduler(&sandbox).start());
        if another {
            soon(is_held);
        }
        // The end of the run wakes the scheduler.
        sandbox.write("go", "");
        match second {
            None => {
                soon(is_held);
                let _ = end(first).code(0);
            }
            Some(second) => {
                let ended = CallOutput::from(first.wait_with_output().unwrap()).code(1);
                assert!(ended.err.contains("another scheduler is running"), "{}", ended.conversation());
                let _ = end(second).code(0);
            }
        }
    }
}

#[test]
fn a_scheduler_whose_lock_cannot_be_made_again_goes_on() {
    let sandbox = Sandbox::new();
    // As on a file system that is not there for a while.
    let elsewhere = sandbox.outside().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, sandbox.root().join(".loop")).unwrap();
    sandbox.script("s.sh", "touch begun; while [ ! -e go ]; do sleep 0.02; done; touch ended");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "hourly"}]));
    let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
    let first = scheduler(&sandbox).start();
    soon(|| sandbox.bytes("begun").is_some());
    std::fs::remove_dir_all(&elsewhere).unwrap();
    // The end of the run wakes the scheduler.
    sandbox.write("go", "");
    soon(|| sandbox.bytes("ended").is_some());
    std::thread::sleep(Duration::from_millis(500));
    let ended = end(first).code(0);
    assert!(ended.err.contains("the scheduler goes on without its lock"), "{}", ended.conversation());
    assert!(!ended.err.contains("another scheduler"), "{}", ended.conversation());
}

#[test]
fn a_stop_does_not_wait_for_ever_and_what_was_ended_is_begun_again() {
    let sandbox = Sandbox::new();
    sandbox.script("s.sh", "trap '' TERM; echo x >> begun; [ -e quick ] || sleep 1000");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "hourly"}]));
    sandbox.write("config/daily_run.json", r#"{"scheduler": {"stop_timeout": 0}}"#);
    let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
    let child = scheduler(&sandbox).start();
    soon(|| sandbox.bytes("begun").is_some());
    let _ = end(child).code(0);
    assert_eq!(sandbox.json(".loop/automation_state.json")["automations"]["a"]["last_reason"], "stopped");
    sandbox.write("quick", "");
    let _ = tick_in(&sandbox, "2026-03-21T12:50:00Z", "UTC").code(0);
    assert_eq!(sandbox.read("begun").lines().count(), 2);
    let _ = tick_in(&sandbox, "2026-03-21T12:55:00Z", "UTC").code(0);
    assert_eq!(sandbox.read("begun").lines().count(), 2);
}

#[test]
fn a_scheduler_that_is_killed_around_a_due_time_loses_no_run_and_makes_none_twice() {
    // Killed while the run goes on: the run ends by itself, or is begun once more; never both at once.
    let sandbox = Sandbox::new();
    // It lets go of what it reads, and so of the right to run.
    sandbox.script("s.sh", "exec </dev/null; echo x >> begun; while [ ! -e go ]; do sleep 0.02; done; echo x >> ended");
    sandbox.automations(&json!([{"id": "a", "script": "s.sh", "trigger": "hourly"}]));
    let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
    let mut child = scheduler(&sandbox).start();
    soon(|| sandbox.bytes("begun").is_some());
    signal("KILL", child.id());
    child.wait().unwrap();
    // It still runs, so the next scheduler leaves it alone.
    let _ = tick_in(&sandbox, "2026-03-21T12:40:00Z", "UTC").code(0);
    assert_eq!(sandbox.read("begun").lines().count(), 1);
    sandbox.write("go", "");
    soon(|| sandbox.bytes("ended").is_some());
    // How it ended nobody knows, for nobody was left to write it down: it is begun once more, and only once.
    std::thread::sleep(Duration::from_millis(100));
    for moment in ["2026-03-21T12:45:00Z", "2026-03-21T12:50:00Z"] {
        let _ = tick_in(&sandbox, moment, "UTC").code(0);
    }
    assert_eq!(sandbox.read("ended").lines().count(), 2);
    let entry = &sandbox.json(".loop/automation_state.json")["automations"]["a"];
    assert_eq!((&entry["status"], &entry["runs"], &entry["failures"]), (&json!("ok"), &json!(2), &json!(1)));
}

#[test]
fn units_are_printed_for_every_manager() {
    let sandbox = Sandbox::new();
    let root = sandbox.root().display().to_string();
    for (manager, expected) in [
        (
            "systemd",
            &[
                "ExecStart=",
                "schedule run --repo-root",
                "ProtectSystem=strict",
                "Persistent=true",
                "RandomizedDelaySec=",
            ][..],
        ),
        ("launchd", &["<key>KeepAlive</key>", "<string>schedule</string>"]),
        ("cron", &["-59/5 * * * *", "schedule tick --quiet --repo-root"]),
    ] {
        let ended = sandbox.run("timmy", &["service", "print", manager]).code(0);
        for words in expected.iter().chain([&root.as_str()]) {
            assert!(ended.out.contains(words), "{words}: {}", ended.out);
        }
    }
}

#[test]
fn a_time_zone_that_is_none_is_warned_about_with_what_is_used() {
    let sandbox = world("daily", &json!({}));
    for zone in ["Mars/Olympus", "CET-1CEST", "/etc/passwd", ":", "a\nb"] {
        let ended = sandbox.call("timmy", ["schedule", "next"]).env("TZ", zone).run().code(0);
        let warnings: Vec<_> = ended.err.lines().filter(|line| line.starts_with("warning: ")).collect();
        assert_eq!(warnings.len(), 1, "{zone}: {}", ended.conversation());
        assert!(warnings[0].contains("TZ names no time zone") && warnings[0].contains("is used (now UTC"), "{zone}");
    }
    for zone in [BERLIN, "UTC0", "<+0530>-5:30", ""] {
        let ended = sandbox.call("timmy", ["schedule", "next"]).env("TZ", zone).run().code(0);
        assert_eq!(ended.err, "", "{zone}");
    }
    for args in [&["schedule", "tick"][..], &["automation", "list"], &["why", "automation", "a"]] {
        let ended = sandbox.call("timmy", args).env("TZ", "Mars/Olympus").run();
        assert_eq!(ended.err.matches("TZ names no time zone").count(), 1, "{args:?}: {}", ended.conversation());
    }
}

#[test]
fn the_next_runs_name_the_automations_whose_entries_are_wrong() {
    let sandbox = Sandbox::new();
    sandbox.script("scripts/good.sh", "true");
    sandbox.automations(&json!([
        {"id": "good", "script": "scripts/good.sh", "trigger": "daily"},
        {"id": "wrong", "script": "scripts/good.sh", "trigger": "dayly"}
    ]));
    let ended = sandbox.run("timmy", &["schedule", "next"]).code(0);
    assert!(ended.out.contains("Problem: ") && ended.out.contains("config/automations.json:"), "{}", ended.out);
    assert!(ended.out.contains("there is no trigger `dayly`") && ended.out.contains(" good "), "{}", ended.out);
    let ended = sandbox.run("timmy", &["schedule", "next", "--json"]).code(0);
    let timetable: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(timetable["problems"][0]["id"], "wrong", "{timetable}");
    assert_eq!(timetable["next"].as_array().unwrap().len(), 1, "{timetable}");
}

#[test]
fn a_time_zone_that_is_a_device_is_refused_and_not_read() {
    let sandbox = Sandbox::new();
    for zone in ["/dev/zero", ":/dev/zero", "../../../dev/zero"] {
        for args in [&["automation", "list"][..], &["schedule", "next"], &["schedule", "tick"]] {
            let ended = sandbox.call("timmy", args).env("TZ", zone).run().code(2);
            assert!(ended.err.contains("which is no file of a time zone"), "{zone}: {}", ended.err);
        }
    }
}
