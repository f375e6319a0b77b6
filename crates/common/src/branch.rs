//! What a branch's name says.

/// Returns the number of the issue that a branch is named for (`issue-492`, `fix/issue/492`, any case).
pub fn issue(name: &str) -> Option<u64> {
    let name = name.to_ascii_lowercase();
    name.match_indices("issue").find_map(|(at, word)| {
        let begins_a_word = !name[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
        let rest = &name[at + word.len()..];
        let rest = rest.strip_prefix('s').unwrap_or(rest).trim_start_matches(['-', '_', '/', '#']);
        let digits = rest.find(|next: char| !next.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
        digits.parse().ok().filter(|number| begins_a_word && digits.len() <= 18 && *number > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_every_form() {
        for (branch, expected) in [
            ("issue-492", Some(492)),
            ("issue/492", Some(492)),
            ("fix/Issue-492-crash", Some(492)),
            ("timmy/ISSUE_7", Some(7)),
            ("issue492", Some(492)),
            ("no-issue/issue-3", Some(3)),
            ("issues/12", Some(12)),
            ("issue-0", None),
            ("tissue-12", None),
            ("issue-", None),
            ("v1.2-issue", None),
            ("fix-492", None),
            ("main", None),
            ("issue-99999999999999999999", None),
        ] {
            assert_eq!(issue(branch), expected, "{branch}");
        }
    }
}
