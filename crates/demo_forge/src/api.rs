//! The API's routes: which answer a request gets, before any fault.

use serde_json::{Value, json};

use crate::access::{Access, Need};
use crate::answer::{Answer, Server};
use crate::entry::{Entry, text};
use crate::fixture::State;
use crate::flavour::Flavour;
use crate::listing::{Listing, Paged, Style, Total, WHEN_ASKED, WITH_LINKS};
use crate::lists::Lists;
use crate::paging::DEFAULT_SIZE;
use crate::place::user;
use crate::query::{Query, decode};
use crate::status::{Status, combined, newest};

/// What the routes know.
pub(crate) struct Api<'a> {
    pub server: Server<'a>,
    pub slug: &'a str,
    pub lists: &'a Lists,
    pub access: &'a Access,
    /// The largest page.
    pub most: usize,
    /// Whether lists count their entries.
    pub counts: bool,
    /// Whether lists hold an entry that the server failed to load.
    pub null_entries: bool,
}

/// A request for something in the repository.
#[derive(Clone, Copy)]
struct Asked<'a> {
    path: &'a str,
    query: &'a Query,
    is_signed_in: bool,
}

impl Api<'_> {
    /// Answers a request for `target`, a path with its query.
    pub(crate) fn answer(&self, method: &str, target: &str, authorization: Option<&str>) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = Query::parse(query);
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (server, flavour) = (self.server, self.server.flavour);
        let rest = match parts.as_slice() {
            ["api", "v1", rest @ ..] => rest,
            ["api", "forgejo", "v1", "version"] if !flavour.is_gitea() => return self.version(),
            _ => return Answer::no_such_page(),
        };
        let Some(scope) = scope(rest) else { return Answer::no_such_page() };
        let is_here = matches!(rest, ["repos", owner, name, ..] if self.is_named(owner, name));
        let private = is_here && (self.access.private || self.lists.repository_is("private"));
        if let Some(refusal) = self.access.refuse(server, authorization, Need { scope, private }) {
            return refusal;
        }
        if method != "GET" {
            return Answer::empty(405).with("Allow", "GET".to_owned());
        }
        let is_signed_in = Access::is_signed_in(flavour, authorization);
        match rest {
            ["version"] => self.version(),
            ["settings", "api"] => self.settings(),
            ["user"] if !is_signed_in => server.message(401, "token is required"),
            ["user"] => server.json(&text(&user(server.root, flavour, "timmy"))),
            ["repos", _, _, rest @ ..] if is_here => {
                self.in_repository(rest, Asked { path, query: &query, is_signed_in })
            }
            ["repos", owner, name, ..] => self.elsewhere(owner, name, target),
            _ => Answer::no_such_page(),
        }
    }

    fn version(&self) -> Answer {
        self.server.json(&json!({"version": self.server.flavour.version()}).to_string())
    }

    fn settings(&self) -> Answer {
        let mut settings = json!({
            "max_response_items": self.most, "default_paging_num": DEFAULT_SIZE.min(self.most),
            "default_git_trees_per_page": 1000, "default_max_blob_size": 10_485_760
        });
        if self.server.flavour == Flavour::Gitea {
            settings["default_max_response_size"] = json!(104_857_600);
        }
        self.server.json(&settings.to_string())
    }

    fn is_named(&self, owner: &str, name: &str) -> bool {
        self.slug.eq_ignore_ascii_case(&format!("{owner}/{name}"))
    }

    /// Answers a request for another repository: a former name of this one leads here.
    fn elsewhere(&self, owner: &str, name: &str, target: &str) -> Answer {
        let asked = format!("{owner}/{name}");
        if self.lists.former_names.iter().any(|former| former.eq_ignore_ascii_case(&asked)) {
            let is_owner = self.slug.split('/').next().is_some_and(|own| own.eq_ignore_ascii_case(owner));
            let is_permanent = is_owner && self.server.flavour != Flavour::Gitea123;
            let path = target.replacen(&format!("/repos/{asked}"), &format!("/repos/{}", self.slug), 1);
            return self.server.moved(if is_permanent { 301 } else { 307 }, &path);
        }
        let known = std::iter::once(self.slug).chain(self.lists.former_names.iter().map(String::as_str));
        let mut owners = known.filter_map(|slug| slug.split('/').next());
        if owners.any(|known| known.eq_ignore_ascii_case(owner)) {
            return self.server.not_found();
        }
        let error = format!("user redirect does not exist [name: {owner}]");
        self.server.not_found_because("GetUserByName", Some(error))
    }

    fn in_repository(&self, rest: &[&str], asked: Asked<'_>) -> Answer {
        let (lists, server) = (self.lists, self.server);
        let listing = self.listing(asked);
        let has = |key: &str| lists.repository_is(key);
        match rest {
            [] => self.repository(asked),
            ["pulls", ..] if has("empty") || !has("has_pull_requests") => server.not_found(),
            ["issues"] => self.issues(asked),
            ["pulls"] => self.entries(&listing.pulls(lists), &listing),
            ["issues", "comments"] => {
                let all: Vec<&str> = lists.comments.values().flatten().map(|item| item.json.as_str()).collect();
                listing.send(&all, Style { link: false, ..WITH_LINKS })
            }
            ["issues", index] => self.one(&lists.issues, index),
            ["pulls", index] => self.one(&lists.single_pulls, index),
            ["issues", index, what] => self.of_issue(number(index), what, &listing),
            ["pulls", index, "reviews"] => match lists.reviews.get(&number(index)) {
                Some(all) => listing.send(&all.iter().map(|item| item.json.as_str()).collect::<Vec<_>>(), WHEN_ASKED),
                None => server.not_found(),
            },
            ["pulls", index, what @ ("files" | "commits")] => self.change(number(index), what, &listing),
            ["pulls", base, head @ ..] if *head != ["merge"] => self.pull_of_branch(base, &head.join("/")),
            ["labels"] => {
                let own = lists.labels.iter().filter(|(name, _)| !lists.organization_labels.contains(name));
                listing.send(&own.map(|(_, json)| json.as_str()).collect::<Vec<_>>(), WHEN_ASKED)
            }
            ["labels", id] => self.nth(lists.labels.iter().map(|(_, json)| json), id),
            ["milestones"] => self.milestones(asked.query, &listing),
            // By its number, or by its title.
            ["milestones", name] => match lists.milestones.iter().find(|(title, ..)| title == name) {
                Some((.., json)) => server.json(json),
                None => self.nth(lists.milestones.iter().map(|(.., json)| json), name),
            },
            ["branches"] => {
                listing.send(&lists.branches.iter().map(|branch| branch.json.as_str()).collect::<Vec<_>>(), WITH_LINKS)
            }
            ["branches", name @ ..] => {
                let found = lists.branches.iter().find(|branch| branch.name == name.join("/"));
                found.map_or_else(|| server.not_found(), |branch| server.json(&branch.json))
            }
            ["collaborators", ..] if !asked.is_signed_in => server.message(401, "token is required"),
            ["collaborators"] => {
                let all = lists.collaborators.iter().map(|login| text(&user(server.root, server.flavour, login)));
                let all: Vec<String> = all.collect();
                listing.send(&all.iter().map(String::as_str).collect::<Vec<_>>(), WHEN_ASKED)
            }
            // Gitea takes a slash in a branch's name as it is.
            ["commits", name @ .., "status"] if name.len() == 1 || server.flavour == Flavour::Gitea => {
                self.combined_status(&name.join("/"), asked, &listing)
            }
            ["commits", name @ .., "statuses"] | ["statuses", name @ ..]
                if name.len() == 1 || server.flavour == Flavour::Gitea =>
            {
                self.statuses(&name.join("/"), &listing)
            }
            _ => Answer::no_such_page(),
        }
    }

    fn listing<'b>(&'b self, asked: Asked<'b>) -> Listing<'b> {
        Listing { server: self.server, path: asked.path, query: asked.query, most: self.most, counts: self.counts }
    }

    fn repository(&self, asked: Asked<'_>) -> Answer {
        self.server.json(&text(&self.repository_object(asked)))
    }

    /// The repository's own object as the caller sees it.
    fn repository_object(&self, asked: Asked<'_>) -> Value {
        let mut repository = self.lists.repository.clone();
        let open =
            |is_pull: bool| self.lists.issues.iter().filter(|entry| entry.is_open && entry.is_pull == is_pull).count();
        repository["open_issues_count"] = open(false).into();
        repository["open_pr_counter"] = open(true).into();
        if self.access.private {
            repository["private"] = true.into();
        }
        if !asked.is_signed_in {
            repository["permissions"] = json!({"admin": false, "push": false, "pull": true});
        }
        repository
    }

    /// Without one of the two kinds, the list has the other alone, unless the missing one is asked for.
    fn issues(&self, asked: Asked<'_>) -> Answer {
        let listing = self.listing(asked);
        let has_issues = self.lists.repository_is("has_issues");
        let has_pulls = self.lists.repository_is("has_pull_requests");
        let is_missing = match asked.query.get("type") {
            Some("issues") => !has_issues,
            Some("pulls") => !has_pulls,
            _ => !has_issues && !has_pulls,
        };
        if is_missing {
            return self.server.not_found();
        }
        match listing.issues(self.lists) {
            Ok(mut found) => {
                found.retain(|entry| if entry.is_pull { has_pulls } else { has_issues });
                self.entries(&found, &listing)
            }
            Err(refusal) => refusal,
        }
    }

    fn entries(&self, found: &[&Entry], listing: &Listing<'_>) -> Answer {
        let mut all: Vec<&str> = found.iter().map(|entry| entry.json.as_str()).collect();
        let range = listing.paging().range(all.len());
        if self.null_entries && range.len() > 1 {
            all[range.start] = "null";
            all[range.start + 1] =
                "{\"id\":0,\"number\":0,\"user\":null,\"labels\":null,\"state\":\"\",\"assignees\":null}";
        }
        listing.send(&all, WITH_LINKS)
    }

    fn one(&self, list: &[Entry], index: &str) -> Answer {
        let number = number(index);
        let is_served = |entry: &&Entry| {
            entry.number == number
                && self.lists.repository_is(if entry.is_pull { "has_pull_requests" } else { "has_issues" })
        };
        let found = list.iter().find(is_served);
        found.map_or_else(|| self.server.not_found(), |entry| self.server.json(&entry.json))
    }

    /// The files or the commits of a pull request.
    fn change(&self, number: u64, what: &str, listing: &Listing<'_>) -> Answer {
        let Some(change) = self.lists.changes.get(&number) else { return self.server.not_found() };
        if what == "files" && change.is_fork_gone && !self.server.flavour.is_gitea() {
            // Forgejo looks for them in the fork.
            return Answer::html(500, "500 - Internal Server Error");
        }
        let all = if what == "files" { &change.files } else { &change.commits };
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let (paging, answer) = (listing.paging(), listing.send(&all, WITH_LINKS));
        let pages = all.len().div_ceil(paging.size);
        answer
            .with("X-Page", paging.page.to_string())
            .with("X-PerPage", paging.size.to_string())
            .with("X-PageCount", pages.to_string())
            .with("X-HasMore", (paging.page < pages).to_string())
    }

    /// The oldest pull request of a branch into another one, closed or not.
    fn pull_of_branch(&self, base: &str, head: &str) -> Answer {
        let is_of = |entry: &&Entry| {
            let pull: Value = serde_json::from_str(&entry.json).unwrap_or_default();
            pull["base"]["label"] == base && pull["head"]["label"] == head
        };
        let oldest = self.lists.single_pulls.iter().filter(is_of).min_by_key(|entry| entry.number);
        oldest.map_or_else(|| self.server.not_found(), |entry| self.server.json(&entry.json))
    }

    fn nth<'b>(&self, mut list: impl Iterator<Item = &'b String>, id: &str) -> Answer {
        let place = usize::try_from(number(id)).unwrap_or(0).checked_sub(1);
        let found = place.and_then(|place| list.nth(place));
        found.map_or_else(|| self.server.not_found(), |json| self.server.json(json))
    }

    /// The lists that belong to an issue, or to a pull request as one.
    fn of_issue(&self, number: u64, what: &str, listing: &Listing<'_>) -> Answer {
        let (lists, server) = (self.lists, self.server);
        let Some(entry) = lists.issues.iter().find(|entry| entry.number == number) else {
            return match what {
                "comments" if server.flavour.is_gitea() => server.message(500, ""),
                "comments" => {
                    let error = format!("issue does not exist [id: 0, repo_id: 3, index: {number}]");
                    server.not_found_because("IsErrIssueNotExist", Some(error))
                }
                _ => server.not_found(),
            };
        };
        let whole = Style { paged: Paged::Never, total: Total::All, link: false, null: false };
        match what {
            "comments" | "timeline" => self.discussion(number, what, listing),
            "labels" => {
                let labels = lists.labels.iter().filter(|(name, _)| entry.labels.contains(name));
                let labels: Vec<&str> = labels.map(|(_, json)| json.as_str()).collect();
                listing.send(&labels, Style { total: Total::Unsaid, ..whole })
            }
            "dependencies" => {
                let total = if server.flavour == Flavour::Gitea { Total::All } else { Total::Unsaid };
                listing.send(&lists.dependencies_of(number), Style { paged: Paged::Always, total, ..whole })
            }
            "blocks" => {
                let style = Style { paged: Paged::Always, total: Total::Unsaid, ..whole };
                listing.send(&lists.blocked_by(number), style)
            }
            _ => Answer::no_such_page(),
        }
    }

    fn discussion(&self, number: u64, what: &str, listing: &Listing<'_>) -> Answer {
        let (since, before) = match (listing.query.time("since"), listing.query.time("before")) {
            (Ok(since), Ok(before)) => (since, before),
            (Err(message), _) | (_, Err(message)) => return self.server.message(422, &message),
        };
        let is_comments = what == "comments";
        let items = if is_comments { &self.lists.comments } else { &self.lists.timelines };
        let items = items.get(&number).into_iter().flatten().filter(|item| {
            since.is_none_or(|since| item.updated >= since) && before.is_none_or(|before| item.updated <= before)
        });
        let items: Vec<&str> = items.map(|item| item.json.as_str()).collect();
        let style = if is_comments {
            Style { paged: Paged::Never, total: Total::All, link: false, null: false }
        } else {
            Style { paged: Paged::Asked, total: Total::Here, link: false, null: true }
        };
        listing.send(&items, style)
    }

    fn milestones(&self, query: &Query, listing: &Listing<'_>) -> Answer {
        let wanted = match query.get("state") {
            Some("open") => Some(State::Open),
            Some("closed") => Some(State::Closed),
            Some("all") => None,
            // Gitea from 1.26 on takes no word for open ones.
            _ => (self.server.flavour == Flavour::Gitea).then_some(State::Open),
        };
        let name = query.get("name").unwrap_or_default().to_lowercase();
        let found = self.lists.milestones.iter().filter(|(title, state, _)| {
            wanted.is_none_or(|wanted| *state == wanted) && title.to_lowercase().contains(&name)
        });
        listing.send(&found.map(|(.., json)| json.as_str()).collect::<Vec<_>>(), WHEN_ASKED)
    }

    /// Returns the commit that a branch's name or a commit's number names, where it is known.
    fn commit(&self, reference: &str) -> Option<&str> {
        let of_branches = self.lists.branches.iter().map(|branch| (branch.name.as_str(), branch.sha.as_str()));
        let of_statuses = self.lists.statuses.iter().map(|status| (status.sha.as_str(), status.sha.as_str()));
        let mut known = of_branches.chain(of_statuses);
        known.find(|(name, sha)| *name == reference || *sha == reference).map(|(_, sha)| sha)
    }

    fn combined_status(&self, reference: &str, asked: Asked<'_>, listing: &Listing<'_>) -> Answer {
        let (flavour, root) = (self.server.flavour, self.server.root);
        let Some(sha) = self.commit(reference) else {
            return if flavour == Flavour::Gitea || flavour == Flavour::Gitea123 {
                let error = format!("object does not exist [id: {reference}, rel_path: ]");
                self.server.not_found_because(self.server.absence(), Some(error))
            } else {
                self.server.json(&combined(flavour, root, &Value::Null, "", &[]))
            };
        };
        let all = newest(&self.lists.statuses, sha);
        let page = &all[listing.paging().range(all.len())];
        let answer = self.server.json(&combined(flavour, root, &self.repository_object(asked), sha, page));
        if page.is_empty() && flavour != Flavour::Gitea {
            return answer;
        }
        let answer = listing.count(answer, all.len());
        if flavour == Flavour::Gitea { listing.with_link(answer, all.len()) } else { answer }
    }

    /// Every status that was reported for a commit, the newest first.
    fn statuses(&self, reference: &str, listing: &Listing<'_>) -> Answer {
        let sha = self.commit(reference);
        if sha.is_none() && self.server.flavour.is_gitea() {
            return self.server.not_found();
        }
        let state = listing.query.get("state");
        let is_wanted =
            |status: &&Status| Some(status.sha.as_str()) == sha && state.is_none_or(|state| status.word == state);
        let all: Vec<&str> =
            self.lists.statuses.iter().rev().filter(is_wanted).map(|status| status.json.as_str()).collect();
        listing.send(&all, Style { link: true, ..WHEN_ASKED })
    }
}

/// A number that does not parse is 0, which nothing has.
fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// Returns the scope that a path needs, empty for none; none of a path that is not known.
fn scope(rest: &[&str]) -> Option<&'static str> {
    Some(match rest {
        ["version"] | ["settings", "api"] => "",
        ["user"] => "read:user",
        ["repos", _, _, "issues" | "labels" | "milestones", ..] => "read:issue",
        ["repos", _, _] | ["repos", _, _, "pulls" | "branches" | "collaborators" | "commits" | "statuses", ..] => {
            "read:repository"
        }
        _ => return None,
    })
}
