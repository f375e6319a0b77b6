//! Pull requests as their own endpoints send them.

use serde_json::{Value, json};

use crate::fixture::{ChangedFile, EntryFile, State};
use crate::flavour::Flavour;
use crate::place::{Place, or_epoch, or_null};

/// Makes the object of a pull request, as the list or as its own endpoint gives it. `branches` are those that are there.
pub(crate) fn pull(place: &Place<'_>, file: &EntryFile, in_list: bool, branches: &[String]) -> Value {
    let (number, merged, flavour) = (file.number, file.is_merged(), place.flavour);
    let page = place.page(&format!("pulls/{number}"));
    let address = if flavour == Flavour::Forgejo { place.api(&format!("pulls/{number}")) } else { page.clone() };
    let sha = |salt: u64| Place::sha(number, salt);
    // Without a requested reviewer there is null in the lists of Gitea, and everywhere in an older one.
    let nobody =
        if flavour == Flavour::Gitea123 || flavour == Flavour::Gitea && in_list { Value::Null } else { json!([]) };
    let reviewers = place.users(file.requested_reviewers.iter().flatten().map(|login| login.0.as_str()));
    let assignees = match place.users(file.assigned()) {
        Value::Null if flavour == Flavour::Gitea && !in_list => json!([]),
        users => users,
    };
    let who = file.merged_by.as_ref().map_or("ann", |login| &login.0);
    let names_who = merged && (!in_list || flavour == Flavour::Gitea123);
    let labels: Value = file.label_names().map(|name| place.label(name)).collect();
    let head = file.head.as_ref().map_or("topic", |end| &end.label);
    let is_fork_gone = file.head.as_ref().is_some_and(|head| head.is_gone);
    let is_agit = file.flow == Some(1);
    let is_branch_gone = file.state == State::Closed && !branches.iter().any(|branch| branch == head);
    let head_sha = file.head_sha.clone().or_else(|| file.head.as_ref()?.sha.clone()).unwrap_or_else(|| sha(2));
    let is_by_number = is_branch_gone || is_agit || is_fork_gone;
    let reference = if is_by_number { format!("refs/pull/{number}/head") } else { head.to_owned() };
    // Where the branch is in no repository, its size is not known.
    let sum = |count: fn(&ChangedFile) -> u64| file.files.as_ref().map(|files| files.iter().map(count).sum::<u64>());
    let size = |size: Option<u64>, count: fn(&ChangedFile) -> u64| {
        size.or_else(|| sum(count)).filter(|_| !is_agit && !is_fork_gone).unwrap_or(0)
    };
    let mut head_end =
        end(place, if is_agit && flavour != Flavour::Forgejo { "" } else { head }, &reference, &head_sha);
    if is_fork_gone {
        (head_end["repo"], head_end["repo_id"]) = (Value::Null, json!(-1));
    }
    let base = file.base.as_ref().map_or("main", |end| &end.label);
    let mut pull = json!({
        "id": number, "url": address, "number": number, "user": place.user(file.login()),
        "title": file.title.as_deref().unwrap_or_default(), "body": file.body.as_deref().unwrap_or_default(),
        "labels": labels, "milestone": place.milestone(file.milestone.as_ref().map(|title| &*title.0)),
        "assignee": file.assigned().next().map(|login| place.user(login)), "assignees": assignees,
        "requested_reviewers": if reviewers.is_null() { nobody.clone() } else { reviewers },
        "requested_reviewers_teams": nobody, "state": file.state.word(), "draft": file.is_draft(),
        "is_locked": file.is_locked, "comments": file.comment_count(), "review_comments": 0,
        "additions": size(file.additions, |one| one.additions), "deletions": size(file.deletions, |one| one.deletions),
        "changed_files": size(file.changed_files, |_| 1), "html_url": page, "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"), "mergeable": merged || file.mergeable.unwrap_or(!file.is_draft()),
        "merged": merged, "merged_at": or_null(file.merged_at.as_ref()),
        "merge_commit_sha": merged.then(|| file.merge_commit_sha.clone().unwrap_or_else(|| sha(3))),
        "merged_by": names_who.then(|| place.user(who)), "allow_maintainer_edit": false,
        "base": end(place, base, base, file.base.as_ref().and_then(|end| end.sha.as_deref()).unwrap_or(&sha(1))),
        "head": head_end,
        "merge_base": file.merge_base.clone().unwrap_or_else(|| sha(0)), "due_date": or_null(file.due_date.as_ref()),
        "created_at": or_epoch(file.created_at.as_ref()), "updated_at": or_epoch(file.updated_at.as_ref()),
        "closed_at": or_null(file.closed_at.as_ref()), "pin_order": 0, "flow": file.flow.unwrap_or(0)
    });
    if let Value::Object(pull) = &mut pull {
        let is_size_unknown = flavour == Flavour::Gitea && (is_agit || is_fork_gone);
        for key in left_out(flavour, in_list).iter().chain(SIZES.iter().filter(|_| is_size_unknown)) {
            pull.shift_remove(*key);
        }
    }
    pull
}

/// What Gitea leaves out where it does not know it.
const SIZES: [&str; 3] = ["additions", "deletions", "changed_files"];

/// The fields that a server does not send.
fn left_out(flavour: Flavour, in_list: bool) -> &'static [&'static str] {
    match flavour {
        Flavour::Gitea if in_list => &["review_comments", "additions", "deletions", "changed_files", "flow"],
        Flavour::Gitea => &["review_comments", "flow"],
        Flavour::Gitea123 => &["requested_reviewers_teams", "flow"],
        Flavour::Forgejo | Flavour::Forgejo15 => &[],
    }
}

fn end(place: &Place<'_>, label: &str, reference: &str, sha: &str) -> Value {
    json!({"label": label, "ref": reference, "sha": sha, "repo_id": 3, "repo": place.repository})
}
