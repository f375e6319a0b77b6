//! Does the repository use plain words? No text that a person reads contains a phrase of [`PHRASES`].
//!
//! The texts come in kinds ([`Kind`]): documents, configuration, help, messages of the programs, comments in code. Each test
//! below scans some kinds. Identifiers are not scanned: `a_forge_that_is_away` is one word.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads the repository and fails by panicking"
)]

mod rust_texts;

use std::fs;
use std::path::{Path, PathBuf};

use rust_texts::{SourceText, TextKind, rust_texts};

/// What kind of text something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// Markdown that people write.
    Document,
    /// Configuration, build files and examples: all of their text.
    Configuration,
    /// The benches: their comments and their texts.
    Benches,
    /// Documents that are generated from the code, `--help` of every tool among them.
    Reference,
    /// String literals of the crates, and the help topics.
    Message,
    /// Comments of the crates that become help.
    Help,
    /// All other comments of the crates.
    Comment,
}

/// A text with its place.
struct Text {
    path: String,
    line: usize,
    content: String,
}

/// Phrases that do not come back, each with what to write instead.
///
/// A phrase is a sequence of words. `a|b` is one word or the other; `^a` is at the start of a sentence; `!a|b` at the end means
/// that neither of these words follows. Words that have an ordinary technical use are listed only in the phrases in which they
/// are not plain: `stands for` is allowed.
const PHRASES: [(&str, &str); 40] = [
    ("mend|mends|mended|mending", "fix"),
    ("anew", "again"),
    ("manieth", "the number of"),
    ("told|untold", "reported, shown, given, known"),
    ("tell|tells|telling why|how|when|what|where", "report, show, state"),
    ("said", "reported, printed, stated"),
    ("says|say so", "reports it"),
    ("stands !for", "is"),
    ("stand in|there|above|under|alone|beside|twice", "be"),
    ("beside", "next to"),
    ("whoever|whosoever|whomever", "the program or the person, by name"),
    ("somebody|nobody|somebody's|nobody's", "the program or the person, by name"),
    ("in words", "as text"),
    ("is|are|was|were|be away", "is unreachable, is missing"),
    ("lest", "so that … not"),
    ("whence|thence|hence|henceforth|hither|thither|hitherto", "from which, from there, so, until now"),
    ("thereof|therein|thereby|thereupon|wherein|whereby|whereof|whereupon|wherefore", "of it, in it, by it"),
    ("herein|hereby|heretofore|aforesaid|forthwith|whilst|amongst|betwixt|nay|naught|ere|oft|unto", "the plain word"),
    ("lays", "puts, creates, defines"),
    (
        "^of a|an|all|any|both|it|many|one|several|them|those|two|what|which|whom",
        "the subject first: `X has …`, `the X of …`",
    ),
    ("more than a word", "more than one word"),
    ("without a word", "silently"),
    ("at last", "finally, last"),
    ("for ever", "forever, without end"),
    ("to and fro", "back and forth"),
    ("bring|brings|bringing|brought about", "cause, start"),
    ("come|comes|came about", "happen"),
    ("come|comes|came to pass", "happen"),
    ("makes|made|make good", "correct, repair"),
    ("makes|make of them|it", "concludes from"),
    ("see|sees|saw|seen to !it", "handle"),
    ("looks|look|looked after", "maintain, check"),
    ("is|are at work", "is running"),
    ("put|puts right", "correct"),
    ("their|its like", "and similar"),
    ("of ours|theirs|mine", "our tool, one of the tools"),
    (
        "so many|much records|seconds|times|cycles|items|days|lines|rounds|bytes|characters|ready|failures|minutes",
        "the number, at most N",
    ),
    ("up to so much|many", "at most"),
    ("let|lets|letting go of", "release, close"),
    ("seldom", "rarely"),
];

/// Pieces of text that contain a phrase and keep it, because other programs search for them or read them from stored files; each
/// with the reason.
const EXEMPT: [(&str, &str); 5] = [
    ("nobody is asked yet", "`why` in agenda.json"),
    ("come together that nobody has labelled", "`suggestion` in insights.json"),
    ("of those in quarantine", "`suggestion` in insights.json"),
    ("Of two issues the one that succeeds", "`finding` in insights.json"),
    ("looks at an unchanging loop seldom reaches", "`calculation` in insights.json"),
];

#[test]
fn documents_configuration_and_benches_use_plain_words() {
    check(&[Kind::Document, Kind::Configuration, Kind::Benches]);
}

#[test]
fn help_and_messages_use_plain_words() {
    check(&[Kind::Reference, Kind::Message, Kind::Help]);
}

#[test]
fn comments_use_plain_words() {
    check(&[Kind::Comment]);
}

#[test]
fn every_exemption_is_needed() {
    let messages = texts(Kind::Message);
    for (piece, reason) in EXEMPT {
        assert!(messages.iter().any(|text| text.content.contains(piece)), "no message contains {piece:?} ({reason})");
        let text = Text { path: reason.to_owned(), line: 1, content: piece.to_owned() };
        assert!(!offences(&[text]).is_empty(), "{piece:?} contains no phrase of the list");
    }
}

#[test]
fn a_phrase_is_found_across_lines_and_only_as_whole_words() {
    let found = |text: &str| offences(&[Text { path: "x".to_owned(), line: 7, content: text.to_owned() }]);
    assert_eq!(found("It is\naway, and `x.md` stands\nthere.").len(), 2, "a phrase may be wrapped");
    assert!(found("It is\naway.")[0].starts_with("x:7: `is away`"), "{:?}", found("It is\naway."));
    assert!(found("It stands for `a_forge_that_is_away`. It is. Away it goes, besides.").is_empty());
    assert_eq!(found("The queue.\n\nOf several, the last counts.").len(), 1, "at the start of a sentence");
    assert!(found("The last of several counts, of what is there.").is_empty());
    assert_eq!(found("- Of a list, one").len(), 1);
    assert!(found("It sees to it that `stands for` is allowed.").is_empty());
    assert_eq!(found("How-manieth? He MENDS it.").len(), 2);
}

#[test]
fn every_kind_has_texts() {
    for kind in
        [Kind::Document, Kind::Configuration, Kind::Benches, Kind::Reference, Kind::Message, Kind::Help, Kind::Comment]
    {
        let words: usize = texts(kind).iter().map(|text| text.content.split_whitespace().count()).sum();
        assert!(words > 200, "{kind:?} has {words} words only");
    }
}

/// Fails with every offence in texts of these kinds.
fn check(kinds: &[Kind]) {
    let mut texts: Vec<Text> = kinds.iter().flat_map(|kind| texts(*kind)).collect();
    for text in &mut texts {
        for (piece, _) in EXEMPT {
            text.content = text.content.replace(piece, PAUSE);
        }
    }
    let offences = offences(&texts);
    let summary = format!("{} phrases that are not plain (see `PHRASES` in {})", offences.len(), file!());
    assert!(offences.is_empty(), "{summary}:\n{}", offences.join("\n"));
}

/// Describes each phrase of the list that these texts contain.
fn offences(texts: &[Text]) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts {
        let tokens = tokens(&text.content, text.line);
        for (phrase, instead) in PHRASES {
            for at in 0..tokens.len() {
                if let Some(length) = matched(phrase, &tokens, at) {
                    let words: Vec<&str> = tokens[at..at + length].iter().map(|token| token.word.as_str()).collect();
                    found.push(format!("{}:{}: `{}`; write: {instead}", text.path, tokens[at].line, words.join(" ")));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Returns how many tokens from `at` on are the phrase.
fn matched(phrase: &str, tokens: &[Token], at: usize) -> Option<usize> {
    let mut length = 0;
    for part in phrase.split(' ') {
        let word = tokens.get(at + length).map_or("", |token| token.word.as_str());
        if let Some(forbidden) = part.strip_prefix('!') {
            if forbidden.split('|').any(|other| other == word) {
                return None;
            }
            continue;
        }
        let part = match part.strip_prefix('^') {
            Some(_) if at > 0 && tokens[at - 1].word != SENTENCE => return None,
            Some(rest) => rest,
            None => part,
        };
        if !part.split('|').any(|wanted| wanted == word) {
            return None;
        }
        length += 1;
    }
    Some(length)
}

/// The end of a sentence, of a paragraph or of a cell, as a token.
const SENTENCE: &str = ".";

/// A pause inside a sentence, as a token: no phrase goes over it.
const PAUSE: &str = ",";

/// A word in lower case, or a break.
struct Token {
    word: String,
    line: usize,
}

/// Splits a text into words and breaks.
fn tokens(text: &str, first_line: usize) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (offset, line) in text.lines().enumerate() {
        let number = first_line + offset;
        let mut push = |word: &str| tokens.push(Token { word: word.to_lowercase(), line: number });
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(['-', '*', '#', '|', '`']) {
            push(SENTENCE);
        }
        let mut rest = line;
        while let Some(next) = rest.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '\'' || c == '’';
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if length > 0 {
                push(rest[..length].trim_matches('\''));
                rest = &rest[length..];
                continue;
            }
            rest = &rest[next.len_utf8()..];
            let is_end = rest.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '"' | ')' | '*' | '`'));
            match next {
                '|' | ';' => push(SENTENCE),
                '.' | ':' | '?' | '!' if is_end => push(SENTENCE),
                '`' | '-' | '"' | '*' | '“' | '”' => {}
                other if other.is_whitespace() => {}
                _ => push(PAUSE),
            }
        }
    }
    tokens
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns the files below a directory of the repository whose names have one of these endings, sorted by path.
fn files(below: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(below)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                // Not what is built, what programs keep for themselves, and texts of others: licences, projects that tests read.
                let is_hidden = name.starts_with('.') && ![".cargo", ".config"].contains(&name);
                if !is_hidden && !["target", "vendor", "licenses", "mutations"].contains(&name) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the texts of a kind.
fn texts(kind: Kind) -> Vec<Text> {
    let is_reference = |path: &PathBuf| {
        let name = path.strip_prefix(root()).unwrap();
        name.starts_with("docs/reference") || name.starts_with("config/schema")
    };
    let whole =
        |paths: Vec<PathBuf>| paths.iter().map(|path| text(path, 1, fs::read_to_string(path).unwrap())).collect();
    let of_code = |below: &str, wanted: &[TextKind]| {
        let mut texts = Vec::new();
        for path in files(below, &[".rs"]) {
            let is_test = path.strip_prefix(root()).unwrap().components().any(|part| part.as_os_str() == "tests");
            let source = fs::read_to_string(&path).unwrap();
            for SourceText { kind, line, text: content } in rust_texts(&source) {
                if !is_test && wanted.contains(&kind) {
                    texts.push(text(&path, line, content));
                }
            }
        }
        texts
    };
    match kind {
        Kind::Document => whole(files("", &[".md"]).into_iter().filter(|path| !is_reference(path)).collect()),
        Kind::Configuration => {
            let mut paths: Vec<PathBuf> = files("", &[".toml", ".yaml", "justfile"]);
            paths.extend(files("config", &[".json"]));
            paths.extend(
                [".ci/run", ".cargo/link-static", ".cargo/without-unwinding", ".cargo/without-unwinding.ld"]
                    .map(|name| root().join(name)),
            );
            whole(paths.into_iter().filter(|path| !is_reference(path)).collect())
        }
        Kind::Benches => of_code("benches", &[TextKind::Message, TextKind::Help, TextKind::Comment]),
        Kind::Reference => whole(files("", &[".md", ".json"]).into_iter().filter(is_reference).collect()),
        Kind::Message => {
            let topics: Vec<Text> = whole(files("crates/timmy/src/help", &[".txt"]));
            topics.into_iter().chain(of_code("crates", &[TextKind::Message])).collect()
        }
        Kind::Help => of_code("crates", &[TextKind::Help]),
        Kind::Comment => of_code("crates", &[TextKind::Comment]),
    }
}

fn text(path: &Path, line: usize, content: String) -> Text {
    Text { path: path.strip_prefix(root()).unwrap().display().to_string(), line, content }
}
