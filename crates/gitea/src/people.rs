//! Whose accounts are the loop's own, and whose words count: settings, completed by what the forge says.

use std::collections::BTreeSet;

use common::settings::{Layers, Setting, SettingsError};

use crate::client::Forge;
use crate::error::ForgeError;
use crate::issue::{Issue, User};

const AGENT_LOGINS: Setting<Vec<String>> =
    Setting { key: "agent_logins", aliases: &[], default: Vec::new, valid: |_| true, expected: "a list of logins" };
const TRUSTED_AUTHORS: Setting<Vec<String>> =
    Setting { key: "trusted_authors", aliases: &[], default: Vec::new, valid: |_| true, expected: "a list of logins" };

/// The settings that name accounts.
#[derive(Clone, Debug, Default)]
pub struct People {
    agent_logins: Vec<String>,
    trusted_authors: Vec<String>,
}

/// Accounts by their logins, whose case does not count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Logins(BTreeSet<String>);

impl People {
    /// Takes the settings from the layers.
    ///
    /// # Errors
    /// A value does not parse.
    pub fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            agent_logins: layers.get(&AGENT_LOGINS, None)?,
            trusted_authors: layers.get(&TRUSTED_AUTHORS, None)?,
        })
    }

    /// Returns the accounts that agents use: those of the setting, else the token's own; none where that is not known.
    pub fn agents(&self, forge: &Forge) -> Logins {
        if !self.agent_logins.is_empty() {
            return Logins::of(self.agent_logins.iter().map(String::as_str));
        }
        forge.account().map(|account| Logins::of([account.login.as_str()])).unwrap_or_default()
    }

    /// Returns the accounts whose comments and reviews count as a change of an issue: those of the setting, else the owner and the
    /// collaborators that the forge lists; without those of agents.
    ///
    /// # Errors
    /// The forge does not list the collaborators.
    pub fn trusted(&self, forge: &Forge, agents: &Logins) -> Result<Logins, ForgeError> {
        let mut trusted = if self.trusted_authors.is_empty() {
            let owner = forge.slug().split('/').next().unwrap_or_default();
            let collaborators = forge.collaborators()?;
            Logins::of(collaborators.iter().map(|user| user.login.as_str()).chain([owner]))
        } else {
            Logins::of(self.trusted_authors.iter().map(String::as_str))
        };
        trusted.0.retain(|login| !agents.0.contains(login));
        Ok(trusted)
    }
}

impl Logins {
    fn of<'a>(logins: impl IntoIterator<Item = &'a str>) -> Self {
        Self(logins.into_iter().filter(|login| !login.is_empty()).map(str::to_lowercase).collect())
    }

    /// Returns whether an account is one of them.
    pub fn contains(&self, user: &User) -> bool {
        self.0.contains(&user.login.to_lowercase())
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Issue {
    /// Returns the first person, not one of `agents`, whom the issue is assigned to.
    pub fn assigned_person(&self, agents: &Logins) -> Option<&User> {
        self.assignees.iter().find(|user| !user.login.is_empty() && !agents.contains(user))
    }
}
