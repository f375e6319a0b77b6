//! Text from outside made safe to show: what an issue, a branch or a server says is data, and must neither move the
//! cursor nor turn the reading direction.

use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns `text` on one line, with everything that a terminal might obey taken out: control characters and
/// escape sequences, bidirectional controls, invisible format characters. Runs of white space become one space.
#[must_use]
pub fn line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(512));
    let mut gap = false;
    for character in without_escapes(text) {
        if character.is_whitespace() || is_line_break(character) {
            gap = !safe.is_empty();
        } else if is_harmless(character) {
            if gap {
                safe.push(' ');
                gap = false;
            }
            safe.push(character);
        }
    }
    safe
}

/// Returns `text` made safe as by [`line()`], but with its line breaks and indentation kept.
#[must_use]
pub fn lines(text: &str) -> String {
    without_escapes(text)
        .filter_map(|character| match character {
            '\n' => Some('\n'),
            '\t' => Some(' '),
            other => is_harmless(other).then_some(other),
        })
        .collect()
}

/// Returns [`line()`] of `text`, cut to at most `width` terminal columns; a cut is shown by `…`.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    // No more than this can fit, whatever the characters; a title of a megabyte costs no more than one of a line.
    let enough = text.char_indices().nth(width.saturating_mul(8) + 64).map_or(text, |(end, _)| &text[..end]);
    let safe = line(enough);
    if safe.width() <= width && enough.len() == text.len() {
        return safe;
    }
    let mut columns = 0;
    let mut cut = String::new();
    for character in safe.chars() {
        columns += character.width().unwrap_or(0);
        if columns + 1 > width {
            break;
        }
        cut.push(character);
    }
    let mut cut = cut.trim_end().to_owned();
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Returns [`fit`] of `text`, filled up with spaces to exactly `width` columns.
#[must_use]
pub fn column(text: &str, width: usize) -> String {
    let mut cell = fit(text, width);
    let gap = width.saturating_sub(cell.width());
    cell.extend(std::iter::repeat_n(' ', gap));
    cell
}

/// Returns how many terminal columns a text takes that [`line()`] has made safe.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// Breaks [`line()`] of `text` at spaces into lines of at most `width` columns (a longer word is alone).
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line(text).split(' ') {
        if let Some(last) = lines.last_mut() {
            if last.is_empty() {
                last.push_str(word);
            } else if last.width() + 1 + word.width() <= width {
                last.push(' ');
                last.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

/// Returns [`line()`] of `text` with the signs escaped that Markdown or HTML would take for their own.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::new();
    for character in line(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // A mention would notify that user each time an agenda is pasted.
            '@' => safe.push_str("@\u{2060}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '~' => safe.extend(['\\', character]),
            other => safe.push(other),
        }
    }
    safe
}

/// Returns the candidate that `word` was probably meant to be, or none if nothing is near (by edit distance, at most
/// a third of the word and never more than three).
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &candidate.to_lowercase().replace('-', "_")), candidate))
        .filter(|(distance, _)| *distance <= (folded.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance with swaps of neighbours as one step (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, &a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &b) in right.iter().enumerate() {
            let mut least = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && a == right[j - 1] && left[i - 1] == b {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[right.len()]
}

fn is_line_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a terminal shows the character and does nothing else with it.
fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Leaves out whole escape sequences (CSI, OSC and the other strings, two-character escapes), so that no remains of
/// them, such as `[31m`, are left to read.
fn without_escapes(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut characters = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let character = characters.next()?;
            let introducer = match character {
                '\u{1b}' => match characters.next_if(|c| matches!(c, ' '..='~')) {
                    Some(introducer) => introducer,
                    None => continue,
                },
                '\u{9b}' => '[',
                '\u{9d}' => ']',
                '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => 'P',
                plain => return Some(plain),
            };
            match introducer {
                '[' => {
                    while characters.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                    characters.next_if(|c| matches!(c, '@'..='~'));
                }
                // A string ends with BEL or ST; one that never ends is cut at the line's end, so that it does not swallow the
                // rest.
                ']' | 'P' | 'X' | '^' | '_' => {
                    while let Some(inside) = characters.next_if(|c| *c != '\n') {
                        if inside == '\u{7}' || inside == '\u{9c}' {
                            break;
                        }
                        if inside == '\u{1b}' {
                            characters.next_if_eq(&'\\');
                            break;
                        }
                    }
                }
                _ => {}
            }
        }
    })
}

/// Returns a count with its noun in the right number: `1 line`, `2 lines`, `0 tries`. `noun` is the singular.
pub fn counted<N: Copy + fmt::Display + From<u8> + PartialEq>(count: N, noun: &str) -> String {
    if count == N::from(1) { format!("{count} {noun}") } else { format!("{count} {}", plural(noun)) }
}

/// The plural of a noun that has a regular one.
fn plural(noun: &str) -> String {
    let ends_in = |endings: &[&str]| endings.iter().any(|ending| noun.ends_with(ending));
    match noun.strip_suffix('y') {
        Some(stem) if !ends_in(&["ay", "ey", "oy", "uy"]) => format!("{stem}ies"),
        _ if ends_in(&["s", "x", "ch", "sh"]) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_have_nouns_in_the_right_number() {
        assert_eq!([0_usize, 1, 2].map(|count| counted(count, "line")), ["0 lines", "1 line", "2 lines"]);
        assert_eq!([1_u64, 3].map(|count| counted(count, "pull request")), ["1 pull request", "3 pull requests"]);
        assert_eq!([1_u32, 3].map(|count| counted(count, "try")), ["1 try", "3 tries"]);
        assert_eq!(["day", "fix", "patch"].map(|noun| counted(2_i64, noun)), ["2 days", "2 fixes", "2 patches"]);
    }

    #[test]
    fn escape_sequences_leave_nothing_behind() {
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}ok\u{1b}]8;;http://x\u{1b}\\link"), "red oklink");
        assert_eq!(line("a\u{9b}2Jb\u{1b}cc\u{7}\u{8}d"), "abcd");
        assert_eq!(line("cut \u{1b}"), "cut");
        assert_eq!(line("\u{1b}]0;never ended\nnext line"), "next line");
    }

    #[test]
    fn the_reading_direction_cannot_be_turned() {
        assert_eq!(line("abc\u{202e}fed\u{2066}x\u{200f}"), "abcfedx");
    }

    #[test]
    fn white_space_becomes_single_spaces() {
        assert_eq!(line("  a\t b\r\n\u{2028} c\u{a0}d  "), "a b c d");
        assert_eq!(lines("a\n  b\r\n\u{1b}[1mc"), "a\n  b\nc");
    }

    #[test]
    fn a_long_title_is_cut_at_the_column() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcde…");
        assert_eq!(fit("日本語テキスト", 7), "日本語…");
        assert_eq!(column("日本", 6), "日本  ");
        assert_eq!(fit(&"x\u{300}".repeat(100_000), 10).width(), 10);
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn markdown_and_html_are_defused() {
        assert_eq!(markdown("<b>[x](y)</b> `a|b` @ann"), "&lt;b&gt;\\[x\\](y)&lt;/b&gt; \\`a\\|b\\` @\u{2060}ann");
    }

    #[test]
    fn the_nearest_name_is_found_and_far_ones_are_not() {
        let names = ["backoff_base", "backoff_max", "verify_open"];
        assert_eq!(nearest("backof_max", names), Some("backoff_max"));
        assert_eq!(nearest("BACKOFF-BASE", names), Some("backoff_base"));
        assert_eq!(nearest("vreify_open", names), Some("verify_open"));
        assert_eq!(nearest("colour", names), None);
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_obeys_gets_through(text in "(?s).*", width in 0usize..100) {
            let shown = fit(&text, width);
            prop_assert!(shown.chars().all(is_harmless));
            prop_assert!(shown.width() <= width);
        }

        #[test]
        fn wrapped_lines_hold_every_word(text in "[a-z ]{0,200}", width in 1usize..40) {
            let wrapped = wrap(&text, width).join(" ");
            prop_assert_eq!(wrapped, line(&text));
        }
    }
}
