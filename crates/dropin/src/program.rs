//! The program that is installed: an ordinary executable with a zip archive at its end, which Python finds and runs.

#![expect(clippy::disallowed_methods, reason = "files whose mode and place matter are made and moved here")]

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use host::files::{self, Durability, Replacement};
use sha2::{Digest, Sha256};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// What the hidden neighbour of a path that is being replaced ends with.
const SUFFIX: &str = "timmy";

/// What Python runs: it is replaced by the file itself, with the arguments as they were given. `sys.argv[0]` is the path that
/// Python was asked to run, so the link's own place still decides about the repository.
const MAIN: &str = "import os, sys

path = os.path.abspath(sys.argv[0])
os.execv(path, [path] + sys.argv[1:])
";

/// Returns the archive that is appended to a program; always the same bytes.
pub(crate) fn archive() -> io::Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // Without a time stamp the same program has the same bytes whenever it is installed.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    writer.start_file("__main__.py", options)?;
    writer.write_all(MAIN.as_bytes())?;
    Ok(writer.finish()?.into_inner())
}

/// Whether a file ends as an installed program does.
pub(crate) fn is_runnable_by_python(path: &Path) -> bool {
    let Ok(expected) = archive() else { return false };
    let ending = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-i64::try_from(expected.len()).unwrap_or(0)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    ending().is_ok_and(|bytes| bytes == expected)
}

/// Copies a program to `to` with the archive at its end, in one step; false if it was there already. A program that runs keeps
/// its old file. What is at `to` is replaced if it is a program of the suite, or `is_ours`: recorded as one, whatever has become of
/// its bytes.
pub(crate) fn place(from: &Path, to: &Path, is_ours: bool) -> io::Result<bool> {
    let ending = if is_runnable_by_python(from) { Vec::new() } else { archive()? };
    if is_placed(from, to, &ending).unwrap_or(false) {
        return make_executable(to);
    }
    check(to, is_ours)?;
    to.parent().map_or(Ok(()), files::make_folder).map_err(io::Error::other)?;
    files::retry(|| {
        let mut replacement = open(to)?;
        // The system copies, where it can without moving a byte.
        io::copy(&mut File::open(from)?, replacement.file())?;
        replacement.file().write_all(&ending)?;
        replacement.set_mode(0o755)?;
        replacement.put_in_place(to, Durability::Flushed)
    })?;
    Ok(true)
}

/// Refuses a place that is taken by something that is not a program of the suite.
pub(crate) fn check(to: &Path, is_ours: bool) -> io::Result<()> {
    let taken = |what: &str| Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    let folder = to.parent().unwrap_or(to);
    if files::entry(folder).map_err(io::Error::other)?.is_some() && !folder.is_dir() {
        return taken("its directory is taken by something that is none");
    }
    let is_there = files::entry(to).map_err(io::Error::other)?.is_some();
    if is_there && !(to.is_file() && (is_ours || is_runnable_by_python(to))) {
        return taken("the path is taken by something that is not a program of the suite");
    }
    Ok(())
}

/// Makes a program executable again; false if it was.
fn make_executable(program: &Path) -> io::Result<bool> {
    if fs::metadata(program)?.permissions().mode() & 0o111 != 0 {
        return Ok(false);
    }
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))?;
    Ok(true)
}

/// Whether `to` is the program `from` with this ending.
fn is_placed(from: &Path, to: &Path, ending: &[u8]) -> io::Result<bool> {
    let (from, to) = (File::open(from)?, File::open(to)?);
    if from.metadata()?.len() + ending.len() as u64 != to.metadata()?.len() {
        return Ok(false);
    }
    let mut from = BufReader::with_capacity(1 << 16, from.chain(ending));
    let mut to = BufReader::with_capacity(1 << 16, to);
    loop {
        let (a, b) = (from.fill_buf()?, to.fill_buf()?);
        let common = a.len().min(b.len());
        if common == 0 {
            return Ok(a.len() == b.len());
        }
        if a[..common] != b[..common] {
            return Ok(false);
        }
        from.consume(common);
        to.consume(common);
    }
}

/// Writes a file in one step, with a mode.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut replacement = open(path)?;
    replacement.file().write_all(bytes)?;
    replacement.set_mode(mode)?;
    replacement.put_in_place(path, Durability::Flushed)
}

/// Where a file or a link is made before it is moved to its path: always the same, so that what a killed program leaves is
/// known to the next.
pub(crate) fn beside(path: &Path) -> PathBuf {
    files::neighbour(path, SUFFIX)
}

/// Opens a new file for a path; what a killed program left in its place may be a link, and is removed first.
fn open(path: &Path) -> io::Result<Replacement> {
    match fs::remove_file(beside(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Replacement::open(path, SUFFIX),
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_the_same_every_time_and_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("bin/a"));
        replace(&from, b"program", 0o644).unwrap();
        assert!(!is_runnable_by_python(&from));
        assert!(place(&from, &to, false).unwrap());
        assert!(is_runnable_by_python(&to));
        assert!(!place(&from, &to, false).unwrap(), "it is there already");
        assert!(!place(&to, &to, false).unwrap(), "an installed one is installed as it is");
        let foreign = folder.path().join("bin/foreign");
        replace(&foreign, b"#!/bin/sh", 0o755).unwrap();
        assert_eq!(place(&from, &foreign, false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&foreign).unwrap(), b"#!/bin/sh");
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o755);
        fs::write(&to, b"prog").unwrap();
        assert!(place(&from, &to, false).is_err(), "what it is cannot be seen");
        assert!(place(&from, &to, true).unwrap() && is_runnable_by_python(&to), "a recorded one is made whole");
    }

    #[test]
    fn a_hash_is_the_one_that_others_compute() {
        assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
