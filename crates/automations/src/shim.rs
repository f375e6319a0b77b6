//! Shims: files at the paths of scripts that find the program of a tool and become it. `sh`, `python3` and a direct call can run
//! one, Python can import it, and it can be committed, because its text is the same everywhere.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use host::Host;
use host::files;

/// The text, for any tool.
const TEXT: &str = include_str!("shim.txt");

/// What every version of a shim begins with: its first line, and its second one before the name of the tool.
const FIRST_LINE: &[u8] = b"#!/bin/sh";
const SECOND_LINE: &[u8] = b"\"\"\":\" # Timmy Automations shim for ";

/// The longest name of a tool.
const LONGEST_NAME: usize = 60;

/// Returns the text of the shim for a tool.
pub fn text(tool: &str) -> String {
    TEXT.replace("@TOOL@", tool)
}

/// Returns the tool that a file with this content is a shim for, whichever version made it, and with the line ends of whichever
/// checkout.
pub fn tool_of(content: &[u8]) -> Option<&str> {
    let rest = content.strip_prefix(FIRST_LINE)?;
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n")?.strip_prefix(SECOND_LINE)?;
    let end = rest.iter().take(LONGEST_NAME).position(|byte| *byte == b'\n')?;
    let name = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
    std::str::from_utf8(name).ok()
}

/// Returns the content of a shim with the line ends that a shell runs.
pub fn with_line_feeds(content: &[u8]) -> Cow<'_, [u8]> {
    if !content.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(content);
    }
    let lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    Cow::Owned(lines.join(&b'\n'))
}

/// Returns whether the file at a path is a shim; one that cannot be read is none.
pub fn is_at(path: &Path) -> bool {
    tool_at(path).is_some()
}

/// Returns the tool that the file at a path is a shim for; one that cannot be read is none.
pub fn tool_at(path: &Path) -> Option<String> {
    tool_of(&start_of(path)?).map(str::to_owned)
}

/// Returns whether the file at a path is a shim with the line ends CRLF, which no shell runs.
pub fn has_crlf(path: &Path) -> bool {
    start_of(path).is_some_and(|start| tool_of(&start).is_some() && start[FIRST_LINE.len()..].starts_with(b"\r"))
}

/// The beginning of a file, as far as it shows a shim; none where it cannot be read.
fn start_of(path: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    let most = (FIRST_LINE.len() + SECOND_LINE.len() + LONGEST_NAME + 2) as u64;
    // Only a file: the end of a pipe may never come.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    File::open(path).ok()?.take(most).read_to_end(&mut start).ok()?;
    Some(start)
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
        let cut = FIRST_LINE.len() + 1 + SECOND_LINE.len() + 3;
        assert_eq!(tool_of(&text.as_bytes()[..cut]), None, "cut in the name");
    }

    #[test]
    fn a_shim_is_known_with_the_line_ends_of_any_checkout() {
        let text = text("loop_guard");
        let checked_out = text.replace('\n', "\r\n");
        assert_eq!(tool_of(checked_out.as_bytes()), Some("loop_guard"));
        assert_eq!(&*with_line_feeds(checked_out.as_bytes()), text.as_bytes());
        assert_eq!(&*with_line_feeds(text.as_bytes()), text.as_bytes());
    }
}
