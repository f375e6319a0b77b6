//! The texts of a tree's files, each read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::tree::Tree;

/// A file's bytes, shared.
pub(crate) type Text = Rc<Vec<u8>>;

/// The texts of a tree's files.
pub(crate) struct Texts<'t> {
    tree: &'t Tree,
    read: RefCell<HashMap<String, Option<Text>>>,
}

impl<'t> Texts<'t> {
    /// Takes a tree, and reads nothing yet.
    pub(crate) fn new(tree: &'t Tree) -> Self {
        Self { tree, read: RefCell::default() }
    }

    /// Returns a file's bytes.
    pub(crate) fn of(&self, file: &str) -> Option<Text> {
        if let Some(known) = self.read.borrow().get(file) {
            return known.clone();
        }
        // What Git keeps of a link is where it leads, and no source.
        let entry = self.tree.entry(file).filter(|entry| !entry.is_link || entry.blob.is_none());
        let text = entry.and_then(|entry| self.tree.read_somewhere(entry)).map(Rc::new);
        self.read.borrow_mut().insert(file.to_owned(), text.clone());
        text
    }

    /// Reads every module of the tree. Only what is about to be reported is worth that.
    pub(crate) fn of_modules(&self) -> impl Iterator<Item = Text> {
        let modules = self.tree.entries.iter().filter(|entry| entry.name.strip_suffix(".py").is_some());
        modules.filter_map(|entry| self.of(&entry.name))
    }
}
