//! The parser of `triage_rules.yaml`; `triage_score` applies the rules, `pre_commit_checks` checks them.

mod compile;
mod limits;
mod load;
mod pattern;
mod rules;

pub use limits::QuarantineLimits;
pub use load::{RULES_FILE, RulesError, RulesLocation, SHIPPED};
pub use records::triage_rules::{
    Dimension as DimensionFile, Dimensions, Length, Order, Place, QuarantineRules, RuleFile, RulesFile, Thresholds,
    TypeWords,
};
pub use rules::{Dimension, Pattern, PatternSet, Rule, Rules, type_groups};
