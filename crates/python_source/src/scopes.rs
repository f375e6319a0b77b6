//! The errors that depend on where a statement is: `return` outside a function, `await` outside an asynchronous one,
//! `break` outside a loop, names that are both global and a parameter. CPython finds them when it compiles a tree, after the
//! parse.

use std::cell::RefCell;

use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, PythonVersion, Stmt};
use ruff_python_parser::semantic_errors::{
    LazyImportContext, SemanticSyntaxChecker, SemanticSyntaxContext, SemanticSyntaxError, SemanticSyntaxErrorKind,
};
use ruff_text_size::{Ranged, TextRange};

use crate::bindings;
use crate::syntax_error::SyntaxError;

/// Finds the errors of a module's statements.
pub(crate) fn errors(text: &str, body: &[Stmt], version: PythonVersion, stub: bool) -> Vec<SyntaxError> {
    let future = memchr::memmem::find(text.as_bytes(), b"annotations").is_some() && has_future_annotations(body);
    let declares = memchr::memmem::find(text.as_bytes(), b"global ").is_some();
    let mut walk = Walk {
        checker: SemanticSyntaxChecker::new(),
        context: Context {
            text,
            version,
            late_annotations: stub || future,
            declares,
            scopes: vec![Scope::new(Kind::Module)],
            in_try: false,
            found: RefCell::default(),
        },
    };
    walk.context.declare(body);
    walk.visit_body(body);
    let found = walk.context.found.into_inner();
    found
        .into_iter()
        .map(|error| SyntaxError { offset: error.range.start().to_usize(), message: error.to_string() })
        .collect()
}

struct Walk<'a> {
    checker: SemanticSyntaxChecker,
    context: Context<'a>,
}

struct Context<'a> {
    text: &'a str,
    version: PythonVersion,
    late_annotations: bool,
    /// The text has the word `global` at all.
    declares: bool,
    scopes: Vec<Scope<'a>>,
    in_try: bool,
    found: RefCell<Vec<SemanticSyntaxError>>,
}

struct Scope<'a> {
    kind: Kind<'a>,
    /// Loops of this scope around the statement.
    loops: usize,
    globals: Vec<(&'a str, TextRange)>,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Module,
    Class,
    Function(&'a ast::StmtFunctionDef),
    Lambda(Option<&'a ast::Parameters>),
    Comprehension { is_async: bool, is_generator: bool },
}

impl<'a> Scope<'a> {
    fn new(kind: Kind<'a>) -> Self {
        Self { kind, loops: 0, globals: Vec::new() }
    }
}

impl<'a> Context<'a> {
    fn kind(&self) -> Kind<'a> {
        self.scopes.last().map_or(Kind::Module, |scope| scope.kind)
    }

    fn kinds(&self) -> impl Iterator<Item = Kind<'a>> {
        self.scopes.iter().rev().map(|scope| scope.kind)
    }

    /// Notes what the statements of the innermost scope declare global.
    fn declare(&mut self, body: &'a [Stmt]) {
        if self.declares {
            let mut globals = Globals::default();
            globals.visit_body(body);
            if let Some(scope) = self.scopes.last_mut() {
                scope.globals = globals.found;
            }
        }
    }
}

impl<'a> Walk<'a> {
    fn inside(&mut self, kind: Kind<'a>, work: impl FnOnce(&mut Self)) {
        self.context.scopes.push(Scope::new(kind));
        work(self);
        self.context.scopes.pop();
    }

    fn body_of(&mut self, kind: Kind<'a>, body: &'a [Stmt]) {
        self.inside(kind, |walk| {
            walk.context.declare(body);
            walk.visit_body(body);
        });
    }

    fn in_loop(&mut self, body: &'a [Stmt]) {
        self.count_loops(1);
        self.visit_body(body);
        self.count_loops(-1);
    }

    fn count_loops(&mut self, change: isize) {
        if let Some(scope) = self.context.scopes.last_mut() {
            scope.loops = scope.loops.saturating_add_signed(change);
        }
    }

    /// The first iterable belongs to the scope around a comprehension, all else to its own.
    fn comprehension(
        &mut self,
        generators: &'a [ast::Comprehension],
        parts: [Option<&'a Expr>; 2],
        is_generator: bool,
    ) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let is_async = generators.iter().any(|generator| generator.is_async);
        self.inside(Kind::Comprehension { is_async, is_generator }, |walk| {
            for (position, generator) in generators.iter().enumerate() {
                if position > 0 {
                    walk.visit_expr(&generator.iter);
                }
                walk.visit_expr(&generator.target);
                generator.ifs.iter().for_each(|condition| walk.visit_expr(condition));
            }
            parts.into_iter().flatten().for_each(|part| walk.visit_expr(part));
        });
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.checker.visit_stmt(statement, &self.context);
        match statement {
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(parameters) = &function.type_params {
                    self.visit_type_params(parameters);
                }
                self.visit_parameters(&function.parameters);
                if let Some(returns) = &function.returns {
                    self.visit_annotation(returns);
                }
                self.body_of(Kind::Function(function), &function.body);
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(parameters) = &class.type_params {
                    self.visit_type_params(parameters);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.body_of(Kind::Class, &class.body);
            }
            Stmt::For(inner) => {
                self.visit_expr(&inner.iter);
                self.visit_expr(&inner.target);
                self.in_loop(&inner.body);
                self.visit_body(&inner.orelse);
            }
            Stmt::While(inner) => {
                self.visit_expr(&inner.test);
                self.in_loop(&inner.body);
                self.visit_body(&inner.orelse);
            }
            Stmt::Try(_) => {
                let before = std::mem::replace(&mut self.context.in_try, true);
                visitor::walk_stmt(self, statement);
                self.context.in_try = before;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, annotation: &'a Expr) {
        // What is never evaluated uses no name.
        if !self.context.late_annotations {
            self.visit_expr(annotation);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        self.checker.visit_expr(expression, &self.context);
        match expression {
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                self.inside(Kind::Lambda(lambda.parameters.as_deref()), |walk| walk.visit_expr(&lambda.body));
            }
            Expr::ListComp(inner) => self.comprehension(&inner.generators, [Some(&inner.elt), None], false),
            Expr::SetComp(inner) => self.comprehension(&inner.generators, [Some(&inner.elt), None], false),
            Expr::Generator(inner) => self.comprehension(&inner.generators, [Some(&inner.elt), None], true),
            Expr::DictComp(inner) => {
                self.comprehension(&inner.generators, [inner.key.as_deref(), Some(&inner.value)], false);
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}

impl SemanticSyntaxContext for Context<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        self.late_annotations
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        match self.kind() {
            Kind::Function(_) => Some(LazyImportContext::Function),
            Kind::Class => Some(LazyImportContext::Class),
            _ => self.in_try.then_some(LazyImportContext::TryExceptBlocks),
        }
    }

    fn python_version(&self) -> PythonVersion {
        self.version
    }

    fn source(&self) -> &str {
        self.text
    }

    fn global(&self, name: &str) -> Option<TextRange> {
        let scope = self.scopes.last()?;
        scope.globals.iter().find(|(declared, _)| *declared == name).map(|(_, range)| *range)
    }

    fn has_nonlocal_binding(&self, name: &str) -> bool {
        // A private name is another one inside a class.
        name.starts_with('_')
            || self.kinds().skip(1).any(|kind| match kind {
                Kind::Function(function) => {
                    // A method sees `__class__`, and the parameters of types are names too.
                    name == "__class__"
                        || function.type_params.is_some()
                        || function.parameters.includes(name)
                        || bindings::has(&function.body, name)
                }
                Kind::Lambda(parameters) => parameters.is_some_and(|parameters| parameters.includes(name)),
                Kind::Class => name == "__class__",
                Kind::Module | Kind::Comprehension { .. } => false,
            })
    }

    fn in_async_context(&self) -> bool {
        for kind in self.kinds() {
            match kind {
                Kind::Class | Kind::Lambda(_) | Kind::Module => return false,
                Kind::Function(function) => return function.is_async,
                // A generator is made here, and run elsewhere.
                Kind::Comprehension { is_generator: true, .. } => return true,
                Kind::Comprehension { .. } => {}
            }
        }
        false
    }

    fn in_await_allowed_context(&self) -> bool {
        for kind in self.kinds() {
            match kind {
                Kind::Class | Kind::Module => return false,
                Kind::Function(_) | Kind::Lambda(_) | Kind::Comprehension { is_generator: true, .. } => return true,
                Kind::Comprehension { .. } => {}
            }
        }
        false
    }

    fn in_yield_allowed_context(&self) -> bool {
        matches!(self.kind(), Kind::Function(_) | Kind::Lambda(_))
    }

    fn in_sync_comprehension(&self) -> bool {
        self.kinds().any(|kind| matches!(kind, Kind::Comprehension { is_async: false, is_generator: false }))
    }

    fn in_class_body_comprehension(&self) -> bool {
        let around = self.kinds().find(|kind| !matches!(kind, Kind::Comprehension { .. }));
        matches!(around, Some(Kind::Class))
    }

    fn in_module_scope(&self) -> bool {
        matches!(self.kind(), Kind::Module)
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.kind(), Kind::Function(_) | Kind::Lambda(_))
    }

    fn in_generator_context(&self) -> bool {
        self.kinds().any(|kind| matches!(kind, Kind::Comprehension { is_generator: true, .. }))
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        // What an annotation may contain differs between versions, which is documented nowhere.
        let is_of_version = matches!(error.kind, SemanticSyntaxErrorKind::InvalidExpression(..));
        // In brackets an annotated name is no declaration.
        let start = error.range.start().to_usize();
        let is_in_brackets = matches!(error.kind, SemanticSyntaxErrorKind::AnnotatedGlobal(_))
            && self.text[start..].lines().next().is_some_and(|line| line.contains(')'))
            && self.text[..start].trim_end().ends_with('(');
        if !is_of_version && !is_in_brackets {
            self.found.borrow_mut().push(error);
        }
    }

    fn in_loop_context(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.loops > 0)
    }

    fn is_bound_parameter(&self, name: &str) -> bool {
        match self.kind() {
            Kind::Function(function) => function.parameters.includes(name),
            Kind::Lambda(parameters) => parameters.is_some_and(|parameters| parameters.includes(name)),
            _ => false,
        }
    }
}

/// Collects the names that the statements of one scope declare global.
#[derive(Default)]
struct Globals<'a> {
    found: Vec<(&'a str, TextRange)>,
}

impl<'a> StatementVisitor<'a> for Globals<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(global) => {
                self.found.extend(global.names.iter().map(|name| (name.id.as_str(), global.range())));
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => statement_visitor::walk_stmt(self, statement),
        }
    }
}

/// Whether a module asks for annotations that are not evaluated.
pub(crate) fn has_future_annotations(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::ImportFrom(import) => {
            import.module.as_deref() == Some("__future__")
                && import.names.iter().any(|name| &name.name == "annotations")
        }
        _ => false,
    })
}
