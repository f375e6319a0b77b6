//! What an automation runs: a script of the repository, or a tool of the suite.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::Error;
use common::error::chain;
use common::manifest::Automation;
use host::Host;
use host::files::{self, FileError};

use crate::context::Context;
use crate::paths::tidy;
use crate::shim;

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

/// Why an automation has nothing to run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// Its entry in the manifest, or its script, is wrong.
    #[error("{0}")]
    Invalid(String),
    /// The system does not let it be looked at; later it may.
    #[error("{0}")]
    Unreachable(String),
}

impl From<FileError> for TargetError {
    fn from(error: FileError) -> Self {
        Self::Unreachable(chain(&error))
    }
}

/// Finds what an automation runs. A script that is not there is the tool of its name, where there is one.
///
/// # Errors
/// What is wrong with its script, or that the system does not let it be looked at.
pub(crate) fn find_target(context: &Context, listed: &Automation) -> Result<Target, TargetError> {
    let entry = &listed.entry;
    let invalid = |problem: String| Err(TargetError::Invalid(problem));
    if entry.script.is_empty() {
        return invalid("it has no script".to_owned());
    }
    let path = tidy(&context.base().join(&entry.script));
    let shown = context.shown(&path);
    let tool = context.toolset.named_like(&path);
    let root = context.repo().root();
    let leaves = |path: &Path| !entry.allow_outside && !path.starts_with(root);
    let outside = |path: &Path| {
        format!("its script leads out of the repository, to {}; set allow_outside if it is to", path.display())
    };
    if !files::is_there(&path)? {
        if leaves(&path) {
            return invalid(outside(&path));
        }
        if files::entry(&path)?.is_some() {
            return invalid(format!("{shown} is a dangling link"));
        }
        return match tool {
            Some(tool) => own(context.host, tool.id),
            None => invalid(format!("there is no {shown}")),
        };
    }
    let unreadable = |error: io::Error| FileError::reading(&path, error);
    let real = path.canonicalize().map_err(unreadable)?;
    if is_beside_us(context, &real)? {
        return Ok(Target { program: path, args: Vec::new(), reports: true });
    }
    if leaves(&real) {
        return invalid(outside(&real));
    }
    let start = check_program(&real, &shown)?;
    if shim::is_at(&real) {
        return Ok(Target { program: path, args: Vec::new(), reports: true });
    }
    // An installed tool of the suite, or a link of its name to an installed `timmy`.
    let is_ours = context.toolset.named_like(&real).is_some()
        || tool.is_some() && real.file_name().is_some_and(|name| name == "timmy");
    Ok(Target { program: path, args: Vec::new(), reports: is_ours && is_magic(&start) })
}

/// Checks that the system can start the file `real`, which messages call `shown`; returns how it begins.
///
/// # Errors
/// As [`find_target`].
pub(crate) fn check_program(real: &Path, shown: &str) -> Result<Vec<u8>, TargetError> {
    let invalid = |problem: String| Err(TargetError::Invalid(problem));
    let Some(metadata) = files::metadata(real)?.filter(fs::Metadata::is_file) else {
        return invalid(format!("{shown} is not a file"));
    };
    if metadata.permissions().mode() & 0o111 == 0 {
        return invalid(format!("{shown} is not executable; chmod +x makes it so"));
    }
    let start = start_of(real).map_err(|error| FileError::reading(real, error))?;
    if !is_magic(&start) && !start.starts_with(b"#!") {
        return invalid(format!("{shown} does not begin with `#!`, so that the shell would run it"));
    }
    Ok(start)
}

/// A tool of the suite, as a program.
fn own(host: &Host, tool: &'static str) -> Result<Target, TargetError> {
    let program = own_program(host, tool).map_err(|error| TargetError::Unreachable(error.chain()))?;
    let args = if program.file_name().is_some_and(|name| name == tool) { Vec::new() } else { vec![tool.into()] };
    Ok(Target { program, args, reports: true })
}

/// Whether a file is this program, or one of the tools next to it.
fn is_beside_us(context: &Context, real: &Path) -> Result<bool, TargetError> {
    let ours = running_program(context.host).map_err(|error| TargetError::Unreachable(error.chain()))?;
    Ok(real == ours || real.parent() == ours.parent() && context.toolset.named_like(real).is_some())
}

/// The first bytes of a file, at most four.
fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether a file that begins so is a compiled program: ELF or Mach-O.
fn is_magic(start: &[u8]) -> bool {
    matches!(start, b"\x7fELF" | [0xcf | 0xce, 0xfa, 0xed, 0xfe] | [0xca, 0xfe, 0xba, 0xbe])
}

/// Whether a file is a compiled program; one that cannot be read is none.
pub fn is_compiled(path: &Path) -> bool {
    start_of(path).is_ok_and(|start| is_magic(&start))
}

/// Returns the program of a tool of the suite: the one of that name next to this program, or this program itself.
///
/// # Errors
/// The system does not say which program this is.
pub fn own_program(host: &Host, tool: &str) -> Result<PathBuf, Error> {
    let program = running_program(host)?;
    let beside = program.with_file_name(tool);
    Ok(if files::is_there(&beside)? && beside != Path::new(tool) { beside } else { program })
}

/// Returns the file of the running program, with no link in its path.
fn running_program(host: &Host) -> Result<PathBuf, Error> {
    let program = host.program().map_err(Error::io("find", "this program"))?;
    program.canonicalize().map_err(Error::io("find", &program))
}
