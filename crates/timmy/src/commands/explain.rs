//! `timmy explain`: what a reason code means.

use common::{Error, Outcome};
use host::Host;
use host::text;
use records::{REASONS, Reason, pyjson};
use serde::Serialize;

use crate::cli::ExplainArgs;

/// A reason code, as JSON.
#[derive(Serialize)]
struct CodeView {
    code: &'static str,
    about: &'static str,
    meaning: &'static str,
    change: &'static str,
}

impl CodeView {
    fn of(reason: Reason) -> Self {
        Self { code: reason.code(), about: reason.subject().name(), meaning: reason.meaning(), change: reason.change() }
    }
}

/// Says what a reason code means.
pub(crate) fn explain(host: &Host, args: &ExplainArgs) -> Result<Outcome, Error> {
    let Some(code) = &args.code else {
        if args.json {
            let all: Vec<_> = REASONS.iter().copied().map(CodeView::of).collect();
            host.say(&pyjson::to_line(&all)?);
            return Ok(Outcome::done(""));
        }
        let mut about = "";
        for reason in REASONS {
            if about != reason.subject().name() {
                about = reason.subject().name();
                host.say(&format!("{about}:"));
            }
            let lines = text::wrap(reason.meaning(), 56);
            for (at, line) in lines.iter().enumerate() {
                host.say(&format!("  {}{line}", text::column(if at == 0 { reason.code() } else { "" }, 20)));
            }
        }
        return Ok(Outcome::done(""));
    };
    let Some(reason) = Reason::from_code(code) else {
        let hint = text::nearest(code, REASONS.iter().map(|reason| reason.code()))
            .map_or_else(|| "timmy explain lists all codes".to_owned(), |nearest| format!("did you mean `{nearest}`?"));
        return Err(Error::usage(format!("there is no reason code `{}`", text::fit(code, 60)), hint));
    };
    if args.json {
        host.say(&pyjson::to_line(&CodeView::of(reason))?);
    } else {
        host.say(&format!("{} ({})", reason.code(), reason.subject().name()));
        for line in text::wrap(reason.meaning(), 76) {
            host.say(&format!("  {line}"));
        }
        for line in text::wrap(reason.change(), 76).iter().filter(|line| !line.is_empty()) {
            host.say(&format!("  {line}"));
        }
    }
    Ok(Outcome::done(""))
}
