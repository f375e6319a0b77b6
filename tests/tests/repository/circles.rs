//! No module imports one that imports it, by whatever way. Cargo refuses circles of crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

use crate::{crates, root, sources_in};

/// A module, by the names on the way to it from the root of its crate.
type Module = Vec<String>;

/// What each module imports of the other modules of its crate.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Collects the paths that a file names, apart from those of its tests.
#[derive(Default)]
struct Paths {
    found: BTreeSet<Vec<String>>,
    /// The modules that the file declares.
    children: BTreeSet<String>,
}

impl Paths {
    fn add_use(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.add_use(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(name) => drop(self.found.insert(with(name.ident.to_string()))),
            UseTree::Rename(name) => drop(self.found.insert(with(name.ident.to_string()))),
            UseTree::Glob(_) => drop(self.found.insert(before.to_vec())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(tree, before)),
        }
    }

    /// Adds the paths that a macro is called with, which are no syntax yet.
    fn add_tokens(&mut self, text: &str) {
        let text = text.replace(" :: ", "::");
        for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))) {
            let path: Vec<String> = word.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            if path.len() > 1 {
                self.found.insert(path);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        let is_of_tests = attributes.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
        });
        if is_of_tests {
            return;
        }
        match item {
            Item::Use(item) => self.add_use(&item.tree, &[]),
            Item::Mod(item) if item.content.is_none() => drop(self.children.insert(item.ident.to_string())),
            other => visit::visit_item(self, other),
        }
    }

    /// `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        self.add_tokens(&called.tokens.to_string());
    }
}

/// Returns the module that a path names or leads into; none if it is outside the crate.
fn resolve(path: &[String], of: &Module, children: &BTreeSet<String>, modules: &BTreeSet<Module>) -> Option<Module> {
    let first = path.first()?.as_str();
    let mut full: Module = match first {
        "crate" => path[1..].to_vec(),
        "self" => [of, &path[1..]].concat(),
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            [&of[..of.len().checked_sub(ups)?], &path[ups..]].concat()
        }
        child if children.contains(child) && path.len() > 1 => [of, path].concat(),
        _ => return None,
    };
    while !modules.contains(&full) {
        full.pop()?;
    }
    Some(full)
}

/// Returns what each module of the sources in a directory imports of the others.
fn imports(source: &Path) -> Imports {
    // Of a crate with a library, `main.rs` is another one that uses it.
    let is_of_program = |path: &Path| path.ends_with("main.rs") && source.join("lib.rs").exists();
    let files: BTreeMap<Module, String> = sources_in(source)
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|ending| ending == "rs") && !is_of_program(path))
        .map(|(path, text)| {
            let path = path.strip_prefix(source).unwrap().with_extension("");
            let mut module: Module = path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                module.pop();
            }
            (module, text)
        })
        .collect();
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    files
        .into_iter()
        .map(|(module, text)| {
            let mut paths = Paths::default();
            paths.visit_file(&syn::parse_file(&text).unwrap());
            let Paths { found, children } = paths;
            let imported = found.iter().filter_map(|path| resolve(path, &module, &children, &modules));
            let imported = imported.filter(|other| *other != module).collect();
            (module, imported)
        })
        .collect()
}

/// Returns the modules that import themselves by way of others, with what they import of one another.
fn circular(mut imports: Imports) -> Imports {
    // One that imports no other of them, or that none of them imports, is in no circle.
    loop {
        let count = imports.len();
        let left: BTreeSet<Module> = imports.keys().cloned().collect();
        for imported in imports.values_mut() {
            imported.retain(|other| left.contains(other));
        }
        let used: BTreeSet<Module> = imports.values().flatten().cloned().collect();
        imports.retain(|module, imported| !imported.is_empty() && used.contains(module));
        if imports.len() == count {
            return imports;
        }
    }
}

fn described(circle: &Imports) -> Vec<String> {
    let name = |module: &Module| if module.is_empty() { "lib".to_owned() } else { module.join("::") };
    circle
        .iter()
        .map(|(module, imported)| {
            format!("{} -> {}", name(module), imported.iter().map(name).collect::<Vec<_>>().join(", "))
        })
        .collect()
}

#[test]
fn no_module_imports_one_that_imports_it() {
    let mut found = BTreeMap::new();
    let sources = crates().into_iter().map(|name| (name.clone(), root().join("crates").join(name).join("src")));
    let others = [("benches", "benches/src"), ("sandbox", "tests/sandbox/src"), ("tests", "tests/tests/repository")];
    for (name, source) in sources.chain(others.map(|(name, source)| (name.to_owned(), root().join(source)))) {
        let circle = circular(imports(&source));
        if !circle.is_empty() {
            found.insert(name, described(&circle));
        }
    }
    assert!(found.is_empty(), "circles of modules: {found:#?}");
}

#[test]
fn a_circle_is_found_whichever_way_it_goes() {
    let directory = tempfile::tempdir().unwrap();
    let circle_of = |files: &[(&str, &str)]| {
        let source = directory.path().join("src");
        let _ = fs::remove_dir_all(&source);
        for (name, text) in files {
            let path = source.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        described(&circular(imports(&source)))
    };
    let lib = "mod a; mod b; pub use a::A;";
    assert_eq!(circle_of(&[("lib.rs", lib), ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;")]), [""; 0]);
    for b in [
        "use crate::a::A;",
        "use super::{a::A};",
        "fn f(_: super::a::A) {}",
        "fn f() { println!(\"{}\", crate::a::A) }",
        "use crate::A;",
    ] {
        let circle = circle_of(&[("lib.rs", lib), ("a.rs", "use crate::b::B;"), ("b.rs", b)]);
        assert!(circle.contains(&"a -> b".to_owned()), "{b}: {circle:?}");
    }
    let of_tests = "#[cfg(test)]\nmod tests { use crate::a::A; }\npub(super) struct B;";
    assert_eq!(circle_of(&[("lib.rs", lib), ("a.rs", "use crate::b::B;"), ("b.rs", of_tests)]), [""; 0]);
    let circle = circle_of(&[("lib.rs", "mod a;"), ("a/mod.rs", "mod c; pub use c::C;"), ("a/c.rs", "use super::C;")]);
    assert_eq!(circle, ["a -> a::c", "a::c -> a"]);
}
