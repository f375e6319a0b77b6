//! A token that must never leave the program that holds it.

use std::path::PathBuf;

/// The token of the forge in every test. It occurs nowhere else, so an output or a file that holds it is a leak.
pub const CANARY_TOKEN: &str = "5d1f83ac6be94207c0a7e35b98d2f416e07c3b9a";

/// Returns whether these bytes hold the token.
pub(crate) fn holds_token(bytes: &[u8]) -> bool {
    bytes.windows(CANARY_TOKEN.len()).any(|part| part == CANARY_TOKEN.as_bytes())
}

/// Returns paths as they are shown, without the token that a name may hold.
pub(crate) fn shown(paths: &[PathBuf]) -> String {
    format!("{paths:?}").replace(CANARY_TOKEN, "<token>")
}
