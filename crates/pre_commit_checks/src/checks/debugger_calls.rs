//! No debugger is left in.

use memchr::memmem;

use crate::file::{File, Python, Report};
use crate::finding::Place;
use crate::settings::Settings;

/// Modules whose `set_trace` stops a program.
const DEBUGGERS: [&str; 8] = ["bpdb", "epdb", "ipdb", "pdb", "pdbpp", "pudb", "rpdb", "wdb"];

pub(super) fn check(file: &File, python: &Python, _: &Settings, report: &mut Report) {
    if ![&b"breakpoint("[..], b"set_trace("].iter().any(|sign| memmem::find(file.bytes, sign).is_some()) {
        return;
    }
    for call in python.module.calls() {
        let is_debugger = match call.name.rsplit_once('.') {
            None => call.name == "breakpoint" || call.name == "set_trace",
            Some((module, function)) => function == "set_trace" && DEBUGGERS.contains(&module),
        };
        if is_debugger {
            report.add(Place::Offset(call.offset), &format!("{}() stops the program", call.name), "take the call out");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn calls_are_found_and_words_are_not() {
        let text = b"def f():\n    breakpoint()\n    import pdb; pdb.set_trace()\n    x.set_trace()\n    'breakpoint()'  # breakpoint()\n";
        assert_eq!(
            of("debugger-calls", "a.py", text),
            ["2:5: breakpoint() stops the program", "3:17: pdb.set_trace() stops the program"]
        );
    }
}
