//! Which state of a file a result was computed from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which file it is, and its state as the file system reports it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct FileIdentity {
    /// Bytes.
    pub length: u64,
    /// Device and number. A replaced file is another one.
    pub file: (u64, u64),
    /// When it was last changed: seconds and nanoseconds of Unix time.
    pub changed: (i64, i64),
}

/// A file's identity and a checksum of its end. The default is that of no file.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Fingerprint {
    /// Its identity.
    pub identity: FileIdentity,
    /// A checksum of its last bytes.
    pub ending: String,
}
