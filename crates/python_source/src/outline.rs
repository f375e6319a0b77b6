//! What a module binds, exports and imports, as far as that can be known without running it.
//!
//! Every name that is bound anywhere at the module's level counts as bound, whatever the condition around it. Where names
//! may come from elsewhere (`globals()`, `exec`, a module-level `__getattr__`, `sys.modules`), the outline is open.

use std::collections::{HashMap, HashSet};

use memchr::memmem;
use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use crate::bindings;
use crate::module::Module;
use crate::uses;

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
    /// Its functions that put names into the module of whoever calls them, or is decorated by them.
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

/// Signs in the text that names may come from elsewhere.
const DYNAMIC: [&[u8]; 14] = [
    b"globals",
    b"exec (",
    b"= exec",
    b"= locals()",
    b"sys.modules",
    b"modules[__name__",
    b"exec(",
    b"(locals())",
    b"_convert_(",
    b"_convert(",
    b"global_enum",
    b"vars()",
    b"locals().",
    b"locals()[",
];

/// Classes that take a module's name and leave the module alone.
const CONSTRUCTORS: [&str; 12] = [
    "APIRouter",
    "Blueprint",
    "Bottle",
    "Celery",
    "FastAPI",
    "Flask",
    "Logger",
    "Namespace",
    "PackageLoader",
    "Quart",
    "Sanic",
    "Typer",
];

/// Signs, of which all of one group show that a function puts names into another module.
const INJECTS: [&[&[u8]]; 4] =
    [&[b"setattr(", b"modules["], &[b"__dict__", b"modules["], &[b"f_globals["], &[b"f_globals.update"]];

/// Signs that an expression deals with imports that fail.
const EXPECTS_FAILURE: [&[u8]; 6] = [b"Import", b"Exception", b"ModuleNotFound", b"suppress", b"raises", b"import"];

impl Module<'_> {
    /// Reads what the module binds, exports and imports. A text with errors, or one that is too deep, is open.
    pub fn outline(&self) -> Outline {
        let Some(body) = self.body() else { return Outline { is_open: true, ..Outline::default() } };
        let text = self.text.as_bytes();
        let has = |sign: &[u8]| memmem::find(text, sign).is_some();
        let mut reader = Reader {
            text,
            outline: Outline {
                is_open: DYNAMIC.iter().any(|sign| has(sign)) || hands_out_its_name(text),
                has_own_path: has(b"__path__"),
                ..Outline::default()
            },
            has_walrus: has(b":="),
            has_own_type_checking: has(b"TYPE_CHECKING = True") || has(b"TYPE_CHECKING=True"),
            has_injector: INJECTS.iter().any(|signs| signs.iter().all(|sign| has(sign))),
            aliases: HashMap::new(),
            deleted: HashSet::new(),
            exports_read: 0,
        };
        reader.body(body, Flow { level: Level::Module, is_certain: true, is_straight: true });
        let mut outline = reader.outline;
        // A function may bind what it declares global whenever it is called.
        if has(b"global ") {
            outline.names.extend(bindings::globals(body).into_iter().map(str::to_owned));
        }
        // Who makes modules may make those that it imports.
        if has(b"sys.modules") || has(b"meta_path") {
            outline.imports.iter_mut().for_each(|import| import.is_certain = false);
        }
        // What is not understood of `__all__` may add to it, or take away.
        let mentions = memmem::find_iter(text, b"__all__").count();
        if mentions > reader.exports_read && outline.exports != Exports::Unset {
            outline.exports = Exports::Unknown;
        }
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
    /// How often `__all__` was met where it is understood.
    exports_read: usize,
}

/// Where a statement stands.
#[derive(Clone, Copy)]
struct Flow {
    level: Level,
    is_certain: bool,
    /// No condition, loop or handler is around it.
    is_straight: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Level {
    Module,
    Class,
    Function,
}

impl Flow {
    fn maybe(self) -> Self {
        Self { is_straight: false, ..self }
    }

    fn doubtful(self) -> Self {
        Self { is_certain: false, is_straight: false, ..self }
    }
}

impl Reader<'_> {
    fn body(&mut self, body: &[Stmt], flow: Flow) {
        let mut flow = flow;
        for statement in body {
            self.statement(statement, flow);
            // What follows in a function may not be reached.
            if flow.level == Level::Function && self.may_leave(statement) {
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
                let text = &self.text[function.start().to_usize()..function.end().to_usize()];
                let has = |sign: &&[u8]| memmem::find(text, sign).is_some();
                if self.has_injector && INJECTS.iter().any(|signs| signs.iter().all(has)) {
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
                if flow.level == Level::Module && assign.targets.iter().any(|target| is_name(target, "__all__")) {
                    self.exports_read += 1;
                    // Which of several counts shows when the program runs.
                    self.outline.exports = if flow.is_straight { Exports::Unset } else { Exports::Unknown };
                    if flow.is_straight {
                        self.export(&assign.value);
                    }
                }
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target, flow);
                if flow.level == Level::Module && is_name(&assign.target, "__all__") {
                    self.exports_read += usize::from(flow.is_straight);
                    self.export(&assign.value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.target(&assign.target, flow);
                    if flow.level == Level::Module && is_name(&assign.target, "__all__") {
                        self.exports_read += usize::from(flow.is_straight);
                        self.export(value);
                    }
                }
            }
            Stmt::TypeAlias(alias) => self.target(&alias.name, flow),
            Stmt::Expr(expression) => {
                self.call(&expression.value);
                if flow.level == Level::Module {
                    self.changed_exports(&expression.value);
                }
            }
            Stmt::Delete(delete) => self.delete(&delete.targets, flow),
            Stmt::Import(import) => self.import(import, flow),
            Stmt::ImportFrom(import) => self.import_from(import, flow),
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
                let expects = |item: &ast::WithItem| self.mentions(&item.context_expr, &EXPECTS_FAILURE);
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

    /// Whether a statement of a function may end it.
    fn may_leave(&self, statement: &Stmt) -> bool {
        let text = &self.text[statement.start().to_usize()..statement.end().to_usize()];
        let has = |sign: &[u8]| memmem::find(text, sign).is_some();
        match statement {
            Stmt::Assert(_) => true,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => false,
            Stmt::Expr(_) => [&b"exit"[..], b"skip", b"fail"].iter().any(|sign| has(sign)),
            _ => [&b"return"[..], b"raise", b"continue", b"break", b"exit", b"skip"].iter().any(|sign| has(sign)),
        }
    }

    /// What a test that is marked to be skipped or to fail does inside proves nothing.
    fn decorated(&self, decorators: &[ast::Decorator], flow: Flow) -> Flow {
        let signs: [&[u8]; 3] = [b"skip", b"xfail", b"requires"];
        let is_doubtful = decorators.iter().any(|decorator| self.mentions(&decorator.expression, &signs));
        if is_doubtful { flow.doubtful() } else { flow }
    }

    fn branches(&mut self, inner: &ast::StmtIf, flow: Flow) {
        let clauses = inner.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body));
        let mut here = flow;
        for (test, body) in std::iter::once((Some(&*inner.test), &inner.body)).chain(clauses) {
            // Who binds the name of the constant may have given it another value.
            let truth = |test: &Expr| if self.has_own_type_checking { None } else { truth(test) };
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
            handler.type_.as_deref().is_none_or(catches_imports)
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
            && let Some(thing) = last_name(&attribute.value).filter(|thing| *thing != "self" && *thing != "cls")
        {
            let name = Some(attribute.attr.to_string());
            self.outline.patches.push(Patch { thing: thing.to_owned(), name });
        }
    }

    /// `setattr(thing, …)`.
    fn call(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else { return };
        if let (true, [thing, name, ..]) = (is_name(&call.func, "setattr"), &*call.arguments.args)
            && let Some(thing) = last_name(thing).filter(|thing| *thing != "self" && *thing != "cls")
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

    /// Adds a value's texts to `__all__`.
    fn export(&mut self, value: &Expr) {
        let (Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) = value else {
            if let Expr::BinOp(sum) = value
                && sum.op == ast::Operator::Add
            {
                self.export(&sum.left);
                self.export(&sum.right);
            } else {
                self.outline.exports = Exports::Unknown;
            }
            return;
        };
        for element in elts {
            match (element, &mut self.outline.exports) {
                (Expr::StringLiteral(text), exports @ Exports::Unset) => {
                    *exports = Exports::Known(vec![(text.value.to_str().to_owned(), text.start().to_usize())]);
                }
                (Expr::StringLiteral(text), Exports::Known(known)) => {
                    known.push((text.value.to_str().to_owned(), text.start().to_usize()));
                }
                (_, exports) => *exports = Exports::Unknown,
            }
        }
        if elts.is_empty() && self.outline.exports == Exports::Unset {
            self.outline.exports = Exports::Known(Vec::new());
        }
    }

    /// `__all__.extend([…])` and `.append(…)` add to it; other calls make it unknown.
    fn changed_exports(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else { return };
        let Expr::Attribute(method) = &*call.func else { return };
        if is_name(&method.value, "__all__") {
            self.exports_read += 1;
            match (method.attr.as_str(), call.arguments.args.first()) {
                ("extend", Some(list)) => self.export(list),
                ("append", Some(Expr::StringLiteral(text))) => {
                    if let Exports::Known(known) = &mut self.outline.exports {
                        known.push((text.value.to_str().to_owned(), text.start().to_usize()));
                    }
                }
                _ => self.outline.exports = Exports::Unknown,
            }
        }
    }

    fn mentions(&self, expression: &Expr, signs: &[&[u8]]) -> bool {
        let text = &self.text[expression.start().to_usize()..expression.end().to_usize()];
        signs.iter().any(|sign| memmem::find(text, sign).is_some())
    }
}

/// The last part of a dotted name.
fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => last_name(&attribute.value).map(|_| attribute.attr.as_str()),
        _ => None,
    }
}

fn is_name(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Name(inner) if inner.id == name)
}

/// Whether a condition is known to hold, or not to hold, when a program runs.
fn truth(test: &Expr) -> Option<bool> {
    match test {
        Expr::Name(name) if name.id == "TYPE_CHECKING" => Some(false),
        Expr::Attribute(attribute) if &attribute.attr == "TYPE_CHECKING" => {
            let is_typing = |name: &str| ["t", "T", "te", "tp", "typing", "typing_extensions"].contains(&name);
            last_name(&attribute.value).is_some_and(is_typing).then_some(false)
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

/// Whether a handler may catch a failed import: unless it names nothing but exceptions of another kind.
fn catches_imports(handled: &Expr) -> bool {
    match handled {
        Expr::Name(name) => !OTHER_EXCEPTIONS.contains(&name.id.as_str()),
        Expr::Tuple(tuple) => tuple.elts.iter().any(catches_imports),
        _ => true,
    }
}

/// Whether the module hands its own name to a function that may put names into it. Loggers and constructors do not.
fn hands_out_its_name(text: &[u8]) -> bool {
    memmem::find_iter(text, b"__name__").any(|at| {
        let before = text[..at].trim_ascii_end();
        let Some(callee) = before.strip_suffix(b"(") else { return before.ends_with(b",") };
        let start =
            callee.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').map_or(0, |at| at + 1);
        let name = String::from_utf8_lossy(&callee[start..]).to_lowercase();
        let is_application = CONSTRUCTORS.iter().any(|known| known.as_bytes() == &callee[start..]);
        let harmless = ["log", "path", "file", "resource", "data", "print", "repr", "str", "spec", "warn"];
        !name.is_empty() && !is_application && !harmless.iter().any(|word| name.contains(word))
    })
}
