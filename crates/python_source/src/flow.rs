//! How certain it is that a statement is run: conditions, handlers, and what may end a function before.

use ruff_python_ast::{self as ast, Expr, Stmt};

use crate::{names, signs};

/// Exceptions that have nothing to do with imports.
const OTHER_EXCEPTIONS: [&str; 19] = [
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "EOFError",
    "FileNotFoundError",
    "IOError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "NameError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "StopIteration",
    "TypeError",
    "ValueError",
    "ZeroDivisionError",
];

/// Signs that an expression deals with imports that fail.
const EXPECTS_FAILURE: [&[u8]; 6] = [b"Import", b"Exception", b"ModuleNotFound", b"suppress", b"raises", b"import"];

/// Where a statement is.
#[derive(Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) level: Level,
    /// It runs when what is around it runs, and a failure matters.
    pub(crate) is_certain: bool,
    /// No condition, loop or handler is around it.
    pub(crate) is_straight: bool,
}

/// What a statement is in.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Level {
    Module,
    Class,
    Function,
}

impl Flow {
    /// The flow of a module's own statements.
    pub(crate) const OF_MODULE: Self = Self { level: Level::Module, is_certain: true, is_straight: true };

    /// Behind a condition that says nothing about imports.
    pub(crate) fn maybe(self) -> Self {
        Self { is_straight: false, ..self }
    }

    /// Where nothing is certain to be run, or to be meant to succeed.
    pub(crate) fn doubtful(self) -> Self {
        Self { is_certain: false, is_straight: false, ..self }
    }
}

/// Returns whether a statement of a function may end it; `text` is the statement's.
pub(crate) fn may_leave(statement: &Stmt, text: &[u8]) -> bool {
    match statement {
        Stmt::Assert(_) => true,
        Stmt::FunctionDef(_) | Stmt::ClassDef(_) => false,
        Stmt::Expr(_) => signs::has_any(text, &[b"exit", b"skip", b"fail"]),
        _ => signs::has_any(text, &[b"return", b"raise", b"continue", b"break", b"exit", b"skip"]),
    }
}

/// Returns whether a decorator of this text marks a test that is to be skipped or to fail: what it does inside proves
/// nothing.
pub(crate) fn is_mark(text: &[u8]) -> bool {
    signs::has_any(text, &[b"skip", b"xfail", b"requires"])
}

/// Returns whether a context manager of this text deals with imports that fail.
pub(crate) fn expects_failure(text: &[u8]) -> bool {
    signs::has_any(text, &EXPECTS_FAILURE)
}

/// Returns whether a condition is known to hold, or not to hold, when a program runs.
pub(crate) fn truth(test: &Expr) -> Option<bool> {
    match test {
        Expr::Name(name) if name.id == "TYPE_CHECKING" => Some(false),
        Expr::Attribute(attribute) if &attribute.attr == "TYPE_CHECKING" => {
            let is_typing = |name: &str| ["t", "T", "te", "tp", "typing", "typing_extensions"].contains(&name);
            names::last(&attribute.value).is_some_and(is_typing).then_some(false)
        }
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NoneLiteral(_) => Some(false),
        Expr::NumberLiteral(literal) => match &literal.value {
            ast::Number::Int(number) => Some(*number != ast::Int::ZERO),
            _ => None,
        },
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => truth(&unary.operand).map(|holds| !holds),
        Expr::BoolOp(inner) => {
            let decisive = inner.op == ast::BoolOp::Or;
            let mut parts = inner.values.iter().map(truth);
            let decided = parts.clone().any(|part| part == Some(decisive));
            (decided || parts.all(|part| part.is_some())).then_some(decided == decisive)
        }
        _ => None,
    }
}

/// Returns whether a handler may catch a failed import: unless it names nothing but exceptions of another kind.
pub(crate) fn catches_imports(handled: &Expr) -> bool {
    match handled {
        Expr::Name(name) => !OTHER_EXCEPTIONS.contains(&name.id.as_str()),
        Expr::Tuple(tuple) => tuple.elts.iter().any(catches_imports),
        _ => true,
    }
}
