//! The formatter has nothing to change: Black, or Ruff's if the settings ask for it. Without one there is a warning.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use host::child::{self, ExitOutcome};
use host::files::{self, TemporaryFolder};

use crate::entry::Entry;
use crate::file::File;
use crate::finding::{Findings, Place};
use crate::patterns;
use crate::project::Project;
use crate::tree::Source;

/// This check.
const ID: &str = "formatting";

/// Files that tell a formatter how the project is to look.
const CONFIGURATION: [&str; 4] = ["pyproject.toml", "ruff.toml", ".ruff.toml", ".editorconfig"];

/// How many files are given to one call: command lines are bounded.
const BATCH: usize = 500;

/// How much of a formatter's output is read, in bytes.
const OUTPUT_LIMIT: usize = 4 << 20;

pub(super) fn check(project: &Project, findings: &mut Findings) {
    let settings = project.settings;
    let (program, args): (&str, &[&str]) = match (settings.formatter.as_str(), project.fix) {
        ("black", false) => ("black", &["--check", "--"]),
        ("black", true) => ("black", &["--quiet", "--"]),
        ("ruff", false) => ("ruff", &["format", "--check", "--no-cache", "--"]),
        ("ruff", true) => ("ruff", &["format", "--quiet", "--"]),
        _ => return,
    };
    let tree = &project.selection.tree;
    let entries = project.selection.chosen.iter().map(|at| &tree.entries[*at]);
    let wanted = entries.filter(|entry| {
        !entry.is_link
            && File::new(&entry.name, b"").is_python()
            && patterns::any(&settings.formatter_paths, &entry.name)
            && !patterns::any(&settings.exclude, &entry.name)
    });
    let files: Vec<&Entry> = wanted.collect();
    if files.is_empty() {
        return;
    }
    if !is_installed(project.path, program) {
        return project.warn(ID, format!("{program} is not installed"));
    }
    // What is staged or committed is looked at where it cannot be mistaken for the work tree.
    let copy = match tree.source() {
        Source::WorkTree => None,
        Source::Index | Source::Commit => match copy_of(project, &files) {
            Ok(copy) => Some(copy),
            Err(error) => return project.warn(ID, format!("cannot copy the files for {program}: {error}")),
        },
    };
    let folder = copy.as_ref().map_or(tree.root(), TemporaryFolder::path);
    for batch in files.chunks(BATCH) {
        let mut call: Vec<OsString> = args.iter().map(OsString::from).collect();
        call.extend(batch.iter().map(|entry| entry.path.clone().into_os_string()));
        let said = match child::output(program.as_ref(), &call, folder, settings.formatter_timeout, OUTPUT_LIMIT) {
            Ok(said) => said,
            Err(error) => return project.warn(ID, format!("cannot run {program}: {error}")),
        };
        match said.ended {
            ExitOutcome::Code(0) => {}
            ExitOutcome::Code(_) => {
                read_output(project, program, folder, &String::from_utf8_lossy(&said.err), findings);
            }
            ExitOutcome::Signal(_) | ExitOutcome::Stopped => {
                project.warn(ID, format!("{program} was ended by a signal"));
            }
            ExitOutcome::TimedOut => {
                let seconds = settings.formatter_timeout.as_secs();
                return project.warn(ID, format!("{program} took more than {seconds} s and was ended"));
            }
        }
    }
}

/// Whether a program is somewhere on the search path.
fn is_installed(search: &str, program: &str) -> bool {
    let folders = search.split(':').filter(|folder| !folder.is_empty()).map(Path::new);
    // A folder that may not be looked into is passed over, as the shell does.
    folders.into_iter().any(|folder| files::is_file(&folder.join(program)).unwrap_or(false))
}

/// Takes the files that a formatter would change from what it says.
fn read_output(project: &Project, program: &str, folder: &Path, output: &str, findings: &mut Findings) {
    let mut known = false;
    for line in output.lines() {
        let line = line.trim();
        let changed = ["would reformat ", "Would reformat: "].iter().find_map(|start| line.strip_prefix(start));
        if let Some(path) = changed {
            let path = Path::new(path.trim());
            let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
            if project.selection.tree.entry(&name).is_some() {
                known = true;
                let mend = format!("run {program} on it (--fix)");
                project.report(ID, &name, findings, |report| {
                    report.add(Place::File, &format!("{program} would reformat it"), &mend);
                });
            }
        } else if line.starts_with("error: cannot format") || line.starts_with("error: Failed to parse") {
            // A file that cannot be parsed is the matter of another check.
            known = true;
        }
    }
    if !known {
        let first = output.lines().find(|line| !line.trim().is_empty()).unwrap_or("no output").to_owned();
        project.warn(ID, format!("{program} failed: {first}"));
    }
}

/// Copies files of the index or a commit, with what tells a formatter how they are to look.
fn copy_of(project: &Project, files: &[&Entry]) -> std::io::Result<TemporaryFolder> {
    let tree = &project.selection.tree;
    let folder = TemporaryFolder::make()?;
    let configuration = CONFIGURATION.iter().filter_map(|name| tree.entry(name));
    for entry in files.iter().copied().chain(configuration) {
        let path = folder.path().join(&entry.path);
        if let (Some(bytes), Some(above)) = (tree.read(entry), path.parent()) {
            fs::create_dir_all(above)?;
            fs::File::create_new(&path).and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))?;
        }
    }
    Ok(folder)
}
