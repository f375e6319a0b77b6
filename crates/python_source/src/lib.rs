//! Analysis of Python source code without running it: encoding, syntax errors, imports and names.
//!
//! The parser is Ruff's (`ruff_python_parser`), which has no stable interface; its types stay inside this crate, so that
//! it can be exchanged here and nowhere else. Offsets are bytes of the decoded text.

mod bindings;
mod decode;
mod exports;
mod flow;
mod module;
mod names;
mod outline;
mod queries;
mod scopes;
mod shape;
mod signs;
mod syntax_error;
mod uses;

pub use decode::{Undecodable, decode};
pub use exports::Exports;
pub use module::{Dialect, Module, Version};
pub use outline::{Import, Imported, Outline, Patch, Wanted};
pub use queries::{Call, Emptiness, Literal};
pub use syntax_error::SyntaxError;
