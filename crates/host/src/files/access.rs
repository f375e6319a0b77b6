//! Files are read, created, moved, removed; what is no file is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

use super::error::FileError;
use super::ownership::{Ownership, apply_to_folder, apply_to_link, is_root};
use super::replacement::Replacement;
use super::retry::retry;

/// Reads a file of at most `limit` bytes; none if there is no such file.
///
/// # Errors
/// It is no regular file, it is larger than `limit`, or the system refuses.
pub fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    let fail = |source| Err(FileError::new("read", path, source));
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return fail(error),
    };
    // Opened only when it is a file: a pipe in its place would block the tool without end.
    if let Err(error) = regular(&metadata) {
        return fail(error);
    }
    if metadata.len() > limit {
        let text = format!("{} bytes exceed the limit of {limit} bytes for such a file", metadata.len());
        return fail(io::Error::new(ErrorKind::InvalidData, text));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    match File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        // It has gone meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => fail(error),
    }
}

/// Reads a file or a pipe of at most `limit` bytes.
///
/// # Errors
/// There is none, it is longer, or the system refuses.
pub fn read_stream(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(count) if count as u64 > limit => {
            let text = format!("more than {limit} bytes");
            Err(FileError::new("read", path, io::Error::new(ErrorKind::InvalidData, text)))
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(FileError::new("read", path, error)),
    }
}

/// Reads a file that is there.
///
/// # Errors
/// It is not there, or as [`read`].
pub fn read_existing(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read(path, limit)?.ok_or_else(|| FileError::reading(path, ErrorKind::NotFound.into()))
}

/// Returns the nearest folder above `path` that is there.
///
/// # Errors
/// The system refuses to look.
pub fn nearest_folder(path: &Path) -> Result<Option<&Path>, FileError> {
    for above in path.ancestors().skip(1) {
        if is_there(above)? {
            return Ok(Some(above));
        }
    }
    Ok(None)
}

/// Opens a file to be read in a stream; none if there is no such file.
///
/// # Errors
/// It is no regular file, or the system refuses.
pub fn open(path: &Path) -> Result<Option<File>, FileError> {
    let opened = fs::metadata(path).and_then(|metadata| regular(&metadata)).and_then(|()| File::open(path));
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::new("read", path, error)),
    }
}

/// Fails unless `path` is a regular file or nothing, so that a run can refuse before it has written anything.
///
/// # Errors
/// Something else is there: a directory, a pipe, a symbolic link in a circle.
pub fn check_writable_place(path: &Path) -> Result<(), FileError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::new("write", path, error)),
        Ok(metadata) => regular(&metadata).map_err(|error| FileError::new("write", path, error)),
    }
}

/// Looks at what is at `path` itself, be it a link; none if there is nothing.
///
/// # Errors
/// The system refuses.
pub fn entry(path: &Path) -> Result<Option<fs::Metadata>, FileError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::new("read", path, error)),
    }
}

/// Returns whether there is something where `path` leads. A name below a file, or one that no file can have, leads nowhere.
///
/// # Errors
/// The system refuses to look.
pub fn is_there(path: &Path) -> Result<bool, FileError> {
    metadata(path).map(|metadata| metadata.is_some())
}

/// Returns whether `path` leads to a folder.
///
/// # Errors
/// The system refuses to look.
pub fn is_folder(path: &Path) -> Result<bool, FileError> {
    metadata(path).map(|metadata| metadata.is_some_and(|metadata| metadata.is_dir()))
}

/// Returns whether `path` leads to a regular file.
///
/// # Errors
/// The system refuses to look.
pub fn is_file(path: &Path) -> Result<bool, FileError> {
    metadata(path).map(|metadata| metadata.is_some_and(|metadata| metadata.is_file()))
}

/// Looks at what `path` leads to; none if it leads nowhere, as [`is_there`] has it.
///
/// # Errors
/// The system refuses to look.
pub fn metadata(path: &Path) -> Result<Option<fs::Metadata>, FileError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) => {
            let no_path =
                [ErrorKind::NotFound, ErrorKind::NotADirectory, ErrorKind::InvalidFilename, ErrorKind::InvalidInput];
            if no_path.contains(&error.kind()) { Ok(None) } else { Err(FileError::new("read", path, error)) }
        }
    }
}

/// Returns whether this user may write a file, or make files in a directory.
pub fn is_writable(path: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let access = if path.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::WRITE_OK };
    let refusals = [rustix::io::Errno::ACCESS, rustix::io::Errno::PERM, rustix::io::Errno::ROFS];
    accessat(CWD, path, access, AtFlags::EACCESS).map_or_else(|error| !refusals.contains(&error), |()| true)
}

/// Returns whether this user may run a file.
pub fn is_runnable(path: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    path.is_file() && accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// Lists the entries of a folder in no order; none if there is no such folder.
///
/// # Errors
/// The system refuses, or something else is there.
pub fn list(folder: &Path) -> Result<Vec<fs::DirEntry>, FileError> {
    let entries = match retry(|| fs::read_dir(folder)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.and_then(Iterator::collect),
    };
    entries.map_err(|error| FileError::new("list", folder, error))
}

/// Returns whether others than its owner can read a file.
pub fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

/// Makes a folder and those above it; each belongs to the owner of the one that it is in.
///
/// # Errors
/// The system refuses, or a file is in its place.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    make_missing(path).map_err(|error| FileError::new("create the directory", path, error))
}

fn make_missing(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => apply_to_folder(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) else { return Err(error) };
            make_missing(above)?;
            match fs::create_dir(path) {
                Ok(()) => apply_to_folder(path),
                Err(_) if path.is_dir() => Ok(()),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Makes a symbolic link, which belongs to the owner of the folder that it is in.
///
/// # Errors
/// Something is there, or the system refuses.
pub fn make_link(target: &Path, path: &Path) -> Result<(), FileError> {
    symlink(target, path)
        .and_then(|()| apply_to_link(path))
        .map_err(|error| FileError::new("create the link", path, error))
}

/// Opens a file to append to it, and makes it where it is missing.
///
/// # Errors
/// It is no regular file, or the system refuses.
pub fn open_to_append(path: &Path) -> Result<File, FileError> {
    check_writable_place(path)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    let opened = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make_to_append(path, &options),
        other => other,
    };
    opened.map_err(|error| FileError::new("append to", path, error))
}

/// Makes a file, and opens it as `options` say.
fn make_to_append(path: &Path, options: &OpenOptions) -> io::Result<File> {
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            Ownership::of_new(path)?.apply(&file)?;
            Ok(file)
        }
        // Another process was quicker; or it is a link to a file that is to be made, which root does not make.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.clone().create(!is_root()).open(path),
        Err(error) => Err(error),
    }
}

/// Makes a file that is not there yet; one that is there stays as it is.
///
/// # Errors
/// The system refuses.
pub fn create(path: &Path, content: &[u8]) -> Result<(), FileError> {
    match make_file(path, content, 0o666) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(FileError::new("write", path, error)),
        _ => Ok(()),
    }
}

/// Makes a program that is not there yet.
///
/// # Errors
/// Something is there, or the system refuses; then there is nothing.
pub fn create_program(path: &Path, content: &[u8]) -> Result<(), FileError> {
    make_file(path, content, 0o777).map_err(|error| FileError::new("create", path, error))
}

/// Makes a file in one step: a killed program leaves all of it or none.
fn make_file(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut file = Replacement::create(path, mode)?;
    file.file().write_all(content)?;
    file.put_in_free_place(path)
}

/// Removes a file; one that is not there is no error.
///
/// # Errors
/// The system refuses.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::new("remove", path, error)),
        _ => Ok(()),
    }
}

/// Moves a file aside, over what may be there.
///
/// # Errors
/// The system refuses.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(|error| FileError::new("move aside", from, error))
}

pub(super) fn regular(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(ErrorKind::IsADirectory.into())
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path(), 10).unwrap_err();
        assert!(error.hint().unwrap().contains("in the way"), "{error}");
        let link = folder.path().join("round");
        symlink(&link, &link).unwrap();
        assert!(read(&link, 10).unwrap_err().hint().unwrap().contains("back to itself"));
        assert!(read(&folder.path().join("none"), 10).unwrap().is_none());
        fs::write(folder.path().join("big"), "12345678901").unwrap();
        assert!(read(&folder.path().join("big"), 10).is_err());
    }
}
