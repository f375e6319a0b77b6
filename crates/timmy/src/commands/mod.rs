//! The commands of `timmy`, a file each: what it is called with, and how its result is shown.

pub(crate) mod automation;
mod config;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod install;
mod list;
pub(crate) mod repair;
pub(crate) mod schedule;
pub(crate) mod service;
pub(crate) mod shadow;
pub(crate) mod tokens;
pub(crate) mod trigger;
pub(crate) mod uninstall;
pub(crate) mod verify;
pub(crate) mod why;
