//! The rules by which issues are scored: the file `triage_rules.yaml`, read, checked and compiled. Who applies them is not
//! known here.

mod rules;
mod rules_file;

pub use rules::{Dimension, Pattern, PatternSet, Rule, Rules, RulesError, SHIPPED, type_groups};
pub use rules_file::{
    Dimension as DimensionFile, Dimensions, Length, Order, Place, QuarantineRules, RuleFile, RulesFile, Thresholds,
    TypeWords,
};
