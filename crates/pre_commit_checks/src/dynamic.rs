//! Who makes names that no statement binds, and modules that no file holds: files that deal with modules as things, and
//! builds.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::rc::Rc;

use memchr::memmem;
use python_source::Outline;

use crate::layout::folder_of;
use crate::text_scan::{self, words};
use crate::texts::{Text, Texts};
use crate::tree::Tree;

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

/// The code that makes names and modules in a tree.
pub(crate) struct DynamicNames<'t> {
    tree: &'t Tree,
    texts: Rc<Texts<'t>>,
    build_files: RefCell<Option<Text>>,
    dealers: RefCell<Option<Rc<[Text]>>>,
}

impl<'t> DynamicNames<'t> {
    /// Takes a tree and its texts, and reads nothing yet.
    pub(crate) fn new(tree: &'t Tree, texts: Rc<Texts<'t>>) -> Self {
        Self { tree, texts, build_files: RefCell::default(), dealers: RefCell::default() }
    }

    /// Returns whether some file of the tree that speaks of a module sets an attribute of this name, or deals with modules
    /// and quotes it.
    pub(crate) fn is_set_somewhere(&self, file: &str, stem: &str, name: &str) -> bool {
        let own = self.texts.of(file);
        let is_own = |text: &Text| own.as_ref().is_some_and(|own| Rc::ptr_eq(own, text));
        let speaks = |text: &Text| is_own(text) || words(text, stem).next().is_some();
        let quotes = |text: &[u8]| {
            let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'\'' | b'"'));
            words(text, name).any(|at| is_quote(text[..at].last()) && is_quote(text.get(at + name.len())))
                || words(text, name)
                    .any(|at| text.get(at + name.len()) == Some(&b'=') && text_scan::is_updated(&text[..at]))
        };
        self.dealers().iter().any(|text| speaks(text) && quotes(text))
            || self.texts.of_modules().any(|text| text_scan::sets(&text, name) && speaks(&text))
    }

    /// Returns whether some file of the tree makes modules, and speaks of one of this name.
    pub(crate) fn is_made_up(&self, folder: &str, name: &str) -> bool {
        let package = folder.rsplit('/').next().unwrap_or(folder);
        let moves = |text: &[u8]| memmem::find(text, b"__path__").is_some() && words(text, package).next().is_some();
        let makes = |text: &[u8]| {
            [&b"sys.modules"[..], b"meta_path", b"__path__"].iter().any(|it| memmem::find(text, it).is_some())
        };
        let hooks = |text: &[u8]| memmem::find(text, b"meta_path").is_some();
        let dealers = self.dealers();
        dealers.iter().any(|text| makes(text) && (hooks(text) || moves(text) || words(text, name).next().is_some()))
    }

    /// Returns whether some file of the tree puts a name among the built-in ones.
    pub(crate) fn is_built_in(&self, name: &str) -> bool {
        self.texts
            .of_modules()
            .any(|text| memmem::find(&text, b"builtins").is_some() && words(&text, name).next().is_some())
    }

    /// Returns whether a module speaks of a function that puts names into modules, as one of the outlines has it.
    pub(crate) fn is_injected<'o>(&self, file: &str, mut outlines: impl Iterator<Item = &'o Rc<Outline>>) -> bool {
        let text = self.tree.entry(file).and_then(|entry| self.tree.read(entry)).unwrap_or_default();
        outlines.any(|outline| outline.injectors.iter().any(|injector| words(&text, injector).next().is_some()))
    }

    /// Returns whether a build makes the module: a file of the same stem is there (`x.pyx`, `x.c`, `x.so`), or a build
    /// file speaks of it.
    pub(crate) fn is_built(&self, path: &str, name: &str) -> bool {
        if self.tree.beginning(&format!("{path}.")).next().is_some() {
            return true;
        }
        let folder = self.tree.root().join(folder_of(path));
        let (start, module) = (format!("{name}."), format!("{name}.py"));
        let is_neighbour = |file: &OsStr| file != module.as_str() && file.to_string_lossy().starts_with(&start);
        if self.tree.list_on_disk(&folder).iter().any(|file| is_neighbour(file)) {
            return true;
        }
        words(&self.build_files(), name).next().is_some()
    }

    /// The texts of the files that deal with modules as things: code that reads them may find what no statement binds.
    fn dealers(&self) -> Rc<[Text]> {
        if let Some(known) = &*self.dealers.borrow() {
            return Rc::clone(known);
        }
        let deals = |text: &Text| DEALINGS.iter().any(|sign| memmem::find(text, sign).is_some());
        let dealers: Rc<[Text]> = self.texts.of_modules().filter(deals).collect();
        *self.dealers.borrow_mut() = Some(Rc::clone(&dealers));
        dealers
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
}
