//! A scenario: a repository, calls of the tools in it, and what each has done.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, SystemTime};

use demo_forge::{Access, DemoForge, Flavour, Options, Project};
use sandbox::{Call, CallOutput, Sandbox, program};

use crate::masks::Masks;
use crate::picture::{self, Picture};
use crate::recording::{self, Section, Step};
use crate::rule;

/// The clock of every call, unless the scenario sets another.
const NOW: &str = "2026-03-21T12:34:56.123456Z";

/// The forge's token. No recording has it, which is tested.
const TOKEN: &str = "canary-7f3a9c51";

/// Set to `prose`, what has changed in the words is accepted; set to `all`, whatever has changed.
const RECORD: &str = "RECORD";

/// A scenario that is being played.
pub(crate) struct Scenario {
    /// The name, which is also that of the recording.
    name: String,
    /// The repository, and what is around it.
    pub sandbox: Sandbox,
    env: Vec<(String, String)>,
    masks: Masks,
    contract: Vec<Step>,
    prose: Vec<Step>,
}

impl Scenario {
    /// Begins a scenario with a repository that is nothing but a work tree.
    pub(crate) fn new(name: &str) -> Self {
        let sandbox = Sandbox::new();
        let mut masks = Masks::default();
        masks.text(sandbox.root().display().to_string(), "<repo>");
        masks.text(sandbox.outside().display().to_string(), "<outside>");
        masks.text(program("timmy").parent().unwrap().display().to_string(), "<programs>");
        let env = [("TIMMY_NOW", NOW), ("TZ", "UTC"), ("GIT_CONFIG_NOSYSTEM", "1")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { name: name.to_owned(), sandbox, env, masks, contract: Vec::new(), prose: Vec::new() }
    }

    /// Sets a variable for the calls to come.
    pub(crate) fn env(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Sets the clock for the calls to come.
    pub(crate) fn now(&mut self, time: &str) {
        self.env("TIMMY_NOW", time);
    }

    /// Starts a forge that serves `project` as this server, for the calls to come. Where the servers are told apart by what the
    /// tools do, one of them has a recording of its own, `NAME_as_forgejo` or `NAME_as_gitea`.
    pub(crate) fn forge(&mut self, project: &Project, flavour: Flavour) -> DemoForge {
        self.name = recording::name_as(&self.name, flavour);
        let access = Access { token: Some(TOKEN.to_owned()), ..Access::default() };
        let forge = DemoForge::start(project, Options { access, flavour, ..Options::default() }).unwrap();
        for (name, value) in [
            ("GITEA_API", forge.api().as_str()),
            ("REPO_SLUG", &project.slug()),
            ("GITEA_TOKEN", TOKEN),
            // A pause before a second try has a random length.
            ("TIMMY_AUTOMATION_HTTP_RETRIES", "0"),
        ] {
            self.env(name, value);
        }
        forge
    }

    /// Starts a forge that is named by the remote `origin`, with these credentials, and whose token is in the usual file.
    pub(crate) fn forge_in_files(&mut self, credentials: &str, flavour: Flavour) -> DemoForge {
        let issue = serde_json::json!({"number": 5, "title": "fix: Crash", "created_at": "2026-03-01T00:00:00Z"});
        let access = Access { token: Some(TOKEN.to_owned()), private: true, ..Access::default() };
        let project = Project::new("acme", "app", vec![issue], vec![]);
        let forge = DemoForge::start(&project, Options { access, flavour, ..Options::default() }).unwrap();
        let address = forge.api().replace("http://", &format!("http://{credentials}"));
        fs::remove_dir_all(self.path(".git")).unwrap();
        let repository = git2::Repository::init(self.sandbox.root()).unwrap();
        repository.remote("origin", &address.replace("/api/v1", "/acme/app.git")).unwrap();
        self.write("../home/.hermes/gitea_token", format!("{TOKEN}\n"));
        let path = self.path("../home/.hermes/gitea_token");
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        forge
    }

    /// Writes a file of the repository.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.sandbox.write(name, content);
    }

    /// Sets when a file was last changed, in seconds from the clock of the scenarios.
    pub(crate) fn changed(&self, name: &str, seconds_ago: u64) {
        // 2026-03-21T12:34:56Z.
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_096_496 - seconds_ago);
        fs::File::options().write(true).open(self.path(name)).unwrap().set_modified(time).unwrap();
    }

    /// Returns the path of a file of the repository.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.sandbox.root().join(name)
    }

    /// Calls a tool. The line is as in a shell: variables, the tool, and its arguments, with single quotes.
    pub(crate) fn call(&mut self, line: &str) {
        self.perform(line, "", |call| call, |_, _| {});
    }

    /// Calls a tool that reads this.
    pub(crate) fn call_with(&mut self, stdin: &str, line: &str) {
        self.perform(line, " (with stdin)", |call| call.stdin(stdin), |_, _| {});
    }

    /// Calls a tool in this folder, relative to the repository.
    pub(crate) fn call_in(&mut self, folder: &str, line: &str) {
        let path = self.path(folder);
        self.perform(line, &format!(" (in {folder})"), |call| call.dir(path), |_, _| {});
    }

    /// Calls a tool by another name than its own.
    pub(crate) fn call_named(&mut self, name: &str, line: &str) {
        self.perform(line, &format!(" (as {name})"), |call| call.named(name), |_, _| {});
    }

    /// Calls a tool, and does something while it runs.
    pub(crate) fn call_while(&mut self, line: &str, what: &str, meanwhile: impl FnOnce(&Sandbox, &Child)) {
        self.perform(line, &format!(" ({what})"), |call| call, meanwhile);
    }

    fn perform(
        &mut self,
        line: &str,
        remark: &str,
        prepare: impl FnOnce(Call) -> Call,
        meanwhile: impl FnOnce(&Sandbox, &Child),
    ) {
        let before = picture::take(&self.sandbox.root(), &self.masks);
        let mut words = words(line).into_iter().peekable();
        let mut own = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            own.push((name.to_owned(), value.to_owned()));
            words.next();
        }
        let words: Vec<String> = words.collect();
        let tool = if words[0].contains('/') { self.sandbox.root().join(&words[0]) } else { program(&words[0]) };
        let mut call = self.sandbox.call_as(&tool, &words[1..]);
        for (name, value) in self.env.iter().chain(&own) {
            call = call.env(name, value);
        }
        let child = prepare(call).start();
        meanwhile(&self.sandbox, &child);
        let ended: CallOutput = child.wait_with_output().unwrap().into();
        let after = picture::take(&self.sandbox.root(), &self.masks);
        self.record(&format!("{line}{remark}"), &words.join(" "), &ended, &before, &after);
    }

    fn record(&mut self, title: &str, command: &str, ended: &CallOutput, before: &Picture, after: &Picture) {
        let output = |stream: &str, text: &str| {
            self.masks.apply(&format!("{command} {stream}"), &picture::lossless(text.as_bytes()))
        };
        let stdout = rule::divide_stdout(command, &output("stdout", &ended.out));
        let section = |title: &str, body: String| Section { title: title.to_owned(), body };
        let code = ended.code.map_or("ended by a signal".to_owned(), |code| format!("exit {code}"));
        let mut contract = vec![section(&code, String::new()), section("stdout", stdout.contract)];
        contract.extend(picture::changes(before, after));
        let mut prose = vec![section("stdout", stdout.prose), section("stderr", output("stderr", &ended.err))];
        prose.extend(picture::new_messages(before, after));
        prose.retain(|section| !section.body.is_empty());
        contract.retain(|section| section.title != "stdout" || !section.body.is_empty());
        let title = self.masks.apply("title", &picture::lossless(title.as_bytes()));
        self.contract.push(Step { title: title.clone(), sections: contract });
        self.prose.push(Step { title, sections: prose });
    }

    /// Ends the scenario: compares what was done with the recordings, or makes them.
    pub(crate) fn end(self) {
        let mode = std::env::var(RECORD).unwrap_or_default();
        assert!(matches!(mode.as_str(), "" | "prose" | "all"), "{RECORD}={mode:?}: expected `prose` or `all`");
        for (file, steps, is_accepted) in
            [("contract.txt", &self.contract, mode == "all"), ("prose.txt", &self.prose, !mode.is_empty())]
        {
            let text = recording::render(steps);
            assert!(!text.contains(TOKEN), "{}: the token of the forge is in {file}", self.name);
            if is_accepted {
                fs::create_dir_all(recording::folder(&self.name)).unwrap();
                fs::write(recording::folder(&self.name).join(file), &text).unwrap();
            }
            let report = recording::compare(&self.name, file, steps);
            let hint = if file == "prose.txt" {
                "If only words have changed and that is meant: RECORD=prose cargo test -p tests --test recorded"
            } else {
                "This is what callers rely on: it changes by an issue that says so, and then with RECORD=all"
            };
            assert!(report.is_empty(), "{report}\n\n{hint}");
        }
    }
}

/// The words of a line, as a shell divides it: at spaces, but not inside single quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' if !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
