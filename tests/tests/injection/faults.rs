//! The faults: which errors a system call may end with.

/// What happens at a system call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It fails with this error.
    Error(&'static str),
    /// The process is killed there.
    Kill,
    /// No file can grow beyond so many bytes: a write is cut short.
    FileLimit(u64),
}

/// One fault at one place.
#[derive(Clone, Debug)]
pub(crate) struct Injection {
    /// The system call.
    pub(crate) call: &'static str,
    /// The how-many-th of its name in a thread, from 1.
    pub(crate) at: usize,
    /// What happens.
    pub(crate) fault: Fault,
}

/// The errors of each system call that Linux may give.
pub(crate) const ERRORS: [(&str, &[&str]); 37] = [
    ("chmod", &["EPERM", "EIO"]),
    ("clone", &["EAGAIN"]),
    ("clone3", &["EAGAIN"]),
    ("close", &[]),
    ("connect", &["ECONNREFUSED", "ETIMEDOUT", "EINTR"]),
    ("copy_file_range", &["EIO", "ENOSPC", "EINTR"]),
    ("fchmod", &["EPERM", "EIO"]),
    ("fchmodat", &["EPERM", "EIO"]),
    ("fchown", &["EPERM"]),
    ("fdatasync", &["EIO", "ENOSPC", "EINTR"]),
    ("flock", &["ENOLCK", "EINTR", "EIO"]),
    ("fsync", &["EIO", "ENOSPC", "EINTR"]),
    ("ftruncate", &["EIO", "EINTR"]),
    ("getdents64", &["EIO"]),
    ("link", &["EPERM", "EIO", "ENOSPC"]),
    ("linkat", &["EPERM", "EIO", "ENOSPC"]),
    ("mkdir", &["ENOSPC", "EACCES", "EIO"]),
    ("newfstatat", &["EIO"]),
    ("openat", &["EIO", "EACCES", "EMFILE", "EINTR"]),
    ("pipe2", &["EMFILE"]),
    ("poll", &["EINTR"]),
    ("pread64", &["EIO", "EINTR"]),
    ("read", &["EIO", "EINTR"]),
    ("readlink", &["EIO", "EACCES"]),
    // Its only peers are processes that this one has started, by a pair of sockets.
    ("recvfrom", &["EINTR"]),
    ("rename", &["EIO", "EACCES", "ENOSPC"]),
    ("renameat2", &["EIO", "EACCES", "EINVAL"]),
    ("rmdir", &["EACCES", "EIO"]),
    ("sendfile", &["EIO", "ENOSPC", "EINTR"]),
    ("sendto", &["ECONNRESET", "EINTR"]),
    ("statx", &["EACCES", "EIO"]),
    ("symlink", &["EIO", "ENOSPC", "EACCES"]),
    ("unlink", &["EACCES", "EIO"]),
    ("unlinkat", &["EACCES", "EIO"]),
    ("utimensat", &["EPERM", "EIO"]),
    ("wait4", &["EINTR"]),
    ("write", &["ENOSPC", "EIO", "EINTR", "EDQUOT"]),
];

impl std::fmt::Display for Injection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { call, at, fault } = self;
        match fault {
            Fault::Error(error) => write!(formatter, "{call} {at} ends with {error}"),
            Fault::Kill => write!(formatter, "killed at {call} {at}"),
            Fault::FileLimit(bytes) => write!(formatter, "no file beyond {bytes} bytes"),
        }
    }
}
