//! Who may read: the token, its scopes, and how a refusal looks.

use crate::answer::{Answer, Server};
use crate::flavour::Flavour;

/// Who may read the project.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The one token that is valid: a request with another one is refused, public or not. Without it every token is taken.
    pub token: Option<String>,
    /// What the token may do, like `read:issue`, `write:repository` or `public-only`; everything if it is empty.
    pub scopes: Vec<String>,
    /// Whether the token is needed.
    pub private: bool,
    /// Whether the server refuses requests without a login.
    pub sign_in_required: bool,
}

/// What a request needs.
#[derive(Clone, Copy)]
pub(crate) struct Need<'a> {
    /// The scope; empty for none.
    pub scope: &'a str,
    /// Whether the repository is private, if the request is for something in it.
    pub private: bool,
}

impl Access {
    /// Refuses a request, in the servers' order of checks: the token's validity, sign-in, its scope, the repository.
    pub(crate) fn refuse(&self, server: Server<'_>, authorization: Option<&str>, need: Need<'_>) -> Option<Answer> {
        let sent = authorization.and_then(|header| token(server.flavour, header));
        if let (Some(sent), Some(valid)) = (sent, &self.token)
            && sent != valid
        {
            return Some(server.message(401, &unknown_token(server.flavour, sent)));
        }
        if sent.is_none() && self.sign_in_required {
            return Some(server.bare_message(403, "Only signed in user is allowed to call APIs."));
        }
        if sent.is_some() && !self.allows(need.scope) {
            let message = match server.flavour {
                Flavour::Gitea => format!(", required=[{}], token scope={}", need.scope, self.scopes.join(",")),
                _ => format!(": [{}]", need.scope),
            };
            let message = format!("token does not have at least one of required scope(s){message}");
            return Some(server.message(403, &message));
        }
        let is_public_only = self.scopes.iter().any(|scope| scope == "public-only");
        // An old Gitea does not look at it.
        if sent.is_some() && is_public_only && need.private && server.flavour != Flavour::Gitea123 {
            let what = if need.scope == "read:issue" { "issues" } else { "repos" };
            return Some(server.message(403, &format!("token scope is limited to public {what}")));
        }
        (need.private && sent.is_none()).then(|| server.not_found())
    }

    /// Returns whether a header is that of someone who has signed in.
    pub(crate) fn is_signed_in(flavour: Flavour, authorization: Option<&str>) -> bool {
        authorization.and_then(|header| token(flavour, header)).is_some()
    }

    fn allows(&self, needed: &str) -> bool {
        let writing = needed.replace("read:", "write:");
        let named: Vec<&str> = self.scopes.iter().map(String::as_str).filter(|scope| *scope != "public-only").collect();
        let is_enough = |scope: &str| scope == needed || scope == writing || scope == "all";
        needed.is_empty() || self.scopes.is_empty() || named.into_iter().any(is_enough)
    }
}

/// How a server refuses a token that it does not know.
fn unknown_token(flavour: Flavour, sent: &str) -> String {
    let segments = "token is malformed: token contains an invalid number of segments";
    match flavour {
        Flavour::Gitea => "invalid username, password or token".to_owned(),
        Flavour::Gitea123 => "user does not exist [uid: 0, name: ]".to_owned(),
        Flavour::Forgejo15 => format!("access token does not exist [sha: {sent}]"),
        Flavour::Forgejo => format!(
            "{segments}\naccess token does not exist [sha: {sent}]\n{segments}\n\
             task with token \"{sent}\": resource does not exist\nauthorized integration: parse JWT error: {segments}"
        ),
    }
}

/// Takes the token out of an `Authorization` header. One that does not parse is no authentication, not an error.
fn token(flavour: Flavour, authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let is_token = scheme == "token" || flavour.takes_any_case() && scheme.eq_ignore_ascii_case("token");
    let known = is_token || scheme.eq_ignore_ascii_case("bearer");
    (known && !token.is_empty() && !token.contains(' ')).then_some(token)
}
