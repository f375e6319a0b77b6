//! Who owns what is made: for root the owner of the folder, and in a folder that a group shares the group may write it.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process::{getegid, geteuid};

use super::error::FileError;

/// The bits of a folder that a group shares: new entries get its group, and the group may make entries.
const SHARED: u32 = 0o2020;

/// The owner and the permissions of a new entry of a folder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ownership {
    /// The user and the group that root gives the entry to.
    owner: Option<(u32, u32)>,
    /// The permissions and the group of the file that is replaced.
    replaced: Option<(u32, u32)>,
    /// Whether a group shares the folder.
    is_shared: bool,
}

impl Ownership {
    /// Returns that of a new entry at `path`.
    ///
    /// # Errors
    /// The folder is missing, or the system refuses.
    pub(super) fn of_new(path: &Path) -> io::Result<Self> {
        let folder = fs::metadata(folder_of(path))?;
        // Root works in the folders of others; what it leaves there must not lock them out.
        let is_given = is_root() && folder.uid() != 0;
        Ok(Self {
            owner: is_given.then(|| (folder.uid(), folder.gid())),
            replaced: None,
            is_shared: folder.mode() & SHARED == SHARED,
        })
    }

    /// Returns that of a new file which is to replace what is at `path`: the permissions stay, and the owner too as far as the
    /// system allows it. A file of root in the folder of another user becomes that user's.
    ///
    /// # Errors
    /// As [`Ownership::of_new`].
    pub(super) fn of_replacement(path: &Path) -> io::Result<Self> {
        let mut ownership = Self::of_new(path)?;
        match fs::metadata(path) {
            Ok(present) if present.is_file() => {
                ownership.replaced = Some((present.mode() & 0o777, present.gid()));
                if is_root() && present.uid() != 0 {
                    ownership.owner = Some((present.uid(), present.gid()));
                }
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(ownership)
    }

    /// Returns the permissions with which a new file is created: those of the file that is replaced. Where it is still to change
    /// hands, no other user may open it before that.
    pub(super) fn mode_at_creation(&self) -> u32 {
        match self.replaced {
            None => 0o666,
            Some((mode, group)) if self.owner.is_none() && group == getegid().as_raw() => mode,
            Some((mode, _)) => mode & 0o600,
        }
    }

    /// Gives an entry that this process has just made its owner and its permissions. It is named by its descriptor: what
    /// another process puts in its place meanwhile is not touched.
    ///
    /// # Errors
    /// The system refuses for another reason than that this user may not do so.
    pub(super) fn apply(&self, entry: &File) -> io::Result<()> {
        if self.owner.is_none() && self.replaced.is_none() && !self.is_shared {
            return Ok(());
        }
        let present = entry.metadata()?;
        let mut mode = self.replaced.map_or(present.mode() & 0o7777, |(mode, _)| mode);
        if let Some((user, group)) = self.owner {
            tolerated(fchown(entry, Some(user), Some(group)))?;
        } else if let Some((_, group)) = self.replaced.filter(|(_, group)| *group != present.gid())
            && fchown(entry, None, Some(group)).is_err()
        {
            // It stays with another group, whose members get no more than everyone.
            mode = mode & !0o070 | (mode & 0o007) << 3;
        }
        let mode = self.shared(mode, present.is_dir());
        if mode == present.mode() & 0o7777 {
            return Ok(());
        }
        tolerated(entry.set_permissions(Permissions::from_mode(mode)))
    }

    /// Returns a mode with what the folder adds to it: as Git does with `core.sharedRepository`, whatever the umask is.
    pub(super) fn shared(&self, mode: u32, is_folder: bool) -> u32 {
        match (self.is_shared, is_folder) {
            (false, _) => mode,
            (true, true) => mode | 0o2070,
            (true, false) => mode | 0o060 | (mode & 0o100) >> 3,
        }
    }
}

/// Returns whether this process is root's.
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Returns whether this process is that of a user, by the user's number.
pub fn is_user(number: u32) -> bool {
    geteuid().as_raw() == number
}

/// Gives a folder that this process has just made at `path` its owner and its permissions.
///
/// # Errors
/// As [`Ownership::apply`].
pub(super) fn apply_to_folder(path: &Path) -> io::Result<()> {
    let ownership = Ownership::of_new(path)?;
    if ownership.owner.is_none() && !ownership.is_shared {
        return Ok(());
    }
    let folder = open_entry(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    // Another process may have put a folder of its own in its place.
    if folder.metadata()?.uid() == geteuid().as_raw() { ownership.apply(&folder) } else { Ok(()) }
}

/// Gives a symbolic link that this process has just made at `path` its owner.
///
/// # Errors
/// As [`Ownership::apply`].
pub(super) fn apply_to_link(path: &Path) -> io::Result<()> {
    let Some((user, group)) = Ownership::of_new(path)?.owner else { return Ok(()) };
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, Gid, Uid, chownat};
        let link = open_entry(path, OFlags::PATH)?;
        if !link.metadata()?.is_symlink() {
            return Ok(());
        }
        let (user, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(group)));
        tolerated(chownat(&link, "", user, group, AtFlags::EMPTY_PATH).map_err(Into::into))
    }
    #[cfg(not(target_os = "linux"))]
    tolerated(std::os::unix::fs::lchown(path, Some(user), Some(group)))
}

/// Gives a file or a folder that is there to a user and a group; returns false where it is neither, or has another name
/// elsewhere, which is not to change hands with this one.
///
/// # Errors
/// It cannot be opened, or this user may not give it away.
pub fn give(path: &Path, user: u32, group: u32) -> Result<bool, FileError> {
    let give = || -> io::Result<bool> {
        let entry = open_entry(path, OFlags::RDONLY)?;
        let (held, named) = (entry.metadata()?, fs::symlink_metadata(path)?);
        let is_same = (held.dev(), held.ino()) == (named.dev(), named.ino());
        if !is_same || !(named.is_dir() || named.is_file() && named.nlink() == 1) {
            return Ok(false);
        }
        fchown(&entry, Some(user), Some(group))?;
        Ok(true)
    };
    give().map_err(|error| FileError::new("change the owner of", path, error))
}

/// Opens what is at `path` itself, and not what a link there leads to.
pub(super) fn open_entry(path: &Path, flags: OFlags) -> io::Result<File> {
    let opened = rustix::fs::open(path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?;
    Ok(File::from(opened))
}

/// The folder of a path.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A system on which this user may not change an owner or a mode, as in a container or on a network drive, leaves it as it is.
fn tolerated(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}
