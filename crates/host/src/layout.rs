//! Lines that are wider than the terminal: they are broken at spaces, and nothing of them is lost.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The narrowest terminal that lines are broken for.
const NARROWEST: usize = 20;

/// How wide most terminals are at least.
const USUAL: usize = 80;

/// The indentation from which on a line is a part of an indented text, and no entry of a list.
const DEEP: usize = 8;

/// Breaks a line at spaces into lines of at most `width` columns; the second and later ones are indented by `hang` columns, or
/// less where a word would not fit otherwise. A word that is wider than `width` is alone on its line; it is broken only where it is
/// wider than most terminals.
#[must_use]
#[expect(clippy::integer_division, reason = "half a width is a whole number of columns")]
pub fn broken(line: &str, width: usize, hang: usize) -> Vec<String> {
    let width = width.max(NARROWEST);
    if line.width() <= width {
        return vec![line.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    // Deep indentation would leave no room for the text.
    let mut current = " ".repeat(indentation(line).min(width / 2));
    let mut has_word = false;
    for (gap, word) in words(line).flat_map(|(gap, word)| parts(gap, word, width.max(USUAL))) {
        if has_word && current.width() + gap + word.width() > width {
            lines.push(std::mem::take(&mut current));
            current = " ".repeat(hang.min(width / 2).min(width.saturating_sub(word.width())));
        } else if has_word {
            current.extend(std::iter::repeat_n(' ', gap));
        } else {
            current.truncate(width.saturating_sub(word.width()).min(current.len()));
        }
        current.push_str(word);
        has_word = true;
    }
    lines.push(current);
    lines
}

/// Returns by how many columns the continuation of a line is indented: up to its second column, if it has one (after two or more
/// spaces) that leaves room; else by `step` more than the line, unless that is indented deeply.
#[must_use]
pub fn natural_hang(line: &str, width: usize, step: usize) -> usize {
    let indent = indentation(line);
    let mut at = indent;
    for (place, (gap, word)) in words(line).enumerate() {
        if place > 0 {
            at += gap;
        }
        if place > 0 && gap >= 2 && at * 2 <= width.max(NARROWEST) {
            return at;
        }
        at += word.width();
    }
    if indent >= DEEP { indent } else { indent + step }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A word as it is, or in parts where it is wider than `most` columns.
fn parts(gap: usize, word: &str, most: usize) -> Vec<(usize, &str)> {
    let (mut parts, mut rest, mut gap) = (Vec::new(), word, gap);
    while rest.width() > most {
        let mut columns = 0;
        let is_beyond = |(_, character): &(usize, char)| {
            columns += character.width().unwrap_or(0);
            columns > most
        };
        let end = rest.char_indices().find(is_beyond).map_or(rest.len(), |(at, _)| at);
        parts.push((gap, &rest[..end]));
        (rest, gap) = (&rest[end..], 0);
    }
    parts.push((gap, rest));
    parts
}

/// The words of a line, each with the number of spaces before it.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let word = rest.trim_start_matches(' ');
        let gap = rest.len() - word.len();
        let end = word.find(' ').unwrap_or(word.len());
        rest = &word[end..];
        (end > 0).then(|| (gap, &word[..end]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wide_line_is_broken_at_spaces_and_continued_below_its_text() {
        assert_eq!(broken("short", 40, 2), ["short"]);
        assert_eq!(
            broken("  #102  bug  a title that is longer than the terminal", 30, 13),
            ["  #102  bug  a title that is", "             longer than the", "             terminal"]
        );
        assert_eq!(
            broken("see https://example.org/a/very/long/path now", 24, 4),
            ["see", "https://example.org/a/very/long/path", "    now"]
        );
        assert_eq!(broken("日本語 テキスト 日本語 テキスト", 20, 0), ["日本語 テキスト", "日本語 テキスト"]);
    }

    #[test]
    fn the_continuation_is_below_the_second_column() {
        assert_eq!(natural_hang("  --json   Print one document", 40, 2), 11);
        assert_eq!(natural_hang("          an indented text", 40, 2), 10);
        assert_eq!(natural_hang("  an entry of a list", 40, 2), 4);
        assert_eq!(natural_hang("  a first column that is too wide for it  text", 40, 2), 4);
    }

    #[test]
    fn a_word_that_is_wider_than_most_terminals_is_broken() {
        let lines = broken(&format!("a {}", "日x".repeat(50)), 40, 2);
        assert_eq!(lines.concat().replace(' ', ""), format!("a{}", "日x".repeat(50)));
        assert!(lines.iter().all(|line| line.width() <= 80), "{lines:?}");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_too_wide(line in "[ a-z日本]{0,200}", width in 20usize..100, hang in 0usize..120) {
            let lines = broken(&line, width, hang);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&lines.join(" ")), words(&line));
            for line in lines {
                prop_assert!(line.width() <= width || !line.trim().contains(' '), "{}", line);
            }
        }
    }
}
