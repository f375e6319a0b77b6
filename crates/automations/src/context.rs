//! The repository with its automations, as every command sees it.

use std::path::{Path, PathBuf};

use common::cycle_log_settings;
use common::manifest::{Automation, Diagnostic, Manifest, ManifestError};
use common::tool::Toolset;
use common::{CommonArgs, Error};
use host::Host;
use host::files::FileError;
use host::source::Source;
use host::text;
use records::stored_files::MANIFEST;
use records::{AutomationState, DailyRunFile, Pause, Pauses};
use store::{Cycles, Document, Repo, Store};

use crate::schedule::check_zone;

/// The repository, its configuration, and how to speak.
pub struct Context<'h> {
    /// The world.
    pub host: &'h Host,
    /// The tools of the suite.
    pub toolset: Toolset,
    /// The stored files.
    pub store: Store<'h>,
    /// The manifest, or the one that the suite ships.
    pub manifest: Manifest,
    /// Whether there is no manifest, and the one that the suite ships stands for it.
    pub is_built_in: bool,
    /// What is wrong in the manifest so that it could not even be read.
    pub unreadable: Vec<Diagnostic>,
    /// `daily_run.json`, where there is one.
    pub daily_run: Option<(DailyRunFile, Source)>,
    /// The flags that every tool takes.
    pub args: CommonArgs,
}

impl<'h> Context<'h> {
    /// Finds the repository and reads its configuration; entries that are wrong are left out and reported.
    ///
    /// # Errors
    /// There is no repository, or its configuration is broken as a whole.
    pub fn open(host: &'h Host, toolset: Toolset, args: &CommonArgs) -> Result<Self, Error> {
        check_zone(host)?;
        let repo = Repo::find(host, args.repo_root.as_deref())?;
        Self::open_in(host, toolset, repo, args)
    }

    /// Finds the repository; what is wrong with a configuration that is broken as a whole is reported, and the built-in one
    /// stands for it: for commands that must work when it is.
    ///
    /// # Errors
    /// There is no repository, or the system refuses to read its configuration.
    pub fn open_anyway(host: &'h Host, toolset: Toolset, args: &CommonArgs) -> Result<Self, Error> {
        check_zone(host)?;
        let repo = Repo::find(host, args.repo_root.as_deref())?;
        match Self::try_open(host, toolset, repo.clone(), args) {
            Err(ManifestError::Content(error)) => {
                let mut context = Self::without_configuration(host, toolset, repo, args);
                context.warn(&format!("{error}; the built-in manifest is used"));
                context.manifest = Manifest::default().or_shipped();
                context.unreadable.push(Diagnostic { id: None, error });
                Ok(context)
            }
            opened => Ok(opened?),
        }
    }

    /// Reads the configuration of a repository.
    ///
    /// # Errors
    /// The configuration is broken as a whole.
    pub fn open_in(host: &'h Host, toolset: Toolset, repo: Repo, args: &CommonArgs) -> Result<Self, Error> {
        Ok(Self::try_open(host, toolset, repo, args)?)
    }

    fn try_open(host: &'h Host, toolset: Toolset, repo: Repo, args: &CommonArgs) -> Result<Self, ManifestError> {
        let (manifest, unreadable) = Manifest::load_with_diagnostics(host, &repo, args.config_dir.as_deref())?;
        let daily_run = manifest.daily_run()?;
        // Without a manifest the tools run with their defaults, and on the triggers that they are made for.
        let is_built_in = manifest.source().is_none();
        let manifest = manifest.or_shipped();
        let store = Store::new(host, repo, args.quiet);
        Ok(Self { host, toolset, store, manifest, is_built_in, unreadable, daily_run, args: args.clone() })
    }

    /// Takes a repository without reading its configuration, for what must work when that is broken.
    pub fn without_configuration(host: &'h Host, toolset: Toolset, repo: Repo, args: &CommonArgs) -> Self {
        Self {
            host,
            toolset,
            store: Store::new(host, repo, args.quiet),
            manifest: Manifest::default(),
            is_built_in: true,
            unreadable: Vec::new(),
            daily_run: None,
            args: args.clone(),
        }
    }

    /// Returns the repository.
    pub fn repo(&self) -> &Repo {
        self.store.repo()
    }

    /// Returns an automation of the manifest.
    ///
    /// # Errors
    /// The manifest does not have it, or its entry is wrong.
    pub fn automation(&self, id: &str) -> Result<&Automation, Error> {
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
    pub fn manifest_path(&self) -> PathBuf {
        self.manifest.file(MANIFEST.path).unwrap_or_else(|| self.repo().root().join("config").join(MANIFEST.path))
    }

    /// Returns the folder that script paths are relative to.
    pub fn base(&self) -> &Path {
        let folder = self.manifest.folder().filter(|_| !self.is_built_in);
        folder.and_then(Path::parent).unwrap_or(self.repo().root())
    }

    /// Returns a path as it is shown: relative to the repository where it lies in it.
    pub fn shown(&self, path: &Path) -> String {
        text::fit(&path.strip_prefix(self.repo().root()).unwrap_or(path).to_string_lossy(), 200)
    }

    /// Returns the pauses; a damaged file counts as none, with a warning.
    ///
    /// # Errors
    /// The system refuses to read them.
    pub fn pauses(&self) -> Result<Pauses, FileError> {
        Ok(self.store.pauses().read_intact("nothing counts as paused")?.unwrap_or_default())
    }

    /// Returns the pause of an automation that is in effect.
    ///
    /// # Errors
    /// The system refuses to read the pauses.
    pub fn pause(&self, id: &str) -> Result<Option<Pause>, FileError> {
        Ok(self.pauses()?.in_effect(id, self.host.now()))
    }

    /// Returns what the automations last did, as far as that can be read.
    pub fn automation_state(&self) -> AutomationState {
        let state = self.store.state().read().ok();
        state.and_then(|state| state.intact_or(|_| ())).unwrap_or_default()
    }

    /// Returns the log of cycles; where a wrong setting names it, the one at its usual path.
    pub fn cycles(&self) -> Cycles<'h> {
        let named = cycle_log_settings::place(self.host, self.repo(), &self.manifest);
        named.map_or_else(|_| self.store.usual_cycles(), |path| self.store.cycles(&path))
    }

    /// Prints a line of a result, unless something asks for silence.
    pub fn say(&self, line: &str) {
        if !self.args.quiet && !self.args.json {
            self.host.show(&text::lines(line));
        }
    }

    /// Prints a warning, unless `--quiet`.
    pub fn warn(&self, what: &str) {
        if !self.args.quiet {
            self.host.warn(&text::lines(what));
        }
    }

    /// Prints what is being done or left undone on stderr, unless `--quiet`.
    pub fn note(&self, line: &str) {
        if !self.args.quiet {
            self.host.note(&format!("[timmy] {}", text::lines(line)));
        }
    }
}
