//! What an automation runs: a script of the repository, or a tool of the suite.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::Error;
use common::manifest::Automation;
use host::Host;

use crate::context::Context;
use crate::paths::tidy;

/// A program that an automation runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    /// The program.
    pub program: PathBuf,
    /// Arguments that come first: the tool's name, where this program stands for it.
    pub args: Vec<OsString>,
    /// Whether it is one of our tools, which read their settings and report their runs by themselves.
    pub reports: bool,
}

/// Finds what an automation runs. A script that is not there is the tool of its name, where there is one.
///
/// # Errors
/// What is wrong with its script, as text.
pub(crate) fn find_target(context: &Context, listed: &Automation) -> Result<Target, String> {
    let entry = &listed.entry;
    if entry.script.is_empty() {
        return Err("it has no script".to_owned());
    }
    let path = tidy(&context.base().join(&entry.script));
    let shown = context.shown(&path);
    let tool = context.toolset.named_like(&path);
    let root = context.repo().root();
    let leaves = |path: &Path| !entry.allow_outside && !path.starts_with(root);
    let outside = |path: &Path| {
        format!("its script leads out of the repository, to {}; set allow_outside if it is to", path.display())
    };
    let Ok(real) = path.canonicalize() else {
        if leaves(&path) {
            return Err(outside(&path));
        }
        if fs::symlink_metadata(&path).is_ok() {
            return Err(format!("{shown} is a dangling link"));
        }
        return match tool {
            Some(tool) => own(context.host, tool.id),
            None => Err(format!("there is no {shown}")),
        };
    };
    if is_beside_us(context, &real) {
        return Ok(Target { program: path, args: Vec::new(), reports: true });
    }
    if leaves(&real) {
        return Err(outside(&real));
    }
    let metadata = fs::metadata(&real).map_err(|error| format!("{shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(format!("{shown} is not executable; chmod +x makes it so"));
    }
    if !is_compiled(&real) && !begins_with(&real, *b"#!") {
        return Err(format!("{shown} does not begin with `#!`, so that the shell would run it"));
    }
    // An installed tool of the suite, or a link of its name to an installed `timmy`.
    let is_ours = context.toolset.named_like(&real).is_some()
        || tool.is_some() && real.file_name().is_some_and(|name| name == "timmy");
    Ok(Target { program: path, args: Vec::new(), reports: is_ours && is_compiled(&real) })
}

/// A tool of the suite, as a program.
fn own(host: &Host, tool: &'static str) -> Result<Target, String> {
    let program = own_program(host, tool).map_err(|error| error.to_string())?;
    let args = if program.file_name().is_some_and(|name| name == tool) { Vec::new() } else { vec![tool.into()] };
    Ok(Target { program, args, reports: true })
}

/// Whether a file is this program, or one of the tools next to it.
fn is_beside_us(context: &Context, real: &Path) -> bool {
    let Ok(ours) = context.host.program().and_then(|path| path.canonicalize()) else { return false };
    real == ours || real.parent() == ours.parent() && context.toolset.named_like(real).is_some()
}

/// Whether a file begins with these bytes.
fn begins_with(path: &Path, expected: [u8; 2]) -> bool {
    let mut start = [0; 2];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == expected
}

/// Whether a file is a compiled program: ELF or Mach-O.
pub fn is_compiled(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && matches!(&magic, b"\x7fELF" | [0xcf | 0xce, 0xfa, 0xed, 0xfe] | [0xca, 0xfe, 0xba, 0xbe])
}

/// Returns the program of a tool of the suite: the one of that name next to this program, or this program itself.
///
/// # Errors
/// The system does not say which program this is.
pub fn own_program(host: &Host, tool: &str) -> Result<PathBuf, Error> {
    let program = host.program().and_then(|path| path.canonicalize()).map_err(Error::io("find", "this program"))?;
    let beside = program.with_file_name(tool);
    Ok(if beside.is_file() && beside != Path::new(tool) { beside } else { program })
}
