//! The sealed world in which the tools are tested as programs: a repository and a home of its own, a cleared
//! environment, a fixed clock, and the forge on loopback.
//!
//! No program may show the forge's token ([`CANARY_TOKEN`]): an output with it fails the test where it is read, a file with
//! it when the sandbox is dropped.

#![allow(
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's world fails by panicking, and it is the world that the tools are kept from"
)]

mod call;
mod forge;
mod git;
mod leaks;
mod sandbox;
mod token;

pub use call::{Call, CallOutput};
pub use demo_forge::Flavour;
pub use forge::{SAMPLE_SLUG, serve, serve_sample, serve_with};
pub use git::{FIRST_COMMIT, OLD_SCRIPT, author, commit, git_at, stage, stage_all};
pub use sandbox::{Item, NOW, PYTHON, Sandbox, program, signal, soon};
pub use token::CANARY_TOKEN;

/// Makes a test of a function that takes the server which the forge is, once as each of [`Flavour::ALL`]:
/// `each_flavour!(name);` before `fn name(flavour: Flavour)` makes the tests `name::gitea` and `name::forgejo`.
#[macro_export]
macro_rules! each_flavour {
    ($name:ident) => {
        mod $name {
            #[test]
            fn gitea() {
                super::$name($crate::Flavour::Gitea);
            }

            #[test]
            fn forgejo() {
                super::$name($crate::Flavour::Forgejo);
            }
        }
    };
}
