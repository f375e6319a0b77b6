//! The floor of every program start: a program that does nothing.

fn main() {}
