//! Shims: files at the paths of scripts that find the program of a tool and become it. `sh`, `python3` and a direct call can run
//! one, Python can import it, and it can be committed, because its text is the same everywhere.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The text, for any tool.
const TEXT: &str = include_str!("shim.txt");

/// What every version of a shim begins with, before the name of the tool and the end of the line.
const BEGINNING: &[u8] = b"#!/bin/sh\n\"\"\":\" # Timmy Automations shim for ";

/// The longest name of a tool.
const LONGEST_NAME: usize = 60;

/// Returns the text of the shim for a tool.
pub fn text(tool: &str) -> String {
    TEXT.replace("@TOOL@", tool)
}

/// Returns the tool that a file with this content is a shim for, whichever version made it.
pub fn tool_of(content: &[u8]) -> Option<&str> {
    let rest = content.strip_prefix(BEGINNING)?;
    let end = rest.iter().take(LONGEST_NAME).position(|byte| *byte == b'\n')?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// Returns whether the file at a path is a shim; one that cannot be read is none.
pub fn is_at(path: &Path) -> bool {
    let mut start = Vec::new();
    let most = (BEGINNING.len() + LONGEST_NAME) as u64;
    // Only a file: the end of a pipe may never come.
    let opened = path.metadata().ok().filter(std::fs::Metadata::is_file).and_then(|_| File::open(path).ok());
    opened.is_some_and(|file| file.take(most).read_to_end(&mut start).is_ok()) && tool_of(&start).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_is_known_by_its_second_line_and_names_its_tool_everywhere() {
        let text = text("loop_guard");
        assert_eq!(tool_of(text.as_bytes()), Some("loop_guard"));
        assert!(text.contains("\ntool=loop_guard\n") && !text.contains("@TOOL@"));
        for other in ["", "#!/bin/sh\n", "#!/bin/sh\n# Timmy Automations shim for x\n"] {
            assert_eq!(tool_of(other.as_bytes()), None);
        }
        assert_eq!(tool_of(&text.as_bytes()[..BEGINNING.len() + 3]), None, "cut in the name");
    }
}
