//! The record of a change event.

use change_detection::Event;
use records::insights::EventRecord;

/// Makes the record of an event. `before` counted cycles lie before the replay's first; `time` gives a position's time.
pub(crate) fn event_record(event: &Event, before: usize, time: &dyn Fn(usize) -> String) -> EventRecord {
    let interval = event.interval();
    // Sizes on a logarithmic scale are shown as factors.
    let shown = |effect: f64| if event.is_factor() { effect.exp() } else { effect };
    EventRecord {
        id: event_id(event, before),
        stream: event.stream.name(),
        direction: if event.up { "up" } else { "down" }.to_owned(),
        raised_after: before + event.raised_after,
        change_at: before + event.change_at,
        change_low: before + event.change_low,
        change_high: before + event.change_high,
        raised_after_timestamp: time(event.raised_after - 1),
        change_at_timestamp: time(event.change_at),
        change_low_timestamp: time(event.change_low),
        change_high_timestamp: time(event.change_high),
        before: event.before,
        after: event.after,
        n_before: event.n_before,
        n_after: event.n_after,
        r: event.r,
        threshold: event.threshold,
        phi: event.phi,
        effect: shown(event.effect),
        low: shown(interval.low),
        high: shown(interval.high),
    }
}

/// The name of an event: its stream and the place of the change.
pub(crate) fn event_id(event: &Event, before: usize) -> String {
    format!("{}-{}", event.stream.name(), before + event.change_at)
}
