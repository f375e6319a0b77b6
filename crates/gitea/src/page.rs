//! One page of a list: as it came, and as its entries.

use reqwest::header::{HeaderMap, LINK};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::ForgeError;

/// One page of a list as it came.
pub(crate) struct RawPage {
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The entries that could be read.
    pub items: Vec<T>,
    /// How many entries the page has, readable or not.
    pub length: usize,
    /// How many entries the whole list has, where the server reports it.
    pub total: Option<usize>,
    /// Whether the server names a next page.
    pub(crate) has_next: bool,
}

impl RawPage {
    /// Reads the entries. One that is null, or that does not fit, is left out.
    pub(crate) fn parse<T: DeserializeOwned>(self) -> Result<Page<T>, ForgeError> {
        let header = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let (items, length): (Vec<T>, usize) = match serde_json::from_slice::<Option<Vec<T>>>(&self.body) {
            Ok(all) => {
                // An empty timeline is null.
                let all = all.unwrap_or_default();
                let length = all.len();
                (all, length)
            }
            Err(error) => {
                let entries: Vec<&RawValue> = serde_json::from_slice(&self.body).map_err(|_| {
                    let problem = format!("the response is not a list of entries ({error})");
                    ForgeError::Unreadable { url: self.url.clone(), problem }
                })?;
                let readable = entries.iter().filter_map(|entry| serde_json::from_str(entry.get()).ok());
                (readable.collect(), entries.len())
            }
        };
        let total = header("x-total-count").and_then(|count| count.trim().parse().ok());
        let has_next = header(LINK.as_str()).is_some_and(|link| link.contains("rel=\"next\""));
        Ok(Page { items, length, total, has_next })
    }
}
