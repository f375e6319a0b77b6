//! `timmy explain`: what a reason code means.

use common::{Error, Outcome, Page};
use host::Host;
use host::text;
use records::{REASONS, Reason, pyjson};
use serde::Serialize;

use crate::cli::ExplainArgs;

/// How many columns the text has where nothing says how many there are.
const USUAL: usize = 80;

/// The column of the codes.
const CODES: usize = 19;

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
        let mut page = Page::new("timmy", Some(host.columns().unwrap_or(USUAL)));
        let mut about = "";
        for reason in REASONS {
            if about != reason.subject().name() {
                about = reason.subject().name();
                page.line(format!("{about}:"));
            }
            page.entry(&format!("  {} ", text::column(reason.code(), CODES)), reason.meaning());
        }
        page.into_lines().iter().for_each(|line| host.say(line));
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
        let mut page = Page::new("timmy", Some(host.columns().unwrap_or(USUAL)));
        page.line(format!("{} ({})", reason.code(), reason.subject().name()));
        for text in [reason.meaning(), reason.change()].into_iter().filter(|text| !text.is_empty()) {
            page.entry("  ", text);
        }
        page.into_lines().iter().for_each(|line| host.say(line));
    }
    Ok(Outcome::done(""))
}
