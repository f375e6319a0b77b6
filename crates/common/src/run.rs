//! One run of a tool, from its flags to its report: what every tool does around its own work.

use std::path::Path;
use std::time::Instant;

use records::{Reason, TOKEN_ECONOMY, pyjson};
use serde::Serialize;

use crate::cycle_log_settings;
use crate::error::{Error, chain};
use crate::manifest::Manifest;
use crate::outcome::Outcome;
use crate::report::{Ending, Report, ReportError};
use crate::settings::{ConfigObject, Layers, Origin, SettingsError};
use crate::tool::{CommonArgs, Tool};
use crate::view::{Page, View};
use host::Host;
use host::files::{self, FileError};
use host::text;
use store::document::LIMIT;
use store::{Cycles, Repo, Store};

/// A run: the world, the repository, the configuration, and the flags that all tools share.
pub struct Run<'h> {
    /// The world.
    pub host: &'h Host,
    /// Who runs.
    pub tool: &'static Tool,
    /// The repository.
    pub store: Store<'h>,
    /// The configuration.
    pub manifest: Manifest,
    /// The common flags.
    pub args: CommonArgs,
}

/// What a run earns besides its own cost: actions of the token economy, appended to the ledger when it has ended well.
#[derive(Debug, Default)]
pub struct TokenEvents {
    actions: Vec<&'static str>,
}

impl<'h> Run<'h> {
    /// Finds the repository and reads the manifest. Nothing is written.
    ///
    /// # Errors
    /// There is no repository, or the manifest is broken.
    pub fn begin(host: &'h Host, tool: &'static Tool, args: &CommonArgs) -> Result<Self, Error> {
        let repo = Repo::find(host, args.repo_root.as_deref())?;
        let manifest = Manifest::load(host, &repo, args.config_dir.as_deref())?;
        let store = Store::new(host, repo, args.quiet);
        let run = Self { host, tool, store, manifest, args: args.clone() };
        for action in run.manifest.token_economy().keys() {
            let names = TOKEN_ECONOMY.map(|(name, _)| name);
            if !names.contains(&action.as_str()) {
                let hint =
                    text::nearest(action, names).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                run.warn(&format!("token_economy: nothing is booked as `{}`{hint}", text::fit(action, 60)));
            }
        }
        Ok(run)
    }

    /// Returns the repository.
    pub fn repo(&self) -> &Repo {
        self.store.repo()
    }

    /// Resolves the tool's settings: `take` takes them from the layers one by one. `further` are configuration objects
    /// below the manifest's. Warnings are printed; so are, with `--verbose`, the effective values and their origins.
    ///
    /// # Errors
    /// A value does not parse or is out of range, or a key is misspelt.
    pub fn settings<T>(
        &self,
        further: &[&ConfigObject],
        take: impl FnOnce(&mut Layers) -> Result<T, SettingsError>,
    ) -> Result<T, SettingsError> {
        let objects = self.manifest.config(self.tool.id).into_iter().chain(further.iter().copied()).collect();
        // Only a variable of the shared prefix can belong to another automation.
        let shared = self.host.var_names("TIMMY_AUTOMATION_").next().is_some();
        let known_ids = if shared { self.manifest.known_ids() } else { Vec::new() };
        let mut layers = Layers::new(self.host, self.tool.id, objects, known_ids);
        let settings = take(&mut layers)?;
        let (resolved, warnings) = layers.finish()?;
        for warning in warnings {
            self.warn(&warning);
        }
        for setting in resolved {
            let by = if setting.origin == Origin::Default {
                "by default".to_owned()
            } else {
                format!("from {}", setting.origin)
            };
            self.detail(&format!("{} = {} ({by})", setting.key, text::fit(&setting.value, 200)));
        }
        Ok(settings)
    }

    /// Returns the log of cycles, which a setting may name.
    ///
    /// # Errors
    /// As [`cycle_log_settings::place`].
    pub fn cycles(&self) -> Result<Cycles<'h>, SettingsError> {
        let path = cycle_log_settings::place(self.host, self.repo(), &self.manifest)?;
        Ok(self.store.cycles(&path))
    }

    /// Returns how many of the log's last lines its summary covers.
    ///
    /// # Errors
    /// As [`Run::cycles`].
    pub fn summary_window(&self) -> Result<usize, SettingsError> {
        cycle_log_settings::summary_window(self.host, &self.manifest)
    }

    /// Does the tool's work between the two halves of its report, which is written on every path.
    ///
    /// # Errors
    /// What `work` fails with, and that `.loop` cannot be made.
    pub fn perform(&self, work: impl FnOnce(&mut TokenEvents) -> Result<Outcome, Error>) -> Result<Outcome, Error> {
        self.store.prepare()?;
        let report = Report::new(self.host, &self.store, &self.manifest, self.tool.id);
        let clock = Instant::now();
        let began = report.began();
        let mut token_events = TokenEvents::default();
        let result = work(&mut token_events);
        let (code, summary, reason) = match &result {
            Ok(outcome) => {
                (outcome.code(), Ok(outcome.summary().to_owned()), outcome.reason().unwrap_or(Reason::RanWell))
            }
            Err(error) => (error.code(), Err(error.chain()), Reason::RanFailed),
        };
        let mut actions = vec!["run"];
        if result.is_ok() {
            actions.append(&mut token_events.actions);
        } else {
            actions.push("failure");
        }
        let ended = report.ended(&Ending { code, result: summary, reason, duration: clock.elapsed() });
        let appended = report.append_tokens(&actions).map_err(Into::into).map(|damaged| {
            if damaged > 0 {
                let ledger = self.store.tokens();
                self.warn(&format!(
                    "{}: {} at its end; what is damaged is left as it is",
                    ledger.lines().path().display(),
                    text::counted(damaged, "damaged line")
                ));
            }
        });
        // What keeps a run from its work keeps it from its report too, and need not be reported twice.
        if result.is_ok() {
            self.reported(began.and(ended).and(appended));
        }
        result
    }

    /// Reads a file that the command line names, relative to the current directory, or stdin for `-`.
    ///
    /// # Errors
    /// There is no such file, it is too large, or the system refuses.
    pub fn read_input(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        if path.as_os_str() == "-" {
            return self.host.read_stdin(LIMIT).map_err(|error| FileError::reading(path, error));
        }
        files::read_stream(&self.host.current_dir().join(path), LIMIT)
    }

    /// Prints a result: its JSON with `--json`, nothing with `--quiet`, else its text.
    ///
    /// # Errors
    /// The result cannot be written as JSON.
    pub fn present(&self, view: &impl View) -> Result<(), Error> {
        if self.args.json {
            self.host.say(&view.json()?);
        } else if !self.args.quiet {
            let mut page = Page::new(self.tool.prefix, self.host.columns());
            view.render(&mut page);
            for line in page.into_lines() {
                self.host.say(&line);
            }
        }
        Ok(())
    }

    /// Prints a JSON document: a result whose text, if any, is printed on the way.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn print(&self, document: &impl Serialize) -> Result<(), Error> {
        self.host.say(&pyjson::to_line(document)?);
        Ok(())
    }

    /// Prints a JSON document, if one was asked for.
    ///
    /// # Errors
    /// As [`Run::print`].
    pub fn print_json(&self, document: &impl Serialize) -> Result<(), Error> {
        if self.args.json { self.print(document) } else { Ok(()) }
    }

    /// Prints a result line with the tool's prefix, unless `--quiet` or `--json` asks for silence.
    pub fn say(&self, line: &str) {
        if !self.args.quiet && !self.args.json {
            self.host.show(&format!("[{}] {line}", self.tool.prefix));
        }
    }

    /// Prints a warning, unless `--quiet`.
    pub fn warn(&self, what: &str) {
        if !self.args.quiet {
            self.host.warn(&text::lines(what));
        }
    }

    /// Prints what is being done, with `--verbose`.
    pub fn detail(&self, what: &str) {
        if self.args.verbose {
            self.host.note(&format!("[{}] {what}", self.tool.prefix));
        }
    }

    pub(crate) fn reported(&self, result: Result<(), ReportError>) {
        if let Err(error) = result {
            self.warn(&format!("the run could not be reported: {}", chain(&error)));
        }
    }
}

impl TokenEvents {
    /// Notes an action that earns tokens.
    pub fn add(&mut self, action: &'static str) {
        self.actions.push(action);
    }
}
