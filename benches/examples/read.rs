//! The floor of checking a few files: reads the given files and does nothing else.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a floor for measurements, not a tool")]

fn main() {
    for name in std::env::args().skip(1) {
        std::hint::black_box(std::fs::read(name).unwrap());
    }
}
