//! Everything in a repository as a value, and what of it differs from run to run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;

use regex::bytes::Regex;

/// A file or a link: its content (a link's: where it leads to) with the durations masked, and its permissions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Item {
    pub(crate) content: Vec<u8>,
    pub(crate) mode: u32,
}

/// Every file and link outside `.git` by its path; those of the directory for temporary files begin with `@tmp/`.
pub(crate) type Tree = BTreeMap<String, Item>;

/// Durations, process numbers, and what identifies a file: different in each run.
static MASK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"("(?:last_)?duration_ms": |"pid": |pid of timmy |\bin )\d+|("(?:file|changed|modified|owner)": )\[[^\]]*\]|("ending": )"[^"]*""#)
        .unwrap()
});

/// Replaces what differs from run to run.
pub(crate) fn masked(content: &[u8]) -> Vec<u8> {
    MASK.replace_all(content, &b"${1}${2}${3}0"[..]).into_owned()
}

/// Reads a repository and the directory for temporary files.
pub(crate) fn read(root: &Path, temporary: &Path) -> Tree {
    let mut tree = Tree::new();
    walk(root, root, "", &mut tree);
    walk(temporary, temporary, "@tmp/", &mut tree);
    tree
}

fn walk(root: &Path, folder: &Path, prefix: &str, tree: &mut Tree) {
    let entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    if entries.is_empty() && folder != root && !prefix.is_empty() {
        tree.insert(name(root, folder, prefix), Item { content: b"an empty directory".to_vec(), mode: 0 });
    }
    for entry in entries {
        let (path, metadata) = (entry.path(), entry.path().symlink_metadata().unwrap());
        if entry.file_name() == ".git" {
            continue;
        }
        let content = if metadata.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if metadata.is_dir() {
            walk(root, &path, prefix, tree);
            continue;
        } else if metadata.len() > 1 << 20 {
            // A program: its length tells a copy from half a copy.
            metadata.len().to_string().into_bytes()
        } else {
            masked(&fs::read(&path).unwrap())
        };
        tree.insert(name(root, &path, prefix), Item { content, mode: metadata.permissions().mode() & 0o777 });
    }
}

fn name(root: &Path, path: &Path, prefix: &str) -> String {
    format!("{prefix}{}", path.strip_prefix(root).unwrap().to_string_lossy())
}
