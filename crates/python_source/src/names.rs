//! The names that expressions are: `name`, `a.b.c`.

use ruff_python_ast::Expr;

/// Returns whether an expression is this name.
pub(crate) fn is(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Name(inner) if inner.id == name)
}

/// Returns `a.b.c` of a name or an attribute of one.
pub(crate) fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}

/// Returns the last part of a dotted name.
pub(crate) fn last(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => last(&attribute.value).map(|_| attribute.attr.as_str()),
        _ => None,
    }
}
