//! A whole list, from its pages: complete, each entry once, and honest about what is missing.
//!
//! The forge pages by offset over live data: an entry that comes or goes during a scan moves the others. The first
//! page says how many there are, the rest is fetched side by side, and then the numbers must add up: as many distinct
//! entries as the total says, and the same total on every page. If not, the list has moved and is fetched again; a gap
//! that stays is reported with the list.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, LINK};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::client::Forge;
use crate::error::ForgeError;
use crate::issue::Issue;
use crate::pull::Pull;

/// How often a list is fetched before a gap is taken as it is.
const ROUNDS: u32 = 3;

/// The most pages that are fetched, whatever the server says there are.
const MOST_PAGES: usize = 10_000;

/// A list as it was fetched.
#[derive(Debug)]
pub struct Listing<T> {
    /// The entries by number, each once.
    pub items: Vec<T>,
    /// How many entries the server counts but did not give, or gave in a form that cannot be read.
    pub missing: usize,
    /// How often the list was fetched because it had moved.
    pub rounds: u32,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The entries that could be read.
    pub items: Vec<T>,
    /// How many entries the page has, readable or not.
    pub length: usize,
    /// How many entries the whole list has, where the server says so.
    pub total: Option<usize>,
    /// Whether the server names a next page.
    has_next: bool,
}

/// An entry with a number of its own in the repository.
pub(crate) trait Numbered {
    /// The number; 0 for an entry that the server failed to load.
    fn number(&self) -> u64;
}

impl Numbered for Issue {
    fn number(&self) -> u64 {
        self.number
    }
}

impl Numbered for Pull {
    fn number(&self) -> u64 {
        self.number
    }
}

/// What one fetching of all pages gave.
struct Round<T> {
    by_number: BTreeMap<u64, T>,
    unreadable: usize,
    total: Option<usize>,
    moved: bool,
}

impl<T> Round<T> {
    fn missing(&self) -> usize {
        self.total.map_or(self.unreadable, |total| total.saturating_sub(self.by_number.len()))
    }
}

impl Forge {
    /// Fetches the whole list at `path`, which has its query begun. `convert` makes of each entry what is wanted of it,
    /// while other pages are still under way.
    pub(crate) fn list<T: DeserializeOwned + Numbered, U: Send>(
        &self,
        path: &str,
        convert: impl Fn(T) -> U + Sync,
    ) -> Result<Listing<U>, ForgeError> {
        let mut best: Option<Round<U>> = None;
        for round in 1..=ROUNDS {
            let fetched = self.fetch_pages(path, &convert)?;
            // What the server itself cannot load will not come by asking again.
            let whole = !fetched.moved && fetched.missing() <= fetched.unreadable;
            if best.as_ref().is_none_or(|best| fetched.missing() <= best.missing()) {
                best = Some(fetched);
            }
            if whole || round == ROUNDS {
                let Some(best) = best else { break };
                let missing = best.missing();
                return Ok(Listing { items: best.by_number.into_values().collect(), missing, rounds: round });
            }
            std::thread::sleep(Duration::from_millis(100) * round);
        }
        Ok(Listing { items: Vec::new(), missing: 0, rounds: ROUNDS })
    }

    fn fetch_pages<T: DeserializeOwned + Numbered, U: Send>(
        &self,
        path: &str,
        convert: &(impl Fn(T) -> U + Sync),
    ) -> Result<Round<U>, ForgeError> {
        let fetch = |number: usize| self.page(path, number).map(|page| Converted::new(page, convert));
        let first = fetch(1)?;
        let (size, total) = (first.length, first.total);
        let mut round = Round { by_number: BTreeMap::new(), unreadable: 0, total, moved: false };
        match total {
            Some(total) if size > 0 => {
                round.take(first);
                // The server may give less than was asked for, so its own page counts.
                let last = total.div_ceil(size).min(MOST_PAGES);
                for page in side_by_side(self.concurrency, 2, last, fetch)? {
                    round.take(page);
                }
            }
            Some(_) => round.take(first),
            None => one_by_one(first, &mut round, fetch)?,
        }
        Ok(round)
    }
}

/// Fetches pages `from` to `to`, so many at once.
fn side_by_side<U: Send>(
    concurrency: usize,
    from: usize,
    to: usize,
    fetch: impl Fn(usize) -> Result<Converted<U>, ForgeError> + Sync,
) -> Result<Vec<Converted<U>>, ForgeError> {
    let next = AtomicUsize::new(from);
    let pages = Mutex::new(Vec::new());
    let failure = Mutex::new(None);
    let work = || {
        loop {
            let page = next.fetch_add(1, Ordering::Relaxed);
            if page > to {
                break;
            }
            match fetch(page) {
                Ok(page) => pages.lock().unwrap_or_else(PoisonError::into_inner).push(page),
                Err(error) => {
                    next.store(to + 1, Ordering::Relaxed);
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..concurrency.min((to + 1).saturating_sub(from)) {
            scope.spawn(work);
        }
        work();
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(pages.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Fetches page after page where nobody says how many there are, until one is short, empty or brings nothing new.
fn one_by_one<U>(
    first: Converted<U>,
    round: &mut Round<U>,
    fetch: impl Fn(usize) -> Result<Converted<U>, ForgeError>,
) -> Result<(), ForgeError> {
    let size = first.length;
    let mut page = first;
    for number in 2..=MOST_PAGES {
        let (more, known) = (page.length > 0 && (page.length >= size || page.has_next), round.by_number.len());
        let is_first = number == 2;
        round.take(page);
        if !more || (!is_first && round.by_number.len() == known) {
            break;
        }
        page = fetch(number)?;
    }
    Ok(())
}

/// A page whose entries have become what is wanted of them, each with its number.
struct Converted<U> {
    entries: Vec<(u64, U)>,
    length: usize,
    total: Option<usize>,
    has_next: bool,
}

impl<U> Converted<U> {
    fn new<T: Numbered>(page: Page<T>, convert: &impl Fn(T) -> U) -> Self {
        // An entry without a number is one that the server failed to load.
        let entries = page.items.into_iter().filter(|item| item.number() > 0);
        let entries = entries.map(|item| (item.number(), convert(item))).collect();
        Self { entries, length: page.length, total: page.total, has_next: page.has_next }
    }
}

impl<U> Round<U> {
    fn take(&mut self, page: Converted<U>) {
        self.moved |= page.total != self.total;
        self.total = page.total.or(self.total);
        self.unreadable += page.length - page.entries.len();
        self.by_number.extend(page.entries);
    }
}

/// Reads a page's entries. An entry that is null, or that does not fit, is left out.
pub(crate) fn parse_page<T: DeserializeOwned>(body: &[u8], headers: &HeaderMap) -> Result<Page<T>, String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let items: Vec<T>;
    let length;
    match serde_json::from_slice::<Vec<T>>(body) {
        Ok(all) => (length, items) = (all.len(), all),
        Err(error) => {
            let entries: Vec<&RawValue> =
                serde_json::from_slice(body).map_err(|_| format!("the answer is no list of entries ({error})"))?;
            length = entries.len();
            items = entries.iter().filter_map(|entry| serde_json::from_str(entry.get()).ok()).collect();
        }
    }
    let total = header("x-total-count").and_then(|count| count.trim().parse().ok());
    Ok(Page { items, length, total, has_next: header(LINK.as_str()).is_some_and(|link| link.contains("rel=\"next\"")) })
}
