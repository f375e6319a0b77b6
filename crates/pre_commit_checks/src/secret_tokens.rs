//! The forms of secrets: how they begin, and what else they are known by.

/// A kind of secret, by how it begins.
pub(crate) struct Kind {
    /// How it begins.
    pub start: &'static str,
    /// How many characters follow at least.
    pub length: usize,
    /// What it is.
    pub name: &'static str,
}

/// The kinds of secrets that are known.
pub(crate) const KINDS: [Kind; 15] = [
    Kind { start: "-----BEGIN ", length: 0, name: "a private key" },
    Kind { start: "AKIA", length: 16, name: "an AWS access key" },
    Kind { start: "ghp_", length: 36, name: "a GitHub token" },
    Kind { start: "gho_", length: 36, name: "a GitHub token" },
    Kind { start: "ghu_", length: 36, name: "a GitHub token" },
    Kind { start: "ghs_", length: 36, name: "a GitHub token" },
    Kind { start: "ghr_", length: 36, name: "a GitHub token" },
    Kind { start: "github_pat_", length: 60, name: "a GitHub token" },
    Kind { start: "glpat-", length: 20, name: "a GitLab token" },
    Kind { start: "npm_", length: 36, name: "an npm token" },
    Kind { start: "pypi-AgEIcHlwaS5vcmc", length: 50, name: "a PyPI token" },
    Kind { start: "xoxb-", length: 24, name: "a Slack token" },
    Kind { start: "xoxp-", length: 24, name: "a Slack token" },
    // Tokens of Gitea and Forgejo have no mark of their own: 40 hexadecimal digits on a line that speaks of a token.
    Kind { start: "oken", length: 40, name: "a Gitea or Forgejo token" },
    Kind { start: "OKEN", length: 40, name: "a Gitea or Forgejo token" },
];

/// How far around a sign is looked, in bytes: longer tokens there are none.
pub(crate) const LOOK: usize = 4096;

/// How many different characters a real token has at least; a placeholder has fewer.
const DIFFERENT: usize = 9;

/// A text with every token in it left out.
pub(crate) fn without_tokens(text: &str) -> String {
    let mut safe = text.to_owned();
    for kind in KINDS.iter().filter(|kind| kind.length > 0 && kind.length != 40) {
        let mut from = 0;
        while let Some(at) = safe[from..].find(kind.start).map(|at| from + at) {
            let (before, after) = (&safe.as_bytes()[..at], &safe.as_bytes()[at + kind.start.len()..]);
            from = at + kind.start.len();
            if is_token(kind, before, after) {
                let end = after.iter().position(|byte| !is_part(*byte)).map_or(safe.len(), |length| from + length);
                safe.replace_range(from..end, "…");
            }
        }
    }
    // A token of the forge has no mark of its own; 40 digits of a commit are no loss.
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let mut from = 0;
    while let Some(start) = safe.as_bytes()[from..].iter().position(is_digit).map(|at| from + at) {
        let length = safe.as_bytes()[start..].iter().position(|byte| !is_digit(byte)).unwrap_or(safe.len() - start);
        from = start + length;
        if length == 40 {
            safe.replace_range(start..from, "…");
            from = start;
        }
    }
    safe
}

/// Whether a byte may be part of a token.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Whether a token of this kind follows what comes before it.
pub(crate) fn is_token(kind: &Kind, before: &[u8], after: &[u8]) -> bool {
    let after = &after[..after.len().min(LOOK)];
    let length = after.iter().position(|byte| !is_part(*byte)).unwrap_or(after.len());
    let body = &after[..length];
    !before.last().is_some_and(u8::is_ascii_alphanumeric)
        && length >= kind.length
        && (kind.start != "AKIA" || length == 16 && !body.iter().any(u8::is_ascii_lowercase))
        && varied(body)
}

/// Whether a text has as many different characters as a real token.
pub(crate) fn varied(body: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in body {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count() >= DIFFERENT
}
