//! `idle_state.json`: how many calls in a row found no work.

use common::run::Run;
use host::files::FileError;
use records::{IdleState, Object};
use store::{Change, Document, Found};

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
    run.store.idle().change(change)
}

/// Notes that there is work. Returns how many idle calls came before.
pub(crate) fn reset(run: &Run) -> Result<u64, FileError> {
    run.store.idle().update(|state, found| {
        let count = state.read().consecutive_idle;
        let is_changed = count > 0 || state.is_empty() && found != Found::Missing;
        if is_changed {
            state.update(|state| {
                state.consecutive_idle = 0;
                state.backoff_seconds = 0;
                state.last_idle_at.get_or_insert(0.0);
            });
        }
        Ok(Change::write_if(is_changed, count))
    })
}

/// Reads how many calls in a row were idle; damaged or absent means none.
pub(crate) fn read_count(run: &Run) -> Result<u64, FileError> {
    let state = run.store.idle().read()?;
    Ok(state.intact_or(|_| ()).map_or(0, |state| state.read().consecutive_idle))
}

/// Unix seconds with a fraction, as Python's `time.time()` gives them.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 fit a float")]
fn unix_seconds(run: &Run) -> f64 {
    run.host.now().timestamp_micros() as f64 / 1e6
}
