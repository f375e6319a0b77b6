//! The files that hold the forge's token.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;
use crate::token::{CANARY_TOKEN, holds_token};

impl Sandbox {
    /// Writes the token to the file in the home in which tools look for it, and returns the file's path.
    pub fn write_token_file(&self, mode: u32) -> PathBuf {
        let path = self.token_file();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{CANARY_TOKEN}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self.token_given();
        path
    }

    /// Returns the files of the repository, the home and the folder around them that hold the token, but for the file that
    /// is there for it.
    pub fn files_with_token(&self) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.outside()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                if kind.is_dir() {
                    folders.push(path);
                } else if is_leak(&path, kind.is_symlink()) && path != self.token_file() {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    fn token_file(&self) -> PathBuf {
        self.outside().join("home/.hermes/gitea_token")
    }
}

/// Returns whether a name, a link's target or a file's content holds the token. Only plain files are opened.
fn is_leak(path: &Path, is_link: bool) -> bool {
    let in_content = if is_link {
        fs::read_link(path).is_ok_and(|target| holds_token(target.as_os_str().as_encoded_bytes()))
    } else {
        path.is_file() && fs::read(path).is_ok_and(|bytes| holds_token(&bytes))
    };
    in_content || holds_token(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;

    use super::*;
    use crate::Flavour;
    use crate::forge::{SAMPLE_SLUG, serve_sample};

    fn shell(sandbox: &Sandbox, script: &str) -> crate::CallOutput {
        let forge = serve_sample(Flavour::default());
        sandbox.call_as(Path::new("/bin/sh"), ["-c", script]).forge(&forge, SAMPLE_SLUG).run()
    }

    #[test]
    fn a_program_that_prints_the_token_fails_its_test() {
        for script in ["echo \"token $GITEA_TOKEN\"", "echo \"$GITEA_TOKEN\" >&2; exit 1"] {
            let sandbox = Sandbox::new();
            let message = catch_unwind(AssertUnwindSafe(|| shell(&sandbox, script))).unwrap_err();
            let message = message.downcast_ref::<String>().unwrap();
            assert!(message.contains("prints the forge's token") && !message.contains(CANARY_TOKEN), "{message}");
        }
        let _ = shell(&Sandbox::new(), "echo \"${#GITEA_TOKEN}\"").code(0);
    }

    #[test]
    fn a_program_that_writes_the_token_to_a_file_fails_its_test() {
        for script in
            ["mkdir .loop; printf 'a%sb' $GITEA_TOKEN > .loop/x", "ln -s $GITEA_TOKEN ../x", "> ~/$GITEA_TOKEN"]
        {
            let dropped = catch_unwind(|| {
                let sandbox = Sandbox::new();
                let _ = shell(&sandbox, script).code(0);
                assert_eq!(sandbox.files_with_token().len(), 1, "{script}");
            });
            let message = dropped.unwrap_err();
            let message = message.downcast_ref::<String>().unwrap();
            assert!(message.contains("the forge's token is in "), "{script}: {message}");
        }
        let sandbox = Sandbox::new();
        sandbox.write_token_file(0o600);
        assert!(sandbox.files_with_token().is_empty(), "the file that is there for it");
    }
}
