//! `idle_state.json`: how many calls in a row found no work.

use common::run::Run;
use host::files::{self, FileError};
use records::stored_files::IDLE_STATE;
use records::{IdleState, Object};
use store::document::{self, Document};
use store::repo::Repo;

/// Counts one more idle call; `backoff` says how long to wait after so many before it. Returns the count and the wait.
pub(crate) fn count_call(run: &Run, backoff: impl FnOnce(u64) -> u64) -> Result<(u64, u64), FileError> {
    let change = |state: &mut Object<IdleState>| {
        state.update(|state| {
            state.backoff_seconds = backoff(state.consecutive_idle);
            state.consecutive_idle = state.consecutive_idle.saturating_add(1);
            state.last_idle_at = Some(unix_seconds(run));
            (state.consecutive_idle, state.backoff_seconds)
        })
    };
    document::update(&run.repo, |what| run.warn(what), change)
}

/// Notes that there is work. Returns how many idle calls came before.
pub(crate) fn reset(run: &Run) -> Result<u64, FileError> {
    let lock = files::lock(&run.repo.path(&IDLE_STATE))?;
    let mut state: Object<IdleState> = document::read_or_default(&lock, |what| run.warn(what))?;
    let count = state.read().consecutive_idle;
    if count > 0 || state.is_empty() && lock.path().exists() {
        state.update(|state| {
            state.consecutive_idle = 0;
            state.backoff_seconds = 0;
            state.last_idle_at.get_or_insert(0.0);
        });
        document::replace(&lock, &state, IDLE_STATE.durability)?;
    }
    Ok(count)
}

/// Reads how many calls in a row were idle; damaged or absent means none.
pub(crate) fn read_count(repo: &Repo) -> Result<u64, FileError> {
    let state: Document<Object<IdleState>> = document::load(repo)?;
    Ok(state.intact_or(|_| ()).map_or(0, |state| state.read().consecutive_idle))
}

/// Unix seconds with a fraction, as Python's `time.time()` gives them.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 fit a float")]
fn unix_seconds(run: &Run) -> f64 {
    run.host.now().timestamp_micros() as f64 / 1e6
}
