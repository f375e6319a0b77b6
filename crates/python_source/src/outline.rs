//! What a module binds, exports and imports, as far as that can be known without running it.
//!
//! Every name that is bound anywhere at the module's level counts as bound, whatever the condition around it. Where names
//! may come from elsewhere (`globals()`, `exec`, a module-level `__getattr__`, `sys.modules`), the outline is open.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use crate::exports::{All, Exports};
use crate::flow::{Flow, Level};
use crate::module::Module;
use crate::{bindings, flow, names, signs, uses};

/// What a module binds, exports and imports.
#[derive(Debug, Default)]
pub struct Outline {
    /// The names bound at the module's level.
    pub names: HashSet<String>,
    /// The modules whose names it takes by `from … import *`.
    pub stars: Vec<Wanted>,
    /// Its `__all__`.
    pub exports: Exports,
    /// It may have further names.
    pub is_open: bool,
    /// It says itself where its submodules are (`__path__`).
    pub has_own_path: bool,
    /// Its imports, in the order of the text.
    pub imports: Vec<Import>,
    /// What it puts into other things that have a name.
    pub patches: Vec<Patch>,
    /// The names that it uses for certain and does not bind, each with its place.
    pub undefined: Vec<(String, usize)>,
    /// Its functions that put names into the module of the code that calls them, or is decorated by them.
    pub injectors: Vec<String>,
}

/// An attribute that a module sets from outside: `thing.name = …` or `setattr(thing, …)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Patch {
    /// The last part of the thing's name, like `errors` of `package.errors`.
    pub thing: String,
    /// The attribute; none where it is computed.
    pub name: Option<String>,
}

/// The module that an import names.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Wanted {
    /// The dots before the name; 0 is an absolute import.
    pub level: u32,
    /// The dotted name; empty in `from . import …`.
    pub name: String,
}

/// One import.
#[derive(Debug, Eq, PartialEq)]
pub struct Import {
    /// Where the statement names the module.
    pub offset: usize,
    /// The module.
    pub wanted: Wanted,
    /// What is taken of it.
    pub what: Imported,
    /// It is not known to be meant to fail, or to be skipped: no handler for `ImportError` around it, no condition.
    pub is_certain: bool,
}

/// What an import takes of a module.
#[derive(Debug, Eq, PartialEq)]
pub enum Imported {
    /// The module itself.
    Module,
    /// These names, each with its place.
    Names(Vec<(String, usize)>),
    /// All that it exports.
    Star,
}

impl Module<'_> {
    /// Reads what the module binds, exports and imports. A text with errors, or one that is too deep, is open.
    pub fn outline(&self) -> Outline {
        let Some(body) = self.body() else { return Outline { is_open: true, ..Outline::default() } };
        let text = self.text.as_bytes();
        let has = |sign: &[u8]| signs::has(text, sign);
        let mut reader = Reader {
            text,
            outline: Outline { is_open: signs::is_dynamic(text), has_own_path: has(b"__path__"), ..Outline::default() },
            has_walrus: has(b":="),
            has_own_type_checking: has(b"TYPE_CHECKING = True") || has(b"TYPE_CHECKING=True"),
            has_injector: signs::injects(text),
            aliases: HashMap::new(),
            deleted: HashSet::new(),
            all: All::default(),
        };
        reader.body(body, Flow::OF_MODULE);
        let mut outline = reader.outline;
        // A function may bind what it declares global whenever it is called.
        if has(b"global ") {
            outline.names.extend(bindings::globals(body).into_iter().map(str::to_owned));
        }
        // Who makes modules may make those that it imports.
        if has(b"sys.modules") || has(b"meta_path") {
            outline.imports.iter_mut().for_each(|import| import.is_certain = false);
        }
        outline.exports = reader.all.finish(text);
        if !outline.is_open && outline.names.contains("__getattr__") {
            outline.is_open = true;
        }
        if !outline.is_open {
            let bound = |name: &str| outline.names.contains(name) || reader.deleted.contains(name);
            let annotations = self.evaluates_annotations(body);
            let undefined = uses::undefined(body, annotations, &bound).into_iter();
            outline.undefined.extend(undefined.map(|(name, offset)| (name.to_owned(), offset)));
        }
        for patch in &mut outline.patches {
            if let Some(thing) = reader.aliases.get(&patch.thing) {
                patch.thing.clone_from(thing);
            }
        }
        outline
    }
}

struct Reader<'t> {
    text: &'t [u8],
    outline: Outline,
    has_walrus: bool,
    has_injector: bool,
    has_own_type_checking: bool,
    /// What names stand for that imports give to things (`import a.b as c`): the last part of the thing's own name.
    aliases: HashMap<String, String>,
    /// Names that were bound once.
    deleted: HashSet<String>,
    all: All,
}

impl Reader<'_> {
    fn body(&mut self, body: &[Stmt], flow: Flow) {
        let mut flow = flow;
        for statement in body {
            self.statement(statement, flow);
            // What follows in a function may not be reached.
            if flow.level == Level::Function && flow::may_leave(statement, signs::text_of(self.text, statement)) {
                flow = flow.doubtful();
            }
            // Who raises whenever it is imported offers nothing that could be judged.
            if matches!(statement, Stmt::Raise(_)) && flow.level == Level::Module && flow.is_straight {
                self.outline.is_open = true;
            }
            // What follows is not reached.
            if matches!(statement, Stmt::Raise(_) | Stmt::Return(_) | Stmt::Break(_) | Stmt::Continue(_)) {
                break;
            }
        }
    }

    fn statement(&mut self, statement: &Stmt, flow: Flow) {
        if self.has_walrus && flow.level == Level::Module {
            bindings::walruses(statement, |name| self.bind(name, flow));
        }
        match statement {
            Stmt::FunctionDef(function) => {
                self.bind(&function.name, flow);
                if self.has_injector && signs::injects(signs::text_of(self.text, function)) {
                    self.outline.injectors.push(function.name.to_string());
                }
                let inner = Flow { level: Level::Function, ..self.decorated(&function.decorator_list, flow) };
                self.body(&function.body, inner);
            }
            Stmt::ClassDef(class) => {
                self.bind(&class.name, flow);
                let level = if flow.level == Level::Module { Level::Class } else { flow.level };
                let inner = Flow { level, ..self.decorated(&class.decorator_list, flow) };
                self.body(&class.body, inner);
            }
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.patch(target));
                assign.targets.iter().for_each(|target| self.target(target, flow));
                if flow.level == Level::Module && assign.targets.iter().any(All::is) {
                    self.all.set(&assign.value, flow);
                }
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target, flow);
                if flow.level == Level::Module && All::is(&assign.target) {
                    self.all.add(&assign.value, flow);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.target(&assign.target, flow);
                    if flow.level == Level::Module && All::is(&assign.target) {
                        self.all.add(value, flow);
                    }
                }
            }
            Stmt::TypeAlias(alias) => self.target(&alias.name, flow),
            Stmt::Expr(expression) => {
                self.call(&expression.value);
                if flow.level == Level::Module {
                    self.all.call(&expression.value);
                }
            }
            Stmt::Delete(delete) => self.delete(&delete.targets, flow),
            Stmt::Import(import) => self.import(import, flow),
            Stmt::ImportFrom(import) => self.import_from(import, flow),
            _ => self.block(statement, flow),
        }
    }

    /// Reads a statement that holds others.
    fn block(&mut self, statement: &Stmt, flow: Flow) {
        match statement {
            Stmt::For(inner) => {
                self.target(&inner.target, flow);
                self.body(&inner.body, flow.doubtful());
                self.body(&inner.orelse, flow.maybe());
            }
            Stmt::While(inner) => {
                self.body(&inner.body, flow.doubtful());
                self.body(&inner.orelse, flow.maybe());
            }
            Stmt::With(inner) => {
                let expects =
                    |item: &ast::WithItem| flow::expects_failure(signs::text_of(self.text, &item.context_expr));
                let flow = if inner.items.iter().any(expects) { flow.doubtful() } else { flow };
                inner
                    .items
                    .iter()
                    .filter_map(|item| item.optional_vars.as_deref())
                    .for_each(|it| self.target(it, flow));
                self.body(&inner.body, flow);
            }
            Stmt::If(inner) => self.branches(inner, flow),
            Stmt::Match(inner) => {
                for case in &inner.cases {
                    bindings::captures(&case.pattern, |name| self.bind(name, flow));
                    self.body(&case.body, flow.doubtful());
                }
            }
            Stmt::Try(inner) => self.attempt(inner, flow),
            _ => {}
        }
    }

    fn decorated(&self, decorators: &[ast::Decorator], flow: Flow) -> Flow {
        let is_mark = |decorator: &ast::Decorator| flow::is_mark(signs::text_of(self.text, &decorator.expression));
        if decorators.iter().any(is_mark) { flow.doubtful() } else { flow }
    }

    fn branches(&mut self, inner: &ast::StmtIf, flow: Flow) {
        let clauses = inner.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body));
        let mut here = flow;
        for (test, body) in std::iter::once((Some(&*inner.test), &inner.body)).chain(clauses) {
            // Who binds the name of the constant may have given it another value.
            let truth = |test: &Expr| if self.has_own_type_checking { None } else { flow::truth(test) };
            match test.map_or(Some(true), truth) {
                Some(true) => {
                    self.body(body, here);
                    break;
                }
                Some(false) => {}
                None => {
                    here = flow.doubtful();
                    self.body(body, here);
                }
            }
        }
    }

    fn attempt(&mut self, inner: &ast::StmtTry, flow: Flow) {
        let catches = inner.handlers.iter().any(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            handler.type_.as_deref().is_none_or(flow::catches_imports)
        });
        let tried = if catches { flow.doubtful() } else { flow.maybe() };
        // The first statement of all is run; what follows may not be reached.
        let (first, rest) = inner.body.split_at(inner.body.len().min(1));
        self.body(first, tried);
        self.body(rest, if inner.handlers.is_empty() { tried } else { tried.doubtful() });
        for handler in &inner.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            // Bound for as long as the handler runs, which an import in a circle may see.
            handler.name.iter().for_each(|name| self.bind(name, flow));
            self.body(&handler.body, flow.doubtful());
        }
        self.body(&inner.orelse, tried);
        self.body(&inner.finalbody, flow.maybe());
    }

    fn import(&mut self, import: &ast::StmtImport, flow: Flow) {
        for alias in &import.names {
            let name = alias.name.as_str();
            let bound = alias.asname.as_ref().map_or(name.split('.').next().unwrap_or(name), |given| given.as_str());
            self.bind(bound, flow);
            self.alias(alias);
            self.outline.imports.push(Import {
                offset: alias.start().to_usize(),
                wanted: Wanted { level: 0, name: name.to_owned() },
                what: Imported::Module,
                is_certain: flow.is_certain,
            });
        }
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom, flow: Flow) {
        let name = import.module.as_ref().map_or("", |name| name.as_str());
        if name == "__future__" && import.level == 0 {
            import.names.iter().for_each(|alias| self.bind(&alias.name, flow));
            return;
        }
        let wanted = Wanted { level: import.level, name: name.to_owned() };
        let is_star = import.names.iter().any(|alias| &alias.name == "*");
        let what = if is_star {
            if flow.level == Level::Module {
                self.outline.stars.push(wanted.clone());
            }
            Imported::Star
        } else {
            for alias in &import.names {
                self.bind(alias.asname.as_ref().unwrap_or(&alias.name), flow);
                self.alias(alias);
            }
            let names = import.names.iter();
            Imported::Names(names.map(|alias| (alias.name.to_string(), alias.start().to_usize())).collect())
        };
        let offset = import.module.as_ref().map_or(import.start(), Ranged::start).to_usize();
        self.outline.imports.push(Import { offset, wanted, what, is_certain: flow.is_certain });
    }

    fn alias(&mut self, alias: &ast::Alias) {
        if let Some(given) = &alias.asname {
            let name = alias.name.as_str();
            self.aliases.insert(given.to_string(), name.rsplit('.').next().unwrap_or(name).to_owned());
        }
    }

    fn bind(&mut self, name: &str, flow: Flow) {
        if flow.level == Level::Module && !self.outline.names.contains(name) {
            self.outline.names.insert(name.to_owned());
        }
    }

    fn target(&mut self, target: &Expr, flow: Flow) {
        match target {
            Expr::Name(name) => self.bind(&name.id, flow),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|part| self.target(part, flow)),
            Expr::List(list) => list.elts.iter().for_each(|part| self.target(part, flow)),
            Expr::Starred(starred) => self.target(&starred.value, flow),
            _ => {}
        }
    }

    /// `thing.name = …`; what is set on `self` is no patch.
    fn patch(&mut self, target: &Expr) {
        if let Expr::Attribute(attribute) = target
            && let Some(thing) = names::last(&attribute.value).filter(|thing| *thing != "self" && *thing != "cls")
        {
            let name = Some(attribute.attr.to_string());
            self.outline.patches.push(Patch { thing: thing.to_owned(), name });
        }
    }

    /// `setattr(thing, …)`.
    fn call(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else { return };
        if let (true, [thing, name, ..]) = (names::is(&call.func, "setattr"), &*call.arguments.args)
            && let Some(thing) = names::last(thing).filter(|thing| *thing != "self" && *thing != "cls")
        {
            let name = name.as_string_literal_expr().map(|name| name.value.to_str().to_owned());
            self.outline.patches.push(Patch { thing: thing.to_owned(), name });
        }
    }

    fn delete(&mut self, targets: &[Expr], flow: Flow) {
        for target in targets {
            match target {
                Expr::Name(name) if flow.level == Level::Module && flow.is_straight => {
                    if !self.outline.names.remove(name.id.as_str()) && !self.deleted.contains(name.id.as_str()) {
                        self.outline.undefined.push((name.id.to_string(), name.start().to_usize()));
                    }
                    self.deleted.insert(name.id.to_string());
                }
                Expr::Name(name) => {
                    self.deleted.insert(name.id.to_string());
                }
                Expr::Tuple(tuple) => self.delete(&tuple.elts, flow),
                _ => {}
            }
        }
    }
}
