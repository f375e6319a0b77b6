//! What an import of a project's modules finds. Nothing is run, and what cannot be known without that is
//! [`Verdict::Unknown`].

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use host::text;
use python_source::{Dialect, Exports, Module, Outline, Patch, Wanted};

use crate::dynamic::DynamicNames;
use crate::file::File;
use crate::layout::{Child, Layout, Target, folder_of, inside};
use crate::standard_library::STANDARD_LIBRARY;
use crate::text_scan;
use crate::texts::Texts;
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

/// The modules of a tree.
pub(crate) struct Modules<'t> {
    tree: &'t Tree,
    /// The texts of its files.
    pub texts: Rc<Texts<'t>>,
    /// Whatever makes further names and modules.
    pub dynamic: DynamicNames<'t>,
    layout: Layout<'t>,
    dialect: Dialect,
    outlines: RefCell<HashMap<String, Rc<Outline>>>,
}

/// What an import finds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is there.
    Found,
    /// That shows only when the program runs.
    Unknown,
    /// It is not there.
    Missing(Missing),
}

/// What an import does not find.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Missing {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
    /// It is in the work tree, but not in what is checked.
    is_uncommitted: bool,
}

impl Missing {
    /// Says what is missing, and what to do about it.
    pub(crate) fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into(), is_uncommitted: false }
    }
}

impl<'t> Modules<'t> {
    /// Takes the modules of a tree; those of the files that were read already are given. `sources` are folders, besides
    /// the root itself, that modules are imported from; they count in each part of the tree that is a project of its own.
    pub(crate) fn new(
        tree: &'t Tree,
        dialect: Dialect,
        sources: &[String],
        outlines: HashMap<String, Outline>,
    ) -> Self {
        let outlines = outlines.into_iter().map(|(name, outline)| (name, Rc::new(outline))).collect();
        let texts = Rc::new(Texts::new(tree));
        let dynamic = DynamicNames::new(tree, Rc::clone(&texts));
        Self { tree, texts, dynamic, layout: Layout::new(tree, sources), dialect, outlines: RefCell::new(outlines) }
    }

    /// Returns what a module binds, exports and imports.
    pub(crate) fn outline(&self, file: &str) -> Rc<Outline> {
        if let Some(known) = self.outlines.borrow().get(file) {
            return Rc::clone(known);
        }
        let bytes = self.texts.of(file);
        let outline = bytes.as_deref().and_then(|bytes| File::new(file, bytes).decode()?.ok()).map_or_else(
            || Outline { is_open: true, has_own_path: true, ..Outline::default() },
            |text| Module::parse(&text, self.dialect).outline(),
        );
        let outline = Rc::new(outline);
        self.outlines.borrow_mut().insert(file.to_owned(), Rc::clone(&outline));
        outline
    }

    /// Whether the text of a module that was not parsed shows by itself that it binds a name. That spares the parse, where
    /// few files are checked.
    fn plainly_binds(&self, file: &str, name: &str) -> bool {
        !self.outlines.borrow().contains_key(file)
            && self.texts.of(file).is_some_and(|text| text_scan::binds(&text, name))
    }

    /// Judges an import in `file`: of the module that is wanted, and of `name` in it if one is given.
    pub(crate) fn judge(&self, file: &str, wanted: &Wanted, name: Option<&str>) -> Verdict {
        let parts: Vec<&str> = wanted.name.split('.').filter(|part| !part.is_empty()).collect();
        match wanted.level {
            0 => self.absolute(file, &parts, name),
            level => self.relative(file, level, &parts, name),
        }
    }

    /// Judges a name that a configured module is to export; none if there is no such module.
    pub(crate) fn exported(&self, module: &str, name: &str) -> Option<(String, Verdict)> {
        let parts: Vec<&str> = module.split('.').collect();
        self.layout.bases("").find_map(|base| match self.descend(base, &parts) {
            Ok(target) => Some((target.file(), self.offers(&target, name, &mut HashSet::new()))),
            Err(_) => None,
        })
    }

    /// Judges an entry of the `__all__` of `file`.
    pub(crate) fn offered_by(&self, file: &str, name: &str) -> Verdict {
        let target = match file.strip_suffix("/__init__.py") {
            Some(folder) => Target::Package(folder.to_owned()),
            None => Target::Module(file.to_owned()),
        };
        self.offers(&target, name, &mut HashSet::new())
    }

    fn relative(&self, file: &str, level: u32, parts: &[&str], name: Option<&str>) -> Verdict {
        let own = folder_of(file);
        let folder = (1..level).fold(own, |folder, _| folder_of(folder));
        let base = self.layout.base(file);
        if !self.layout.is_package(own) || folder.len() > base.len() || self.layout.is_package(folder) {
            return self.reach(folder, parts, name);
        }
        // A root may be part of a package itself, unless modules are imported from it.
        if !self.layout.bases(file).any(|root| root == base) {
            return Verdict::Unknown;
        }
        Verdict::Missing(Missing::new("the relative import leads beyond the top-level package", "take a dot away"))
    }

    fn absolute(&self, file: &str, parts: &[&str], name: Option<&str>) -> Verdict {
        let Some(top) = parts.first() else { return Verdict::Unknown };
        let base = self.layout.base(file);
        let own = file.strip_prefix(base).unwrap_or(file).trim_start_matches('/').split('/').next();
        if own != Some(top) && STANDARD_LIBRARY.binary_search(top).is_ok() {
            return Verdict::Unknown;
        }
        let mut missing = None;
        for base in self.layout.bases(file) {
            if matches!(self.layout.child(base, top), Child::Nothing) {
                continue;
            }
            match self.reach(base, parts, name) {
                Verdict::Missing(found) => missing = missing.or(Some(found)),
                verdict => return verdict,
            }
        }
        let Some(missing) = missing else { return Verdict::Unknown };
        // A script's own folder is looked in first when it is run.
        if !matches!(self.layout.child(folder_of(file), top), Child::Nothing) && folder_of(file) != base {
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
            .filter(|base| !self.layout.bases(file).any(|known| known == *base))
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
        let mut here = if self.layout.is_package(folder) {
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
                    return Err(Verdict::Missing(Missing::new(what, "fix the import")));
                }
            };
            here = match self.layout.child(&folder, part) {
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
        match self.layout.child(folder, name) {
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
            let Some(target) = self.layout.bases(file).find_map(|base| self.descend(base, &parts).ok()) else {
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
        if self.dynamic.is_injected(file, self.outlines.borrow().values())
            || self.dynamic.is_set_somewhere(file, stem, name)
        {
            return Verdict::Unknown;
        }
        let outline = self.outline(file);
        let near = text::nearest(name, outline.names.iter().map(String::as_str));
        let mend =
            near.map_or("define it there, or fix the import".to_owned(), |near| format!("did you mean `{near}`?"));
        Verdict::Missing(Missing::new(format!("cannot import name `{name}` from {file}"), mend))
    }

    /// Nothing of that name is in a folder: is that all there is to know?
    fn nothing(&self, folder: &str, name: &str) -> Verdict {
        if self.layout.is_package(folder) {
            let outline = self.outline(&inside(folder, "__init__.py"));
            if outline.has_own_path || outline.is_open {
                return Verdict::Unknown;
            }
        } else if !self.layout.is_in_package(folder) {
            // Another distribution may hold a part of the same namespace.
            return Verdict::Unknown;
        }
        let path = inside(folder, name);
        let module = format!("{path}.py");
        let elsewhere = [self.tree.elsewhere(&module), self.tree.elsewhere(&inside(&path, "__init__.py"))];
        if elsewhere.contains(&Elsewhere::Made) || self.dynamic.is_built(&path, name) {
            return Verdict::Unknown;
        }
        // A folder with nothing of the project in it: another repository, or files that something makes.
        let is_folder =
            !elsewhere.contains(&Elsewhere::Uncommitted) && self.tree.is_folder(&self.tree.root().join(&path));
        let is_other_repository = self.tree.is_there(&self.tree.root().join(&path).join(".git"));
        if is_folder || is_other_repository || self.dynamic.is_made_up(folder, name) {
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
            near.map_or("fix the import, or add the module".to_owned(), |near| format!("did you mean `{near}`?"));
        Verdict::Missing(Missing::new(what, mend))
    }
}
