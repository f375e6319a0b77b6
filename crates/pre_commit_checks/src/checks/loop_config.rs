//! The loop's own configuration is right: what the tools would refuse at night is found before it is committed.

use common::manifest::Manifest;
use host::source::{Source, SourceError};
use records::DailyRunFile;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

/// The folders that the configuration may be in.
const FOLDERS: [&str; 2] = ["config/", "timmy_automations/config/"];

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    let Some(name) = FOLDERS.iter().find_map(|folder| file.name.strip_prefix(folder)) else { return };
    let read = |bytes: &[u8]| Source::from_bytes(file.name, bytes.to_vec());
    let result = match name {
        "automations.json" => read(file.bytes).and_then(|source| {
            let (_, problems) = Manifest::read(source)?;
            problems.into_iter().next().map_or(Ok(()), |problem| Err(problem.error))
        }),
        "daily_run.json" => read(file.bytes).and_then(|source| {
            source.expect_object()?;
            source.json::<DailyRunFile>().map(drop)
        }),
        "triage_rules.yaml" => read(file.bytes).and_then(|source| triage_rules::Rules::parse(&source).map(drop)),
        _ => return,
    };
    if let Err(SourceError { position, message, hint, .. }) = result {
        let place = position.map_or(Place::File, |position| Place::Line(position.line));
        report.add(place, &message, hint.as_deref().unwrap_or("fix the file"));
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn what_the_tools_would_refuse_is_found() {
        let manifest = b"{\"automations\": [\n {\"id\": \"A B\", \"script\": \"x\"}]}";
        assert!(of("loop-config", "config/automations.json", manifest)[0].starts_with("2:0: the id \"A B\""));
        assert!(of("loop-config", "config/daily_run.json", b"{\"schedules\": 3}")[0].starts_with("1:0: "));
        assert!(
            of("loop-config", "timmy_automations/config/triage_rules.yaml", b"thresholds: 3\n")[0].starts_with("1:0: ")
        );
        assert_eq!(of("loop-config", "other/automations.json", b"{"), [""; 0]);
        assert_eq!(of("loop-config", "config/automations.json", common::manifest::SHIPPED.as_bytes()), [""; 0]);
    }
}
