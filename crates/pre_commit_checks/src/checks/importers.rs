//! What a change takes away is imported nowhere else: for a range or what is staged, where the other files are not checked.

use std::collections::HashSet;

use memchr::memmem;

use super::imports;
use crate::finding::{Findings, Place};
use crate::project::Project;

/// What a module has lost.
struct Loss {
    /// The last part of its name, which every import of it has.
    stem: String,
    /// Names that it bound before; none where the module itself is gone.
    names: Option<Vec<String>>,
}

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let losses: Vec<Loss> =
        project.selection.before.iter().filter_map(|(name, blob)| loss(project, name, *blob)).collect();
    if losses.is_empty() {
        return;
    }
    let chosen: HashSet<&str> = project.names().collect();
    let others = project.selection.tree.entries.iter().map(|entry| entry.name.as_str());
    for file in others.filter(|name| name.strip_suffix(".py").is_some() && !chosen.contains(name)) {
        let Some(text) = project.modules.texts.of(file) else { continue };
        let has = |word: &str| memmem::find(&text, word.as_bytes()).is_some();
        let speaks_of = |loss: &&Loss| {
            has(&loss.stem) && loss.names.as_ref().is_none_or(|names| names.iter().any(|name| has(name)))
        };
        let concerned: Vec<&Loss> = losses.iter().filter(speaks_of).collect();
        if concerned.is_empty() {
            continue;
        }
        // What was missing before is not the matter of this change.
        let is_lost = |what: &str| {
            concerned.iter().any(|loss| match &loss.names {
                Some(names) => names.iter().any(|name| what.contains(&format!("`{name}`"))),
                None => what.contains(&loss.stem),
            })
        };
        let missing = imports::missing(project, file, &mut imports::Count::default());
        let missing: Vec<_> = missing.into_iter().filter(|(_, missing)| is_lost(&missing.what)).collect();
        if !missing.is_empty() {
            project.report("importers", file, findings, |report| {
                for (offset, missing) in missing {
                    let what = format!("{}, which this change takes away", missing.what);
                    report.add(Place::Offset(offset), &what, "change this file as well");
                }
            });
        }
    }
}

/// What a changed or removed module has lost.
fn loss(project: &Project, name: &str, blob: git2::Oid) -> Option<Loss> {
    let module = name.strip_suffix(".py")?;
    let module = module.strip_suffix("/__init__").unwrap_or(module);
    let stem = module.rsplit('/').next().unwrap_or(module).to_owned();
    if project.selection.tree.entry(name).is_none() {
        return Some(Loss { stem, names: None });
    }
    let now = project.modules.outline(name);
    if now.is_open {
        return None;
    }
    let before = project.selection.tree.read_blob(blob)?;
    let mut names: Vec<String> = definitions(&before).filter(|name| !now.names.contains(name)).collect();
    names.sort();
    names.dedup();
    (!names.is_empty()).then_some(Loss { stem, names: Some(names) })
}

/// The names that a module's lines define at the margin: what others import, mostly. That spares a second parse.
fn definitions(text: &[u8]) -> impl Iterator<Item = String> {
    let lines = text.split(|byte| *byte == b'\n');
    lines.filter(|line| line.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')).filter_map(
        |line| {
            let keywords = [&b"async def "[..], b"def ", b"class "];
            let rest = keywords.iter().find_map(|keyword| line.strip_prefix(*keyword));
            let start = rest.unwrap_or(line);
            let length =
                start.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(start.len());
            let after = start[length..].trim_ascii_start();
            let is_value = || {
                after.starts_with(b"=") && !after.starts_with(b"==") || after.starts_with(b":") && after.contains(&b'=')
            };
            (rest.is_some() || is_value()).then(|| String::from_utf8_lossy(&start[..length]).into_owned())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_at_the_margin_are_seen() {
        let text = b"import x\ndef a(): pass\nasync def b(): ...\nclass C(d):\n    e = 1\nf = 1\ng: int = 2\nh == 1\nif i: j = 1\n_k= 3\n";
        assert_eq!(definitions(text).collect::<Vec<String>>(), ["a", "b", "C", "f", "g", "_k"]);
    }
}
