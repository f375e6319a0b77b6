//! One file under check.

use std::borrow::Cow;

use memchr::memchr;
use python_source::{Dialect, Module, SyntaxError, Undecodable, decode};

use crate::finding::{Findings, Place};

/// How much of a file is looked at to tell text from other data, in bytes.
const SAMPLE: usize = 8 << 10;

/// The largest source that is parsed, in bytes.
const SOURCE_LIMIT: usize = 16 << 20;

/// One file: its name and its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'f> {
    /// Relative to the repository, with `/`.
    pub name: &'f str,
    /// All of it.
    pub bytes: &'f [u8],
    /// It is a text as far as its beginning shows: there is no NUL in it.
    pub is_text: bool,
    /// It is a text in UTF-8, which can be changed line by line.
    pub is_utf8: bool,
}

/// A Python file, parsed.
pub(crate) struct Python<'f> {
    /// The parsed module.
    pub module: Module<'f>,
    /// What Python would refuse.
    pub errors: Vec<SyntaxError>,
}

/// How many findings of one check are shown of one file.
const MOST: usize = 50;

/// Where the checks of one file put their findings.
pub(crate) struct Report<'r> {
    added: usize,
    check: &'static str,
    name: &'r str,
    bytes: &'r [u8],
    findings: &'r mut Findings,
}

impl<'f> File<'f> {
    /// Takes a file.
    pub(crate) fn new(name: &'f str, bytes: &'f [u8]) -> Self {
        let is_text = memchr(0, &bytes[..bytes.len().min(SAMPLE)]).is_none();
        Self { name, bytes, is_text, is_utf8: is_text && std::str::from_utf8(bytes).is_ok() }
    }

    /// Returns the last part of the name.
    pub(crate) fn short_name(&self) -> &'f str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }

    /// Returns whether the name ends in one of these extensions, each with its dot.
    pub(crate) fn is_any(&self, extensions: &[&str]) -> bool {
        extensions.iter().any(|extension| self.name.ends_with(extension))
    }

    /// Returns whether it is Python source, a stub included.
    pub(crate) fn is_python(&self) -> bool {
        self.is_any(&[".py", ".pyi"])
    }

    /// Returns the text of a Python file; none for one that is too large to be read.
    pub(crate) fn decode(&self) -> Option<Result<Cow<'f, str>, Undecodable>> {
        (self.bytes.len() <= SOURCE_LIMIT).then(|| decode(self.bytes))
    }
}

impl<'f> Python<'f> {
    /// Parses a file's decoded text.
    pub(crate) fn parse(text: &'f str, dialect: Dialect) -> Self {
        let module = Module::parse(text, dialect);
        let errors = module.errors();
        Self { module, errors }
    }
}

impl<'r> Report<'r> {
    /// Makes the report of one check on one file. `bytes` is the text that places are counted in.
    pub(crate) fn new(check: &'static str, name: &'r str, bytes: &'r [u8], findings: &'r mut Findings) -> Self {
        Self { added: 0, check, name, bytes, findings }
    }

    /// Adds a finding.
    pub(crate) fn add(&mut self, place: Place, what: &str, mend: &str) {
        self.added += 1;
        if self.added <= MOST {
            self.findings.add(self.check, self.name, self.bytes, place, what, mend);
        } else if self.added == MOST + 1 {
            self.findings.add(
                self.check,
                self.name,
                self.bytes,
                Place::File,
                "there are more of these",
                "fix the first ones",
            );
        }
    }
}
