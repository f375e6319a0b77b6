//! The forge on loopback.

use demo_forge::{DemoForge, Options, Project};

use crate::token::CANARY_TOKEN;

/// The owner and name of the sample project.
pub const SAMPLE_SLUG: &str = "acme/weatherbox";

/// Serves a project to everyone; of all tokens only [`CANARY_TOKEN`] is valid.
pub fn serve(project: &Project) -> DemoForge {
    serve_with(project, Options::default())
}

/// Serves a project with these options; of all tokens only [`CANARY_TOKEN`] is valid.
pub fn serve_with(project: &Project, mut options: Options) -> DemoForge {
    options.access.token = Some(CANARY_TOKEN.to_owned());
    DemoForge::start(project, options).unwrap()
}

/// Serves the sample project, [`SAMPLE_SLUG`].
pub fn serve_sample() -> DemoForge {
    serve(&Project::sample().unwrap())
}
