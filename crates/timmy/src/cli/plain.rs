//! The flags of commands that have none of their own.

use common::CommonArgs;

/// Nothing but the common flags.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PlainArgs {
    #[command(flatten)]
    pub common: CommonArgs,
}
