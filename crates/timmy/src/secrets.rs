//! What may be a secret, by its name, is not shown.

use serde_json::Value;

/// Pieces of names that secrets have.
const NAMES: [&str; 9] =
    ["token", "secret", "passw", "apikey", "api_key", "api-key", "authoriz", "credential", "bearer"];

/// Whether something of this name may be a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    name.trim_start_matches('-') == "auth" || NAMES.iter().any(|piece| name.contains(piece))
}

/// A setting's value as it may be shown: what its name, or a name in it, makes a secret is left out; so are user names and
/// passwords of addresses.
pub(crate) fn shown(key: &str, value: &Value) -> Value {
    match value {
        _ if is_secret(key) => "…".into(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), shown(key, value))).collect(),
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map_or_else(
                || items.iter().map(|item| shown("", item)).collect(),
                |texts| without_secrets(texts).into(),
            )
        }
        Value::String(text) => hidden(text).into(),
        other => other.clone(),
    }
}

/// Arguments as they may be shown: what follows a name of a secret, or is written behind it, is left out.
pub(crate) fn without_secrets(args: Vec<String>) -> Vec<String> {
    let mut follows = false;
    args.into_iter()
        .map(|arg| {
            let was_told =
                std::mem::replace(&mut follows, arg.starts_with('-') && !arg.contains('=') && is_secret(&arg));
            if was_told { "…".to_owned() } else { hidden(&arg) }
        })
        .collect()
}

fn hidden(text: &str) -> String {
    let name = text.split(['=', ':', ' ']).next().unwrap_or_default();
    if name.len() < text.len() && is_secret(name) {
        return format!("{name}{}…", &text[name.len()..=name.len()]);
    }
    match text.split_once("://") {
        Some((scheme, rest)) if rest[..rest.find('/').unwrap_or(rest.len())].contains('@') => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rsplit('@').next().unwrap_or_default();
            format!("{scheme}://…@{host}{}", &rest[end..])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let value = json!({"passwd": "x", "word": "a", "nested": {"Authorization": "y"}, "list": ["--token", "z", "plain"],
                           "url": "http://me:pw@host/x", "headers": ["Authorization: Bearer q"], "pair": ["api_key=k"]});
        let text = shown("config", &value).to_string();
        assert_eq!(
            text,
            r#"{"passwd":"…","word":"a","nested":{"Authorization":"…"},"list":["--token","…","plain"],"url":"http://…@host/x","headers":["Authorization:…"],"pair":["api_key=…"]}"#
        );
    }
}
