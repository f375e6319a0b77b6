//! The names that the statements of one scope bind, whatever the conditions around them.

use std::collections::HashSet;

use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Pattern, Stmt};

/// A name that a scope sees.
#[derive(Clone, Copy)]
enum Binding<'a> {
    /// A definition, an import, a target, a handler or a pattern binds it.
    Plain(&'a str),
    /// An expression binds it: `name := …`.
    Walrus(&'a str),
    /// It is declared `nonlocal`: the scope around this one has it.
    Nonlocal(&'a str),
}

/// Returns the names that statements bind in their own scope.
pub(crate) fn names(body: &[Stmt]) -> HashSet<&str> {
    let mut names = HashSet::new();
    let take = |binding| {
        if let Binding::Plain(name) | Binding::Walrus(name) = binding {
            names.insert(name);
        }
    };
    Bindings(take).visit_body(body);
    names
}

/// Returns whether the scope of a function with these statements has a name, as far as they show it.
pub(crate) fn has(body: &[Stmt], name: &str) -> bool {
    let mut has = false;
    let take = |binding| {
        let (Binding::Plain(bound) | Binding::Walrus(bound) | Binding::Nonlocal(bound)) = binding;
        has |= bound == name;
    };
    Bindings(take).visit_body(body);
    has
}

/// Hands over the names that the expressions of a statement bind in its scope.
pub(crate) fn walruses<'a>(statement: &'a Stmt, mut take: impl FnMut(&'a str)) {
    let take = |binding| {
        if let Binding::Walrus(name) = binding {
            take(name);
        }
    };
    Bindings(take).visit_stmt(statement);
}

/// Hands over the names that a pattern captures.
pub(crate) fn captures<'a>(pattern: &'a Pattern, mut take: impl FnMut(&'a str)) {
    let take = |binding| {
        if let Binding::Plain(name) = binding {
            take(name);
        }
    };
    Bindings(take).visit_pattern(pattern);
}

/// Returns the names that are declared global anywhere, in functions as well.
pub(crate) fn globals(body: &[Stmt]) -> HashSet<&str> {
    struct Globals<'a>(HashSet<&'a str>);
    impl<'a> StatementVisitor<'a> for Globals<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::Global(global) = statement {
                self.0.extend(global.names.iter().map(|name| name.id.as_str()));
            }
            statement_visitor::walk_stmt(self, statement);
        }
    }
    let mut globals = Globals(HashSet::new());
    globals.visit_body(body);
    globals.0
}

/// Hands over what binds a name in the scope of the statements that it visits.
struct Bindings<F>(F);

impl<'a, F: FnMut(Binding<'a>)> Bindings<F> {
    fn plain(&mut self, name: Option<&'a ast::Identifier>) {
        if let Some(name) = name {
            (self.0)(Binding::Plain(&name.id));
        }
    }
}

impl<'a, F: FnMut(Binding<'a>)> Visitor<'a> for Bindings<F> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // What is in a definition's head is of the scope around it.
            Stmt::FunctionDef(function) => {
                self.plain(Some(&function.name));
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&function.parameters);
                function.returns.iter().for_each(|returns| self.visit_expr(returns));
            }
            Stmt::ClassDef(class) => {
                self.plain(Some(&class.name));
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                class.arguments.iter().for_each(|arguments| self.visit_arguments(arguments));
            }
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.visit_alias(alias)),
            Stmt::Nonlocal(nonlocal) => {
                nonlocal.names.iter().for_each(|name| (self.0)(Binding::Nonlocal(&name.id)));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_alias(&mut self, alias: &'a ast::Alias) {
        let bound = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
        (self.0)(Binding::Plain(bound.split('.').next().unwrap_or(bound)));
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        self.plain(inner.name.as_ref());
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.plain(match pattern {
            Pattern::MatchAs(inner) => inner.name.as_ref(),
            Pattern::MatchStar(inner) => inner.name.as_ref(),
            Pattern::MatchMapping(inner) => inner.rest.as_ref(),
            _ => None,
        });
        visitor::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Named(named) if let Expr::Name(name) = &*named.target => {
                (self.0)(Binding::Walrus(&name.id));
                self.visit_expr(&named.value);
            }
            Expr::Name(name) if !name.ctx.is_load() => (self.0)(Binding::Plain(&name.id)),
            _ => visitor::walk_expr(self, expression),
        }
    }
}
