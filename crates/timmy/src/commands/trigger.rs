//! `timmy trigger EVENT`: the enabled automations of an event, one after the other.

use automations::Context;
use automations::schedule::parse_trigger;
use automations::supervise::{RunResult, run_event};
use common::{Error, Outcome};
use host::Host;
use host::signals::Signals;
use host::text;
use records::Reason;
use serde::Serialize;

use crate::cli::TriggerArgs;
use crate::present::print_json;
use crate::tools::TOOLSET;

/// What became of an event, as JSON.
#[derive(Serialize)]
struct TriggerView {
    trigger: String,
    exit_code: u8,
    automations: Vec<RunResult>,
}

/// Runs the automations of an event, and ends with what follows from their codes: 0 if all ended with 0; 2 if one could not be
/// used, or ended with 2; else 1.
pub(crate) fn trigger(host: &Host, args: &TriggerArgs) -> Result<Outcome, Error> {
    let context = Context::open(host, TOOLSET, &args.common)?;
    let event = parse_trigger(&args.event)?;
    // What cannot be read cannot be run; the rest must not suffer for it.
    for problem in &context.unreadable {
        context.warn(&format!("{}", problem.error));
    }
    let signals = Signals::watch().map_err(Error::caused("cannot wait for signals"))?;
    let all = run_event(&context, &event, &args.args, signals.stop());
    for result in &all {
        let is_news = result.reason != Reason::RanWell;
        if is_news {
            let detail =
                result.detail.as_deref().map_or(String::new(), |detail| format!(": {}", text::fit(detail, 300)));
            context.note(&format!("{} ({}){detail}", result.id, result.reason));
        }
    }
    if all.is_empty() {
        context.note(&format!("no automation is enabled for {event}"));
    }
    let code = all.iter().map(RunResult::code_for_trigger).max().unwrap_or(0).max(if context.unreadable.is_empty() {
        0
    } else {
        2
    });
    print_json(&context, &TriggerView { trigger: event.to_string(), exit_code: code, automations: all })?;
    Ok(signals.number().map_or_else(|| Outcome::exit(code, ""), |signal| Outcome::interrupted(signal, "")))
}
