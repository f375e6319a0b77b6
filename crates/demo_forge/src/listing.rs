//! Lists: which entries one has, in which order, and the page of it that is sent.

use crate::answer::{Answer, Server};
use crate::entry::Entry;
use crate::flavour::Flavour;
use crate::lists::Lists;
use crate::paging::Paging;
use crate::query::Query;

/// How a list comes.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub paged: Paged,
    pub total: Total,
    /// Whether a `Link` header leads to the other pages.
    pub link: bool,
    /// Whether an empty page is null.
    pub null: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Paged {
    Always,
    /// When a page is asked for; by the newest Gitea always.
    Asked,
    Never,
}

/// What `X-Total-Count` says.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Total {
    All,
    /// The number of the entries of the answer itself.
    Here,
    Unsaid,
}

/// The issues, the pull requests, the branches.
pub(crate) const WITH_LINKS: Style = Style { paged: Paged::Always, total: Total::All, link: true, null: false };

/// The labels, the milestones, the collaborators, the reviews.
pub(crate) const WHEN_ASKED: Style = Style { paged: Paged::Asked, total: Total::All, link: false, null: false };

/// A request for a list.
#[derive(Clone, Copy)]
pub(crate) struct Listing<'a> {
    pub server: Server<'a>,
    pub path: &'a str,
    pub query: &'a Query,
    /// The largest page.
    pub most: usize,
    /// Whether lists count their entries.
    pub counts: bool,
}

impl Listing<'_> {
    pub(crate) fn paging(&self) -> Paging {
        Paging::new(self.query.get("page"), self.query.get("limit"), self.most)
    }

    /// Sends a page of a list.
    pub(crate) fn send(&self, all: &[&str], style: Style) -> Answer {
        let asks = self.query.get("page").is_some_and(|page| page.parse::<u64>().is_ok_and(|page| page > 0));
        let is_whole = match style.paged {
            Paged::Always => false,
            Paged::Asked => !asks && !self.server.flavour.pages_without_page(),
            Paged::Never => true,
        };
        let page = if is_whole { all } else { &all[self.paging().range(all.len())] };
        let body = if page.is_empty() && style.null { "null".to_owned() } else { format!("[{}]", page.join(",")) };
        let answer = self.server.json(&body);
        let answer = match style.total {
            Total::All => self.count(answer, all.len()),
            Total::Here => self.count(answer, page.len()),
            Total::Unsaid => answer,
        };
        if style.link { self.with_link(answer, all.len()) } else { answer }
    }

    /// Adds the header that leads to the other pages. Its URLs are made of the server's own idea of its address.
    pub(crate) fn with_link(&self, answer: Answer, total: usize) -> Answer {
        let link = self.paging().link(total, |page| {
            let page = page.to_string();
            let mut parameters = self.query.without(&["page"]);
            parameters.push(("page", &page));
            parameters.sort_unstable();
            let written: Vec<String> =
                parameters.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            format!("{}{}?{}", self.server.root, self.path, written.join("&"))
        });
        match link {
            Some(link) if self.counts => answer.with("Link", link),
            _ => answer,
        }
    }

    pub(crate) fn count(&self, answer: Answer, total: usize) -> Answer {
        if self.counts { answer.with("X-Total-Count", total.to_string()) } else { answer }
    }

    /// Returns the issues, and the pull requests among them, that the parameters ask for.
    pub(crate) fn issues<'b>(&self, lists: &'b Lists) -> Result<Vec<&'b Entry>, Answer> {
        let (query, server) = (self.query, self.server);
        let time = |name: &str| query.time(name).map_err(|message| server.message(422, &message));
        let (since, before) = (time("since")?, time("before")?);
        let is_known = |login: &str| {
            let people = lists.issues.iter().flat_map(|entry| entry.assignees.iter().chain([&entry.user]));
            people.chain(&lists.collaborators).any(|known| known.eq_ignore_ascii_case(login))
        };
        for login in ["created_by", "assigned_by", "mentioned_by"].into_iter().filter_map(|key| query.get(key)) {
            if !is_known(login) {
                let error = format!("user does not exist [uid: 0, name: {login}]");
                return Err(server.not_found_because(server.absence(), Some(error)));
            }
        }
        // All labels are demanded; names that no label has are dropped, and if none is left nothing is filtered.
        let words = |key: &str| query.get(key).unwrap_or_default().split(',').map(str::trim).collect::<Vec<_>>();
        let mut labels = words("labels");
        let knows_organization = !server.flavour.is_gitea();
        labels.retain(|name| {
            let is_organizations = lists.organization_labels.iter().any(|label| label == name);
            lists.labels.iter().any(|(label, _)| label == name) && (knows_organization || !is_organizations)
        });
        let milestones = words("milestones");
        let is_wanted = |entry: &&Entry| {
            has_state(entry, query.get("state"), false)
                && match query.get("type") {
                    Some("issues") => !entry.is_pull,
                    Some("pulls") => entry.is_pull,
                    _ => true,
                }
                && labels.iter().all(|name| entry.labels.iter().any(|label| label == name))
                && (query.get("milestones").is_none()
                    || entry.milestone.as_deref().is_some_and(|title| milestones.contains(&title)))
                && query.get("q").is_none_or(|words| entry.words.contains(&words.to_lowercase()))
                && since.is_none_or(|since| entry.updated >= since)
                && before.is_none_or(|before| entry.updated <= before)
                && query.get("created_by").is_none_or(|login| entry.user.eq_ignore_ascii_case(login))
                && query
                    .get("assigned_by")
                    .is_none_or(|login| entry.assignees.iter().any(|a| a.eq_ignore_ascii_case(login)))
        };
        let found: Vec<&Entry> = lists.issues.iter().filter(is_wanted).collect();
        // Every Gitea ignores the order.
        let order = query.get("sort").filter(|_| !server.flavour.is_gitea());
        Ok(sorted(found, order))
    }

    /// Returns the pull requests that the parameters ask for; one that has several of the labels comes as often.
    pub(crate) fn pulls<'b>(&self, lists: &'b Lists) -> Vec<&'b Entry> {
        let query = self.query;
        let ids: Vec<usize> = query.all("labels").iter().filter_map(|id| id.parse().ok()).collect();
        let labels: Vec<&str> =
            ids.iter().filter_map(|id| Some(lists.labels.get(id.checked_sub(1)?)?.0.as_str())).collect();
        let count = |entry: &&Entry| {
            if ids.is_empty() {
                1
            } else {
                labels.iter().filter(|label| entry.labels.iter().any(|own| own == *label)).count()
            }
        };
        let wanted = lists.pulls.iter().filter(|entry| has_state(entry, query.get("state"), true));
        let found: Vec<&Entry> = wanted.flat_map(|entry| std::iter::repeat_n(entry, count(&entry))).collect();
        let order =
            query.get("sort").filter(|order| *order != "recentclose" || self.server.flavour != Flavour::Gitea123);
        sorted(found, order)
    }
}

/// Whether an entry has the state that is asked for; `default_is_all` says what no word, or an unknown one, asks for.
fn has_state(entry: &Entry, state: Option<&str>, default_is_all: bool) -> bool {
    match state {
        Some("all") => true,
        Some("open") => entry.is_open,
        Some("closed") => !entry.is_open,
        _ => default_is_all || entry.is_open,
    }
}

/// Orders a list; the lists have the newest first, which an unknown order leaves so.
fn sorted<'a>(mut list: Vec<&'a Entry>, order: Option<&str>) -> Vec<&'a Entry> {
    match order {
        Some("oldest") => list.reverse(),
        Some("recentupdate") => list.sort_by_key(|entry| std::cmp::Reverse((entry.updated, entry.number))),
        Some("leastupdate") => list.sort_by_key(|entry| (entry.updated, entry.number)),
        Some("recentclose") => list.sort_by_key(|entry| std::cmp::Reverse((entry.closed, entry.number))),
        Some("mostcomment") => list.sort_by_key(|entry| std::cmp::Reverse((entry.comments, entry.number))),
        Some("leastcomment") => list.sort_by_key(|entry| (entry.comments, entry.number)),
        _ => {}
    }
    list
}

/// Writes a part of a URL's query as Go does.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let write = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        _ if plain(byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(write).collect()
}
