//! What a text shows at a glance, without a parse: where words are, what a line binds or sets.

use memchr::memmem;

/// Returns whether the text of a module shows by itself that it binds a name: by a definition or an import that begins at
/// the margin.
pub(crate) fn binds(text: &[u8], name: &str) -> bool {
    let mut bound = false;
    for at in words(text, name) {
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
        let (before, after) = (&text[start..at], text[at + name.len()..].trim_ascii_start());
        if before.trim_ascii_start().starts_with(b"del ") {
            return false;
        }
        bound |= match before.trim_ascii_start() {
            b"def " | b"class " | b"async def " => is_of_module(&text[..start], before),
            b"" if after.starts_with(b"=") && !after.starts_with(b"==") => is_of_module(&text[..start], before),
            b"import " if !after.starts_with(b".") && !after.starts_with(b"as ") => {
                is_of_module(&text[..start], before)
            }
            _ => !after.starts_with(b"as ") && is_imported(&text[..at]),
        };
    }
    bound
}

/// Returns whether the line that a text ends in updates the dictionary of something.
pub(crate) fn is_updated(text: &[u8]) -> bool {
    let line = &text[memchr::memrchr(b'\n', text).map_or(0, |end| end + 1)..];
    memmem::find(line, b"__dict__").is_some() || memmem::find(line, b"vars(").is_some()
}

/// Returns whether a line of a text assigns to an attribute of this name; what an object sets of itself does not count.
pub(crate) fn sets(text: &[u8], name: &str) -> bool {
    words(text, name).filter(|at| *at > 0 && text[at - 1] == b'.').any(|at| {
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
        let (before, after) = (&text[start..at], &text[at + name.len()..end]);
        if [&b"self."[..], b"cls."].iter().any(|own| before.trim_ascii_start() == *own) {
            return false;
        }
        let assigns = memchr::memchr(b'=', after).is_some_and(|at| after.get(at + 1) != Some(&b'='));
        let is_target = after.trim_ascii_start().starts_with(b"in ") || memmem::find(before, b" as ").is_some();
        memchr::memchr2(b'(', b'=', before).is_none_or(|_| before.starts_with(b"with ")) && (assigns || is_target)
    })
}

/// Returns where a text has a word by itself.
pub(crate) fn words<'w>(text: &'w [u8], word: &'w str) -> impl Iterator<Item = usize> + 'w {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memmem::find_iter(text, word).filter(move |at| {
        !is_part(at.checked_sub(1).and_then(|before| text.get(before))) && !is_part(text.get(at + word.len()))
    })
}

/// Whether a line that begins like `line` after `text` is run when the module is imported: it begins at the margin, or one
/// level below a statement that is no definition and no check for types.
fn is_of_module(text: &[u8], line: &[u8]) -> bool {
    let indent = line.len() - line.trim_ascii_start().len();
    if indent == 0 {
        return true;
    }
    let at_margin =
        |line: &&[u8]| line.first().is_some_and(|byte| !byte.is_ascii_whitespace() && !b"#)".contains(byte));
    let head = text.rsplit(|byte| *byte == b'\n').find(at_margin).unwrap_or_default();
    let opens = [&b"try:"[..], b"except", b"else:", b"if ", b"elif ", b"with ", b"for "];
    indent <= 4 && opens.iter().any(|word| head.starts_with(word)) && memmem::find(head, b"TYPE_CHECKING").is_none()
}

/// Whether what follows `text` is one of the names of a `from … import` that begins at the margin.
fn is_imported(text: &[u8]) -> bool {
    let mut end = text.len();
    loop {
        let start = memchr::memrchr(b'\n', &text[..end]).map_or(0, |at| at + 1);
        match text[start..].first() {
            // A line that goes on with a statement that began above.
            Some(b' ' | b'\t' | b'\n') | None if start > 0 => end = start - 1,
            _ => {
                let statement = &text[start..];
                return statement.starts_with(b"from ")
                    && memmem::find(statement, b" import ").is_some()
                    && memchr::memchr2(b')', b'#', statement).is_none()
                    && (memchr::memchr(b'(', statement).is_some() || memchr::memchr(b'\n', statement).is_none());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_module_are_told_from_those_of_functions() {
        let seen = |text: &str| {
            let at = text.rfind('\n').unwrap() + 1;
            is_of_module(&text.as_bytes()[..at], &text.as_bytes()[at..])
        };
        for text in ["\n", "try:\n    import a\n    ", "if x:\n    y = 1\n# z\n    "] {
            assert!(seen(text), "{text}");
        }
        for text in ["def f():\n    ", "class A:\n    ", "if TYPE_CHECKING:\n    ", "if x:\n    def f():\n        "] {
            assert!(!seen(text), "{text}");
        }
    }

    #[test]
    fn names_of_imports_at_the_margin_are_seen_without_a_parse() {
        let seen = |text: &str| {
            let at = words(text.as_bytes(), "x").next().unwrap();
            is_imported(&text.as_bytes()[..at])
        };
        for text in [
            "from a import x\n",
            "from a import b, x\n",
            "y\nfrom a import (\n    b,\n    x,\n)\n",
            "from .a import (b,\n\n x)",
        ] {
            assert!(seen(text), "{text}");
        }
        for text in [
            "from x import a\n",
            "y\n    x\n",
            "from a import (b)\n    x\n",
            "f(\n    x)\n",
            "if a:\n    from b import x\n",
        ] {
            assert!(!seen(text), "{text}");
        }
    }
}
