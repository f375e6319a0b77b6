//! What a module exports: its `__all__`.

use memchr::memmem;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use crate::flow::Flow;
use crate::names;

/// A module's `__all__`.
#[derive(Debug, Default, Eq, PartialEq)]
pub enum Exports {
    /// It has none.
    #[default]
    Unset,
    /// These names, each with its place.
    Known(Vec<(String, usize)>),
    /// It is computed.
    Unknown,
}

/// A module's `__all__` as its statements make it, one after another.
#[derive(Default)]
pub(crate) struct All {
    exports: Exports,
    /// How often it was met where it is understood.
    understood: usize,
}

impl Exports {
    /// Adds the texts of a value.
    fn extend(&mut self, value: &Expr) {
        let (Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) = value else {
            if let Expr::BinOp(sum) = value
                && sum.op == ast::Operator::Add
            {
                self.extend(&sum.left);
                self.extend(&sum.right);
            } else {
                *self = Self::Unknown;
            }
            return;
        };
        for element in elts {
            match (element, &mut *self) {
                (Expr::StringLiteral(text), exports @ Self::Unset) => *exports = Self::Known(vec![entry(text)]),
                (Expr::StringLiteral(text), Self::Known(known)) => known.push(entry(text)),
                (_, exports) => *exports = Self::Unknown,
            }
        }
        if elts.is_empty() && *self == Self::Unset {
            *self = Self::Known(Vec::new());
        }
    }
}

impl All {
    /// Returns whether an expression is `__all__`.
    pub(crate) fn is(expression: &Expr) -> bool {
        names::is(expression, "__all__")
    }

    /// `__all__ = value`.
    pub(crate) fn set(&mut self, value: &Expr, flow: Flow) {
        self.understood += 1;
        // Which of several counts shows when the program runs.
        self.exports = if flow.is_straight { Exports::Unset } else { Exports::Unknown };
        if flow.is_straight {
            self.exports.extend(value);
        }
    }

    /// `__all__ += value`; that of a declaration with a type is one as well.
    pub(crate) fn add(&mut self, value: &Expr, flow: Flow) {
        self.understood += usize::from(flow.is_straight);
        self.exports.extend(value);
    }

    /// `__all__.extend([…])` and `.append(…)` add to it; other calls make it unknown.
    pub(crate) fn call(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else { return };
        let Expr::Attribute(method) = &*call.func else { return };
        if Self::is(&method.value) {
            self.understood += 1;
            match (method.attr.as_str(), call.arguments.args.first()) {
                ("extend", Some(list)) => self.exports.extend(list),
                ("append", Some(Expr::StringLiteral(text))) => {
                    if let Exports::Known(known) = &mut self.exports {
                        known.push(entry(text));
                    }
                }
                _ => self.exports = Exports::Unknown,
            }
        }
    }

    /// Returns what it is in the end; what is not understood of it in the text may add to it, or take away.
    pub(crate) fn finish(self, text: &[u8]) -> Exports {
        let mentions = memmem::find_iter(text, b"__all__").count();
        if mentions > self.understood && self.exports != Exports::Unset { Exports::Unknown } else { self.exports }
    }
}

/// A name and its place.
fn entry(text: &ast::ExprStringLiteral) -> (String, usize) {
    (text.value.to_str().to_owned(), text.start().to_usize())
}
