//! Where a project's modules are, and what an import of them finds. Nothing is run, and what cannot be known without that
//! is [`Verdict::Unknown`].

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use common::text;
use memchr::memmem;
use python_source::{Dialect, Exports, Module, Outline, Patch, Wanted};

use crate::file::File;
use crate::standard_library::STANDARD_LIBRARY;
use crate::tree::{Elsewhere, Tree};

/// Names that every module has.
const OF_EVERY_MODULE: [&str; 12] = [
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__dict__",
    "__dir__",
    "__doc__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
];

/// Files that say what a build makes.
const BUILD_FILES: [&str; 12] = [
    "BUILD",
    "BUILD.bazel",
    "CMakeLists.txt",
    "Cargo.toml",
    "Makefile",
    "build.py",
    "hatch_build.py",
    "meson.build",
    "noxfile.py",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
];

/// Files that make a folder a project of its own.
const PROJECT_FILES: [&str; 3] = ["pyproject.toml", "setup.cfg", "setup.py"];

/// Signs of a file that deals with modules as things.
const DEALINGS: [&[u8]; 9] = [
    b"__dict__",
    b"__globals__",
    b"f_globals",
    b"__path__",
    b"import_module(",
    b"meta_path",
    b"sys.modules",
    b"setattr(",
    b"vars(",
];

/// The modules of a tree.
pub struct Modules<'t> {
    tree: &'t Tree,
    dialect: Dialect,
    /// Folders that modules are imported from, each with the folder of its project.
    roots: Vec<(String, String)>,
    outlines: RefCell<HashMap<String, Rc<Outline>>>,
    texts: RefCell<HashMap<String, Option<Text>>>,
    build_files: RefCell<Option<Text>>,
    dealers: RefCell<Option<Rc<[Text]>>>,
}

/// A file's bytes, shared.
type Text = Rc<Vec<u8>>;

/// What an import finds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is there.
    Found,
    /// That shows only when the program runs.
    Unknown,
    /// It is not there.
    Missing(Missing),
}

/// What an import does not find.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
    /// It is in the work tree, but not in what is checked.
    is_uncommitted: bool,
}

impl Missing {
    /// Says what is missing, and what to do about it.
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into(), is_uncommitted: false }
    }
}

/// What a dotted name leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Target {
    /// A module's file.
    Module(String),
    /// A folder with an `__init__.py`.
    Package(String),
    /// A folder without one: a part of a namespace package.
    Folder(String),
}

impl Target {
    /// The file that binds its names; of a namespace package one that is not there.
    fn file(&self) -> String {
        match self {
            Self::Module(file) => file.clone(),
            Self::Package(folder) | Self::Folder(folder) => inside(folder, "__init__.py"),
        }
    }
}

/// What lies in a folder under a name.
enum Child {
    There(Target),
    /// Something that is not read: a stub, an extension module.
    Unread,
    Nothing,
}

impl<'t> Modules<'t> {
    /// Takes the modules of a tree; those of the files that were read already are given. `sources` are folders, besides
    /// the root itself, that modules are imported from; they count in each part of the tree that is a project of its own.
    pub fn new(tree: &'t Tree, dialect: Dialect, sources: &[String], outlines: HashMap<String, Outline>) -> Self {
        let outlines = outlines.into_iter().map(|(name, outline)| (name, Rc::new(outline))).collect();
        let is_project = |name: &str| PROJECT_FILES.contains(&name.rsplit('/').next().unwrap_or(name));
        let projects = tree.entries.iter().filter(|entry| is_project(&entry.name)).map(|entry| folder_of(&entry.name));
        let mut roots = Vec::new();
        // A root that is a package itself is not what its modules are imported from.
        let root = tree.entry("__init__.py").is_none().then_some("");
        for project in root.into_iter().chain(projects.filter(|project| !project.is_empty())) {
            let sources =
                sources.iter().map(|source| inside(project, source.trim_start_matches("./").trim_matches('/')));
            for root in std::iter::once(project.to_owned()).chain(sources) {
                if !roots.iter().any(|(known, _)| *known == root) {
                    roots.push((root, project.to_owned()));
                }
            }
        }
        // The innermost project first.
        roots.sort_by_key(|(_, project)| std::cmp::Reverse(project.len()));
        Self {
            tree,
            dialect,
            roots,
            outlines: RefCell::new(outlines),
            texts: RefCell::default(),
            build_files: RefCell::default(),
            dealers: RefCell::default(),
        }
    }

    /// Returns what a module binds, exports and imports.
    pub fn outline(&self, file: &str) -> Rc<Outline> {
        if let Some(known) = self.outlines.borrow().get(file) {
            return Rc::clone(known);
        }
        let bytes = self.text(file);
        let outline = bytes.as_deref().and_then(|bytes| File::new(file, bytes).decode()?.ok()).map_or_else(
            || Outline { is_open: true, has_own_path: true, ..Outline::default() },
            |text| Module::parse(&text, self.dialect).outline(),
        );
        let outline = Rc::new(outline);
        self.outlines.borrow_mut().insert(file.to_owned(), Rc::clone(&outline));
        outline
    }

    /// Returns a module's bytes.
    pub fn text(&self, file: &str) -> Option<Text> {
        if let Some(known) = self.texts.borrow().get(file) {
            return known.clone();
        }
        // What Git keeps of a link is where it leads, and no source.
        let entry = self.tree.entry(file).filter(|entry| !entry.is_link || entry.blob.is_none());
        let text = entry.and_then(|entry| self.tree.read_somewhere(entry)).map(Rc::new);
        self.texts.borrow_mut().insert(file.to_owned(), text.clone());
        text
    }

    /// Whether the text of a module that was not parsed shows by itself that it binds a name: by a definition or an import
    /// that begins at the margin. That spares the parse, where few files are checked.
    fn plainly_binds(&self, file: &str, name: &str) -> bool {
        if self.outlines.borrow().contains_key(file) {
            return false;
        }
        let Some(text) = self.text(file) else { return false };
        let mut bound = false;
        for at in words(&text, name) {
            let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
            let (before, after) = (&text[start..at], text[at + name.len()..].trim_ascii_start());
            if before.trim_ascii_start().starts_with(b"del ") {
                return false;
            }
            bound |= match before.trim_ascii_start() {
                b"def " | b"class " | b"async def " => is_of_module(&text[..start], before),
                b"" if after.starts_with(b"=") && !after.starts_with(b"==") => is_of_module(&text[..start], before),
                b"import " if !after.starts_with(b".") && !after.starts_with(b"as ") => {
                    is_of_module(&text[..start], before)
                }
                _ => !after.starts_with(b"as ") && is_imported(&text[..at]),
            };
        }
        bound
    }

    /// Judges an import in `file`: of the module that is wanted, and of `name` in it if one is given.
    pub fn judge(&self, file: &str, wanted: &Wanted, name: Option<&str>) -> Verdict {
        let parts: Vec<&str> = wanted.name.split('.').filter(|part| !part.is_empty()).collect();
        match wanted.level {
            0 => self.absolute(file, &parts, name),
            level => self.relative(file, level, &parts, name),
        }
    }

    /// Judges a name that a configured module is to export; none if there is no such module.
    pub fn exported(&self, module: &str, name: &str) -> Option<(String, Verdict)> {
        let parts: Vec<&str> = module.split('.').collect();
        self.bases("").find_map(|base| match self.descend(base, &parts) {
            Ok(target) => Some((target.file(), self.offers(&target, name, &mut HashSet::new()))),
            Err(_) => None,
        })
    }

    /// Judges an entry of the `__all__` of `file`.
    pub fn offered_by(&self, file: &str, name: &str) -> Verdict {
        let target = match file.strip_suffix("/__init__.py") {
            Some(folder) => Target::Package(folder.to_owned()),
            None => Target::Module(file.to_owned()),
        };
        self.offers(&target, name, &mut HashSet::new())
    }

    fn relative(&self, file: &str, level: u32, parts: &[&str], name: Option<&str>) -> Verdict {
        let own = folder_of(file);
        let folder = (1..level).fold(own, |folder, _| folder_of(folder));
        let base = self.base(file);
        if !self.is_package(own) || folder.len() > base.len() || self.is_package(folder) {
            return self.reach(folder, parts, name);
        }
        // A root may be part of a package itself, unless modules are imported from it.
        if !self.bases(file).any(|root| root == base) {
            return Verdict::Unknown;
        }
        Verdict::Missing(Missing::new("the relative import leads beyond the top-level package", "take a dot away"))
    }

    fn absolute(&self, file: &str, parts: &[&str], name: Option<&str>) -> Verdict {
        let Some(top) = parts.first() else { return Verdict::Unknown };
        let base = self.base(file);
        let own = file.strip_prefix(base).unwrap_or(file).trim_start_matches('/').split('/').next();
        if own != Some(top) && STANDARD_LIBRARY.binary_search(top).is_ok() {
            return Verdict::Unknown;
        }
        let mut missing = None;
        for base in self.bases(file) {
            if matches!(self.child(base, top), Child::Nothing) {
                continue;
            }
            match self.reach(base, parts, name) {
                Verdict::Missing(found) => missing = missing.or(Some(found)),
                verdict => return verdict,
            }
        }
        let Some(missing) = missing else { return Verdict::Unknown };
        // A script's own folder is looked in first when it is run.
        if !matches!(self.child(folder_of(file), top), Child::Nothing) && folder_of(file) != base {
            return Verdict::Unknown;
        }
        // A module of that name elsewhere in the tree may be the one that is meant.
        let (package, module) = (format!("/{top}/__init__.py"), format!("/{top}.py"));
        let others = self
            .tree
            .entries
            .iter()
            .filter_map(|entry| entry.name.strip_suffix(&package).or_else(|| entry.name.strip_suffix(&module)));
        let is_elsewhere = others
            .filter(|base| !self.bases(file).any(|known| known == *base))
            .any(|base| !matches!(self.reach(base, parts, name), Verdict::Missing(_)));
        if is_elsewhere { Verdict::Unknown } else { Verdict::Missing(missing) }
    }

    /// Follows `parts` from a folder, and looks for `name` in what they lead to.
    fn reach(&self, folder: &str, parts: &[&str], name: Option<&str>) -> Verdict {
        match self.descend(folder, parts) {
            Err(verdict) => verdict,
            Ok(target) => name.map_or(Verdict::Found, |name| self.offers(&target, name, &mut HashSet::new())),
        }
    }

    fn descend(&self, folder: &str, parts: &[&str]) -> Result<Target, Verdict> {
        let mut here = if self.is_package(folder) {
            Target::Package(folder.to_owned())
        } else {
            Target::Folder(folder.to_owned())
        };
        for part in parts {
            let folder = match &here {
                Target::Package(folder) | Target::Folder(folder) => folder.clone(),
                Target::Module(file) => {
                    let outline = self.outline(file);
                    if outline.is_open || outline.has_own_path {
                        return Err(Verdict::Unknown);
                    }
                    let what = format!("no module named `{part}` in `{file}`, which is no package");
                    return Err(Verdict::Missing(Missing::new(what, "mend the import")));
                }
            };
            here = match self.child(&folder, part) {
                Child::There(target) => target,
                Child::Unread => return Err(Verdict::Unknown),
                Child::Nothing => return Err(self.nothing(&folder, part)),
            };
        }
        Ok(here)
    }

    /// Whether a target has a name.
    fn offers(&self, target: &Target, name: &str, seen: &mut HashSet<(String, String)>) -> Verdict {
        let (folder, is_package) = match target {
            Target::Module(file) => return self.binds(file, name, seen),
            Target::Package(folder) => (folder, true),
            Target::Folder(folder) => (folder, false),
        };
        match self.child(folder, name) {
            Child::There(_) => return Verdict::Found,
            Child::Unread => return Verdict::Unknown,
            Child::Nothing => {}
        }
        let missing = match is_package.then(|| self.binds(&target.file(), name, seen)) {
            Some(Verdict::Missing(missing)) => Some(missing),
            Some(verdict) => return verdict,
            None => None,
        };
        match (self.nothing(folder, name), missing) {
            // The name of a thing is what was meant, and not that of a module.
            (Verdict::Missing(found), Some(missing)) => {
                Verdict::Missing(if found.is_uncommitted { found } else { missing })
            }
            (verdict, _) => verdict,
        }
    }

    /// Whether a module's file binds a name, itself or by `from … import *`.
    fn binds(&self, file: &str, name: &str, seen: &mut HashSet<(String, String)>) -> Verdict {
        if self.plainly_binds(file, name) {
            return Verdict::Found;
        }
        let outline = self.outline(file);
        if outline.names.contains(name) || OF_EVERY_MODULE.contains(&name) {
            return Verdict::Found;
        }
        if !seen.insert((file.to_owned(), name.to_owned())) {
            return self.missing_name(file, name);
        }
        if outline.is_open {
            return Verdict::Unknown;
        }
        for star in &outline.stars {
            match self.star(file, star, name, seen) {
                Verdict::Missing(_) => {}
                verdict => return verdict,
            }
        }
        self.missing_name(file, name)
    }

    /// Whether `from … import *` in `file` brings a name.
    fn star(&self, file: &str, wanted: &Wanted, name: &str, seen: &mut HashSet<(String, String)>) -> Verdict {
        let parts: Vec<&str> = wanted.name.split('.').filter(|part| !part.is_empty()).collect();
        let target = if wanted.level == 0 {
            let Some(target) = self.bases(file).find_map(|base| self.descend(base, &parts).ok()) else {
                return Verdict::Unknown;
            };
            target
        } else {
            let folder = (1..wanted.level).fold(folder_of(file), |folder, _| folder_of(folder));
            match self.descend(folder, &parts) {
                Ok(target) => target,
                Err(_) => return Verdict::Unknown,
            }
        };
        match &self.outline(&target.file()).exports {
            Exports::Known(names) if names.iter().any(|(known, _)| known == name) => Verdict::Found,
            Exports::Unset if !name.starts_with('_') => self.offers(&target, name, seen),
            // What it has and does not export now, it may export when the program runs.
            _ => match self.offers(&target, name, seen) {
                Verdict::Missing(missing) => Verdict::Missing(missing),
                Verdict::Found | Verdict::Unknown => Verdict::Unknown,
            },
        }
    }

    /// A module does not bind a name: is that all there is to know?
    fn missing_name(&self, file: &str, name: &str) -> Verdict {
        let stem = file.strip_suffix("/__init__.py").unwrap_or(file).trim_end_matches(".py");
        let stem = stem.rsplit('/').next().unwrap_or(stem);
        // Every object has such names, and setting some of them makes others.
        if name.starts_with("__") && name.ends_with("__") {
            return Verdict::Unknown;
        }
        let sets = |patch: &Patch| {
            let is_it = |set: &str| set == name || set == "__getattr__" || set == "__class__";
            patch.thing == stem && patch.name.as_deref().is_none_or(is_it)
        };
        if self.outlines.borrow().values().any(|outline| outline.patches.iter().any(sets)) {
            return Verdict::Unknown;
        }
        if self.is_injected(file) || self.is_set_somewhere(file, stem, name) {
            return Verdict::Unknown;
        }
        let outline = self.outline(file);
        let near = text::nearest(name, outline.names.iter().map(String::as_str));
        let mend =
            near.map_or("define it there, or mend the import".to_owned(), |near| format!("did you mean `{near}`?"));
        Verdict::Missing(Missing::new(format!("cannot import name `{name}` from {file}"), mend))
    }

    /// Whether some file of the tree that speaks of a module sets an attribute of this name, or deals with modules and
    /// quotes it.
    fn is_set_somewhere(&self, file: &str, stem: &str, name: &str) -> bool {
        let own = self.text(file);
        let is_own = |text: &Text| own.as_ref().is_some_and(|own| Rc::ptr_eq(own, text));
        let speaks = |text: &Text| is_own(text) || words(text, stem).next().is_some();
        let quotes = |text: &[u8]| {
            let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'\'' | b'"'));
            words(text, name).any(|at| is_quote(text[..at].last()) && is_quote(text.get(at + name.len())))
                || words(text, name).any(|at| text.get(at + name.len()) == Some(&b'=') && is_updated(&text[..at]))
        };
        self.dealers().iter().any(|text| speaks(text) && quotes(text))
            || self.texts_of_tree().any(|text| sets(&text, name) && speaks(&text))
    }

    /// Whether some file of the tree makes modules, and speaks of one of this name.
    fn is_made_up(&self, folder: &str, name: &str) -> bool {
        let package = folder.rsplit('/').next().unwrap_or(folder);
        let moves = |text: &[u8]| memmem::find(text, b"__path__").is_some() && words(text, package).next().is_some();
        let makes = |text: &[u8]| {
            [&b"sys.modules"[..], b"meta_path", b"__path__"].iter().any(|it| memmem::find(text, it).is_some())
        };
        let hooks = |text: &[u8]| memmem::find(text, b"meta_path").is_some();
        let dealers = self.dealers();
        dealers.iter().any(|text| makes(text) && (hooks(text) || moves(text) || words(text, name).next().is_some()))
    }

    /// The texts of the files that deal with modules as things: whoever reads them may find what no statement binds.
    fn dealers(&self) -> Rc<[Text]> {
        if let Some(known) = &*self.dealers.borrow() {
            return Rc::clone(known);
        }
        let deals = |text: &Text| DEALINGS.iter().any(|sign| memmem::find(text, sign).is_some());
        let dealers: Rc<[Text]> = self.texts_of_tree().filter(deals).collect();
        *self.dealers.borrow_mut() = Some(Rc::clone(&dealers));
        dealers
    }

    /// Reads every module of the tree. Only what is about to be reported is worth that.
    fn texts_of_tree(&self) -> impl Iterator<Item = Text> {
        let modules = self.tree.entries.iter().filter(|entry| entry.name.strip_suffix(".py").is_some());
        modules.filter_map(|entry| self.text(&entry.name))
    }

    /// Whether some file of the tree puts a name among the built-in ones.
    pub fn is_built_in(&self, name: &str) -> bool {
        self.texts_of_tree()
            .any(|text| memmem::find(&text, b"builtins").is_some() && words(&text, name).next().is_some())
    }

    /// Whether a module speaks of a function that puts names into modules.
    fn is_injected(&self, file: &str) -> bool {
        let text = self.tree.entry(file).and_then(|entry| self.tree.read(entry)).unwrap_or_default();
        let outlines = self.outlines.borrow();
        outlines
            .values()
            .any(|outline| outline.injectors.iter().any(|injector| words(&text, injector).next().is_some()))
    }

    /// Nothing of that name is in a folder: is that all there is to know?
    fn nothing(&self, folder: &str, name: &str) -> Verdict {
        if self.is_package(folder) {
            let outline = self.outline(&inside(folder, "__init__.py"));
            if outline.has_own_path || outline.is_open {
                return Verdict::Unknown;
            }
        } else if !self.is_in_package(folder) {
            // Another distribution may hold a part of the same namespace.
            return Verdict::Unknown;
        }
        let path = inside(folder, name);
        let module = format!("{path}.py");
        let elsewhere = [self.tree.elsewhere(&module), self.tree.elsewhere(&inside(&path, "__init__.py"))];
        if elsewhere.contains(&Elsewhere::Made) || self.is_built(&path, name) {
            return Verdict::Unknown;
        }
        // A folder with nothing of the project in it: another repository, or files that something makes.
        let is_folder = !elsewhere.contains(&Elsewhere::Uncommitted) && self.tree.root().join(&path).is_dir();
        let is_other_repository = self.tree.root().join(&path).join(".git").exists();
        if is_folder || is_other_repository || self.is_made_up(folder, name) {
            return Verdict::Unknown;
        }
        let place = if folder.is_empty() { "the repository" } else { folder };
        let what = format!("no module named `{name}` in {place}");
        if elsewhere.contains(&Elsewhere::Uncommitted) {
            let mend = "it is in the work tree: commit it as well".to_owned();
            return Verdict::Missing(Missing { what, mend, is_uncommitted: true });
        }
        let neighbours = self.tree.beginning(folder).filter_map(|path| {
            let rest = path.strip_prefix(folder)?.trim_start_matches('/');
            rest.split_once('/').map_or_else(|| rest.strip_suffix(".py"), |(first, _)| Some(first))
        });
        let near = text::nearest(name, neighbours);
        let mend =
            near.map_or("mend the import, or add the module".to_owned(), |near| format!("did you mean `{near}`?"));
        Verdict::Missing(Missing::new(what, mend))
    }

    /// Whether a build makes the module: a file of the same stem is there (`x.pyx`, `x.c`, `x.so`), or a build file speaks
    /// of it.
    fn is_built(&self, path: &str, name: &str) -> bool {
        if self.tree.beginning(&format!("{path}.")).next().is_some() {
            return true;
        }
        let folder = self.tree.root().join(folder_of(path));
        let (start, module) = (format!("{name}."), format!("{name}.py"));
        let on_disk = std::fs::read_dir(folder).into_iter().flatten().flatten();
        if on_disk
            .map(|entry| entry.file_name())
            .any(|file| file != *module && file.to_string_lossy().starts_with(&start))
        {
            return true;
        }
        words(&self.build_files(), name).next().is_some()
    }

    fn build_files(&self) -> Text {
        let text = self.build_files.borrow_mut().take().unwrap_or_else(|| {
            let is_build_file = |name: &str| BUILD_FILES.contains(&name.rsplit('/').next().unwrap_or(name));
            let entries = self.tree.entries.iter().filter(|entry| is_build_file(&entry.name));
            let texts = entries.filter_map(|entry| self.tree.read(entry));
            Rc::new(
                texts
                    .flat_map(|mut text| {
                        text.push(b'\n');
                        text
                    })
                    .collect(),
            )
        });
        *self.build_files.borrow_mut() = Some(Rc::clone(&text));
        text
    }

    fn child(&self, folder: &str, name: &str) -> Child {
        let path = inside(folder, name);
        let has = |name: &str| self.tree.entry(name).is_some();
        let (package, module) = (inside(&path, "__init__.py"), format!("{path}.py"));
        if self.tree.entry(&path).is_some_and(|entry| entry.is_link) {
            // A folder by another name, or none.
            Child::Unread
        } else if has(&package) {
            Child::There(Target::Package(path))
        } else if has(&module) {
            Child::There(Target::Module(module))
        } else if has(&format!("{package}i")) || has(&format!("{module}i")) {
            Child::Unread
        } else if self.tree.has_folder(&path) {
            Child::There(Target::Folder(path))
        } else {
            Child::Nothing
        }
    }

    fn is_package(&self, folder: &str) -> bool {
        self.tree.entry(&inside(folder, "__init__.py")).is_some()
    }

    /// Whether a folder is below a package, whose `__path__` is all that counts for it.
    fn is_in_package(&self, folder: &str) -> bool {
        let mut above = folder;
        while !above.is_empty() {
            above = folder_of(above);
            if self.is_package(above) {
                return true;
            }
        }
        false
    }

    /// The folder that a file's own top-level package, or the file itself, is imported from.
    fn base<'f>(&self, file: &'f str) -> &'f str {
        let mut folder = folder_of(file);
        while self.is_package(folder) && !folder.is_empty() {
            folder = folder_of(folder);
        }
        folder
    }

    /// The folders that a file's absolute imports may begin in: those of the projects that it lies in.
    fn bases(&self, file: &str) -> impl Iterator<Item = &str> {
        let is_in = move |project: &str| {
            project.is_empty() || file.strip_prefix(project).is_some_and(|rest| rest.starts_with('/'))
        };
        self.roots.iter().filter(move |(_, project)| is_in(project)).map(|(root, _)| root.as_str())
    }
}

/// Whether the line that a text ends in updates the dictionary of something.
fn is_updated(text: &[u8]) -> bool {
    let line = &text[memchr::memrchr(b'\n', text).map_or(0, |end| end + 1)..];
    memmem::find(line, b"__dict__").is_some() || memmem::find(line, b"vars(").is_some()
}

/// Whether a line of a text assigns to an attribute of this name; what an object sets of itself does not count.
fn sets(text: &[u8], name: &str) -> bool {
    words(text, name).filter(|at| *at > 0 && text[at - 1] == b'.').any(|at| {
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
        let (before, after) = (&text[start..at], &text[at + name.len()..end]);
        if [&b"self."[..], b"cls."].iter().any(|own| before.trim_ascii_start() == *own) {
            return false;
        }
        let assigns = memchr::memchr(b'=', after).is_some_and(|at| after.get(at + 1) != Some(&b'='));
        let is_target = after.trim_ascii_start().starts_with(b"in ") || memmem::find(before, b" as ").is_some();
        memchr::memchr2(b'(', b'=', before).is_none_or(|_| before.starts_with(b"with ")) && (assigns || is_target)
    })
}

/// Where a word stands in a text by itself.
fn words<'w>(text: &'w [u8], word: &'w str) -> impl Iterator<Item = usize> + 'w {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memmem::find_iter(text, word).filter(move |at| {
        !is_part(at.checked_sub(1).and_then(|before| text.get(before))) && !is_part(text.get(at + word.len()))
    })
}

/// Whether a line that begins like `line` after `text` is run when the module is imported: it stands at the margin, or one
/// level below a statement that is no definition and no check for types.
fn is_of_module(text: &[u8], line: &[u8]) -> bool {
    let indent = line.len() - line.trim_ascii_start().len();
    if indent == 0 {
        return true;
    }
    let at_margin =
        |line: &&[u8]| line.first().is_some_and(|byte| !byte.is_ascii_whitespace() && !b"#)".contains(byte));
    let head = text.rsplit(|byte| *byte == b'\n').find(at_margin).unwrap_or_default();
    let opens = [&b"try:"[..], b"except", b"else:", b"if ", b"elif ", b"with ", b"for "];
    indent <= 4 && opens.iter().any(|word| head.starts_with(word)) && memmem::find(head, b"TYPE_CHECKING").is_none()
}

/// Whether what follows `text` is one of the names of a `from … import` that begins at the margin.
fn is_imported(text: &[u8]) -> bool {
    let mut end = text.len();
    loop {
        let start = memchr::memrchr(b'\n', &text[..end]).map_or(0, |at| at + 1);
        match text[start..].first() {
            // A line that goes on with a statement that began above.
            Some(b' ' | b'\t' | b'\n') | None if start > 0 => end = start - 1,
            _ => {
                let statement = &text[start..];
                return statement.starts_with(b"from ")
                    && memmem::find(statement, b" import ").is_some()
                    && memchr::memchr2(b')', b'#', statement).is_none()
                    && (memchr::memchr(b'(', statement).is_some() || memchr::memchr(b'\n', statement).is_none());
            }
        }
    }
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_module_are_told_from_those_of_functions() {
        let seen = |text: &str| {
            let at = text.rfind('\n').unwrap() + 1;
            is_of_module(&text.as_bytes()[..at], &text.as_bytes()[at..])
        };
        for text in ["\n", "try:\n    import a\n    ", "if x:\n    y = 1\n# z\n    "] {
            assert!(seen(text), "{text}");
        }
        for text in ["def f():\n    ", "class A:\n    ", "if TYPE_CHECKING:\n    ", "if x:\n    def f():\n        "] {
            assert!(!seen(text), "{text}");
        }
    }

    #[test]
    fn names_of_imports_at_the_margin_are_seen_without_a_parse() {
        let seen = |text: &str| {
            let at = words(text.as_bytes(), "x").next().unwrap();
            is_imported(&text.as_bytes()[..at])
        };
        for text in [
            "from a import x\n",
            "from a import b, x\n",
            "y\nfrom a import (\n    b,\n    x,\n)\n",
            "from .a import (b,\n\n x)",
        ] {
            assert!(seen(text), "{text}");
        }
        for text in [
            "from x import a\n",
            "y\n    x\n",
            "from a import (b)\n    x\n",
            "f(\n    x)\n",
            "if a:\n    from b import x\n",
        ] {
            assert!(!seen(text), "{text}");
        }
    }
}
