//! Paths as their text says them.

use std::path::{Component, Path, PathBuf};

/// A path without `.` and `..`, whatever is on the disk.
pub fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(tidy.pop()),
            other => tidy.push(other),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_up_and_in_place_are_taken_out() {
        assert_eq!(tidy(Path::new("/r/config/../scripts/./a.py")), Path::new("/r/scripts/a.py"));
        assert_eq!(tidy(Path::new("/r/../../etc/x")), Path::new("/etc/x"));
    }
}
