//! Issues as the issues endpoints send them, pull requests among them.

use serde_json::{Value, json};

use crate::fixture::{EntryFile, ForeignIssue};
use crate::flavour::Flavour;
use crate::place::{Place, or_epoch, or_null};

/// Makes the object of an issue, or of a pull request among the issues.
pub(crate) fn issue(place: &Place<'_>, file: &EntryFile, is_pull: bool) -> Value {
    let number = file.number;
    let page = place.page(&format!("{}/{number}", if is_pull { "pulls" } else { "issues" }));
    // Forgejo from 16 on names a pull request's own address.
    let kind = if is_pull && place.flavour == Flavour::Forgejo { "pulls" } else { "issues" };
    let mark = is_pull.then(|| {
        json!({"merged": file.is_merged(), "merged_at": or_null(file.merged_at.as_ref()), "draft": file.is_draft(),
               "html_url": page})
    });
    let labels: Value = file.label_names().map(|name| place.label(name)).collect();
    let mut issue = json!({
        "id": number + 1000, "url": place.api(&format!("{kind}/{number}")), "html_url": page, "number": number,
        "user": place.user(file.login()), "original_author": "", "original_author_id": 0,
        "title": file.title.as_deref().unwrap_or_default(), "body": file.body.as_deref().unwrap_or_default(), "ref": "",
        "assets": [], "labels": labels, "milestone": place.milestone(file.milestone.as_ref().map(|title| &*title.0)),
        "assignee": file.assigned().next().map(|login| place.user(login)), "assignees": place.users(file.assigned()),
        "state": file.state.word(), "is_locked": file.is_locked, "comments": file.comment_count(),
        "created_at": or_epoch(file.created_at.as_ref()), "updated_at": or_epoch(file.updated_at.as_ref()),
        "closed_at": or_null(file.closed_at.as_ref()), "due_date": or_null(file.due_date.as_ref()), "time_estimate": 0,
        "pull_request": mark,
        "repository": {"id": 3, "name": place.name, "owner": place.owner, "full_name": place.slug()}, "pin_order": 0
    });
    without_estimate(place.flavour, &mut issue);
    issue
}

/// Makes the object of an issue of another repository.
pub(crate) fn foreign(place: &Place<'_>, file: &ForeignIssue) -> Value {
    let (owner, name) = file.repository.0.split_once('/').unwrap_or(("", &file.repository.0));
    let other = Place {
        owner,
        name,
        root: place.root,
        flavour: place.flavour,
        labels: Vec::new(),
        milestones: Vec::new(),
        repository: Value::Null,
    };
    issue(&other, &EntryFile::of(file), false)
}

/// Removes what Gitea from 1.25 on alone sends.
fn without_estimate(flavour: Flavour, issue: &mut Value) {
    if let (true, Value::Object(issue)) = (flavour != Flavour::Gitea, issue) {
        issue.shift_remove("time_estimate");
    }
}
