//! The next runs that are shown, against the runs that come.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{ran_at, tick_in, world};

/// When the automation runs next, as three commands say it.
fn forecast(sandbox: &Sandbox, now: &str) -> String {
    let json = |args: &[&str]| -> Value {
        let ended = sandbox.call("timmy", args).env("TIMMY_NOW", now).env("TZ", "UTC").run().code(0);
        serde_json::from_str(&ended.out).unwrap()
    };
    let next = json(&["schedule", "next", "--json"])["next"][0]["at"].clone();
    assert_eq!(json(&["automation", "list", "--json"])["automations"][0]["next_run"], next);
    assert_eq!(json(&["why", "automation", "a", "--json"])["next"][0]["at"], next);
    next.as_str().unwrap().replace("+00:00", "Z")
}

/// A command at its time.
type Step<'a> = (&'a str, &'a [&'a str]);

/// A name, commands, when the next run is asked for, the answer, and the look at which it runs.
type Case<'a> = (&'a str, &'a [Step<'a>], &'a str, &'a str, &'a str);

#[test]
fn the_next_run_that_is_shown_is_the_one_that_comes() {
    let at = |time: &str| format!("2026-03-{time}:00Z");
    let tick: &[&str] = &["schedule", "tick"];
    let cases: [Case<'_>; 5] = [
        ("a machine that was off", &[("20T14:00", tick)], "21T10:00", "21T10:00", "21T10:00"),
        (
            "a run in a pause is not made up",
            &[("20T10:00", tick), ("20T10:10", &["automation", "pause", "a", "--for", "20h", "--reason", "x"])],
            "21T05:00",
            "22T06:00",
            "22T06:00",
        ),
        (
            "nor after the pause, without a look in it",
            &[("20T10:00", tick), ("20T10:10", &["automation", "pause", "a", "--for", "20h", "--reason", "x"])],
            "21T07:00",
            "22T06:00",
            "22T06:00",
        ),
        (
            "nor when the pause is ended before its time",
            &[
                ("20T10:00", tick),
                ("20T10:10", &["automation", "pause", "a", "--for", "40h", "--reason", "x"]),
                ("21T06:20", &["automation", "resume", "a"]),
            ],
            "21T06:30",
            "22T06:00",
            "22T06:00",
        ),
        (
            "nor when it is enabled again",
            &[
                ("20T10:00", tick),
                ("20T10:10", &["automation", "disable", "a"]),
                ("21T06:20", &["automation", "enable", "a"]),
            ],
            "21T06:30",
            "22T06:00",
            "22T06:00",
        ),
    ];
    for (name, steps, asked, said, look) in cases {
        let sandbox = world("daily", &json!({}));
        for (time, args) in steps {
            let _ = sandbox.call("timmy", *args).env("TIMMY_NOW", at(time)).env("TZ", "UTC").run().code(0);
        }
        assert_eq!(forecast(&sandbox, &at(asked)), at(said), "{name}");
        let moments = [asked, "21T10:00", "21T23:00", said].map(at);
        let mut moments: Vec<&str> = moments.iter().map(String::as_str).collect();
        moments.sort_unstable();
        assert_eq!(ran_at(&sandbox, "UTC", &moments).first(), Some(&at(look)), "{name}");
    }
}

#[test]
fn a_new_automation_runs_at_its_first_time() {
    let sandbox = world("daily", &json!({"at": "23:00"}));
    let _ = tick_in(&sandbox, "2026-03-21T05:56:00Z", "UTC").code(0);
    let new = ["automation", "new", "b", "--script", "s.sh", "--trigger", "daily"];
    let _ = sandbox.call("timmy", new).env("TIMMY_NOW", "2026-03-21T05:58:00Z").env("TZ", "UTC").run().code(0);
    assert_eq!(forecast_of(&sandbox, "b", "2026-03-21T05:59:00Z"), "2026-03-21T06:00:00+00:00");
    assert_eq!(ran_at(&sandbox, "UTC", &["2026-03-21T06:01:00Z"]), ["2026-03-21T06:01:00Z"]);
    // What was due before it was there is not made up.
    let new = ["automation", "new", "c", "--script", "s.sh", "--trigger", "daily"];
    let _ = sandbox.call("timmy", new).env("TIMMY_NOW", "2026-03-21T06:02:00Z").env("TZ", "UTC").run().code(0);
    assert_eq!(ran_at(&sandbox, "UTC", &["2026-03-21T06:03:00Z"]).len(), 1);
    assert_eq!(forecast_of(&sandbox, "c", "2026-03-21T06:04:00Z"), "2026-03-22T06:00:00+00:00");
}

/// When one of several automations runs next.
pub(crate) fn forecast_of(sandbox: &Sandbox, id: &str, now: &str) -> String {
    let call = sandbox.call("timmy", ["why", "automation", id, "--json"]).env("TIMMY_NOW", now).env("TZ", "UTC");
    let story: Value = serde_json::from_str(&call.run().code(0).out).unwrap();
    story["next"][0]["at"].as_str().unwrap().to_owned()
}
