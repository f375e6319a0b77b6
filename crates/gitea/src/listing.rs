//! A whole list, from its pages: complete, each entry once, and honest about what is missing.
//!
//! The forge pages by offset over live data: an entry that comes or goes during a scan moves the others. The first
//! page says how many there are, the rest is fetched side by side, and then the numbers must add up: as many distinct
//! entries as the total says, and the same total on every page. If not, the list has moved and is fetched again; a gap
//! that stays is reported with the list.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use host::threads;
use serde::de::DeserializeOwned;

use crate::error::ForgeError;
use crate::issue::Issue;
use crate::page::{Page, RawPage};
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
    /// Whether it was still moving when it was fetched for the last time, so that entries may be missing uncounted.
    pub moving: bool,
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

impl<T> Listing<T> {
    /// Says what may be missing; none of a list that is whole.
    pub fn gap(&self) -> Option<String> {
        match (self.missing, self.moving) {
            (0, false) => None,
            (0, true) => Some("it changed during every attempt to fetch it: an entry may be missing".to_owned()),
            (missing, _) => Some(format!("{missing} of {} entries could not be fetched", self.items.len() + missing)),
        }
    }
}

impl<T> Round<T> {
    fn missing(&self) -> usize {
        self.total.map_or(self.unreadable, |total| total.saturating_sub(self.by_number.len()))
    }
}

/// Fetches a whole list, of which `page` fetches the page of a number, so many pages at once. `convert` makes of each entry
/// what is wanted of it, while other pages are still under way.
pub(crate) fn fetch_list<T: DeserializeOwned + Numbered, U>(
    concurrency: usize,
    page: impl Fn(usize) -> Result<RawPage, ForgeError> + Sync,
    mut convert: impl FnMut(T) -> U,
) -> Result<Listing<U>, ForgeError> {
    let mut best: Option<Round<U>> = None;
    for round in 1..=ROUNDS {
        let fetched = fetch_pages(concurrency, &page, &mut convert)?;
        // What the server itself cannot load will not come by asking again.
        let whole = !fetched.moved && fetched.missing() <= fetched.unreadable;
        if best.as_ref().is_none_or(|best| fetched.missing() <= best.missing()) {
            best = Some(fetched);
        }
        if whole || round == ROUNDS {
            let Some(best) = best else { break };
            let (missing, moving) = (best.missing(), best.moved);
            return Ok(Listing { items: best.by_number.into_values().collect(), missing, rounds: round, moving });
        }
        std::thread::sleep(Duration::from_millis(100) * round);
    }
    Ok(Listing { items: Vec::new(), missing: 0, rounds: ROUNDS, moving: false })
}

fn fetch_pages<T: DeserializeOwned + Numbered, U>(
    concurrency: usize,
    fetch: &(impl Fn(usize) -> Result<RawPage, ForgeError> + Sync),
    convert: &mut impl FnMut(T) -> U,
) -> Result<Round<U>, ForgeError> {
    let first: Page<T> = fetch(1)?.parse()?;
    let (size, total) = (first.length, first.total);
    let mut round = Round { by_number: BTreeMap::new(), unreadable: 0, total, moved: false };
    match total {
        Some(total) if size > 0 => {
            // The server may give less than was asked for, so its own page counts.
            let last = total.div_ceil(size).min(MOST_PAGES);
            fetch_concurrently(concurrency, 2..last + 1, fetch, |pages| {
                // The first page is worked through while the others are under way.
                let mut pages = iter::once(Ok(first)).chain(pages.map(|page| page.and_then(RawPage::parse)));
                pages.try_for_each(|page| page.map(|page| round.take(page, convert)))
            })?;
        }
        Some(_) => round.take(first, convert),
        None => fetch_sequentially(first, &mut round, convert, fetch)?,
    }
    Ok(round)
}

/// Fetches what has the numbers in `range`, so many at once, each in a thread that does nothing but ask for the next.
/// `consume` gets what arrives, in this thread; when it ends early, nothing more is asked for.
pub(crate) fn fetch_concurrently<R: Send, O>(
    concurrency: usize,
    range: Range<usize>,
    fetch: impl Fn(usize) -> R + Sync,
    consume: impl FnOnce(&mut dyn Iterator<Item = R>) -> O,
) -> O {
    let next = AtomicUsize::new(range.start);
    std::thread::scope(|scope| {
        // Bounded, so that a fast forge does not fill the memory of a slow machine.
        let (send, receive) = mpsc::sync_channel(concurrency);
        let mut started = 0;
        for _ in 0..concurrency.min(range.len()) {
            let send = send.clone();
            let (next, fetch) = (&next, &fetch);
            let thread = threads::start_in(scope, move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    // No receiver is left when the consumer has ended.
                    if number >= range.end || send.send(fetch(number)).is_err() {
                        break;
                    }
                }
            });
            started += usize::from(thread.is_ok());
        }
        drop(send);
        if started == 0 {
            // Where there is no further thread this one asks for all of them.
            return consume(&mut range.clone().map(&fetch));
        }
        let outcome = consume(&mut receive.iter());
        next.fetch_max(range.end, Ordering::Relaxed);
        drop(receive);
        outcome
    })
}

/// Fetches page after page where the server does not report how many there are, until one is short, empty or brings nothing new.
fn fetch_sequentially<T: DeserializeOwned + Numbered, U>(
    first: Page<T>,
    round: &mut Round<U>,
    convert: &mut impl FnMut(T) -> U,
    fetch: impl Fn(usize) -> Result<RawPage, ForgeError>,
) -> Result<(), ForgeError> {
    let size = first.length;
    let mut page = first;
    for number in 2..=MOST_PAGES {
        let (more, known) = (page.length > 0 && (page.length >= size || page.has_next), round.by_number.len());
        let is_first = number == 2;
        round.take(page, convert);
        if !more || (!is_first && round.by_number.len() == known) {
            break;
        }
        page = fetch(number)?.parse()?;
    }
    Ok(())
}

/// Fetches page after page until one is empty, or shorter than another; `tells_total` says that the server's count of all entries
/// is one, and ends it too. An entry that comes again, because the list has moved, counts once.
pub(crate) fn fetch_to_the_end<T, K: Ord>(
    tells_total: bool,
    fetch: impl Fn(usize) -> Result<Page<T>, ForgeError>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, ForgeError> {
    let (mut entries, mut seen, mut size) = (Vec::new(), BTreeSet::new(), 0);
    for number in 1..=MOST_PAGES {
        let page = fetch(number)?;
        size = size.max(page.length);
        let (length, known) = (page.length, seen.len());
        entries.extend(page.items.into_iter().filter(|entry| seen.insert(key(entry))));
        let is_whole = tells_total && page.total.is_some_and(|total| seen.len() >= total);
        if is_whole || length < size || seen.len() == known {
            break;
        }
    }
    Ok(entries)
}

impl<U> Round<U> {
    fn take<T: Numbered>(&mut self, page: Page<T>, convert: &mut impl FnMut(T) -> U) {
        self.moved |= page.total != self.total;
        self.total = page.total.or(self.total);
        let before = page.length;
        // An entry without a number is one that the server failed to load.
        let entries = page.items.into_iter().filter(|item| item.number() > 0);
        let mut readable = 0;
        for item in entries {
            readable += 1;
            self.by_number.insert(item.number(), convert(item));
        }
        self.unreadable += before - readable;
    }
}
