//! What a stored file is.

/// A file, or the files of a directory.
#[derive(Debug)]
pub struct StoredFile {
    /// Its path below `.loop/`, or below the configuration directory.
    pub path: &'static str,
    /// What its text is.
    pub format: Format,
    /// What it holds, in a few words.
    pub about: &'static str,
    /// Who writes it.
    pub writers: &'static str,
    /// Who reads it.
    pub readers: &'static str,
    /// What a power cut may cost.
    pub durability: Durability,
    /// Whether the Python scripts had it; that it is there is a difference otherwise.
    pub is_new: bool,
    /// Whether its damage is looked for: that of caches and backups costs nothing.
    pub is_verified: bool,
}

impl StoredFile {
    /// Its path as documents show it: that of a directory ends with a slash.
    pub fn shown(&self) -> String {
        let slash = if self.format == Format::Directory { "/" } else { "" };
        format!("{}{slash}", self.path)
    }
}

/// What the text of a stored file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON object.
    Object,
    /// One JSON list.
    List,
    /// A JSON object a line.
    Log,
    /// What the agent writes: JSON with text around it.
    AgentText,
    /// A YAML document.
    Yaml,
    /// Lines of text.
    Text,
    /// A directory of other programs' files, or of locks.
    Directory,
}

/// Whether a written text must survive a power cut at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// Flushed to the disk before the call returns: records, and everything that cannot be computed again.
    Flushed,
    /// Left to the system's next flush: what can be computed again from records. A killed process loses nothing.
    Derived,
}
