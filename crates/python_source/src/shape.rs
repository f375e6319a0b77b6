//! What the sequence of tokens shows before the tree is looked at: nesting that Python refuses, and trees that are too deep
//! to be walked.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged, TextSize};

use crate::module::SyntaxError;

/// How many brackets may be open at once (CPython's `MAXLEVEL`).
const OPEN_BRACKETS: usize = 200;

/// How many levels of indentation there may be (CPython's `MAXINDENT`, less the level of the module).
const INDENTS: usize = 99;

/// How long a chain of operators, calls and attributes may be: the tree is as deep as the chain is long.
const CHAIN: usize = 500;

/// What the tokens show.
pub(crate) struct Shape {
    /// Nesting that Python refuses.
    pub error: Option<SyntaxError>,
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
    /// The end of a chain.
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
    pub fn of(tokens: &Tokens) -> Self {
        let (mut open, mut indents, mut chain, mut longest) = (0_usize, 0_usize, 0_usize, 0_usize);
        let mut error = None;
        let mut refuse = |offset: TextSize, message: &str| {
            error.get_or_insert_with(|| SyntaxError { offset: offset.to_usize(), message: message.to_owned() });
        };
        for token in tokens {
            match STEPS[token.kind() as usize] {
                Step::Link => chain += 1,
                Step::Pass => {}
                Step::Cut => {
                    longest = longest.max(chain);
                    chain = 0;
                }
                Step::Open => {
                    chain += 1;
                    open += 1;
                    if open > OPEN_BRACKETS {
                        refuse(token.start(), "too many nested parentheses");
                    }
                }
                Step::Close => open = open.saturating_sub(1),
                Step::Indent => {
                    indents += 1;
                    if indents > INDENTS {
                        refuse(token.start(), "too many levels of indentation");
                    }
                }
                Step::Dedent => indents = indents.saturating_sub(1),
            }
        }
        Self { error, is_deep: longest.max(chain) > CHAIN }
    }
}
