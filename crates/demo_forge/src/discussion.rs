//! What happened to an issue or a pull request: comments, reviews, the timeline.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::entry::text;
use crate::fixture::{CommentFile, Comments, EntryFile, EventFile, ReviewFile, Time};
use crate::place::{Place, or_epoch};

/// A comment, a review or an event, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub updated: DateTime<Utc>,
    pub json: String,
}

/// The page that an item belongs to: that of its pull request, or that of its issue.
struct Pages {
    pull: String,
    issue: String,
    number: u64,
}

impl Pages {
    fn new(place: &Place<'_>, file: &EntryFile, is_pull: bool) -> Self {
        let page = |kind: &str| place.page(&format!("{kind}/{}", file.number));
        let number = file.number;
        if is_pull {
            Self { pull: page("pulls"), issue: String::new(), number }
        } else {
            Self { pull: String::new(), issue: page("issues"), number }
        }
    }

    fn item(&self, id: u64) -> String {
        format!("{}{}#issuecomment-{id}", self.pull, self.issue)
    }

    /// Numbers an item of the whole server.
    fn id(&self, given: Option<u64>, place: usize) -> u64 {
        given.unwrap_or(self.number * 1000 + place as u64 + 1)
    }
}

/// Makes the comments of an issue or pull request.
pub(crate) fn comments(place: &Place<'_>, file: &EntryFile, is_pull: bool) -> Vec<Item> {
    let pages = Pages::new(place, file, is_pull);
    let list = match &file.comments {
        Some(Comments::List(list)) => list.as_slice(),
        _ => &[],
    };
    let make = |(at, comment): (usize, &CommentFile)| {
        let id = pages.id(comment.id, at);
        let created = comment.created_at.as_ref();
        let updated = comment.updated_at.as_ref().or(created);
        item(
            updated,
            &json!({
                "id": id, "html_url": pages.item(id), "pull_request_url": pages.pull, "issue_url": pages.issue,
                "user": place.user(comment.user.as_ref().map_or("timmy", |login| &login.0)), "original_author": "",
                "original_author_id": 0, "body": comment.body.as_deref().unwrap_or_default(), "assets": [],
                "created_at": or_epoch(created), "updated_at": or_epoch(updated)
            }),
        )
    };
    list.iter().enumerate().map(make).collect()
}

/// Makes the reviews of a pull request.
pub(crate) fn reviews(place: &Place<'_>, file: &EntryFile) -> Vec<Item> {
    let pages = Pages::new(place, file, true);
    let make = |(at, review): (usize, &ReviewFile)| {
        let id = pages.id(review.id, at);
        let submitted = review.submitted_at.as_ref().or(review.updated_at.as_ref());
        let updated = review.updated_at.as_ref().or(submitted);
        item(
            updated,
            &json!({
                "id": id, "user": place.user(review.user.as_ref().map_or("timmy", |login| &login.0)), "team": null,
                "state": review.state.word(), "body": review.body.as_deref().unwrap_or_default(),
                "commit_id": review.commit_id.clone().unwrap_or_else(|| Place::sha(file.number, 2)), "stale": review.stale,
                "official": review.official, "dismissed": review.dismissed, "comments_count": review.comments_count,
                "submitted_at": or_epoch(submitted), "updated_at": or_epoch(updated), "html_url": pages.item(id),
                "pull_request_url": pages.pull
            }),
        )
    };
    file.reviews.iter().flatten().enumerate().map(make).collect()
}

/// Makes the timeline; `issue` finds the object of an issue by its number.
pub(crate) fn timeline(place: &Place<'_>, file: &EntryFile, is_pull: bool, issue: &dyn Fn(u64) -> Value) -> Vec<Item> {
    let pages = Pages::new(place, file, is_pull);
    let other = |number: Option<u64>| number.map_or(Value::Null, issue);
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    let make = |(at, event): (usize, &EventFile)| {
        let id = pages.id(event.id, at);
        let created = event.created_at.as_ref();
        let updated = event.updated_at.as_ref().or(created);
        item(
            updated,
            &json!({
                "id": id, "type": event.kind, "html_url": pages.item(id), "pull_request_url": pages.pull,
                "issue_url": pages.issue, "user": place.user(event.user.as_ref().map_or("timmy", |login| &login.0)),
                "body": word(&event.body), "created_at": or_epoch(created), "updated_at": or_epoch(updated),
                "old_project_id": 0, "project_id": 0, "old_milestone": null, "milestone": null, "tracked_time": null,
                "old_title": word(&event.old_title), "new_title": word(&event.new_title), "old_ref": "", "new_ref": "",
                "ref_issue": other(event.ref_issue), "ref_comment": null,
                "ref_action": event.ref_action.as_deref().unwrap_or("none"), "ref_commit_sha": word(&event.ref_commit_sha),
                "review_id": event.review_id.unwrap_or(0),
                "label": event.label.as_deref().map_or(Value::Null, |name| place.label(name)),
                "assignee": event.assignee.as_ref().map(|login| place.user(&login.0)), "assignee_team": null,
                "removed_assignee": event.removed_assignee, "resolve_doer": null,
                "dependent_issue": other(event.dependent_issue)
            }),
        )
    };
    file.timeline.iter().enumerate().map(make).collect()
}

fn item(updated: Option<&Time>, json: &Value) -> Item {
    Item { updated: updated.map(|time| time.at).unwrap_or_default(), json: text(json) }
}
