//! A module's text and tree.

use std::fmt;
use std::mem::ManuallyDrop;
use std::str::FromStr;

use ruff_python_ast::{Mod, PySourceType, PythonVersion, Stmt};
use ruff_python_parser::{ParseErrorType, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::Ranged;

use crate::scopes;
use crate::shape::Shape;
use crate::syntax_error::SyntaxError;

/// How deep the parser may recurse; what is deeper is not judged. CPython's own limit lies near it and moves with each
/// release.
const RECURSION: u16 = 400;

/// A version of the language, `3.7` to the newest that is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version(PythonVersion);

/// How a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dialect {
    /// The version whose syntax counts.
    pub version: Version,
    /// Whether it is a stub (`.pyi`).
    pub stub: bool,
}

/// A parsed module.
///
/// A tree that is too deep to be walked is neither walked nor dropped: both recurse. It is kept for as long as the program
/// runs, as few such files as there are.
pub struct Module<'t> {
    pub(crate) text: &'t str,
    tree: Tree,
    nesting: Option<SyntaxError>,
    unclosed: Option<usize>,
    dialect: Dialect,
}

enum Tree {
    Walkable(Parsed<Mod>),
    TooDeep(ManuallyDrop<Parsed<Mod>>),
}

impl Default for Version {
    fn default() -> Self {
        Self(PythonVersion::iter().last().unwrap_or_default())
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        PythonVersion::iter().find(|version| version.to_string() == text).map(Self).ok_or(())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0.major, self.0.minor)
    }
}

impl Dialect {
    /// The version whose syntax counts; a stub is read by tools that know the newest.
    fn version(self) -> Version {
        if self.stub { Version::default() } else { self.version }
    }
}

impl<'t> Module<'t> {
    /// Parses a text. That never fails: what is wrong with it is in [`Module::errors`].
    pub fn parse(text: &'t str, dialect: Dialect) -> Self {
        let source = if dialect.stub { PySourceType::Stub } else { PySourceType::Python };
        let options =
            ParseOptions::from(source).with_target_version(dialect.version().0).with_max_recursion_depth(RECURSION);
        let parsed = parse_unchecked(text, options);
        let shape = Shape::of(parsed.tokens());
        let tree = if shape.is_deep { Tree::TooDeep(ManuallyDrop::new(parsed)) } else { Tree::Walkable(parsed) };
        Self { text, tree, nesting: shape.error, unclosed: shape.unclosed, dialect }
    }

    /// Returns what Python would refuse: the first fault of the parse (what comes after it is often its echo), else all
    /// that is wrong with a text that can be parsed.
    pub fn errors(&self) -> Vec<SyntaxError> {
        let parsed = self.tree.parsed();
        let first = parsed.errors().iter().min_by_key(|error| error.location.start());
        let first = match first {
            // Brackets are counted apart; another depth is the parser's limit, and not Python's.
            Some(error) if self.gave_up() && is_limit(&error.error) => None,
            // A text that ends too early is best reported where it should have continued.
            Some(error)
                if error.location.start().to_usize() >= self.text.trim_end().len() && self.unclosed.is_some() =>
            {
                self.unclosed.map(|offset| {
                    let bracket = self.text[offset..].chars().next().unwrap_or('(');
                    SyntaxError { offset, message: format!("`{bracket}` was never closed") }
                })
            }
            Some(error) => {
                let message = lower(&error.error.to_string());
                Some(SyntaxError { offset: error.location.start().to_usize(), message })
            }
            None => None,
        };
        let mut nested = self.nesting.clone();
        if let (Some(first), Some(deep)) = (&first, &nested)
            && first.offset < deep.offset
        {
            nested = None;
        }
        if let Some(error) = nested.or(first) {
            return vec![error];
        }
        let Some(body) = self.body() else { return Vec::new() };
        let unsupported = parsed
            .unsupported_syntax_errors()
            .iter()
            .map(|error| SyntaxError { offset: error.range().start().to_usize(), message: lower(&error.to_string()) });
        let mut errors: Vec<SyntaxError> = unsupported.collect();
        errors.extend(scopes::errors(self.text, body, self.dialect.version().0, self.dialect.stub));
        errors.sort_by_key(|error| error.offset);
        errors
    }

    /// Returns the statements of a tree that is whole and can be walked.
    pub(crate) fn body(&self) -> Option<&[Stmt]> {
        match &self.tree {
            Tree::Walkable(parsed) if parsed.errors().is_empty() => match parsed.syntax() {
                Mod::Module(module) => Some(module.body.as_slice()),
                // The options ask for a module.
                Mod::Expression(_) => None,
            },
            _ => None,
        }
    }

    /// Returns whether annotations are evaluated when their function or variable is defined: not since 3.14, and not with
    /// `from __future__ import annotations`.
    pub(crate) fn evaluates_annotations(&self, body: &[Stmt]) -> bool {
        self.dialect.version().0 < PythonVersion::PY314 && !scopes::has_future_annotations(body)
    }

    /// Returns where the string literals are that go over a line's end.
    pub fn strings_over_lines(&self) -> Vec<std::ops::Range<usize>> {
        let string = |kind: ruff_python_ast::token::TokenKind| {
            use ruff_python_ast::token::TokenKind::{FStringMiddle, String, TStringMiddle};
            matches!(kind, String | FStringMiddle | TStringMiddle)
        };
        let ranges = self.tree.parsed().tokens().iter().filter(|token| string(token.kind()));
        let ranges = ranges.map(|token| token.start().to_usize()..token.end().to_usize());
        ranges.filter(|range| self.text[range.clone()].contains('\n')).collect()
    }

    fn gave_up(&self) -> bool {
        self.tree.parsed().errors().iter().any(|error| is_limit(&error.error))
    }
}

impl Tree {
    fn parsed(&self) -> &Parsed<Mod> {
        match self {
            Self::Walkable(parsed) => parsed,
            Self::TooDeep(parsed) => parsed,
        }
    }
}

fn is_limit(error: &ParseErrorType) -> bool {
    matches!(error, ParseErrorType::RecursionLimitExceeded)
}

/// A message of the parser as ours are: it begins in lower case unless with a name.
fn lower(message: &str) -> String {
    let mut rest = message.chars();
    match (rest.next(), rest.clone().next()) {
        (Some(first), Some(second)) if first.is_ascii_uppercase() && second.is_ascii_lowercase() => {
            first.to_ascii_lowercase().to_string() + rest.as_str()
        }
        _ => message.to_owned(),
    }
}
