//! Where a project's modules are: the folders that they are imported from, and what lies in a folder under a name.

use crate::tree::Tree;

/// Files that make a folder a project of its own.
const PROJECT_FILES: [&str; 3] = ["pyproject.toml", "setup.cfg", "setup.py"];

/// Where the modules of a tree are.
pub(crate) struct Layout<'t> {
    tree: &'t Tree,
    /// Folders that modules are imported from, each with the folder of its project.
    roots: Vec<(String, String)>,
}

/// What a dotted name leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// A module's file.
    Module(String),
    /// A folder with an `__init__.py`.
    Package(String),
    /// A folder without one: a part of a namespace package.
    Folder(String),
}

impl Target {
    /// Returns the file that binds its names; for a namespace package one that does not exist.
    pub(crate) fn file(&self) -> String {
        match self {
            Self::Module(file) => file.clone(),
            Self::Package(folder) | Self::Folder(folder) => inside(folder, "__init__.py"),
        }
    }
}

/// What lies in a folder under a name.
pub(crate) enum Child {
    /// A module, a package, or a part of one.
    There(Target),
    /// Something that is not read: a stub, an extension module.
    Unread,
    /// Nothing of that name.
    Nothing,
}

impl<'t> Layout<'t> {
    /// Takes a tree. `sources` are folders, besides the root itself, that modules are imported from; they count in each part
    /// of the tree that is a project of its own.
    pub(crate) fn new(tree: &'t Tree, sources: &[String]) -> Self {
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
        Self { tree, roots }
    }

    /// Returns what lies in a folder under a name.
    pub(crate) fn child(&self, folder: &str, name: &str) -> Child {
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

    /// Returns whether a folder has an `__init__.py`.
    pub(crate) fn is_package(&self, folder: &str) -> bool {
        self.tree.entry(&inside(folder, "__init__.py")).is_some()
    }

    /// Returns whether a folder is below a package, whose `__path__` is all that counts for it.
    pub(crate) fn is_in_package(&self, folder: &str) -> bool {
        let mut above = folder;
        while !above.is_empty() {
            above = folder_of(above);
            if self.is_package(above) {
                return true;
            }
        }
        false
    }

    /// Returns the folder that a file's own top-level package, or the file itself, is imported from.
    pub(crate) fn base<'f>(&self, file: &'f str) -> &'f str {
        let mut folder = folder_of(file);
        while self.is_package(folder) && !folder.is_empty() {
            folder = folder_of(folder);
        }
        folder
    }

    /// Returns the folders that a file's absolute imports may begin in: those of the projects that it lies in.
    pub(crate) fn bases(&self, file: &str) -> impl Iterator<Item = &str> {
        let is_in = move |project: &str| {
            project.is_empty() || file.strip_prefix(project).is_some_and(|rest| rest.starts_with('/'))
        };
        self.roots.iter().filter(move |(_, project)| is_in(project)).map(|(root, _)| root.as_str())
    }
}

/// Returns the folder that a name is in; the root is empty.
pub(crate) fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the name of what is in a folder.
pub(crate) fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
