//! TOML files can be read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

pub(super) fn check(file: &File, _: &Settings, report: &mut Report) {
    if !file.is_any(&[".toml"]) {
        return;
    }
    let mend = "fix the file";
    match std::str::from_utf8(file.bytes) {
        Err(error) => report.add(Place::Offset(error.valid_up_to()), "no TOML: a byte that is not UTF-8", mend),
        Ok(text) => {
            let read = toml::Deserializer::parse(text).and_then(IgnoredAny::deserialize);
            if let Err(error) = read {
                let place = error.span().map_or(Place::File, |span| Place::Offset(span.start));
                let message = error.message().lines().next().unwrap_or_default().to_owned();
                report.add(place, &format!("no TOML: {message}"), mend);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::testing::of;

    #[test]
    fn faults_have_their_place() {
        assert_eq!(of("toml", "a.toml", b"[a]\nb = 1\nc = 1979-05-27T07:32:00Z\n"), [""; 0]);
        assert!(of("toml", "a.toml", b"a = 1\na = 2\n")[0].starts_with("2:1: no TOML: duplicate key"));
        assert!(of("toml", "a.toml", b"a = \n")[0].starts_with("1:5: no TOML:"));
        assert!(of("toml", "a.toml", b"a = '\xff'\n")[0].starts_with("1:6: no TOML:"));
    }
}
