//! What the sequence of tokens shows before the tree is looked at: nesting that Python refuses, and trees that are too deep
//! to be walked.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

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

impl Shape {
    pub fn of(tokens: &Tokens) -> Self {
        let (mut open, mut indents, mut chain) = (0_usize, 0_usize, 0_usize);
        let mut shape = Self { error: None, is_deep: false };
        for token in tokens {
            match token.kind() {
                TokenKind::Name | TokenKind::NonLogicalNewline | TokenKind::Comment => continue,
                TokenKind::Comma | TokenKind::Newline => chain = 0,
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                    open += 1;
                    chain += 1;
                    if open > OPEN_BRACKETS {
                        shape.refuse(token.start().to_usize(), "too many nested parentheses");
                    }
                }
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => open = open.saturating_sub(1),
                TokenKind::Indent => {
                    indents += 1;
                    if indents > INDENTS {
                        shape.refuse(token.start().to_usize(), "too many levels of indentation");
                    }
                }
                TokenKind::Dedent => indents = indents.saturating_sub(1),
                _ => chain += 1,
            }
            shape.is_deep |= chain > CHAIN;
        }
        shape
    }

    fn refuse(&mut self, offset: usize, message: &str) {
        self.error.get_or_insert_with(|| SyntaxError { offset, message: message.to_owned() });
    }
}
