//! The API's routes: which answer a request gets, before any fault.

use chrono::{DateTime, Utc};
use records::parse_time;
use serde_json::json;

use crate::access::Access;
use crate::answer::Answer;
use crate::details::Pages;
use crate::entry::{Entry, user};
use crate::paging::{DEFAULT_SIZE, MOST, Paging};
use crate::project::Lists;

/// What the routes know.
pub(crate) struct Api<'a> {
    pub root: &'a str,
    pub slug: &'a str,
    pub version: &'static str,
    pub lists: &'a Lists,
    pub access: &'a Access,
    /// The largest page, where a fault makes it smaller than the default.
    pub page_cap: usize,
    /// Whether lists count their entries.
    pub counts: bool,
    /// Whether lists hold an entry that the server failed to load.
    pub null_entries: bool,
}

/// The parameters of a request.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Reads a time; the error is the servers' own.
    fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Answer> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match DateTime::parse_from_rfc3339(text) {
            Ok(_) => Ok(parse_time(text)),
            Err(_) => Err(Answer::message(
                422,
                &format!("parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse"),
            )),
        }
    }
}

impl Api<'_> {
    /// Answers a request for `target`, a path with its query.
    pub(crate) fn answer(&self, method: &str, target: &str, authorization: Option<&str>) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = Query::parse(query);
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let ["api", "v1", rest @ ..] = parts.as_slice() else { return Answer::no_such_page() };
        let (owner, name) = self.slug.split_once('/').unwrap_or((self.slug, ""));
        let (scope, in_repository) = match rest {
            ["version"] | ["settings", "api"] => ("", false),
            ["user"] => ("read:user", false),
            ["repos", _, _, "issues" | "labels" | "milestones", ..] => ("read:issue", true),
            ["repos", _, _] | ["repos", _, _, "pulls" | "branches" | "collaborators", ..] => ("read:repository", true),
            _ => return Answer::no_such_page(),
        };
        if let Some(refusal) = self.access.refuse(authorization, scope, in_repository) {
            return refusal;
        }
        if method != "GET" {
            return Answer::empty(405);
        }
        match rest {
            ["version"] => Answer::json(&json!({"version": self.version}).to_string()),
            ["settings", "api"] => Answer::json(
                &json!({"max_response_items": self.most(), "default_paging_num": DEFAULT_SIZE,
                        "default_git_trees_per_page": 1000, "default_max_blob_size": 10_485_760})
                .to_string(),
            ),
            ["user"] if authorization.is_none() => Answer::message(401, "token is required"),
            ["user"] => Answer::json(&user(self.root, "timmy").to_string()),
            ["repos", asked_owner, asked_name, rest @ ..] => {
                if !asked_owner.eq_ignore_ascii_case(owner) {
                    let body = json!({"message": "GetUserByName", "url": "http://localhost/api/swagger",
                                      "errors": [format!("user redirect does not exist [name: {asked_owner}]")]});
                    Answer { status: 404, ..Answer::json(&body.to_string()) }
                } else if asked_name.eq_ignore_ascii_case(name) {
                    self.in_repository(rest, path, &query)
                } else {
                    Answer::not_found()
                }
            }
            _ => Answer::no_such_page(),
        }
    }

    fn in_repository(&self, rest: &[&str], path: &str, query: &Query) -> Answer {
        // A number that does not parse is 0, which no issue has.
        let one = |list: &[Entry], index: &str| {
            let number: u64 = index.parse().unwrap_or(0);
            list.iter().find(|entry| entry.number == number && number > 0).map(|entry| entry.json.clone())
        };
        match rest {
            [] => Answer::json(&self.lists.repository),
            ["issues"] => self.issues(path, query).unwrap_or_else(|refusal| refusal),
            ["pulls"] => self.pulls(path, query),
            ["issues", index] => {
                one(&self.lists.issues, index).map_or_else(Answer::not_found, |json| Answer::json(&json))
            }
            ["pulls", index] => {
                one(&self.lists.single_pulls, index).map_or_else(Answer::not_found, |json| Answer::json(&json))
            }
            ["issues" | "pulls", index, _] if one(&self.lists.issues, index).is_none() => Answer::not_found(),
            ["labels"] => {
                let all: Vec<&str> = self.lists.labels.iter().map(|(_, json)| json.as_str()).collect();
                // Not paged unless a page is asked for.
                let range = match query.get("page") {
                    Some(page) => Paging::new(Some(page), query.get("limit"), self.most()).range(all.len()),
                    None => 0..all.len(),
                };
                self.count(Answer::json(&format!("[{}]", all[range].join(","))), all.len())
            }
            ["milestones"] => self.count(Answer::json("[]"), 0),
            _ => self
                .lists
                .details
                .list(rest)
                .map_or_else(Answer::no_such_page, |(all, pages)| self.details(all, pages, query)),
        }
    }

    fn details(&self, all: &[String], pages: Pages, query: &Query) -> Answer {
        let paging = Paging::new(query.get("page"), query.get("limit"), self.most());
        let page = if pages == Pages::None { all } else { &all[paging.range(all.len())] };
        let body = if page.is_empty() && pages == Pages::CountedOnEach {
            "null".to_owned()
        } else {
            format!("[{}]", page.join(","))
        };
        self.count(Answer::json(&body), if pages == Pages::CountedOnEach { page.len() } else { all.len() })
    }

    fn issues(&self, path: &str, query: &Query) -> Result<Answer, Answer> {
        let (since, before) = (query.time("since")?, query.time("before")?);
        let known = |login: &str| self.lists.issues.iter().any(|entry| entry.user.eq_ignore_ascii_case(login));
        for key in ["created_by", "assigned_by"] {
            let is_assignee = |login: &str| {
                self.lists.issues.iter().any(|entry| entry.assignees.iter().any(|a| a.eq_ignore_ascii_case(login)))
            };
            if query.get(key).is_some_and(|login| !known(login) && !is_assignee(login)) {
                return Err(Answer::not_found());
            }
        }
        // All labels are demanded; names that no label has are dropped, and if none is left nothing is filtered.
        let wanted: Vec<&str> = query.get("labels").unwrap_or_default().split(',').map(str::trim).collect();
        let wanted: Vec<&str> =
            wanted.into_iter().filter(|name| self.lists.labels.iter().any(|(label, _)| label == name)).collect();
        let is_wanted = |entry: &&Entry| {
            let state = match query.get("state") {
                Some("all") => true,
                Some("closed") => !entry.is_open,
                _ => entry.is_open,
            };
            let kind = match query.get("type") {
                Some("issues") => !entry.is_pull,
                Some("pulls") => entry.is_pull,
                _ => true,
            };
            state
                && kind
                && wanted.iter().all(|name| entry.labels.iter().any(|label| label == name))
                && query.get("q").is_none_or(|words| entry.words.contains(&words.to_lowercase()))
                && since.is_none_or(|since| entry.updated >= since)
                && before.is_none_or(|before| entry.updated <= before)
                && query.get("created_by").is_none_or(|login| entry.user.eq_ignore_ascii_case(login))
                && query
                    .get("assigned_by")
                    .is_none_or(|login| entry.assignees.iter().any(|a| a.eq_ignore_ascii_case(login)))
        };
        let found: Vec<&Entry> = self.lists.issues.iter().filter(is_wanted).collect();
        Ok(self.page(&sorted(found, query.get("sort")), path, query))
    }

    fn pulls(&self, path: &str, query: &Query) -> Answer {
        let is_wanted = |entry: &&Entry| match query.get("state") {
            Some("open") => entry.is_open,
            Some("closed") => !entry.is_open,
            _ => true,
        };
        let found: Vec<&Entry> = self.lists.pulls.iter().filter(is_wanted).collect();
        self.page(&sorted(found, query.get("sort")), path, query)
    }

    /// One page of a list, with its headers. Their URLs are made of the server's own idea of its address.
    fn page(&self, found: &[&Entry], path: &str, query: &Query) -> Answer {
        let paging = Paging::new(query.get("page"), query.get("limit"), self.most());
        let mut page: Vec<&str> = found[paging.range(found.len())].iter().map(|entry| entry.json.as_str()).collect();
        if self.null_entries && page.len() > 1 {
            page[0] = "null";
            page[1] = "{\"id\":0,\"number\":0,\"user\":null,\"labels\":null,\"state\":\"\",\"assignees\":null}";
        }
        let answer = self.count(Answer::json(&format!("[{}]", page.join(","))), found.len());
        let others: String = query
            .0
            .iter()
            .filter(|(name, _)| name != "page" && name != "limit")
            .flat_map(|(name, value)| ["&", name, "=", value])
            .collect();
        let link =
            paging.link(found.len(), |page, size| format!("{}{path}?page={page}&limit={size}{others}", self.root));
        match link {
            Some(link) if self.counts => answer.with("Link", link),
            _ => answer,
        }
    }

    fn count(&self, answer: Answer, total: usize) -> Answer {
        if self.counts { answer.with("X-Total-Count", total.to_string()) } else { answer }
    }

    fn most(&self) -> usize {
        self.page_cap.min(MOST)
    }
}

/// Orders a list; the lists stand with the newest first, which an unknown order leaves so.
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

/// Decodes a part of a URL: `%41` and `+`.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| u8::try_from((byte as char).to_digit(16).unwrap_or(0)).unwrap_or(0);
                bytes.push(digit(*high) * 16 + digit(*low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_sign_in_a_query_is_a_space() {
        let query = Query::parse("since=2026-03-21T12:00:00+02:00&a=%2B%zz&empty=");
        assert!(query.time("since").is_err());
        assert_eq!((query.get("a"), query.get("empty")), (Some("+%zz"), None));
    }
}
