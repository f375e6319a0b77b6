//! Does the repository keep its own rules: generated documents, one list of tools and one of files, the shape of crates?

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads the repository and fails by panicking"
)]

mod circles;
mod crates;
mod flavours;
mod generated;
mod lists;
mod promises;
mod reasons;
mod stored_files;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The source files of a crate, with their texts.
fn sources(of: &str) -> Vec<(PathBuf, String)> {
    sources_in(&root().join("crates").join(of).join("src"))
}

/// The files in a directory and those below it, with their texts.
fn sources_in(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn crates() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| root().join("crates").join(name).is_dir());
    names.sort();
    names
}

/// The part of a source file that is compiled into programs.
fn shipped_code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap()
}

/// The programs of the workspace: the crates with a `main.rs`.
fn programs() -> Vec<String> {
    let mut names = crates();
    names.retain(|name| root().join("crates").join(name).join("src/main.rs").exists());
    names
}

/// Every Rust file of the workspace, with its text.
fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = ["benches", "crates", "tests"].map(|name| root().join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}
