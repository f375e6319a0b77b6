//! The servers that the forge can be, and where they differ.

use std::str::FromStr;

/// Which server the forge answers as. What each does was read from a running one of that version.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Flavour {
    /// Gitea 1.26.
    Gitea,
    /// Forgejo 17.
    #[default]
    Forgejo,
    /// Gitea 1.23, before its lists of pull requests lost the sizes.
    Gitea123,
    /// Forgejo 15.
    Forgejo15,
}

/// A server's name that is none.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a server: expected gitea-1.26, forgejo-17, gitea-1.23 or forgejo-15")]
pub struct FlavourError(String);

impl Flavour {
    /// The two servers that every test which speaks to a forge runs as.
    pub const ALL: [Self; 2] = [Self::Gitea, Self::Forgejo];

    /// Every version that the forge can be.
    pub const EVERY_VERSION: [Self; 4] = [Self::Gitea, Self::Forgejo, Self::Gitea123, Self::Forgejo15];

    /// Returns the name for the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gitea => "gitea-1.26",
            Self::Forgejo => "forgejo-17",
            Self::Gitea123 => "gitea-1.23",
            Self::Forgejo15 => "forgejo-15",
        }
    }

    /// Returns whether it is a Gitea, of whatever version.
    pub fn is_gitea(self) -> bool {
        matches!(self, Self::Gitea | Self::Gitea123)
    }

    /// Returns the version that such a server says it has.
    pub fn version(self) -> &'static str {
        match self {
            Self::Gitea => "1.26.0+dev-469-g3db3c058b3",
            Self::Forgejo => "17.0.0-dev-38-d883bd8f12+gitea-1.22.0",
            Self::Gitea123 => "1.23.0+dev",
            Self::Forgejo15 => "15.0.3+gitea-1.22.0",
        }
    }

    /// Returns whether the list of pull requests has their sizes.
    pub fn has_sizes_in_lists(self) -> bool {
        self != Self::Gitea
    }

    /// Whether the lists that older servers give as a whole when no page is asked for come in pages all the same.
    pub(crate) fn pages_without_page(self) -> bool {
        self == Self::Gitea
    }

    /// Whether the word before a token may be in any case.
    pub(crate) fn takes_any_case(self) -> bool {
        self != Self::Gitea123
    }
}

impl FromStr for Flavour {
    type Err = FlavourError;

    fn from_str(text: &str) -> Result<Self, FlavourError> {
        let found = Self::EVERY_VERSION.into_iter().find(|flavour| flavour.name() == text);
        found.ok_or_else(|| FlavourError(text.to_owned()))
    }
}
