//! Commit statuses: each of them, and all of a commit combined.

use serde_json::{Value, json};

use crate::branch::Branch;
use crate::entry::text;
use crate::fixture::{Content, StatusFile};
use crate::flavour::Flavour;
use crate::place::{Place, or_epoch};

/// A status that was reported, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub sha: String,
    pub context: String,
    pub word: String,
    pub json: String,
}

/// Makes the statuses, in the order in which they were reported.
pub(crate) fn statuses(place: &Place<'_>, content: &Content, branches: &[Branch]) -> Vec<Status> {
    let default = content.repository.default_branch.as_deref().unwrap_or("main");
    let mut made: Vec<Status> = Vec::new();
    for file in &content.repository.statuses {
        let reference = file.reference.as_deref().unwrap_or(default);
        let sha = branches.iter().find(|branch| branch.name == reference).map_or(reference, |branch| &branch.sha);
        let index = made.iter().filter(|status| status.sha == sha).count() + 1;
        made.push(status(place, file, sha, index));
    }
    made
}

fn status(place: &Place<'_>, file: &StatusFile, sha: &str, index: usize) -> Status {
    let created = or_epoch(file.created_at.as_ref());
    let creator = file.creator.as_ref().map_or("ann", |login| &login.0);
    let json = json!({
        "id": index, "status": file.status, "target_url": file.target_url.as_deref().unwrap_or_default(),
        "description": file.description.as_deref().unwrap_or_default(), "url": place.api(&format!("statuses/{sha}")),
        "context": file.context, "creator": place.user(creator), "created_at": created, "updated_at": created
    });
    Status { sha: sha.to_owned(), context: file.context.clone(), word: file.status.clone(), json: text(&json) }
}

/// The newest status of each context of a commit, the newest first.
pub(crate) fn newest<'a>(all: &'a [Status], sha: &str) -> Vec<&'a Status> {
    let mut newest: Vec<&Status> = Vec::new();
    for status in all.iter().rev().filter(|status| status.sha == sha) {
        if newest.iter().all(|known| known.context != status.context) {
            newest.push(status);
        }
    }
    newest
}

/// Combines the statuses of one page, as a server does: what is on another page counts for nothing.
pub(crate) fn combined(flavour: Flavour, root: &str, repository: &Value, sha: &str, page: &[&Status]) -> String {
    let slug = repository["full_name"].as_str().unwrap_or_default();
    if page.is_empty() && flavour != Flavour::Gitea {
        let nothing = json!({"state": "", "sha": "", "total_count": 0, "statuses": null, "repository": null,
                             "commit_url": "", "url": ""});
        return text(&nothing);
    }
    let words: Vec<&str> = page.iter().map(|status| status.word.as_str()).collect();
    let state = if flavour == Flavour::Gitea { by_kind(&words) } else { by_rank(flavour, &words) };
    let statuses: Value =
        page.iter().map(|status| serde_json::from_str::<Value>(&status.json).unwrap_or_default()).collect();
    let commit = format!("{root}/api/v1/repos/{slug}/commits/{sha}");
    let url = if flavour == Flavour::Gitea { format!("{commit}/status") } else { String::new() };
    text(&json!({
        "state": state, "sha": sha, "total_count": page.len(),
        "statuses": if page.is_empty() { Value::Null } else { statuses }, "repository": repository,
        "commit_url": commit, "url": url
    }))
}

/// Gitea from 1.25 on: a failure anywhere, else pending unless all are well.
fn by_kind(words: &[&str]) -> &'static str {
    if words.is_empty() {
        ""
    } else if words.iter().any(|word| matches!(*word, "error" | "failure")) {
        "failure"
    } else if words.iter().all(|word| matches!(*word, "success" | "warning" | "skipped")) {
        "success"
    } else {
        "pending"
    }
}

/// Forgejo, and Gitea before: the worst, but a word that has no rank, when it comes first, stays whatever follows.
fn by_rank<'a>(flavour: Flavour, words: &[&'a str]) -> &'a str {
    let rank = |word: &str| {
        let known = ["error", "failure", "warning", "pending", "success", "skipped"];
        let known = if flavour == Flavour::Forgejo { &known[..] } else { &known[..5] };
        known.iter().position(|other| *other == word)
    };
    let mut state = "";
    for word in words {
        let is_worse = matches!((rank(word), rank(state)), (Some(new), Some(old)) if new <= old);
        if state.is_empty() || is_worse {
            state = word;
        }
    }
    if state == "error" { "failure" } else { state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_combines_in_its_own_way() {
        let cases: [(&[&str], &str, &str, &str); 9] = [
            (&["success", "success"], "success", "success", "success"),
            (&["success", "error"], "failure", "failure", "failure"),
            (&["failure", "success"], "failure", "failure", "failure"),
            (&["success", "warning"], "success", "warning", "warning"),
            (&["pending", "success"], "pending", "pending", "pending"),
            (&["skipped", "failure"], "failure", "failure", "skipped"),
            (&["failure", "skipped"], "failure", "failure", "failure"),
            (&["frob", "failure"], "failure", "frob", "frob"),
            (&["success", "frob"], "pending", "success", "success"),
        ];
        for (words, gitea, forgejo, forgejo_15) in cases {
            assert_eq!(by_kind(words), gitea, "{words:?}");
            assert_eq!(by_rank(Flavour::Forgejo, words), forgejo, "{words:?}");
            assert_eq!(by_rank(Flavour::Forgejo15, words), forgejo_15, "{words:?}");
        }
    }
}
