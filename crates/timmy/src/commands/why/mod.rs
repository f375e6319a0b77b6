//! `timmy why`: the reason of every decision, from the files.

mod automation;
mod idle;
mod issue;
mod score;

use automations::Context;
use common::{Error, Outcome};
use host::Host;
use host::text;

use crate::cli::WhyArgs;
use crate::tools::TOOLSET;

/// Explains why.
pub(crate) fn why(host: &Host, args: &WhyArgs) -> Result<Outcome, Error> {
    let context = Context::open_anyway(host, TOOLSET, &args.common)?;
    let number = args.what.trim_start_matches('#').parse::<u64>().ok().filter(|number| *number > 0);
    match (args.what.as_str(), number, &args.id) {
        ("idle", _, None) => idle::why(&context),
        ("automation", _, Some(id)) => automation::why(&context, id),
        (_, Some(number), None) => issue::why(&context, number, args.all),
        ("automation", _, None) => Err(Error::usage("the id of the automation is missing", "timmy why automation ID")),
        _ => Err(Error::usage(
            format!("there is nothing to explain about `{}`", text::fit(&args.what, 60)),
            "timmy why 85 (an issue), timmy why idle, timmy why automation ID",
        )),
    }
}
