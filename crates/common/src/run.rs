//! One run of a tool, from its flags to its report: what every tool does around its own work.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;

use crate::cycle_log;
use crate::document;
use crate::exit::{self, Answer, Failure};
use crate::files::{self, FileError};
use crate::host::{Host, timestamp};
use crate::layout::{NoRepo, Repo};
use crate::manifest::{Manifest, ManifestError};
use crate::pauses::{Pause, Pauses};
use crate::reason::Reason;
use crate::report::{Ending, Report};
use crate::settings::{ConfigObject, Layers, Origin, Setting, SettingsError, Value};
use crate::text;

/// The flags that every tool takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Common options")]
pub struct CommonArgs {
    /// The repository to work on [default: the one of the symlink, else the one of the current directory]
    #[arg(long, value_name = "DIR")]
    pub repo_root: Option<PathBuf>,

    /// The directory of automations.json, daily_run.json and triage_rules.yaml
    #[arg(long, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,

    /// Print one JSON document and nothing else on stdout
    #[arg(long)]
    pub json: bool,

    /// Print nothing but errors (and the JSON document, if asked for)
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Report on stderr where each setting comes from and what is done
    #[arg(long, short)]
    pub verbose: bool,

    /// Run although the manifest disables the automation
    #[arg(long)]
    pub force: bool,
}

/// Who the running tool is.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Its id in the manifest.
    pub id: &'static str,
    /// What its lines begin with, without the brackets: logs are searched for it.
    pub prefix: &'static str,
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no repository.
    #[error(transparent)]
    Repo(#[from] NoRepo),
    /// The configuration folder or the manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A setting.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// `.loop` or a file in it.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A run's ending: the tool's own answer, or that it is disabled.
#[derive(Debug)]
pub enum Done<A> {
    /// The manifest disables the automation.
    Disabled,
    /// The tool's answer.
    Answer(A),
}

/// A run: the world, the repository, the configuration, and the flags that all tools share.
pub struct Run<'h> {
    /// The world.
    pub host: &'h Host,
    /// Who runs.
    pub tool: Tool,
    /// The repository.
    pub repo: Repo,
    /// The configuration.
    pub manifest: Manifest,
    /// The common flags.
    pub args: CommonArgs,
}

/// What a run earns besides its own cost: actions of the token economy, booked when it has ended well.
#[derive(Debug, Default)]
pub struct Earnings {
    actions: Vec<&'static str>,
}

/// Runs a tool in the given world: reads its flags, has it do its work, prints its error. Returns the exit code.
pub fn tool<C: Parser, A: Answer, E: Failure>(host: &Host, work: impl FnOnce(&Host, &C) -> Result<A, E>) -> u8 {
    match arguments::<C>(host) {
        Ok(cli) => exit::end(host, &work(host, &cli)),
        Err(code) => code,
    }
}

/// Reads the command line. On `--help`, `--version` or a mistake the text is printed and the exit code (0 or 2) is the
/// error.
///
/// # Errors
/// The exit code to end with.
pub fn arguments<C: Parser>(host: &Host) -> Result<C, u8> {
    C::try_parse_from(host.args()).map_err(|error| {
        let text = text::lines(&error.render().to_string());
        if error.use_stderr() {
            host.note(text.trim_end());
            2
        } else {
            host.say(text.trim_end());
            0
        }
    })
}

/// Reads a positive number of an issue, a pull request or a cycle.
pub fn number_parser() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=i64::MAX.unsigned_abs())
}

impl<'h> Run<'h> {
    /// Finds the repository and reads the manifest. Nothing is written.
    ///
    /// # Errors
    /// There is no repository, or the manifest is broken.
    pub fn begin(host: &'h Host, tool: Tool, args: &CommonArgs) -> Result<Self, RunError> {
        let repo = Repo::find(host, args.repo_root.as_deref())?;
        let manifest = Manifest::load(host, &repo, args.config_dir.as_deref())?;
        for action in manifest.token_economy().keys() {
            let names = crate::report::TOKEN_ECONOMY.map(|(name, _)| name);
            if !names.contains(&action.as_str()) && !args.quiet {
                let hint =
                    text::nearest(action, names).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                host.warn(&format!("token_economy: nothing is booked as `{}`{hint}", text::fit(action, 60)));
            }
        }
        Ok(Self { host, tool, repo, manifest, args: args.clone() })
    }

    /// Reads the tool's settings: `take` takes them from the layers one by one. `further` are configuration objects
    /// below the manifest's. Warnings are printed; so are, with `--verbose`, the values in force and their origins.
    ///
    /// # Errors
    /// A value does not parse or is out of range, or a key is misspelt.
    pub fn settings<T>(
        &self,
        further: &[&ConfigObject],
        take: impl FnOnce(&mut Layers) -> Result<T, SettingsError>,
    ) -> Result<T, RunError> {
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

    /// Returns where the log of cycles is: what the automation that writes it is set to.
    ///
    /// # Errors
    /// As [`Run::settings`].
    pub fn cycles_log(&self) -> Result<PathBuf, RunError> {
        Ok(self.repo.resolve(&self.setting_of_log(&cycle_log::RETRO_FILE)?))
    }

    /// Returns how many of the log's last lines its summary covers.
    ///
    /// # Errors
    /// As [`Run::settings`].
    pub fn summary_window(&self) -> Result<usize, RunError> {
        Ok(usize::try_from(self.setting_of_log(&cycle_log::SUMMARY_WINDOW)?).unwrap_or(usize::MAX))
    }

    fn setting_of_log<T: Value>(&self, setting: &Setting<T>) -> Result<T, RunError> {
        let objects = self.manifest.config(cycle_log::OWNER).into_iter().collect();
        Ok(Layers::new(self.host, cycle_log::OWNER, objects, Vec::new()).get(setting, None)?)
    }

    /// Returns whether the manifest disables the automation, or somebody has paused it, and nobody forces it.
    pub fn is_disabled(&self) -> bool {
        !self.args.force
            && (self.manifest.entry(self.tool.id).is_some_and(|entry| !entry.enabled) || self.pause().is_some())
    }

    fn pause(&self) -> Option<Pause> {
        // A file that the system refuses says nothing.
        let pauses = Pauses::read(&self.repo, |what| self.warn(what)).unwrap_or_default();
        pauses.of(self.tool.id, self.host.now())
    }

    /// Says that the automation is disabled or paused, and records that it was skipped.
    pub fn skip<A>(&self) -> Done<A> {
        let is_off = self.manifest.entry(self.tool.id).is_some_and(|entry| !entry.enabled);
        let pause = self.pause().filter(|_| !is_off);
        let reason = if pause.is_some() { Reason::Paused } else { Reason::Disabled };
        if self.args.json {
            self.host.say(&format!("{{\"status\": \"{reason}\", \"reason\": \"{reason}\"}}"));
        } else if let Some(pause) = &pause {
            let (id, until) = (self.tool.id, timestamp(pause.until));
            self.say(&format!(
                "{id} is paused until {until}: {} (--force runs it all the same)",
                text::fit(&pause.reason, 200)
            ));
        } else {
            self.say(&format!("{} is disabled in automations.json (--force runs it all the same)", self.tool.id));
        }
        let report = Report::new(self.host, &self.repo, &self.manifest, self.tool.id);
        self.reported(self.repo.prepare().map_err(Into::into).and_then(|()| report.skipped(reason)));
        Done::Disabled
    }

    /// Does the tool's work between the two halves of its report, which is written on every path.
    ///
    /// # Errors
    /// What `work` fails with, and that `.loop` cannot be made.
    pub fn perform<A: Answer, E: Failure + From<FileError>>(
        &self,
        work: impl FnOnce(&mut Earnings) -> Result<A, E>,
    ) -> Result<Done<A>, E> {
        self.repo.prepare()?;
        let report = Report::new(self.host, &self.repo, &self.manifest, self.tool.id);
        let clock = Instant::now();
        let began = report.began();
        let mut earnings = Earnings::default();
        let result = work(&mut earnings);
        let (code, words, reason) = match &result {
            Ok(answer) => (answer.code(), Ok(answer.in_words()), answer.reason().unwrap_or(Reason::RanWell)),
            Err(failure) => (failure.code(), Err(in_words(failure)), Reason::RanFailed),
        };
        let mut actions = vec!["run"];
        if result.is_ok() {
            actions.append(&mut earnings.actions);
        } else {
            actions.push("failure");
        }
        let ended = report.ended(&Ending { code, result: words, reason, duration: clock.elapsed() });
        let booked = report.book(&actions).map_err(Into::into).map(|damaged| {
            if damaged > 0 {
                let ledger = self.repo.tokens();
                self.warn(&format!(
                    "{}: {damaged} damaged line(s) at its end; they are left as they are",
                    ledger.display()
                ));
            }
        });
        // What keeps a run from its work keeps it from its report too, and need not be said twice.
        if result.is_ok() {
            self.reported(began.and(ended).and(booked));
        }
        result.map(Done::Answer)
    }

    /// Reads a file that the command line names, relative to the current directory, or stdin for `-`.
    ///
    /// # Errors
    /// There is no such file, it is too large, or the system refuses.
    pub fn read_input(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        if path.as_os_str() == "-" {
            return self.host.read_stdin(document::LIMIT).map_err(|error| FileError::reading(path, error));
        }
        files::read_stream(&self.host.current_dir().join(path), document::LIMIT)
    }

    /// Prints a result line with the tool's prefix, unless `--quiet` or `--json` asks for silence.
    pub fn say(&self, line: &str) {
        if !self.args.quiet && !self.args.json {
            self.host.say(&format!("[{}] {line}", self.tool.prefix));
        }
    }

    /// Prints a line of a result that has no prefix, unless `--quiet` or `--json` asks for silence.
    pub fn show(&self, line: &str) {
        if !self.args.quiet && !self.args.json {
            self.host.say(line);
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

    fn reported(&self, result: Result<(), crate::report::ReportError>) {
        if let Err(error) = result {
            let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
            self.warn(&format!("the run could not be reported: {error}{cause}"));
        }
    }
}

impl Earnings {
    /// Notes an action that earns tokens.
    pub fn add(&mut self, action: &'static str) {
        self.actions.push(action);
    }
}

/// An error and its causes on one line.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    text::fit(&words, 400)
}

impl<A: Answer> Answer for Done<A> {
    fn code(&self) -> u8 {
        match self {
            Self::Disabled => 0,
            Self::Answer(answer) => answer.code(),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Disabled => "disabled".to_owned(),
            Self::Answer(answer) => answer.in_words(),
        }
    }

    fn reason(&self) -> Option<Reason> {
        match self {
            Self::Disabled => Some(Reason::Disabled),
            Self::Answer(answer) => answer.reason(),
        }
    }
}

impl Failure for RunError {
    fn code(&self) -> u8 {
        match self {
            Self::Repo(_) | Self::Manifest(_) | Self::Settings(_) | Self::File(_) => 2,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Repo(error) => Some(error.hint()),
            Self::Manifest(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::File(error) => error.hint(),
        }
    }
}
