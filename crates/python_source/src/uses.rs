//! Names that are used and are bound nowhere.
//!
//! Only what is run for certain counts: what a module does whenever it is imported, and what a function does whenever it is
//! called, up to the first statement that may end it. Nothing behind a condition, a handler or a decorator.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

use crate::bindings;

/// Names that every module sees without binding them, of all versions since 3.7; sorted.
const BUILT_IN: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "Ellipsis",
    "EncodingWarning",
    "EnvironmentError",
    "Exception",
    "ExceptionGroup",
    "False",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "None",
    "NotADirectoryError",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "PythonFinalizationError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "True",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "WindowsError",
    "ZeroDivisionError",
    "__build_class__",
    "__debug__",
    "__import__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reveal_type",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// What gettext puts among the built-in names.
const OF_GETTEXT: [&str; 5] = ["_", "gettext", "ngettext", "npgettext", "pgettext"];

/// Calls that end whatever runs them.
const ENDINGS: [&str; 9] = ["_exit", "abort", "exit", "fail", "importorskip", "skip", "skipTest", "skip_test", "xfail"];

/// Returns the names that a module's statements use and that neither they nor `bound` bind, each with its place.
/// `annotations` are used as well where they are evaluated.
pub(crate) fn undefined<'a>(
    body: &'a [Stmt],
    annotations: bool,
    bound: &dyn Fn(&str) -> bool,
) -> Vec<(&'a str, usize)> {
    let mut uses = Uses { bound, annotations, locals: Vec::new(), found: Vec::new() };
    uses.block(body);
    uses.found
}

struct Uses<'a, 'b> {
    bound: &'b dyn Fn(&str) -> bool,
    annotations: bool,
    /// Names of class bodies and functions around the place.
    locals: Vec<HashSet<&'a str>>,
    found: Vec<(&'a str, usize)>,
}

impl<'a> Uses<'a, '_> {
    fn inside(&mut self, locals: HashSet<&'a str>, body: &'a [Stmt]) {
        self.locals.push(locals);
        self.block(body);
        self.locals.pop();
    }

    /// Statements that are run one after another.
    fn block(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.visit_stmt(statement);
            let may_end = match statement {
                Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_) => true,
                Stmt::Expr(inner) => inner.value.as_call_expr().is_some_and(|call| is_ending(&call.func)),
                // A module that ends early has failed to be imported; a function has just returned.
                Stmt::Assert(_)
                | Stmt::If(_)
                | Stmt::For(_)
                | Stmt::While(_)
                | Stmt::Try(_)
                | Stmt::With(_)
                | Stmt::Match(_) => !self.locals.is_empty(),
                _ => false,
            };
            if may_end {
                break;
            }
        }
    }

    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        function.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
        let defaults = function.parameters.iter_non_variadic_params().filter_map(|it| it.default.as_deref());
        defaults.for_each(|default| self.visit_expr(default));
        if function.type_params.is_some() {
            return;
        }
        if self.annotations {
            let annotations = function.parameters.iter().filter_map(ast::AnyParameterRef::annotation);
            annotations.chain(function.returns.as_deref()).for_each(|annotation| self.visit_expr(annotation));
        }
        // A decorator may do anything with it; a function inside a function may never be called.
        let is_inner = self.locals.len() > 1;
        if function.decorator_list.is_empty() && !is_inner {
            let mut bound = bindings::names(&function.body);
            bound.extend(function.parameters.iter().map(|parameter| parameter.name().as_str()));
            self.inside(bound, &function.body);
        }
    }
}

fn is_ending(function: &Expr) -> bool {
    match function {
        Expr::Name(name) => ENDINGS.contains(&name.id.as_str()),
        Expr::Attribute(attribute) => ENDINGS.contains(&attribute.attr.as_str()),
        _ => false,
    }
}

/// Whether a handler may catch the use of a name that is not defined.
fn catches_names(handler: &ast::ExceptHandler) -> bool {
    let ast::ExceptHandler::ExceptHandler(handler) = handler;
    match handler.type_.as_deref() {
        Some(Expr::Name(name)) => ["NameError", "Exception", "BaseException"].contains(&name.id.as_str()),
        Some(Expr::Tuple(tuple)) => !tuple
            .elts
            .iter()
            .all(|it| matches!(it, Expr::Name(name) if name.id.ends_with("Error") && name.id != "NameError")),
        _ => true,
    }
}

impl<'a> Visitor<'a> for Uses<'a, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                // Parameters of types are names of the bases as well.
                let has_keywords = class.arguments.as_ref().is_some_and(|arguments| !arguments.keywords.is_empty());
                if class.type_params.is_none() {
                    if let Some(arguments) = &class.arguments {
                        self.visit_arguments(arguments);
                    }
                    // A metaclass may put names into the body.
                    if !has_keywords {
                        self.inside(bindings::names(&class.body), &class.body);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
                // Those of local names are never evaluated.
                if self.annotations && self.locals.is_empty() {
                    self.visit_expr(&assign.annotation);
                }
            }
            Stmt::If(inner) => self.visit_expr(&inner.test),
            Stmt::While(inner) => self.visit_expr(&inner.test),
            Stmt::For(inner) => self.visit_expr(&inner.iter),
            Stmt::With(inner) => {
                if let Some(first) = inner.items.first() {
                    self.visit_expr(&first.context_expr);
                }
            }
            Stmt::Match(inner) => self.visit_expr(&inner.subject),
            Stmt::Try(inner) if !inner.handlers.iter().any(catches_names) => {
                // What follows the first statement may not be reached.
                self.block(&inner.body[..inner.body.len().min(1)]);
            }
            Stmt::Assert(inner) => self.visit_expr(&inner.test),
            Stmt::Assign(_) | Stmt::AugAssign(_) | Stmt::Expr(_) | Stmt::Return(_) | Stmt::Raise(_) => {
                visitor::walk_stmt(self, statement);
            }
            _ => {}
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                let name = name.id.as_str();
                let is_known = (self.bound)(name)
                    || self.locals.iter().any(|locals| locals.contains(name))
                    || BUILT_IN.binary_search(&name).is_ok()
                    || OF_GETTEXT.contains(&name)
                    // Those who load modules by themselves put such names into them.
                    || name.starts_with("__")
                    || name.starts_with('_') && name[1..].contains("__");
                if !is_known {
                    self.found.push((name, expression.start().to_usize()));
                }
            }
            Expr::Lambda(lambda) => {
                let parameters = lambda.parameters.iter().flat_map(|parameters| parameters.iter_non_variadic_params());
                parameters.filter_map(|it| it.default.as_deref()).for_each(|default| self.visit_expr(default));
            }
            // What is done for each item may be done for none.
            Expr::ListComp(ast::ExprListComp { generators, .. })
            | Expr::SetComp(ast::ExprSetComp { generators, .. })
            | Expr::DictComp(ast::ExprDictComp { generators, .. })
            | Expr::Generator(ast::ExprGenerator { generators, .. }) => {
                if let Some(first) = generators.first() {
                    self.visit_expr(&first.iter);
                }
            }
            // The parts behind the first may not be reached.
            Expr::BoolOp(inner) => inner.values.iter().take(1).for_each(|value| self.visit_expr(value)),
            Expr::If(inner) => self.visit_expr(&inner.test),
            Expr::Compare(inner) => {
                self.visit_expr(&inner.left);
                inner.comparators.iter().take(1).for_each(|value| self.visit_expr(value));
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}
