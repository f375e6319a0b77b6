//! Where objects say that they live, and the small objects that the others hold: users, labels, milestones.

use serde_json::{Value, json};

use crate::fixture::{LabelFile, MilestoneFile, State, Time};
use crate::flavour::Flavour;

/// The time that stands for none where a time cannot be left out.
pub(crate) const EPOCH: &str = "1970-01-01T00:00:00Z";

/// The server and the repository whose objects are made.
pub(crate) struct Place<'a> {
    pub root: &'a str,
    pub owner: &'a str,
    pub name: &'a str,
    pub flavour: Flavour,
    /// The repository's labels, by name.
    pub labels: Vec<LabelFile>,
    pub milestones: Vec<(MilestoneFile, Value)>,
    /// The repository's own object, as pull requests hold it.
    pub repository: Value,
}

impl Place<'_> {
    /// Returns `owner/name`.
    pub(crate) fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Returns the address of a page, below the repository's.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.root, self.slug())
    }

    /// Returns an address of the API, below the repository's.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("{}/api/v1/repos/{}/{path}", self.root, self.slug())
    }

    /// Returns a commit's number, made of another one.
    pub(crate) fn sha(seed: u64, salt: u64) -> String {
        format!("{:040x}", u128::from(seed) * 0x9e37_79b9_7f4a_7c15 + u128::from(salt))
    }

    pub(crate) fn user(&self, login: &str) -> Value {
        user(self.root, self.flavour, login)
    }

    /// Returns users, or null where there are none.
    pub(crate) fn users<'b>(&self, logins: impl Iterator<Item = &'b str>) -> Value {
        let users: Vec<Value> = logins.map(|login| self.user(login)).collect();
        if users.is_empty() { Value::Null } else { users.into() }
    }

    pub(crate) fn label(&self, name: &str) -> Value {
        let place = self.labels.iter().position(|label| label.name == name);
        let (Some(place), Some(label)) = (place, place.and_then(|place| self.labels.get(place))) else {
            return Value::Null;
        };
        json!({"id": place + 1, "name": name, "exclusive": label.exclusive, "is_archived": false, "color": label.color,
               "description": label.description, "url": self.api(&format!("labels/{}", place + 1))})
    }

    pub(crate) fn milestone(&self, title: Option<&str>) -> Value {
        let found = self.milestones.iter().find(|(milestone, _)| Some(milestone.title.as_str()) == title);
        found.map_or(Value::Null, |(_, json)| json.clone())
    }
}

/// A user as every caller but the user sees it. `Ghost` is an account that was deleted.
pub(crate) fn user(root: &str, flavour: Flavour, login: &str) -> Value {
    let id = login.bytes().fold(7_u64, |sum, byte| sum * 31 % 9973 + u64::from(byte));
    let email = if flavour == Flavour::Gitea { format!("{id}+{login}") } else { login.to_owned() };
    let mut user = json!({
        "id": id, "login": login, "login_name": "", "source_id": 0, "full_name": "",
        "email": format!("{email}@noreply.localhost"), "avatar_url": format!("{root}/avatars/{id}"),
        "html_url": format!("{root}/{login}"), "language": "", "is_admin": false, "last_login": "0001-01-01T00:00:00Z",
        "created": "2025-01-02T03:04:05Z", "restricted": false, "active": false, "prohibit_login": false, "location": "",
        "pronouns": "", "website": "", "description": "", "visibility": "public", "followers_count": 0,
        "following_count": 0, "starred_repos_count": 0, "username": login
    });
    if login == "Ghost" {
        (user["id"], user["email"], user["created"]) = (json!(-1), json!(""), json!(EPOCH));
        user["avatar_url"] = format!("{root}/assets/img/avatar_default.png").into();
        if !flavour.is_gitea() {
            user["html_url"] = json!("");
        }
    }
    if let (true, Value::Object(user)) = (flavour.is_gitea(), &mut user) {
        user.shift_remove("pronouns");
    }
    user
}

/// Makes a milestone, with the states of its issues.
pub(crate) fn milestone(file: &MilestoneFile, id: usize, states: &[State]) -> Value {
    let count = |wanted: State| states.iter().filter(|state| **state == wanted).count();
    json!({"id": id, "title": file.title, "description": file.description.as_deref().unwrap_or_default(),
           "state": file.state.word(), "open_issues": count(State::Open), "closed_issues": count(State::Closed),
           "created_at": or_epoch(file.created_at.as_ref()), "updated_at": or_null(file.updated_at.as_ref()),
           "closed_at": or_null(file.closed_at.as_ref()), "due_on": or_null(file.due_on.as_ref())})
}

pub(crate) fn or_epoch(time: Option<&Time>) -> &str {
    time.map_or(EPOCH, |time| &time.text)
}

pub(crate) fn or_null(time: Option<&Time>) -> Option<&str> {
    time.map(|time| time.text.as_str())
}
