//! `timmy service print`: units that keep the scheduler of a repository running.

use automations::Context;
use automations::service::{Unit, units};
use common::{Error, Outcome};
use host::Host;
use host::files;
use serde::Serialize;

use crate::cli::ServiceArgs;
use crate::present::print_json;
use crate::tools::TOOLSET;

/// The units, as JSON.
#[derive(Serialize)]
struct Units<'a> {
    manager: String,
    units: &'a [Unit],
}

/// Prints the units.
pub(crate) fn print(host: &Host, args: &ServiceArgs) -> Result<Outcome, Error> {
    let context = Context::open(host, TOOLSET, &args.common)?;
    let units = units(&context, args.manager.into())?;
    if let Some(folder) = &args.out {
        let folder = host.current_dir().join(folder);
        files::make_folder(&folder)?;
        for unit in &units {
            let path = folder.join(&unit.file);
            context.store.replace_elsewhere(&path, unit.text.as_bytes())?;
            context.say(&format!("{}: {}", path.display(), unit.about));
        }
    } else if !context.args.json {
        // It is what was asked for, also with --quiet.
        let texts: Vec<String> = units.iter().map(Unit::commented).collect();
        host.say(texts.join("\n").trim_end());
    }
    let manager = format!("{:?}", args.manager).to_lowercase();
    print_json(&context, &Units { manager, units: &units })?;
    Ok(Outcome::done(""))
}
