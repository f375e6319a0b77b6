//! The programs that are measured: the built tools, and the empty program that they are compared with.

use std::fs;

use crate::measure::Variant;

/// Returns the path of a program that is built with this one.
pub(crate) fn built(name: &str) -> String {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let path = folder.join(name);
    assert!(path.exists(), "{} is not built: run `just bench`", path.display());
    path.to_str().unwrap().to_owned()
}

/// Returns a variant that runs a built program `times` times.
pub(crate) fn variant(name: &str, program: &str, args: &[&str], times: usize) -> Variant {
    Variant {
        name: name.to_owned(),
        program: built(program),
        args: args.iter().map(ToString::to_string).collect(),
        env: Vec::new(),
        dir: "/".to_owned(),
        before: Box::new(|| ()),
        times,
    }
}

/// An empty program that rustc builds with its default options, in a temporary directory that is returned with it.
pub(crate) fn empty_by_default() -> (tempfile::TempDir, Variant) {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("empty.rs"), folder.path().join("empty"));
    fs::write(&source, include_str!("../examples/empty.rs")).unwrap();
    let status = std::process::Command::new("rustc").arg("-O").arg(&source).arg("-o").arg(&program).status().unwrap();
    assert!(status.success(), "rustc builds the empty program");
    let program = program.to_str().unwrap().to_owned();
    let variant = Variant { program, ..variant("empty program (rustc -O)", "examples/empty", &[], 200) };
    (folder, variant)
}
