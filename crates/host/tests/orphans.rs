//! A process that adopts orphans collects them, and takes no exit code from those who wait for their own children.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, Instant};

use host::child::{self, ExitOutcome, orphans};

/// The children of this process that have ended and that nobody has waited for.
fn zombies() -> Vec<String> {
    let own = std::process::id().to_string();
    let stats = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.unwrap().path().join("stat")).ok()?;
        let rest = stat.rsplit_once(") ")?.1.to_owned();
        (rest.split(' ').nth(1) == Some(&own) && rest.starts_with('Z')).then_some(stat)
    });
    stats.collect()
}

#[test]
fn orphans_are_collected_and_every_exit_code_arrives() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    orphans::collect_orphans().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for round in 0..40 {
                    let code = (thread * 40 + round) % 256;
                    // One orphan that ends after its parent, and one before.
                    let script = format!("(setsid sleep 0.02 &) ; (setsid true &); exit {code}");
                    let args = ["-c".into(), script.into()];
                    let said = child::output("sh".as_ref(), &args, Path::new("/"), Duration::from_mins(1), 10).unwrap();
                    assert_eq!(said.ended, ExitOutcome::Code(code));
                }
            });
        }
    });
    let missing = child::output("no-such-program".as_ref(), &[], Path::new("/"), Duration::from_secs(1), 0);
    assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    let deadline = Instant::now() + Duration::from_mins(1);
    while !zombies().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(zombies(), [""; 0]);
}
