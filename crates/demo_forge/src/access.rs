//! Who may read: the token, its scopes, and how a refusal looks.

use crate::answer::Answer;

/// Who may read the project.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The one token that is valid; a request with another one is refused, public or not.
    pub token: Option<String>,
    /// Whether the token is needed.
    pub private: bool,
    /// Whether the server refuses requests without a login.
    pub sign_in_required: bool,
    /// The scopes that the token lacks, like `read:issue`.
    pub lacks: Vec<String>,
}

impl Access {
    /// Refuses a request, in the servers' order of checks: the token's validity, sign-in, its scope, the repository.
    pub(crate) fn refuse(&self, authorization: Option<&str>, scope: &str, in_repository: bool) -> Option<Answer> {
        let sent = authorization.and_then(token);
        if let Some(sent) = sent
            && self.token.as_deref() != Some(sent)
        {
            // Forgejo from 15 on repeats the token, in several lines from 16 on.
            let message = format!("access token does not exist [sha: {sent}]\n(sha: {sent})");
            return Some(Answer::message(401, &message));
        }
        if sent.is_none() && self.sign_in_required {
            return Some(Answer::bare_message(403, "Only signed in user is allowed to call APIs."));
        }
        if sent.is_some() && self.lacks.iter().any(|lacking| lacking == scope) {
            return Some(Answer::message(
                403,
                &format!("token does not have at least one of required scope(s): [{scope}]"),
            ));
        }
        if in_repository && self.private && sent.is_none() {
            return Some(Answer::not_found());
        }
        None
    }
}

/// Takes the token out of an `Authorization` header. One that does not parse is no authentication, not an error.
fn token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let known = scheme == "token" || scheme.eq_ignore_ascii_case("bearer");
    (known && !token.contains(' ')).then_some(token)
}
