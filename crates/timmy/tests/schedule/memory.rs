//! What the scheduler remembers, where it cannot be read or written.

use std::time::Duration;

use serde_json::json;

use crate::forecast::forecast_of;
use crate::{end, ran_at, scheduler, tick_in, world};

#[test]
fn a_memory_that_cannot_be_written_or_read_stops_no_run() {
    let sandbox = world("hourly", &json!({}));
    let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
    // A full disk: no file may grow, not even by a byte.
    let call = sandbox.call_with_file_limit(0, "timmy", ["schedule", "tick"]);
    let ended = call.env("TIMMY_NOW", "2026-03-21T12:01:00Z").env("TZ", "UTC").run();
    assert!(ended.err.contains("the schedule cannot be written"), "{}", ended.conversation());
    // The damaged memory is kept, and the next look is a first one.
    sandbox.write(".loop/schedule.json", "{\"automations\": ");
    let ended = tick_in(&sandbox, "2026-03-21T12:10:00Z", "UTC").code(0);
    assert!(ended.err.contains("schedule.json.bad"), "{}", ended.err);
    assert_eq!(sandbox.read(".loop/schedule.json.bad"), "{\"automations\": ");
    let _ = tick_in(&sandbox, "2026-03-21T13:00:10Z", "UTC").code(0);
    assert!(sandbox.read("ran").contains("13:00:10"));
}

/// What cannot be read may say that a run was started already, or that it is paused.
#[test]
fn a_memory_that_cannot_be_read_ends_a_tick_with_2_and_is_said_by_a_scheduler_that_goes_on() {
    for name in [".loop/schedule.json", ".loop/pauses.json"] {
        for in_place in ["a directory", "a link to itself"] {
            let sandbox = world("hourly", &json!({}));
            let _ = tick_in(&sandbox, "2026-03-21T11:30:00Z", "UTC").code(0);
            let (path, aside) = (sandbox.root().join(name), sandbox.outside().join("aside"));
            let was_there = sandbox.bytes(name).is_some();
            if was_there {
                std::fs::rename(&path, &aside).unwrap();
            }
            match in_place {
                "a directory" => std::fs::create_dir(&path).unwrap(),
                _ => std::os::unix::fs::symlink(&path, &path).unwrap(),
            }
            let ended = tick_in(&sandbox, "2026-03-21T12:01:00Z", "UTC").code(2);
            assert!(ended.err.contains(name), "{in_place}: {}", ended.conversation());
            let child = scheduler(&sandbox).env("TIMMY_NOW", "2026-03-21T12:01:00Z").env("TZ", "UTC").start();
            std::thread::sleep(Duration::from_millis(300));
            let ended = end(child).code(0);
            assert!(ended.err.contains("nothing is started before the next look"), "{}", ended.conversation());
            assert!(sandbox.bytes("ran").is_none(), "{name} is {in_place}");
            if in_place == "a directory" {
                std::fs::remove_dir(&path).unwrap();
            } else {
                std::fs::remove_file(&path).unwrap();
            }
            if was_there {
                std::fs::rename(&aside, &path).unwrap();
            }
            let _ = tick_in(&sandbox, "2026-03-21T12:05:00Z", "UTC").code(0);
            assert!(sandbox.bytes("ran").is_some(), "it stays due: {name} was {in_place}");
        }
    }
}

#[test]
fn a_memory_that_is_lost_is_reported_and_what_was_due_since_the_last_run_is_made_up() {
    for damage in ["", "{\"automations\": "] {
        let sandbox = world("hourly", &json!({}));
        let first = ["2026-03-21T11:30:00Z", "2026-03-21T12:01:00Z"];
        assert_eq!(ran_at(&sandbox, "UTC", &first), ["2026-03-21T12:01:00Z"]);
        sandbox.write(".loop/schedule.json", damage);
        let ended = tick_in(&sandbox, "2026-03-21T12:10:00Z", "UTC").code(0);
        assert!(ended.err.contains("what was looked at is lost"), "{}", ended.conversation());
        assert_eq!(sandbox.read("ran").lines().count(), 1, "the run of 12:00 was made");
        sandbox.write(".loop/schedule.json", damage);
        assert_eq!(forecast_of(&sandbox, "a", "2026-03-21T13:10:00Z"), "2026-03-21T13:10:00+00:00");
        let _ = tick_in(&sandbox, "2026-03-21T13:10:00Z", "UTC").code(0);
        assert_eq!(sandbox.read("ran").lines().last().unwrap(), "2026-03-21T13:10:00Z");
    }
}
