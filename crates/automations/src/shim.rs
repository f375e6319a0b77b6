//! Shims: files at the paths of scripts that find the program of a tool and become it. `sh`, `python3` and a direct call can run
//! one, Python can import it, and it can be committed, because its text is the same everywhere.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use host::Host;
use host::files;

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
    tool_at(path).is_some()
}

/// Returns the tool that the file at a path is a shim for; one that cannot be read is none.
pub fn tool_at(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    let most = (BEGINNING.len() + LONGEST_NAME) as u64;
    // Only a file: the end of a pipe may never come.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    File::open(path).ok()?.take(most).read_to_end(&mut start).ok()?;
    tool_of(&start).map(str::to_owned)
}

/// Returns the program that the shim for a tool in a repository finds; none where it would report that there is none.
pub fn program(host: &Host, root: &Path, tool: &str) -> Option<PathBuf> {
    let home = host.var("TIMMY_HOME").map(PathBuf::from);
    let search = host.var("PATH").unwrap_or_default();
    let of_home = home.iter().flat_map(|home| [home.join(tool), home.join("bin").join(tool)]);
    let on_path = search.split(':').filter(|folder| folder.starts_with('/')).map(|folder| Path::new(folder).join(tool));
    let in_repository = [Some(root.to_owned()), main_work_tree(root)].into_iter().flatten();
    in_repository
        .map(|root| root.join(".loop/bin").join(tool))
        .chain(of_home)
        .chain(on_path)
        .find(|program| is_program(program) && !is_at(program))
}

/// Whether a file may be run.
fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The main work tree that a linked one belongs to, by its `.git`, which is a file.
fn main_work_tree(root: &Path) -> Option<PathBuf> {
    let text = files::read(&root.join(".git"), 1 << 16).ok().flatten()?;
    let place = String::from_utf8(text).ok()?.trim_end().strip_prefix("gitdir: ")?.to_owned();
    let place = root.join(place);
    place.ancestors().find(|folder| folder.ends_with(".git/worktrees"))?.parent()?.parent().map(Path::to_owned)
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
