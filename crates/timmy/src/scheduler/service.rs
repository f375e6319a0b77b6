//! `timmy service print`: units that keep the scheduler of a repository running.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use common::host::Host;
use serde_json::json;

use super::ScheduleSettings;
use crate::cli::{Manager, ServiceArgs};
use crate::error::{Error, Verdict};
use crate::suite::Suite;
use crate::supervise::own_program;

/// Prints the units.
pub(crate) fn print(host: &Host, args: &ServiceArgs) -> Result<Verdict, Error> {
    let suite = Suite::open(host, &args.common)?;
    let root = suite.repo.root();
    // An installed program stays where it is when a build folder is cleaned.
    let installed = suite.repo.in_loop("bin/timmy");
    let program = if installed.is_file() { installed } else { own_program(host, "timmy")? };
    let path_of = |path: &Path| -> Result<String, Error> {
        let text = path.to_str().filter(|text| text.chars().all(|c| c.is_alphanumeric() || " /._-+@,:=".contains(c)));
        text.map(str::to_owned).ok_or_else(|| {
            Error::usage(
                format!("{} cannot be written into a unit", path.display()),
                "use a path of letters, digits and / . _ - + @ , : =",
            )
        })
    };
    let (program, root_text) = (path_of(&program)?, path_of(root)?);
    let name = unit_name(root);
    let text = match args.manager {
        Manager::Systemd => {
            let stop = ScheduleSettings::of(&suite)?.stop_timeout.as_secs();
            systemd(&name, &program, &root_text, stop)
        }
        Manager::Launchd => launchd(&name, &program, &root_text),
        Manager::Cron => cron(&name, &program, &root_text, root),
    };
    if suite.args.json {
        suite.json(&json!({"manager": format!("{:?}", args.manager).to_lowercase(), "text": text}))?;
    } else {
        // It is what was asked for, also with --quiet.
        host.say(text.trim_end());
    }
    Ok(Verdict::Yes)
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
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

fn systemd(name: &str, program: &str, root: &str, stop_timeout: u64) -> String {
    let patience = stop_timeout + 30;
    let hardening = format!(
        "# Nothing outside the repository is written; remove ProtectHome if automations need more of the home folder.
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
    );
    format!(
        "# Either: the scheduler in the foreground. What was missed is made up by the scheduler itself (catch_up_hours).
# ~/.config/systemd/user/{name}.service, then: systemctl --user enable --now {name}.service
[Unit]
Description=Scheduler of the automations in {root}
After=network-online.target

[Service]
Type=exec
WorkingDirectory={root}
ExecStart=\"{program}\" schedule run --repo-root \"{root}\"
Restart=on-failure
RestartSec=30
# Told to end, it waits for what runs (stop_timeout, {stop_timeout} s).
KillMode=mixed
TimeoutStopSec={patience}
{hardening}

[Install]
WantedBy=default.target

# Or: a look every five minutes, without a process that stays.
# ~/.config/systemd/user/{name}-tick.service
[Unit]
Description=One look of the scheduler of the automations in {root}

[Service]
Type=oneshot
WorkingDirectory={root}
ExecStart=\"{program}\" schedule tick --repo-root \"{root}\"
TimeoutStartSec=infinity
{hardening}

# ~/.config/systemd/user/{name}-tick.timer, then: systemctl --user enable --now {name}-tick.timer
[Unit]
Description=Looks of the scheduler of the automations in {root}

[Timer]
OnCalendar=*:0/5
# After a time without power it is made up once; the start is spread over half a minute.
Persistent=true
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
"
    )
}

fn launchd(name: &str, program: &str, root: &str) -> String {
    let escape = |piece: &str| piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (program, root) = (escape(program), escape(root));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<!-- ~/Library/LaunchAgents/{name}.plist, then: launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/{name}.plist
     The scheduler in the foreground; what was missed is made up by it (catch_up_hours), starts are spread by it
     (spread_seconds). -->
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
    )
}

fn cron(name: &str, program: &str, root: &str, path: &Path) -> String {
    // The minute is spread by the repository's place, so that several repositories do not start together.
    let minute = spread(path) % 5;
    format!(
        "# {name}: add with `crontab -e`. A look every five minutes; what was missed is made up by it (catch_up_hours).
{minute}-59/5 * * * * umask 077; \"{program}\" schedule tick --quiet --repo-root \"{root}\"
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_a_plain_name() {
        assert!(unit_name(Path::new("/srv/My App_2")).starts_with("timmy-my-app-2-"));
        assert_ne!(unit_name(Path::new("/a/app")), unit_name(Path::new("/b/app")));
        assert!(common::text::line(&systemd("n", "/p", "/r", 60)).contains("Persistent=true RandomizedDelaySec=30"));
    }
}
