//! What the `origin` remote says about the forge: its address and the repository's name there.

use git_repository::OpenError;
use host::files;
use reqwest::Url;
use store::Repo;

/// Hosts that are known to run something else.
const OTHER_FORGES: [&str; 6] =
    ["github.com", "gitlab.com", "bitbucket.org", "dev.azure.com", "git.sr.ht", "sourceforge.net"];

/// What could be read of a remote's URL.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Origin {
    /// The API's address, where the URL is http(s) and its host may be a Gitea or a Forgejo.
    pub api: Option<String>,
    /// `owner/name`.
    pub slug: Option<String>,
}

/// Reads the `origin` remote of a repository.
///
/// # Errors
/// Why git does not report it, as text.
pub(crate) fn origin(repo: &Repo) -> Result<Origin, String> {
    if names_no_origin(repo) {
        return Err("there is no remote `origin`".to_owned());
    }
    let repository = git_repository::open(repo.root()).map_err(|error| match &error {
        OpenError::OtherOwner(root) => {
            let root = root.display();
            format!("the repository belongs to another user, and Git does not read it before `git config --global --add safe.directory {root}`")
        }
        error => common::error::chain(error),
    })?;
    let remote = repository.find_remote("origin").map_err(|error| error.message().to_owned())?;
    Ok(remote.url().map(parse).unwrap_or_default())
}

/// Whether the repository's own configuration cannot have such a remote, so that git need not be started up for it.
fn names_no_origin(repo: &Repo) -> bool {
    let git = repo.root().join(".git");
    let config = files::read(&git.join("config"), 1 << 20);
    // A linked work tree has its configuration elsewhere, and a configuration may include others.
    files::is_folder(&git).unwrap_or(false)
        && config.is_ok_and(|bytes| {
            let text = bytes.unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            !text.contains("origin") && !text.contains("include")
        })
}

/// Reads a remote's URL: `https://host/owner/name.git`, `ssh://git@host:22/owner/name`, `git@host:owner/name.git`.
fn parse(url: &str) -> Origin {
    let parsed = Url::parse(url).ok().filter(Url::has_host);
    let path = match (&parsed, url.split_once(':')) {
        (Some(parsed), _) => parsed.path(),
        (None, Some((host, path))) if !host.contains('/') && !path.starts_with("//") => path,
        _ => return Origin::default(),
    };
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let name = parts.pop().map(|name| name.strip_suffix(".git").unwrap_or(name));
    let slug = parts.pop().zip(name).map(|(owner, name)| format!("{owner}/{name}")).filter(|slug| is_slug(slug));
    let api = parsed.as_ref().filter(|url| matches!(url.scheme(), "http" | "https")).and_then(|url| {
        let host = url.host_str()?;
        if slug.is_none() || OTHER_FORGES.iter().any(|other| host == *other || host.ends_with(&format!(".{other}"))) {
            return None;
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let sub_path: String = parts.iter().flat_map(|part| ["/", part]).collect();
        Some(format!("{}://{host}{port}{sub_path}/api/v1", url.scheme()))
    });
    Origin { api, slug }
}

/// Returns whether a text is `owner/name` as a forge would have it.
pub(crate) fn is_slug(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name != "."
            && name != ".."
            && name.len() <= 100
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_remote_is_read_and_credentials_are_left_out() {
        for (url, api, slug) in [
            ("https://forge.example/acme/app.git", Some("https://forge.example/api/v1"), Some("acme/app")),
            ("http://localhost:3000/acme/app", Some("http://localhost:3000/api/v1"), Some("acme/app")),
            (
                "https://me:s3cret@forge.example/git/acme/app.git/",
                Some("https://forge.example/git/api/v1"),
                Some("acme/app"),
            ),
            ("ssh://git@forge.example:2222/acme/app.git", None, Some("acme/app")),
            ("git@forge.example:acme/app.git", None, Some("acme/app")),
            ("https://github.com/acme/app", None, Some("acme/app")),
            ("https://www.github.com/acme/app", None, Some("acme/app")),
            ("/srv/git/app.git", None, None),
            ("../app", None, None),
            ("file:///srv/git/app.git", None, None),
            ("https://forge.example/app", None, None),
            ("https://forge.example/ac me/app", None, None),
        ] {
            let expected = Origin { api: api.map(str::to_owned), slug: slug.map(str::to_owned) };
            assert_eq!(parse(url), expected, "{url}");
        }
    }
}
