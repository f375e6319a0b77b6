//! The repository with its automations, as every command sees it.

use std::path::{Path, PathBuf};

use common::cycle_log_settings;
use common::manifest::{Automation, Diagnostic, Manifest, ManifestError};
use common::{CommonArgs, Error, Page, View};
use host::Host;
use host::source::Source;
use host::text;
use records::stored_files::{LOGS, MANIFEST};
use records::{AutomationState, DailyRunFile, Pause, Pauses, Stored, pyjson};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::document::{self, Document};
use store::repo::Repo;

/// The repository, its configuration, and how to speak.
pub(crate) struct Context<'h> {
    pub host: &'h Host,
    pub repo: Repo,
    pub manifest: Manifest,
    /// Whether there is no manifest, and the one that the suite ships stands for it.
    pub is_built_in: bool,
    /// What is wrong in the manifest so that it could not even be read.
    pub unreadable: Vec<Diagnostic>,
    /// `daily_run.json`, where there is one.
    pub daily_run: Option<(DailyRunFile, Source)>,
    pub args: CommonArgs,
}

impl<'h> Context<'h> {
    /// Finds the repository and reads its configuration; entries that are wrong are left out and told.
    pub(crate) fn open(host: &'h Host, args: &CommonArgs) -> Result<Self, Error> {
        let repo = Repo::find(host, args.repo_root.as_deref())?;
        Self::open_in(host, repo, args)
    }

    /// Finds the repository; of a configuration that is broken as a whole it is told what is wrong, and the built-in one
    /// stands for it: for commands that must work when it is.
    pub(crate) fn open_anyway(host: &'h Host, args: &CommonArgs) -> Result<Self, Error> {
        let repo = Repo::find(host, args.repo_root.as_deref())?;
        match Self::try_open(host, repo.clone(), args) {
            Err(ManifestError::Content(error)) => {
                let mut context = Self::without_configuration(host, repo, args);
                context.warn(&format!("{error}; the built-in manifest is used"));
                context.manifest = Manifest::default().or_shipped();
                context.unreadable.push(Diagnostic { id: None, error });
                Ok(context)
            }
            opened => Ok(opened?),
        }
    }

    /// Reads the configuration of a repository.
    pub(crate) fn open_in(host: &'h Host, repo: Repo, args: &CommonArgs) -> Result<Self, Error> {
        Ok(Self::try_open(host, repo, args)?)
    }

    fn try_open(host: &'h Host, repo: Repo, args: &CommonArgs) -> Result<Self, ManifestError> {
        let (manifest, unreadable) = Manifest::survey(host, &repo, args.config_dir.as_deref())?;
        let daily_run = manifest.daily_run()?;
        // Without a manifest the tools run with their defaults, and on the triggers that they are made for.
        let is_built_in = manifest.source().is_none();
        let manifest = manifest.or_shipped();
        Ok(Self { host, repo, manifest, is_built_in, unreadable, daily_run, args: args.clone() })
    }

    /// Takes a repository without reading its configuration, for what must work when that is broken.
    pub(crate) fn without_configuration(host: &'h Host, repo: Repo, args: &CommonArgs) -> Self {
        Self {
            host,
            repo,
            manifest: Manifest::default(),
            is_built_in: true,
            unreadable: Vec::new(),
            daily_run: None,
            args: args.clone(),
        }
    }

    /// Returns an automation of the manifest.
    pub(crate) fn automation(&self, id: &str) -> Result<&Automation, Error> {
        if let Some(listed) = self.manifest.find(id) {
            return Ok(listed);
        }
        if let Some(problem) = self.unreadable.iter().find(|problem| problem.id.as_deref() == Some(id)) {
            return Err(problem.error.clone().into());
        }
        let ids = self.manifest.listed().iter().map(|listed| listed.entry.id.as_str());
        let hint = text::nearest(id, ids).map_or_else(
            || "timmy automation list lists the automations".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        Err(Error::usage(format!("the manifest has no automation `{}`", text::fit(id, 60)), hint))
    }

    /// Returns the path of the manifest, whether it exists or not.
    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.manifest.file(MANIFEST.path).unwrap_or_else(|| self.repo.root().join("config").join(MANIFEST.path))
    }

    /// Returns the folder that script paths are relative to.
    pub(crate) fn base(&self) -> &Path {
        let folder = self.manifest.folder().filter(|_| !self.is_built_in);
        folder.and_then(Path::parent).unwrap_or(self.repo.root())
    }

    /// Returns a path as it is shown: relative to the repository where it lies in it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        text::fit(&path.strip_prefix(self.repo.root()).unwrap_or(path).to_string_lossy(), 200)
    }

    /// Returns the pauses; a file that cannot be read counts as none.
    pub(crate) fn pauses(&self) -> Pauses {
        let pauses: Document<Pauses> = document::load(&self.repo).unwrap_or(Document::Missing);
        let warn = |error: &_| self.warn(&format!("{error}; nothing counts as paused"));
        pauses.intact_or(warn).unwrap_or_default()
    }

    /// Returns the pause of an automation that is in effect.
    pub(crate) fn pause(&self, id: &str) -> Option<Pause> {
        self.pauses().in_effect(id, self.host.now())
    }

    /// Reads a stored file; a damaged one counts as none, with a warning.
    pub(crate) fn load<T: Stored + DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        Ok(document::load(&self.repo)?.intact_or(|error| self.warn(&error.to_string())))
    }

    /// Returns what the automations last did, as far as that can be read.
    pub(crate) fn automation_state(&self) -> AutomationState {
        let state: Option<Document<AutomationState>> = document::load(&self.repo).ok();
        state.and_then(|state| state.intact_or(|_| ())).unwrap_or_default()
    }

    /// Returns where the log of cycles is; where a wrong setting names it, its usual place.
    pub(crate) fn cycles_log(&self) -> PathBuf {
        cycle_log_settings::place(self.host, &self.repo, &self.manifest)
            .unwrap_or_else(|_| self.repo.path(&records::stored_files::CYCLES))
    }

    /// Returns the place of the log of an automation's runs.
    pub(crate) fn log(&self, id: &str) -> PathBuf {
        self.repo.path(&LOGS).join(format!("{id}.log"))
    }

    /// Prints a line of a result, unless something asks for silence.
    pub(crate) fn say(&self, line: &str) {
        if !self.args.quiet && !self.args.json {
            self.host.say(&text::lines(line));
        }
    }

    /// Prints a result: its JSON with `--json`, nothing with `--quiet`, else its text.
    pub(crate) fn present(&self, view: &impl View) -> Result<(), Error> {
        if !self.args.json && !self.args.quiet {
            let mut page = Page::new("timmy", self.host.width());
            view.render(&mut page);
            for line in page.into_lines() {
                self.host.say(&text::lines(&line));
            }
        }
        self.print_json(view)
    }

    /// Prints a JSON document, if one was asked for: a result whose text, if any, is printed on the way.
    pub(crate) fn print_json(&self, document: &impl Serialize) -> Result<(), Error> {
        if self.args.json {
            self.host.say(&pyjson::to_line(document)?);
        }
        Ok(())
    }

    /// Prints a warning, unless `--quiet`.
    pub(crate) fn warn(&self, what: &str) {
        if !self.args.quiet {
            self.host.warn(&text::lines(what));
        }
    }

    /// Prints what is being done or left undone on stderr, unless `--quiet`.
    pub(crate) fn note(&self, line: &str) {
        if !self.args.quiet {
            self.host.note(&format!("[timmy] {}", text::lines(line)));
        }
    }
}
