//! A new automation: an entry in the manifest, and a script to start from that runs.

use std::path::{Path, PathBuf};

use crate::schedule::parse_trigger;
use common::Error;
use host::files;
use records::Trigger;
use serde::Serialize;
use serde_json::json;
use store::ConfigFile;

use crate::context::Context;
use crate::scheduler::begin_triggers_now;
use crate::supervise::check_program;
use crate::switch;

/// What a new script is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// The shell.
    Sh,
    /// Python 3.
    Python,
}

/// Which script a new automation runs.
#[derive(Clone, Debug)]
pub enum ScriptSource {
    /// A new one to start from.
    New(Language),
    /// One that is there, relative to the current directory.
    Existing(PathBuf),
}

/// A new automation.
#[derive(Debug, Serialize)]
pub struct NewAutomation<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its script, from the root of the repository.
    pub script: String,
    /// When it runs.
    pub trigger: String,
}

/// Adds an automation that runs at `trigger`.
///
/// # Errors
/// The id or the trigger is not valid, one of that name exists, or a file cannot be written.
pub fn create<'a>(
    context: &Context,
    id: &'a str,
    trigger: &str,
    source: &ScriptSource,
) -> Result<NewAutomation<'a>, Error> {
    let is_good = !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_good {
        return Err(Error::usage(format!("{id:?} is not a valid id"), "use lower-case letters, digits and `_`"));
    }
    let trigger = parse_trigger(trigger)?;
    context.store.sweep_manifest(&ConfigFile::at(context.manifest_path()))?;
    if context.manifest.find(id).is_some() {
        return Err(Error::usage(format!("the manifest has `{id}` already"), "choose another id"));
    }
    let language = match source {
        ScriptSource::New(language) => *language,
        ScriptSource::Existing(path) => {
            let path = existing_script(context, path)?;
            add_entry(context, id, &path, &trigger)?;
            return Ok(NewAutomation { id, script: context.shown(&path), trigger: trigger.to_string() });
        }
    };
    let path = script_path(context, id, language);
    let text = skeleton(id, &trigger, language);
    // The very script that a program killed before it changed the manifest has left is taken.
    let is_left = files::read(&path, 1 << 16)?.is_some_and(|present| present == text.as_bytes());
    if !is_left && files::entry(&path)?.is_some() {
        let shown = context.shown(&path);
        let hint = format!("choose another id; to register that script: timmy automation new {id} --script {shown}");
        return Err(Error::usage(format!("there is a {shown} already"), hint));
    }
    let folder = files::nearest_folder(&path)?.unwrap_or(context.repo().root());
    if !folder.canonicalize().is_ok_and(|real| real.starts_with(context.repo().root())) {
        return Err(Error::usage(
            format!("{} leads out of the repository", folder.display()),
            "replace it by a directory",
        ));
    }
    if !is_left {
        write_script(&path, &text)?;
    }
    let result = add_entry(context, id, &path, &trigger);
    if result.is_err() {
        // Nothing is left behind of what was not created.
        files::remove(&path)?;
    }
    result?;
    Ok(NewAutomation { id, script: context.shown(&path), trigger: trigger.to_string() })
}

/// Adds the entry of an automation to the manifest.
fn add_entry(context: &Context, id: &str, path: &Path, trigger: &Trigger) -> Result<(), Error> {
    let manifest = context.manifest_path();
    let base = manifest.parent().and_then(Path::parent).unwrap_or(context.repo().root());
    let script = relative(base, path);
    switch::edit(context, |manifest, source| match manifest.find(id) {
        Some(_) => Err(Error::usage(format!("the manifest has `{id}` already"), "choose another id")),
        None => Ok(Some(with_entry(source.text(), id, &script, trigger)?)),
    })?;
    if trigger.is_scheduled() {
        begin_triggers_now(context, &[(id, trigger.clone())]);
    }
    Ok(())
}

/// The path of a script of the repository that is there and can be run.
fn existing_script(context: &Context, path: &Path) -> Result<PathBuf, Error> {
    let given = context.host.current_dir().join(path);
    let real = given.canonicalize().map_err(Error::io("read", &given))?;
    let root = context.repo().root();
    let Ok(inside) = real.strip_prefix(root.canonicalize().map_err(Error::io("read", root))?) else {
        return Err(Error::usage(format!("{} is outside the repository", given.display()), ""));
    };
    check_program(&real, &given.display().to_string()).map_err(|error| Error::usage(error.to_string(), ""))?;
    Ok(root.join(inside))
}

fn script_path(context: &Context, id: &str, language: Language) -> PathBuf {
    let ending = match language {
        Language::Sh => "sh",
        Language::Python => "py",
    };
    context.repo().root().join("scripts").join(format!("{id}.{ending}"))
}

fn write_script(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    // A script of that name that another program made is never removed.
    Ok(files::create_program(path, text.as_bytes())?)
}

/// The way from one folder to a file, as the manifest holds it.
fn relative(from: &Path, to: &Path) -> String {
    for (ups, folder) in from.ancestors().enumerate() {
        if let Ok(rest) = to.strip_prefix(folder) {
            return format!("{}{}", "../".repeat(ups), rest.display());
        }
    }
    to.display().to_string()
}

/// The manifest's text with one more entry at the end of the list.
fn with_entry(text: &str, id: &str, script: &str, trigger: &Trigger) -> Result<String, Error> {
    use serde_json::value::RawValue;
    #[derive(serde::Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        automations: &'a RawValue,
    }
    let outline: Outline = serde_json::from_str(text)?;
    let list = outline.automations.get();
    let start = list.as_ptr() as usize - text.as_ptr() as usize;
    let entries = list[..list.len() - 1].trim_end();
    let at = start + entries.len();
    let entry = format!(
        "{{\n      \"id\": {},\n      \"name\": {},\n      \"description\": \"\",\n      \"script\": {},\n      \"enabled\": true,\n      \"trigger\": {},\n      \"config\": {{\n        \"timeout\": 600\n      }}\n    }}",
        json!(id),
        json!(id),
        json!(script),
        json!(trigger.to_string())
    );
    let comma = if entries == "[" { "" } else { "," };
    Ok(format!("{}{comma}\n    {entry}\n  {}", &text[..at], text[at..].trim_start()))
}

fn skeleton(id: &str, trigger: &Trigger, language: Language) -> String {
    let upper = id.to_uppercase();
    match language {
        Language::Sh => format!(
            r#"#!/bin/sh
# {id}: describe in one sentence what it does.
#
# timmy runs it on the trigger {trigger}, in the root of the repository, for at most the
# `timeout` of its config. What it prints goes to .loop/logs/{id}.log. Variables:
#   TIMMY_REPO_ROOT   the repository
#   TIMMY_TRIGGER     the trigger of the run
#   TIMMY_CONFIG      its `config` of the manifest, as JSON; each key also on its own, as TIMMY_{upper}_<KEY>
# Exit code: 0 done; 2 wrong configuration; 1 failure. (On pre_cycle and pre_commit, 1 is an answer: no.)
set -eu

echo "[{id}] nothing to do yet in $TIMMY_REPO_ROOT"
"#
        ),
        Language::Python => format!(
            r#"#!/usr/bin/env python3
"""{id}: describe in one sentence what it does.

timmy runs it on the trigger {trigger}, in the root of the repository, for at most the
`timeout` of its config. What it prints goes to .loop/logs/{id}.log. Variables:
    TIMMY_REPO_ROOT   the repository
    TIMMY_TRIGGER     the trigger of the run
    TIMMY_CONFIG      its `config` of the manifest, as JSON; each key also on its own, as TIMMY_{upper}_<KEY>
Exit code: 0 done; 2 wrong configuration; 1 failure. (On pre_cycle and pre_commit, 1 is an answer: no.)
"""

import json
import os
import sys


def main() -> int:
    config = json.loads(os.environ.get("TIMMY_CONFIG", "{{}}"))
    print(f"[{id}] nothing to do yet in {{os.environ.get('TIMMY_REPO_ROOT', '.')}} with {{config}}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
"#
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_added_at_the_end_of_the_list() {
        for text in [
            "{\"automations\": []}",
            "{\n  \"automations\": [\n    {\"id\": \"a\", \"script\": \"s\"}\n  ],\n  \"x\": 1\n}\n",
        ] {
            let new = with_entry(text, "mine", "../scripts/mine.sh", &Trigger::Daily).unwrap();
            let (manifest, problems) =
                common::manifest::Manifest::read(host::source::Source::new("m", new.as_str())).unwrap();
            assert!(problems.is_empty(), "{problems:?}");
            assert!(manifest.find("mine").unwrap().entry.trigger.is(&Trigger::Daily));
            assert!(new.starts_with(&text[..15]), "{new}");
        }
    }

    #[test]
    fn the_way_to_the_script_leads_from_the_folder_that_holds_config() {
        assert_eq!(relative(Path::new("/r"), Path::new("/r/scripts/a.sh")), "scripts/a.sh");
        assert_eq!(relative(Path::new("/r/timmy_automations"), Path::new("/r/scripts/a.sh")), "../scripts/a.sh");
    }
}
