//! Small questions to a module: its string literals, its calls, its decorators, whether a value is empty.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use crate::module::Module;
use crate::names::{self, dotted};

/// A string literal, or one of the literal parts of an f-string.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Literal {
    /// Its value.
    pub value: String,
    /// Where it begins, in bytes of the text.
    pub offset: usize,
    /// The method that it is an argument of, as in `path.startswith("…")`.
    pub argument_of: Option<String>,
}

/// A call of something that has a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// The dotted name, like `pdb.set_trace`.
    pub name: String,
    /// Where it begins, in bytes of the text.
    pub offset: usize,
}

/// Whether a value is known to be empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Emptiness {
    /// It is empty, as this place says (in bytes of the text).
    Empty(usize),
    /// It is not.
    Filled,
    /// That shows only when the program runs.
    Unknown,
}

impl Module<'_> {
    /// Returns the string literals that are values; doc strings are none.
    pub fn literals(&self) -> Vec<Literal> {
        let mut found = Literals { found: Vec::new(), argument_of: None };
        found.visit_body(self.body().unwrap_or_default());
        found.found
    }

    /// Returns the calls of named things.
    pub fn calls(&self) -> Vec<Call> {
        struct Calls(Vec<Call>);
        impl<'a> Visitor<'a> for Calls {
            fn visit_expr(&mut self, expression: &'a Expr) {
                if let Expr::Call(call) = expression
                    && let Some(name) = dotted(&call.func)
                {
                    self.0.push(Call { name, offset: call.start().to_usize() });
                }
                visitor::walk_expr(self, expression);
            }
        }
        let mut calls = Calls(Vec::new());
        calls.visit_body(self.body().unwrap_or_default());
        calls.0
    }

    /// Returns the dotted names of all decorators, and those in the values that module-level assignments give to `name`
    /// (pytest's `pytestmark`).
    pub fn marks(&self, name: &str) -> Vec<String> {
        let body = self.body().unwrap_or_default();
        let mut decorators = Decorators(Vec::new());
        decorators.visit_body(body);
        let mut marks: Vec<String> = decorators.0;
        for (value, _) in assignments(body, name) {
            let mut names = Names(Vec::new());
            names.visit_expr(value);
            marks.extend(names.0);
        }
        marks
    }

    /// Returns whether the value at a path of names, like `DEFAULTS` or `settings.model`, is empty: `""`, `[]`, `()`, `{}`,
    /// `None`. `settings.model` is followed through `settings = Settings()` to the class of the same module.
    pub fn emptiness(&self, path: &[&str]) -> Emptiness {
        let body = self.body().unwrap_or_default();
        let [name, rest @ ..] = path else { return Emptiness::Unknown };
        let value = match (assignments(body, name).as_slice(), rest) {
            ([(value, true)], _) => *value,
            ([], [attribute]) => return class(body, name).map_or(Emptiness::Unknown, |class| field(class, attribute)),
            _ => return Emptiness::Unknown,
        };
        match (rest, value) {
            ([], value) => judge(value),
            ([attribute], Expr::Call(call)) => {
                let given = call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some(attribute));
                let is_plain =
                    call.arguments.args.is_empty() && call.arguments.keywords.iter().all(|it| it.arg.is_some());
                match (given, dotted(&call.func).and_then(|name| class(body, &name))) {
                    (Some(given), _) => judge(&given.value),
                    (None, Some(class)) if is_plain => field(class, attribute),
                    _ => Emptiness::Unknown,
                }
            }
            _ => Emptiness::Unknown,
        }
    }
}

struct Literals {
    found: Vec<Literal>,
    argument_of: Option<String>,
}

impl Literals {
    fn take(&mut self, value: &str, offset: usize) {
        self.found.push(Literal { value: value.to_owned(), offset, argument_of: self.argument_of.clone() });
    }
}

impl<'a> Visitor<'a> for Literals {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if !matches!(statement, Stmt::Expr(expression) if expression.value.is_string_literal_expr()) {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        let before = self.argument_of.take();
        match expression {
            Expr::StringLiteral(text) => {
                self.argument_of = before;
                self.take(text.value.to_str(), text.start().to_usize());
                return;
            }
            Expr::FString(text) => {
                for element in text.value.elements().filter_map(|element| element.as_literal()) {
                    self.take(element, element.start().to_usize());
                }
                visitor::walk_expr(self, expression);
            }
            Expr::Call(call) => {
                self.visit_expr(&call.func);
                let method = match &*call.func {
                    Expr::Attribute(attribute) => Some(attribute.attr.to_string()),
                    other => dotted(other),
                };
                for argument in &call.arguments.args {
                    self.argument_of.clone_from(&method);
                    self.visit_expr(argument);
                }
                self.argument_of = None;
                call.arguments.keywords.iter().for_each(|keyword| self.visit_expr(&keyword.value));
            }
            _ => visitor::walk_expr(self, expression),
        }
        self.argument_of = None;
    }
}

struct Decorators(Vec<String>);

impl<'a> Visitor<'a> for Decorators {
    fn visit_decorator(&mut self, decorator: &'a ast::Decorator) {
        let named = match &decorator.expression {
            Expr::Call(call) => &call.func,
            other => other,
        };
        self.0.extend(dotted(named));
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

struct Names(Vec<String>);

impl<'a> Visitor<'a> for Names {
    fn visit_expr(&mut self, expression: &'a Expr) {
        self.0.extend(dotted(expression));
        visitor::walk_expr(self, expression);
    }
}

/// The values that the module's statements assign to `name`, each with whether it is at the top.
fn assignments<'a>(body: &'a [Stmt], name: &str) -> Vec<(&'a Expr, bool)> {
    struct Assignments<'a, 'n> {
        name: &'n str,
        found: Vec<(&'a Expr, bool)>,
        depth: usize,
    }
    impl<'a> Visitor<'a> for Assignments<'a, '_> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            let is_it = |target: &Expr| names::is(target, self.name);
            match statement {
                Stmt::Assign(assign) if assign.targets.iter().any(is_it) => {
                    self.found.push((&assign.value, self.depth == 0));
                }
                Stmt::AnnAssign(assign) if is_it(&assign.target) => {
                    self.found.extend(assign.value.as_deref().map(|value| (value, self.depth == 0)));
                }
                // What is added to later is not judged.
                Stmt::AugAssign(assign) if is_it(&assign.target) => self.found.push((&assign.value, false)),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => {
                    self.depth += 1;
                    visitor::walk_stmt(self, statement);
                    self.depth -= 1;
                }
            }
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut assignments = Assignments { name, found: Vec::new(), depth: 0 };
    assignments.visit_body(body);
    assignments.found
}

fn class<'a>(body: &'a [Stmt], name: &str) -> Option<&'a ast::StmtClassDef> {
    body.iter().find_map(|statement| statement.as_class_def_stmt().filter(|class| class.name.as_str() == name))
}

/// Whether a class gives a field an empty value. Whatever may be set from outside is unknown unless it is empty here: an
/// empty default is what is asked about.
fn field(class: &ast::StmtClassDef, attribute: &str) -> Emptiness {
    match assignments(&class.body, attribute).as_slice() {
        [(value, true)] => match value {
            Expr::Call(call) => {
                let default = call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some("default"));
                default.map(|default| &default.value).or(call.arguments.args.first()).map_or(Emptiness::Unknown, judge)
            }
            value => judge(value),
        },
        _ => Emptiness::Unknown,
    }
}

fn judge(value: &Expr) -> Emptiness {
    let is_empty = match value {
        Expr::StringLiteral(text) => text.value.to_str().trim().is_empty(),
        Expr::BytesLiteral(bytes) => bytes.value.is_empty(),
        Expr::NoneLiteral(_) => true,
        Expr::List(list) => list.elts.is_empty(),
        Expr::Tuple(tuple) => tuple.elts.is_empty(),
        Expr::Dict(dict) => dict.items.is_empty(),
        Expr::Set(_) | Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::FString(_) => false,
        _ => return Emptiness::Unknown,
    };
    if is_empty { Emptiness::Empty(value.start().to_usize()) } else { Emptiness::Filled }
}
