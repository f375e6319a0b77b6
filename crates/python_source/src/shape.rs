//! What the sequence of tokens shows before the tree is looked at: nesting that Python refuses, and trees that are too deep
//! to be walked.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged, TextSize};

use crate::syntax_error::SyntaxError;

/// How many brackets may be open at once (CPython's `MAXLEVEL`).
const OPEN_BRACKETS: usize = 200;

/// How many levels of indentation there may be (CPython's `MAXINDENT`, less the level of the module).
const INDENTS: usize = 99;

/// How deep a tree may be: as deep as the chains of operators, calls and attributes around a place are long together.
const DEPTH: usize = 1_500;

/// What the tokens show.
pub(crate) struct Shape {
    /// Nesting that Python refuses.
    pub error: Option<SyntaxError>,
    /// Where the innermost bracket is that is never closed.
    pub unclosed: Option<usize>,
    /// The tree may be too deep to be walked, or to be dropped.
    pub is_deep: bool,
}

/// What a token does to the counts.
#[derive(Clone, Copy)]
enum Step {
    /// One more link of a chain.
    Link,
    /// Nothing.
    Pass,
    /// The end of the chains inside the innermost bracket.
    Cut,
    Open,
    Close,
    Indent,
    Dedent,
}

/// The steps by kind of token. A look into a table, since this is asked of every token.
const STEPS: [Step; 256] = {
    let mut steps = [Step::Link; 256];
    steps[TokenKind::Name as usize] = Step::Pass;
    steps[TokenKind::NonLogicalNewline as usize] = Step::Pass;
    steps[TokenKind::Comment as usize] = Step::Pass;
    steps[TokenKind::Comma as usize] = Step::Cut;
    steps[TokenKind::Newline as usize] = Step::Cut;
    steps[TokenKind::Lpar as usize] = Step::Open;
    steps[TokenKind::Lsqb as usize] = Step::Open;
    steps[TokenKind::Lbrace as usize] = Step::Open;
    steps[TokenKind::Rpar as usize] = Step::Close;
    steps[TokenKind::Rsqb as usize] = Step::Close;
    steps[TokenKind::Rbrace as usize] = Step::Close;
    steps[TokenKind::Indent as usize] = Step::Indent;
    steps[TokenKind::Dedent as usize] = Step::Dedent;
    steps
};

impl Shape {
    pub(crate) fn of(tokens: &Tokens) -> Self {
        // How deep the place is, and how deep each open bracket is.
        let (mut depth, mut deepest, mut indents) = (0_usize, 0_usize, 0_usize);
        let mut open: Vec<(usize, TextSize)> = Vec::new();
        let mut error = None;
        let mut refuse = |offset: TextSize, message: &str| {
            error.get_or_insert_with(|| SyntaxError { offset: offset.to_usize(), message: message.to_owned() });
        };
        for token in tokens {
            match STEPS[token.kind() as usize] {
                Step::Link => depth += 1,
                Step::Pass => {}
                Step::Cut => {
                    deepest = deepest.max(depth);
                    depth = open.last().map_or(0, |(depth, _)| *depth);
                }
                Step::Open => {
                    depth += 1;
                    open.push((depth, token.start()));
                    if open.len() > OPEN_BRACKETS {
                        refuse(token.start(), "too many nested parentheses");
                    }
                }
                Step::Close => {
                    deepest = deepest.max(depth);
                    depth = open.pop().map_or(depth, |(depth, _)| depth);
                }
                Step::Indent => {
                    indents += 1;
                    if indents > INDENTS {
                        refuse(token.start(), "too many levels of indentation");
                    }
                }
                Step::Dedent => indents = indents.saturating_sub(1),
            }
        }
        Self { error, unclosed: open.last().map(|(_, start)| start.to_usize()), is_deep: deepest.max(depth) > DEPTH }
    }
}
