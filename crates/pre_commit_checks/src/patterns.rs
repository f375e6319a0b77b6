//! Path patterns: `*` within a name, `**` across folders, a folder for all in it.

/// Returns whether a name matches one of the patterns.
pub(crate) fn any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| {
        let pattern = pattern.trim_start_matches("./");
        let folder = pattern.trim_end_matches('/');
        fast_glob::glob_match(pattern, name)
            || name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            || !folder.contains('/') && fast_glob::glob_match(format!("**/{folder}"), name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_people_expect() {
        let any = |pattern: &str, name: &str| any(&[pattern.to_owned()], name);
        assert!(any("tests/**/test_*.py", "tests/test_a.py") && any("tests/**/test_*.py", "tests/a/b/test_a.py"));
        assert!(!any("tests/**/test_*.py", "src/test_a.py") && !any("tests/**/test_*.py", "tests/a.py"));
        assert!(any("src/", "src/a/b.py") && any("src", "src/a.py") && !any("src", "srca/b.py"));
        assert!(any("*.lock", "a/b/Cargo.lock") && any("./docs/*", "docs/a") && !any("docs/*.md", "docs/a/b.md"));
    }
}
