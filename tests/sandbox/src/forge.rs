//! The forge on loopback.

use demo_forge::{DemoForge, Flavour, Options, Project};

use crate::token::CANARY_TOKEN;

/// The owner and name of the sample project.
pub const SAMPLE_SLUG: &str = "acme/weatherbox";

/// Serves a project to everyone, as this server; of all tokens only [`CANARY_TOKEN`] is valid.
pub fn serve(project: &Project, flavour: Flavour) -> DemoForge {
    serve_with(project, Options { flavour, ..Options::default() })
}

/// Serves a project with these options; of all tokens only [`CANARY_TOKEN`] is valid.
pub fn serve_with(project: &Project, mut options: Options) -> DemoForge {
    options.access.token = Some(CANARY_TOKEN.to_owned());
    DemoForge::start(project, options).unwrap()
}

/// Serves the sample project, [`SAMPLE_SLUG`], as this server.
pub fn serve_sample(flavour: Flavour) -> DemoForge {
    serve(&Project::sample().unwrap(), flavour)
}
