//! Branches, with the time of their last commit.

use serde_json::{Value, json};

use crate::entry::text;
use crate::fixture::{BranchFile, Content, State};
use crate::place::{EPOCH, Place};

/// A branch, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub name: String,
    pub sha: String,
    pub json: String,
}

/// Makes the branches that a file names. Where it names none, there are the default branch and those of open pull requests.
pub(crate) fn branches(place: &Place<'_>, content: &Content) -> Vec<Branch> {
    let default = content.repository.default_branch.as_deref().unwrap_or("main");
    if content.repository.empty {
        return Vec::new();
    }
    let files = content.repository.branches.clone().unwrap_or_else(|| {
        let mut files = vec![BranchFile { name: default.to_owned(), ..BranchFile::default() }];
        for pull in content.pulls.iter().filter(|pull| pull.state == State::Open) {
            let Some(head) = &pull.head else { continue };
            if files.iter().all(|file| file.name != head.label) {
                let sha = pull.head_sha.clone().or_else(|| head.sha.clone());
                let time = pull.updated_at.clone();
                files.push(BranchFile { name: head.label.clone(), sha, time, ..BranchFile::default() });
            }
        }
        files
    });
    files.iter().map(|file| branch(place, file)).collect()
}

fn branch(place: &Place<'_>, file: &BranchFile) -> Branch {
    let seed = file.name.bytes().fold(11_u64, |sum, byte| sum * 31 % 99_991 + u64::from(byte));
    let sha = file.sha.clone().unwrap_or_else(|| Place::sha(seed, 5));
    let author = file.author.as_deref().unwrap_or("timmy");
    let person = json!({"name": author, "email": format!("{author}@localhost"), "username": author});
    let unsigned: Value = json!({"verified": false, "reason": "gpg.error.not_signed_commit", "signature": "",
                                 "signer": null, "payload": ""});
    let json = json!({
        "name": file.name,
        "commit": {
            "id": sha, "message": file.message.as_deref().unwrap_or("A commit\n"),
            "url": place.page(&format!("commit/{sha}")), "author": person, "committer": person,
            "verification": unsigned, "timestamp": file.time.as_ref().map_or(EPOCH, |time| &time.text), "added": null,
            "removed": null, "modified": null
        },
        "protected": file.protected, "required_approvals": 0, "enable_status_check": false, "status_check_contexts": [],
        "user_can_push": true, "user_can_merge": true, "effective_branch_protection_name": ""
    });
    Branch { name: file.name.clone(), sha, json: text(&json) }
}
