//! A result is shown: its JSON and its text are two renderings of one value.

use automations::Context;
use common::{Error, Page};
use host::text;
use records::pyjson;
use serde::Serialize;

/// Prints a result: its JSON with `--json`, nothing with `--quiet`, else the text that `render` writes.
pub(crate) fn present<T: Serialize>(
    context: &Context,
    result: &T,
    render: impl FnOnce(&T, &mut Page),
) -> Result<(), Error> {
    if !context.args.json && !context.args.quiet {
        let mut page = Page::new("timmy", context.host.columns());
        render(result, &mut page);
        for line in page.into_lines() {
            context.host.say(&text::lines(&line));
        }
    }
    print_json(context, result)
}

/// Prints a JSON document, if one was asked for: a result whose text, if any, is printed on the way.
pub(crate) fn print_json(context: &Context, document: &impl Serialize) -> Result<(), Error> {
    if context.args.json {
        context.host.say(&pyjson::to_line(document)?);
    }
    Ok(())
}
