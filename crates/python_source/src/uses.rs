//! Names that are used while a module is imported, and are bound nowhere.
//!
//! Only what is run whenever the module is imported counts: no function's body, nothing behind a condition or a handler.
//! Annotations are left out: when they are evaluated depends on the version.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

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

/// Names that a module or a class body has of itself.
const OF_ITSELF: [&str; 14] = [
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__class__",
    "__dict__",
    "__doc__",
    "__file__",
    "__loader__",
    "__module__",
    "__name__",
    "__package__",
    "__path__",
    "__qualname__",
    "__spec__",
];

/// Returns the names that `statement` uses when it is run and that `bound` does not have, each with its place.
pub(crate) fn used_by<'a>(statement: &'a Stmt, bound: &dyn Fn(&str) -> bool) -> Vec<(&'a str, usize)> {
    let mut uses = Uses { bound, locals: Vec::new(), found: Vec::new() };
    uses.visit_stmt(statement);
    uses.found
}

struct Uses<'a, 'b> {
    bound: &'b dyn Fn(&str) -> bool,
    /// Names of class bodies, comprehensions and lambdas around the place.
    locals: Vec<HashSet<&'a str>>,
    found: Vec<(&'a str, usize)>,
}

impl<'a> Uses<'a, '_> {
    fn inside(&mut self, locals: HashSet<&'a str>, work: impl FnOnce(&mut Self)) {
        self.locals.push(locals);
        work(self);
        self.locals.pop();
    }

    fn comprehension(&mut self, generators: &'a [ast::Comprehension], parts: [Option<&'a Expr>; 2]) {
        let mut bound = Bound::default();
        for generator in generators {
            bound.visit_expr(&generator.target);
        }
        self.inside(bound.0, |uses| {
            for generator in generators {
                uses.visit_expr(&generator.iter);
                generator.ifs.iter().for_each(|condition| uses.visit_expr(condition));
            }
            parts.into_iter().flatten().for_each(|part| uses.visit_expr(part));
        });
    }
}

impl<'a> Visitor<'a> for Uses<'a, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                let defaults = function.parameters.iter_non_variadic_params().filter_map(|it| it.default.as_deref());
                defaults.for_each(|default| self.visit_expr(default));
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                // Parameters of types are names of the bases as well.
                if class.type_params.is_none() {
                    if let Some(arguments) = &class.arguments {
                        self.visit_arguments(arguments);
                    }
                    let mut bound = Bound::default();
                    bound.visit_body(&class.body);
                    self.inside(bound.0, |uses| uses.visit_body(&class.body));
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
            }
            Stmt::Assign(_) | Stmt::AugAssign(_) | Stmt::Expr(_) | Stmt::Assert(_) => {
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
                    || OF_ITSELF.contains(&name)
                    // What gettext puts among the built-in names.
                    || name == "_";
                if !is_known {
                    self.found.push((name, expression.start().to_usize()));
                }
            }
            Expr::Lambda(lambda) => {
                let parameters = lambda.parameters.iter().flat_map(|parameters| parameters.iter_non_variadic_params());
                parameters.filter_map(|it| it.default.as_deref()).for_each(|default| self.visit_expr(default));
            }
            Expr::ListComp(inner) => self.comprehension(&inner.generators, [Some(&inner.elt), None]),
            Expr::SetComp(inner) => self.comprehension(&inner.generators, [Some(&inner.elt), None]),
            // Run later, or never.
            Expr::Generator(inner) => {
                if let Some(first) = inner.generators.first() {
                    self.visit_expr(&first.iter);
                }
            }
            Expr::DictComp(inner) => self.comprehension(&inner.generators, [inner.key.as_deref(), Some(&inner.value)]),
            // The parts behind the first may not be reached.
            Expr::BoolOp(inner) => inner.values.iter().take(1).for_each(|value| self.visit_expr(value)),
            Expr::If(inner) => self.visit_expr(&inner.test),
            _ => visitor::walk_expr(self, expression),
        }
    }
}

/// The names that statements and targets bind, conditions or not.
#[derive(Default)]
struct Bound<'a>(HashSet<&'a str>);

impl<'a> Visitor<'a> for Bound<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.0.insert(&function.name.id);
            }
            Stmt::ClassDef(class) => {
                self.0.insert(&class.name.id);
            }
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.visit_alias(alias)),
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_alias(&mut self, alias: &'a ast::Alias) {
        let bound = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
        self.0.insert(bound.split('.').next().unwrap_or(bound));
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        self.0.extend(inner.name.as_ref().map(|name| name.id.as_str()));
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(inner) => inner.name.as_ref(),
            ast::Pattern::MatchStar(inner) => inner.name.as_ref(),
            ast::Pattern::MatchMapping(inner) => inner.rest.as_ref(),
            _ => None,
        };
        self.0.extend(name.map(|name| name.id.as_str()));
        visitor::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx != ExprContext::Load
        {
            self.0.insert(&name.id);
        }
        visitor::walk_expr(self, expression);
    }
}
