//! The backoff of an idle guard: how waits grow from one idle call to the next, and their jitter.

use std::time::Duration;

use common::settings::{Layers, Setting, SettingsError};

/// The longest wait that may be set, in seconds.
pub(crate) const LONGEST: u64 = 7 * 86_400;

const BACKOFF_BASE: Setting<u64> = Setting {
    key: "backoff_base",
    aliases: &["TIMMY_LOOP_GUARD_BASE_BACKOFF"],
    default: || 60,
    valid: |seconds| *seconds <= LONGEST,
    expected: "whole seconds from 0 to 604800",
};
const BACKOFF_MAX: Setting<u64> = Setting {
    key: "backoff_max",
    aliases: &["TIMMY_LOOP_GUARD_MAX_BACKOFF"],
    default: || 600,
    valid: |seconds| *seconds <= LONGEST,
    expected: "whole seconds from 0 to 604800",
};
const BACKOFF_MULTIPLIER: Setting<f64> = Setting {
    key: "backoff_multiplier",
    aliases: &[],
    default: || 2.0,
    valid: |factor| (1.0..=100.0).contains(factor),
    expected: "a number from 1 to 100",
};
const BACKOFF_JITTER: Setting<f64> = Setting {
    key: "backoff_jitter",
    aliases: &[],
    default: || 0.0,
    valid: |part| (0.0..=1.0).contains(part),
    expected: "a number from 0 to 1",
};

/// How waits grow: `min(base × multiplier^n, max)`, of which a part may be drawn at random.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    /// Seconds of the first wait.
    pub base: u64,
    /// Seconds of the longest wait.
    pub max: u64,
    /// The factor from one wait to the next.
    pub multiplier: f64,
    /// The part of a wait that is drawn at random, 0 to 1.
    pub jitter: f64,
}

impl Backoff {
    /// Takes how waits grow from the settings.
    pub(crate) fn resolve(layers: &mut Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            base: layers.get(&BACKOFF_BASE, None)?,
            max: layers.get(&BACKOFF_MAX, None)?,
            multiplier: layers.get(&BACKOFF_MULTIPLIER, None)?,
            jitter: layers.get(&BACKOFF_JITTER, None)?,
        })
    }

    /// Returns the seconds to wait after `idle` idle calls in a row before this one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "no more than a week of seconds"
    )]
    pub(crate) fn seconds(&self, idle: u64) -> u64 {
        let power = i32::try_from(idle.min(10_000)).unwrap_or(i32::MAX);
        // A power that overflows would make nothing times infinity, which is no number.
        let factor = self.multiplier.powi(power).min(f64::MAX);
        (self.base as f64 * factor).min(self.max as f64).round() as u64
    }

    /// Takes a part of `seconds` at random, as large as the settings say; `drawn` is from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "no more than a week of seconds")]
    pub(crate) fn jittered(&self, seconds: u64, drawn: f64) -> Duration {
        Duration::from_secs_f64(seconds as f64 * (1.0 - self.jitter * drawn).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEFAULT: Backoff = Backoff { base: 60, max: 600, multiplier: 2.0, jitter: 0.0 };

    #[test]
    fn waits_double_up_to_the_longest() {
        assert_eq!([0, 1, 2, 3, 4, 5, u64::MAX].map(|idle| DEFAULT.seconds(idle)), [60, 120, 240, 480, 600, 600, 600]);
        assert_eq!(Backoff { base: 0, ..DEFAULT }.seconds(u64::MAX), 0);
    }

    proptest! {
        #[test]
        fn waits_never_shrink_and_never_exceed_the_longest(
            base in 0..LONGEST, max in 0..LONGEST, multiplier in 1.0..100.0f64, jitter in 0.0..=1.0f64, idle in 0..2000u64, drawn in 0.0..=1.0f64,
        ) {
            let backoff = Backoff { base, max, multiplier, jitter };
            let (now, next) = (backoff.seconds(idle), backoff.seconds(idle + 1));
            prop_assert!(now <= next && next <= max);
            let waited = backoff.jittered(now, drawn);
            prop_assert!(waited <= Duration::from_secs(now));
            prop_assert!(waited >= Duration::from_secs(now).mul_f64(1.0 - jitter).saturating_sub(Duration::from_micros(1)));
        }
    }
}
