//! Automations are enabled and disabled: one value of the manifest changes, and nothing else of it.

use std::ops::Range;
use std::path::Path;

use common::Error;
use common::manifest::{Automation, Manifest, SHIPPED};
use host::source::Source;
use store::ConfigFile;
use store::config_file::EditOutcome;

use crate::context::Context;
use crate::pause::warn_of_guard;
use crate::scheduler::begin_now;

/// Switches automations on or off; returns which were not so already.
///
/// # Errors
/// The manifest does not have one of them, or cannot be changed.
pub fn switch(context: &Context, ids: &[String], on: bool) -> Result<Vec<String>, Error> {
    for id in ids {
        context.automation(id)?;
    }
    let mut switched = Vec::new();
    edit(context, |manifest, source| {
        switched.clear();
        let mut changes = Vec::new();
        for id in ids {
            let listed = manifest.find(id).ok_or_else(|| gone(id))?;
            if listed.entry.enabled != on {
                switched.push(id.clone());
                changes.push(change(manifest, source.text(), listed, on));
            }
        }
        Ok(apply(source.text(), changes))
    })?;
    if on {
        begin_now(context, &switched);
    }
    for id in ids.iter().filter(|_| !on) {
        warn_of_guard(context, id);
    }
    Ok(switched)
}

fn gone(id: &str) -> Error {
    Error::failed(format!("`{id}` was removed from the manifest in the meantime"), "check the manifest and try again")
}

/// Changes the manifest's text: `make` gets the manifest and its text, and gives the new text, or none if nothing is to change.
/// If another program edits the file meanwhile, the edit is repeated on what that program wrote.
pub(crate) fn edit(
    context: &Context,
    mut make: impl FnMut(&Manifest, &Source) -> Result<Option<String>, Error>,
) -> Result<(), Error> {
    let file = ConfigFile::at(context.manifest_path());
    context.store.prepare()?;
    if context.is_built_in {
        // The built-in manifest is written to a file, so that a part of it can be changed.
        file.create(shipped_for(file.path()).as_bytes())?;
        context.note(&format!("there was no manifest; {} is created with the defaults", context.shown(file.path())));
    }
    let edited = context.store.edit_manifest(&file, |before| {
        let (manifest, source) = parse(file.path(), before.clone())?;
        let Some(after) = make(&manifest, &source)? else { return Ok(None) };
        // What is written must be readable.
        parse(file.path(), after.clone().into_bytes())?;
        let mark: &[u8] = if before.starts_with(b"\xef\xbb\xbf") { b"\xef\xbb\xbf" } else { b"" };
        Ok::<_, Error>(Some([mark, after.as_bytes()].concat()))
    })?;
    match edited {
        EditOutcome::Done => Ok(()),
        EditOutcome::Busy => Err(Error::failed(
            format!("{} changes faster than it can be edited", file.path().display()),
            "find the program that writes it, and try again",
        )),
    }
}

/// The manifest as shipped, with its scripts as they are seen from the folder that will hold `config/`.
fn shipped_for(path: &Path) -> String {
    let base = path.parent().and_then(Path::parent);
    if base.is_some_and(|base| base.ends_with("timmy_automations")) {
        SHIPPED.replace("\"timmy_automations/", "\"").replace("\"scripts/", "\"../scripts/")
    } else {
        SHIPPED.to_owned()
    }
}

fn parse(path: &Path, bytes: Vec<u8>) -> Result<(Manifest, Source), Error> {
    let source = Source::from_bytes(path, bytes)?;
    let (manifest, _) = Manifest::read(source.clone())?;
    Ok((manifest, source))
}

/// A piece of text to be put in the place of a range.
type Change = (Range<usize>, String);

/// What must change in the manifest's text to switch an automation: its value, or a new field after its script.
fn change(manifest: &Manifest, text: &str, listed: &Automation, on: bool) -> Change {
    if let Some(value) = manifest.value_range(listed, "enabled") {
        return (value, on.to_string());
    }
    let script = manifest.value_range(listed, "script").map_or(listed.range.end, |range| range.end);
    // On a line of its own where fields are on lines of their own.
    let before = &text[listed.range.start..script];
    let gap = before.rfind("\"script\"").and_then(|key| {
        let start = before[..key].rfind(|c: char| !c.is_whitespace()).map_or(0, |at| at + 1);
        Some(&before[start..key]).filter(|gap| gap.contains('\n'))
    });
    (script..script, format!(",{}\"enabled\": {on}", gap.unwrap_or(" ")))
}

/// Applies changes, which do not overlap; none where there are none.
fn apply(text: &str, mut changes: Vec<Change>) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    changes.sort_by_key(|(range, _)| range.start);
    let (mut new, mut at) = (String::with_capacity(text.len() + 64), 0);
    for (range, piece) in changes {
        new.push_str(&text[at..range.start]);
        new.push_str(&piece);
        at = range.end;
    }
    new.push_str(&text[at..]);
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_switching(text: &str, id: &str, on: bool) -> String {
        let (manifest, _) = Manifest::read(Source::new("m", text)).unwrap();
        apply(text, vec![change(&manifest, text, manifest.find(id).unwrap(), on)]).unwrap()
    }

    #[test]
    fn one_value_changes_and_the_rest_stays() {
        let text = "{ \"x\": 1.10,\r\n\"automations\" : [ {\"id\":\"a\",  \"script\":\"s\", \"//\": \"why\", \"enabled\"  :true, \"config\": {\"enabled\": 1}}, {\"id\":\"b\",\"script\":\"t\",\"enabled\":true}]}\n\n";
        assert_eq!(after_switching(text, "a", false), text.replacen(":true,", ":false,", 1));
        assert_eq!(after_switching(text, "b", false), text.replacen("\"enabled\":true}", "\"enabled\":false}", 1));
    }

    #[test]
    fn a_missing_field_is_added_in_the_manner_of_the_others() {
        let text = "{\"automations\": [{\"id\": \"a\", \"script\": \"s\"}]}";
        assert_eq!(
            after_switching(text, "a", false),
            "{\"automations\": [{\"id\": \"a\", \"script\": \"s\", \"enabled\": false}]}"
        );
        let text = "{\"automations\": [\n  {\n    \"id\": \"a\",\n    \"script\": \"s\",\n    \"config\": {}\n  }]}";
        assert_eq!(after_switching(text, "a", false), text.replace("\"s\",", "\"s\",\n    \"enabled\": false,"));
    }

    /// Readers differ in which of repeated keys counts (in Python the last one does), so none is changed.
    #[test]
    fn an_entry_with_a_repeated_field_is_refused_before_it_could_be_switched() {
        for (fields, repeated) in [
            ("\"enabled\": false, \"enabled\": true", "enabled"),
            ("\"enabled\": true, \"enabled\": false", "enabled"),
            ("\"enabled\": true, \"\\u0065nabled\": true", "enabled"),
            ("\"script\": \"t\", \"enabled\": true", "script"),
            ("\"id\": \"b\"", "id"),
            ("\"config\": {}, \"config\": {}", "config"),
        ] {
            let text = format!("{{\"automations\": [{{\"id\": \"a\", \"script\": \"s\", {fields}}}]}}");
            let (manifest, problems) = Manifest::read(Source::new("m", text.as_str())).unwrap();
            assert!(manifest.listed().is_empty(), "{fields}");
            let problems: Vec<String> = problems.iter().map(|problem| problem.error.message.clone()).collect();
            assert_eq!(problems, [format!("duplicate field `{repeated}`")], "{fields}");
        }
    }

    #[test]
    fn a_repeated_list_of_automations_is_refused_as_a_whole() {
        let text = "{\"automations\": [{\"id\": \"a\", \"script\": \"s\"}], \"automations\": []}";
        let error = Manifest::read(Source::new("m", text)).unwrap_err();
        assert_eq!(error.message, "duplicate field `automations`");
    }
}
