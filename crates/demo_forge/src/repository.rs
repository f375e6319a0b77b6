//! The repository's own object.

use serde_json::{Map, Value, json};

use crate::fixture::RepositoryFile;
use crate::flavour::Flavour;
use crate::place::{Place, or_epoch};

/// The fields that only some of the servers send, with those that do.
const NOT_EVERYWHERE: [(&str, &[Flavour]); 15] = [
    ("parent", &[Flavour::Gitea123, Flavour::Forgejo15, Flavour::Forgejo]),
    ("has_code", &[Flavour::Gitea]),
    ("has_wiki_contents", &[Flavour::Forgejo15, Flavour::Forgejo]),
    ("wiki_branch", &[Flavour::Forgejo15, Flavour::Forgejo]),
    ("wiki_ssh_url", &[Flavour::Forgejo15, Flavour::Forgejo]),
    ("wiki_clone_url", &[Flavour::Forgejo15, Flavour::Forgejo]),
    ("globally_editable_wiki", &[Flavour::Forgejo15, Flavour::Forgejo]),
    ("projects_mode", &[Flavour::Gitea, Flavour::Gitea123]),
    ("allow_manual_merge", &[Flavour::Gitea]),
    ("autodetect_manual_merge", &[Flavour::Gitea]),
    ("default_update_style", &[Flavour::Forgejo15, Flavour::Forgejo]),
    ("repo_transfer", &[Flavour::Gitea123, Flavour::Forgejo15, Flavour::Forgejo]),
    ("topics", &[Flavour::Gitea, Flavour::Forgejo15, Flavour::Forgejo]),
    ("licenses", &[Flavour::Gitea]),
    ("internal_tracker", &Flavour::EVERY_VERSION),
];

/// Makes the repository's object.
pub(crate) fn repository(place: &Place<'_>, file: &RepositoryFile) -> Value {
    let has_issues = file.has_issues.unwrap_or(true);
    let mut repository = Map::new();
    for part in [identity(place, file), permitted(place, file), merging()] {
        if let Value::Object(part) = part {
            repository.extend(part);
        }
    }
    for (key, sent_by) in NOT_EVERYWHERE {
        if !sent_by.contains(&place.flavour) || key == "internal_tracker" && !has_issues {
            repository.shift_remove(key);
        }
    }
    repository.into()
}

fn identity(place: &Place<'_>, file: &RepositoryFile) -> Value {
    let page = format!("{}/{}", place.root, place.slug());
    let api = format!("{}/api/v1/repos/{}", place.root, place.slug());
    json!({
        "id": 3, "owner": place.user(place.owner), "name": place.name, "full_name": place.slug(),
        "description": file.description.as_deref().unwrap_or_default(), "empty": file.empty, "private": file.private,
        "fork": false, "template": false, "parent": null, "mirror": false, "size": if file.empty { 22 } else { 1024 },
        "language": "", "languages_url": format!("{api}/languages"), "html_url": page, "url": api, "link": "",
        "ssh_url": format!("{}.git", ssh(place)), "clone_url": format!("{page}.git"), "original_url": "", "website": "",
        "stars_count": 0, "forks_count": 0, "watchers_count": 1, "open_issues_count": 0, "open_pr_counter": 0,
        "release_counter": 0, "default_branch": file.default_branch.as_deref().unwrap_or("main")
    })
}

fn permitted(place: &Place<'_>, file: &RepositoryFile) -> Value {
    let permissions = file.permissions.map_or(
        json!({"admin": false, "push": true, "pull": true}),
        |may| json!({"admin": may.admin, "push": may.push, "pull": may.pull}),
    );
    json!({
        "archived": file.archived,
        "created_at": file.created_at.as_ref().map_or("2025-01-01T00:00:00Z", |time| &time.text),
        "updated_at": file.updated_at.as_ref().map_or("2026-01-01T00:00:00Z", |time| &time.text),
        "archived_at": or_epoch(file.updated_at.as_ref().filter(|_| file.archived)),
        "permissions": permissions, "has_code": true, "has_issues": file.has_issues.unwrap_or(true),
        "internal_tracker": {"enable_time_tracker": true, "allow_only_contributors_to_track_time": true,
                             "enable_issue_dependencies": true},
        "has_wiki": true, "has_wiki_contents": false, "wiki_branch": file.default_branch.as_deref().unwrap_or("main"),
        "wiki_ssh_url": format!("{}.wiki.git", ssh(place)), "wiki_clone_url": format!("{}/{}.wiki.git", place.root, place.slug()),
        "globally_editable_wiki": false, "has_pull_requests": file.has_pull_requests.unwrap_or(true),
        "has_projects": true, "projects_mode": "all", "has_releases": true, "has_packages": true, "has_actions": false
    })
}

fn merging() -> Value {
    json!({
        "ignore_whitespace_conflicts": false, "allow_merge_commits": true, "allow_rebase": true,
        "allow_rebase_explicit": true, "allow_squash_merge": true, "allow_fast_forward_only_merge": true,
        "allow_rebase_update": true, "allow_manual_merge": true, "autodetect_manual_merge": false,
        "default_delete_branch_after_merge": false, "default_merge_style": "merge",
        "default_allow_maintainer_edit": false, "default_update_style": "merge", "avatar_url": "", "internal": false,
        "mirror_interval": "", "object_format_name": "sha1", "mirror_updated": "0001-01-01T00:00:00Z",
        "repo_transfer": null, "topics": [], "licenses": []
    })
}

fn ssh(place: &Place<'_>) -> String {
    format!("ssh://git@localhost/{}", place.slug())
}
