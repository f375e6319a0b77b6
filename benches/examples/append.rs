//! The floor of a record: open, lock, write, fsync, read the last 32 KiB, replace a summary by rename.
//!
//! `append LOG SUMMARY`

#![allow(clippy::disallowed_methods, reason = "a floor calls the system directly")]

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

const LINE: &str = r#"{"timestamp": "2026-03-21T12:34:56.123456+00:00", "cycle": 42, "epoch": "\u27f312.6:003", "issue": 85, "type": "bug", "success": true, "hermes_clean": true, "main_green": true, "duration": 480, "tests_passed": 1450, "tests_added": 3, "files_changed": 2, "lines_added": 45, "lines_removed": 12, "kimi_panes": 2, "pr": 91, "reason": "", "notes": ""}
"#;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (log, summary) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(log)?;
    file.lock()?;
    file.write_all(LINE.as_bytes())?;
    file.sync_data()?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(32 << 10)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let temporary = summary.with_extension("tmp");
    fs::write(&temporary, format!("{{\"lines\": {}}}\n", tail.split(|byte| *byte == b'\n').count()))?;
    fs::rename(&temporary, &summary)
}
