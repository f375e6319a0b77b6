//! The floor for reading Python: parses each file that stdin names, and does nothing else.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a floor for measuring, and no tool")]

fn main() {
    for name in std::io::read_to_string(std::io::stdin()).unwrap().lines() {
        let bytes = std::fs::read(name).unwrap();
        if let Ok(text) = std::str::from_utf8(&bytes) {
            std::hint::black_box(ruff_python_parser::parse_module(text).is_ok());
        }
    }
}
