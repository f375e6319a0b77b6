//! Secrets are not shown: in settings, arguments, addresses and messages.

use serde_json::Value;

/// What is shown in the place of a secret.
pub const HIDDEN: &str = "…";

/// Pieces of names that secrets have.
const NAMES: [&str; 9] =
    ["token", "secret", "passw", "apikey", "api_key", "api-key", "authoriz", "credential", "bearer"];

/// Returns whether something of this name may be a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.trim_start_matches('-') == "auth" || NAMES.iter().any(|piece| name.contains(piece))
}

/// Returns a setting's value without what its name, or a name in it, makes a secret, and without the credentials of addresses.
#[must_use]
pub fn setting(key: &str, value: &Value) -> Value {
    match value {
        _ if is_secret_name(key) => HIDDEN.into(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), setting(key, value))).collect(),
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map_or_else(|| items.iter().map(|item| setting("", item)).collect(), |texts| arguments(texts).into())
        }
        Value::String(text) => word(text).into(),
        other => other.clone(),
    }
}

/// Returns arguments without what follows a name of a secret, or is written behind it.
#[must_use]
pub fn arguments(args: Vec<String>) -> Vec<String> {
    let mut follows = false;
    args.into_iter()
        .map(|arg| {
            let is_value =
                std::mem::replace(&mut follows, arg.starts_with('-') && !arg.contains('=') && is_secret_name(&arg));
            if is_value { HIDDEN.to_owned() } else { word(&arg) }
        })
        .collect()
}

/// Returns a text without this secret.
#[must_use]
pub fn message(text: &str, secret: &str) -> String {
    if secret.is_empty() { text.to_owned() } else { text.replace(secret, HIDDEN) }
}

/// Returns an address without what may be a password or a token: its user information, and what follows a `?`.
#[must_use]
pub fn address(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let rest = rest.split_once('?').map_or(rest.to_owned(), |(rest, _)| format!("{rest}?{HIDDEN}"));
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{HIDDEN}{}", &rest[at..]),
        None => format!("{scheme}://{rest}"),
    }
}

fn word(text: &str) -> String {
    let name = text.split(['=', ':', ' ']).next().unwrap_or_default();
    if name.len() < text.len() && is_secret_name(name) {
        return format!("{name}{}{HIDDEN}", &text[name.len()..=name.len()]);
    }
    address(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        let value = json!({"passwd": "x", "word": "a", "nested": {"Authorization": "y"}, "list": ["--token", "z", "plain"],
                           "url": "http://me:pw@host/x", "hook": "https://host/x?token=k", "headers": ["Authorization: Bearer q"], "pair": ["api_key=k"]});
        let text = setting("config", &value).to_string();
        assert_eq!(
            text,
            r#"{"passwd":"…","word":"a","nested":{"Authorization":"…"},"list":["--token","…","plain"],"url":"http://…@host/x","hook":"https://host/x?…","headers":["Authorization:…"],"pair":["api_key=…"]}"#
        );
        assert_eq!((message("sha: s3cret", "s3cret").as_str(), message("a", "").as_str()), ("sha: …", "a"));
    }

    #[test]
    fn credentials_in_an_address_are_not_shown() {
        for (text, shown) in [
            ("http://me:s3cret@host:1/api", "http://…@host:1/api"),
            ("http://host/api?token=s3cret", "http://host/api?…"),
            ("http://a@b:c@host", "http://…@host"),
            ("ftp://host/a@b", "ftp://host/a@b"),
            ("soon", "soon"),
        ] {
            assert_eq!(address(text), shown);
        }
    }
}
