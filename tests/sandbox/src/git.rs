//! Git repositories of a sandbox.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use git2::{Commit, IndexAddOption, Oid, Repository, RepositoryInitOptions, Signature, Time};

use crate::sandbox::Sandbox;

/// When the first commit of a repository is made, in seconds since 1970.
pub const FIRST_COMMIT: i64 = 1_774_000_000;

/// A script of an earlier loop.
pub const OLD_SCRIPT: &str = "#!/usr/bin/env python3\nprint('old')\n";

impl Sandbox {
    /// A repository of Git in which two old scripts are committed, with different modes.
    pub fn with_old_scripts() -> Self {
        let sandbox = Self::new();
        for (name, text, mode) in [
            ("scripts/loop_guard.py", OLD_SCRIPT, 0o750),
            ("scripts/triage_score.py", "print('no newline at the end')", 0o640),
        ] {
            sandbox.write(name, text);
            fs::set_permissions(sandbox.root().join(name), Permissions::from_mode(mode)).unwrap();
        }
        let repository = sandbox.git();
        stage_all(&repository);
        commit(&repository, "Begin");
        sandbox
    }

    /// Makes the repository one of Git, on the branch `main` and without a commit.
    pub fn git(&self) -> Repository {
        git_at(&self.root())
    }
}

/// Makes a folder a repository of Git, on the branch `main` and without a commit.
pub fn git_at(root: &Path) -> Repository {
    // The empty folder of a new sandbox, which is no repository for Git.
    let _ = fs::remove_dir(root.join(".git"));
    Repository::init_opts(root, RepositoryInitOptions::new().initial_head("main")).unwrap()
}

/// Stages these files.
pub fn stage(repository: &Repository, names: &[&str]) {
    let mut index = repository.index().unwrap();
    for name in names {
        index.add_path(Path::new(name)).unwrap();
    }
    index.write().unwrap();
}

/// Stages every file that Git does not ignore.
pub fn stage_all(repository: &Repository) {
    let mut index = repository.index().unwrap();
    index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
}

/// Commits what is staged, on the branch that is checked out.
pub fn commit(repository: &Repository, message: &str) -> Oid {
    let tree = repository.find_tree(repository.index().unwrap().write_tree().unwrap()).unwrap();
    let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<&Commit> = parent.iter().collect();
    let author = author(FIRST_COMMIT);
    repository.commit(Some("HEAD"), &author, &author, message, &tree, &parents).unwrap()
}

/// Returns the author of every commit, at a time in seconds since 1970.
pub fn author(time: i64) -> Signature<'static> {
    Signature::new("Timmy", "timmy@localhost", &Time::new(time, 0)).unwrap()
}
