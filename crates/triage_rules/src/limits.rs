//! When an issue is quarantined: a part of the rules that is also read without the rest.

/// When an issue is quarantined.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QuarantineLimits {
    /// After how many failed cycles without a success.
    pub failures: u64,
    /// Among how many records at the end of the log.
    pub lookback: usize,
}

impl QuarantineLimits {
    /// Those of the built-in rules.
    pub const BUILT_IN: Self = Self { failures: 2, lookback: 20 };
}
