//! The floor of every start: a program that does nothing.

fn main() {}
