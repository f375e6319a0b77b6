//! Which issues are asked for.

use chrono::{DateTime, SecondsFormat, Utc};

/// Which issues a list is to hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct IssueQuery {
    /// Closed ones too, or only those.
    pub state: State,
    /// Only those touched at that time or later.
    pub since: Option<DateTime<Utc>>,
    /// Pull requests too.
    pub with_pulls: bool,
}

/// Which states a list is to hold.
#[derive(Clone, Copy, Debug, Default)]
pub enum State {
    /// Open ones.
    #[default]
    Open,
    /// Closed ones.
    Closed,
    /// All.
    All,
}

impl IssueQuery {
    /// Returns the path and the query of the list, relative to the repository.
    pub(crate) fn path(self) -> String {
        let state = match self.state {
            State::Open => "open",
            State::Closed => "closed",
            State::All => "all",
        };
        let kind = if self.with_pulls { "" } else { "&type=issues" };
        // `Z`, not `+00:00`: a plus sign in a query is a space.
        let since = self.since.map(|time| format!("&since={}", time.to_rfc3339_opts(SecondsFormat::Secs, true)));
        format!("issues?state={state}{kind}{}", since.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_a_query_has_no_plus_sign() {
        let since = records::parse_time("2026-03-21T12:00:00+02:00");
        let query = IssueQuery { state: State::All, since, with_pulls: true };
        assert_eq!(query.path(), "issues?state=all&since=2026-03-21T10:00:00Z");
        assert_eq!(IssueQuery::default().path(), "issues?state=open&type=issues");
    }
}
