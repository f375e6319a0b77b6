//! Units that keep the scheduler of a repository running.

use host::files;
use std::path::Path;

use common::Error;
use serde::Serialize;

use crate::context::Context;
use crate::schedule_settings::{ScheduleSettings, drawn_from};
use crate::supervise::own_program;

/// What keeps services running.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Manager {
    /// systemd, of a user.
    Systemd,
    /// launchd.
    Launchd,
    /// cron.
    Cron,
}

/// Returns the units that keep the scheduler of a repository running.
///
/// # Errors
/// A path cannot be written to a unit, or the scheduler's settings are wrong.
pub fn units(context: &Context, manager: Manager) -> Result<Vec<Unit>, Error> {
    let root = context.repo().root();
    // An installed program stays where it is when a build folder is cleaned.
    let installed = context.store.programs().join("timmy");
    let program = if files::is_file(&installed)? { installed } else { own_program(context.host, "timmy")? };
    let path_of = |path: &Path| -> Result<String, Error> {
        let text = path.to_str().filter(|text| text.chars().all(|c| c.is_alphanumeric() || " /._-+@,:=".contains(c)));
        text.map(str::to_owned).ok_or_else(|| {
            Error::usage(
                format!("{} cannot be written to a unit", path.display()),
                "use a path of letters, digits and / . _ - + @ , : =",
            )
        })
    };
    let (program, root_text) = (path_of(&program)?, path_of(root)?);
    let name = unit_name(root);
    Ok(match manager {
        Manager::Systemd => {
            let stop = ScheduleSettings::of(context)?.stop_timeout.as_secs();
            systemd(&name, &program, &root_text, stop)
        }
        Manager::Launchd => vec![launchd(&name, &program, &root_text)],
        Manager::Cron => vec![cron(&name, &program, &root_text, root)],
    })
}

/// A file for a manager of services.
#[derive(Debug, Serialize)]
pub struct Unit {
    /// Its name.
    pub file: String,
    /// What it is for, and how it is put to use.
    pub about: String,
    /// Its text.
    pub text: String,
    /// How a remark begins and ends in it.
    #[serde(skip)]
    remark: (&'static str, &'static str),
}

impl Unit {
    /// Returns its text, with a remark that says what it is for.
    pub fn commented(&self) -> String {
        let (begin, end) = self.remark;
        let remark = format!("{begin}{}: {}{end}\n", self.file, self.about);
        // Some files have a first line that must be the first.
        match self.text.split_once("?>\n") {
            Some((first, rest)) => format!("{first}?>\n{remark}{rest}"),
            None => format!("{remark}{}", self.text),
        }
    }
}

/// A name for a unit: the folder's, as far as its characters are plain.
fn unit_name(root: &Path) -> String {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    // Two repositories may have folders of the same name.
    format!("timmy-{}-{:04x}", plain.trim_matches('-'), spread(root) % 0x1_0000)
}

/// A number that is the same for a path every time.
fn spread(path: &Path) -> u64 {
    drawn_from(&[path.as_os_str().as_encoded_bytes()])
}

/// What a service may not do.
fn hardening(root: &str) -> String {
    format!(
        "# Nothing outside the repository is written; remove ProtectHome if automations need more of the home directory.
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=\"{root}\"
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native
UMask=0077"
    )
}

/// The scheduler as a service.
fn scheduler_service(program: &str, root: &str, stop_timeout: u64) -> String {
    let (hardening, patience) = (hardening(root), stop_timeout + 30);
    format!(
        "[Unit]
Description=Scheduler of the automations in {root}

[Service]
Type=exec
WorkingDirectory={root}
ExecStart=\"{program}\" schedule run --repo-root \"{root}\"
# A token, if it is not in ~/.hermes/gitea_token: Environment=GITEA_TOKEN_FILE=...
Restart=on-failure
RestartSec=30
# On SIGTERM it waits for running automations (stop_timeout, {stop_timeout} s). It makes up missed runs (catch_up_hours).
KillMode=mixed
TimeoutStopSec={patience}
{hardening}

[Install]
WantedBy=default.target
"
    )
}

fn systemd(name: &str, program: &str, root: &str, stop_timeout: u64) -> Vec<Unit> {
    let hardening = hardening(root);
    let unit = |file: String, about: &str, text: String| {
        let about = format!(
            "{about} (~/.config/systemd/user, then systemctl --user enable --now {file}; it ends when you log out, unless \
             loginctl enable-linger is run once)"
        );
        Unit { file, about, text, remark: ("# ", "") }
    };
    let tick = format!(
        "[Unit]
Description=One tick of the scheduler of the automations in {root}

[Service]
Type=oneshot
WorkingDirectory={root}
ExecStart=\"{program}\" schedule tick --repo-root \"{root}\"
TimeoutStartSec=infinity
{hardening}
"
    );
    let timer = format!(
        "[Unit]
Description=Ticks of the scheduler of the automations in {root}

[Timer]
OnCalendar=*:0/5
# After a time without power it is made up once; the start is spread over half a minute.
Persistent=true
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
"
    );
    vec![
        unit(
            format!("{name}.service"),
            "either the scheduler in the foreground",
            scheduler_service(program, root, stop_timeout),
        ),
        unit(format!("{name}-tick.timer"), "or a tick every five minutes, without a permanent process", timer),
        Unit {
            file: format!("{name}-tick.service"),
            about: "the service that the timer starts".to_owned(),
            text: tick,
            remark: ("# ", ""),
        },
    ]
}

fn launchd(name: &str, program: &str, root: &str) -> Unit {
    let escape = |piece: &str| piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (program, root) = (escape(program), escape(root));
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
  <key>Label</key><string>{name}</string>
  <key>ProgramArguments</key>
  <array>
    <string>{program}</string>
    <string>schedule</string><string>run</string>
    <string>--repo-root</string><string>{root}</string>
  </array>
  <key>WorkingDirectory</key><string>{root}</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>30</integer>
  <key>ExitTimeOut</key><integer>90</integer>
  <key>ProcessType</key><string>Background</string>
  <key>Umask</key><integer>63</integer>
  <key>StandardErrorPath</key><string>{root}/.loop/logs/scheduler.err</string>
</dict>
</plist>
"
    );
    let file = format!("{name}.plist");
    let about = format!(
        "the scheduler in the foreground (~/Library/LaunchAgents, then launchctl bootstrap gui/$(id -u) {file}; it runs while you are logged in); it makes up missed runs (catch_up_hours) and spreads the starts (spread_seconds)"
    );
    Unit { file, about, text, remark: ("<!-- ", " -->") }
}

fn cron(name: &str, program: &str, root: &str, path: &Path) -> Unit {
    // The minute is spread by the repository's place, so that several repositories do not start together.
    let minute = spread(path) % 5;
    let text = format!("{minute}-59/5 * * * * umask 077; \"{program}\" schedule tick --quiet --repo-root \"{root}\"\n");
    let about = "a tick every five minutes (add it with crontab -e); it makes up missed runs (catch_up_hours)";
    Unit { file: format!("{name}.cron"), about: about.to_owned(), text, remark: ("# ", "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_a_plain_name() {
        assert!(unit_name(Path::new("/srv/My App_2")).starts_with("timmy-my-app-2-"));
        assert_ne!(unit_name(Path::new("/a/app")), unit_name(Path::new("/b/app")));
        let units = systemd("n", "/p", "/r", 60);
        assert!(units[1].commented().starts_with("# n-tick.timer: ") && units[1].text.contains("\nPersistent=true\n"));
        // A user's manager has no unit of the system's, and stops with the user's last session.
        for unit in &units {
            assert!(!unit.text.contains("network-online"), "{}", unit.text);
            assert_eq!(
                unit.about.contains("loginctl enable-linger"),
                unit.text.contains("[Install]"),
                "{}",
                unit.about
            );
        }
        assert!(launchd("n", "/p", "/r").commented().starts_with("<?xml"));
    }
}
