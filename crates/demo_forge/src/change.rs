//! The files and the commits of a pull request.

use serde_json::{Value, json};

use crate::entry::text;
use crate::fixture::{ChangedFile, CommitFile, EntryFile};
use crate::place::{Place, or_epoch};

/// The content of a pull request, ready to be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub files: Vec<String>,
    /// The newest first.
    pub commits: Vec<String>,
    /// Whether the fork that it came from was deleted.
    pub is_fork_gone: bool,
}

/// Makes the files and commits of a pull request. Where the project file names none, there are as many files as it says, and one
/// commit.
pub(crate) fn change(place: &Place<'_>, file: &EntryFile) -> Change {
    let head = file.head_sha.clone().or_else(|| file.head.as_ref()?.sha.clone());
    let head = head.unwrap_or_else(|| Place::sha(file.number, 2));
    let files = file.files.clone().unwrap_or_else(|| counted(file));
    let commits = file.commits.clone().unwrap_or_else(|| {
        let message = format!("{}\n", file.title.as_deref().unwrap_or_default());
        vec![CommitFile { message, date: file.created_at.clone(), ..CommitFile::default() }]
    });
    let last = commits.len().saturating_sub(1);
    let sha = |at: usize, commit: &CommitFile| {
        let own = if at == last { head.clone() } else { Place::sha(file.number, 100 + at as u64) };
        commit.sha.clone().unwrap_or(own)
    };
    let made = commits.iter().enumerate().map(|(at, source)| commit(place, source, &sha(at, source), file.login()));
    let mut commits: Vec<String> = made.collect();
    commits.reverse();
    Change {
        files: files.iter().map(|source| changed_file(place, source, &head)).collect(),
        commits,
        is_fork_gone: file.head.as_ref().is_some_and(|head| head.is_gone),
    }
}

/// As many files as the sizes say, the first with all lines.
fn counted(file: &EntryFile) -> Vec<ChangedFile> {
    let count = file.changed_files.unwrap_or(0);
    let lines = |number: u64, all: Option<u64>| if number == 0 { all.unwrap_or(0) } else { 0 };
    let make = |number: u64| ChangedFile {
        filename: format!("src/file_{number}.py"),
        additions: lines(number, file.additions),
        deletions: lines(number, file.deletions),
        ..ChangedFile::default()
    };
    (0..count).map(make).collect()
}

fn changed_file(place: &Place<'_>, file: &ChangedFile, sha: &str) -> String {
    let name = &file.filename;
    let mut json = json!({
        "filename": name, "previous_filename": file.previous_filename, "status": file.status.word(),
        "additions": file.additions, "deletions": file.deletions, "changes": file.additions + file.deletions,
        "html_url": place.page(&format!("src/commit/{sha}/{name}")),
        "contents_url": place.api(&format!("contents/{name}?ref={sha}")),
        "raw_url": place.page(&format!("raw/commit/{sha}/{name}"))
    });
    if let (None, Value::Object(json)) = (&file.previous_filename, &mut json) {
        json.shift_remove("previous_filename");
    }
    text(&json)
}

fn commit(place: &Place<'_>, commit: &CommitFile, sha: &str, login: &str) -> String {
    let author = commit.author.as_deref().unwrap_or(login);
    let date = or_epoch(commit.date.as_ref());
    let address = place.api(&format!("git/commits/{sha}"));
    let person = json!({"name": author, "email": format!("{author}@localhost"), "date": date});
    let parent = Place::sha(sha.bytes().map(u64::from).sum(), 9);
    text(&json!({
        "url": address, "sha": sha, "created": date, "html_url": place.page(&format!("commit/{sha}")),
        "commit": {
            "url": address, "author": person, "committer": person, "message": commit.message,
            "tree": {"url": place.api(&format!("git/trees/{sha}")), "sha": sha, "created": date}, "verification": null
        },
        "author": place.user(author), "committer": place.user(author),
        "parents": [{"url": place.api(&format!("git/commits/{parent}")), "sha": parent, "created": "0001-01-01T00:00:00Z"}],
        "files": null, "stats": {"total": 0, "additions": 0, "deletions": 0}
    }))
}
