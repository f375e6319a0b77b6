//! What is wrong with a trigger: an unknown name, a count out of range, a cron expression that does not parse.

use host::text;
use records::{DeclaredTrigger, Trigger, TriggerError};

use crate::schedule::plan::Plan;

/// What is wrong with a text that is to be a trigger.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct InvalidTrigger {
    message: String,
    /// What to write instead.
    pub hint: String,
}

impl common::Failure for InvalidTrigger {
    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}

/// Reads a trigger and checks its cron expression.
///
/// # Errors
/// The text is no trigger.
pub fn parse_trigger(text: &str) -> Result<Trigger, InvalidTrigger> {
    check_trigger(&DeclaredTrigger::new(text)).cloned()
}

/// Returns the trigger of an automation, with its cron expression checked.
///
/// # Errors
/// The text is no trigger.
pub fn check_trigger(declared: &DeclaredTrigger) -> Result<&Trigger, InvalidTrigger> {
    match (declared.trigger(), declared.error()) {
        (Some(trigger @ Trigger::Cron(_)), _) => check_cron(trigger, declared.text()),
        (Some(trigger), _) => Ok(trigger),
        (None, Some(error)) => Err(InvalidTrigger::of(error)),
        (None, None) => Ok(&Trigger::Manual),
    }
}

fn check_cron<'a>(trigger: &'a Trigger, text: &str) -> Result<&'a Trigger, InvalidTrigger> {
    let expression = text.split_once(':').map_or(text, |(_, expression)| expression);
    match Plan::cron(expression) {
        Ok(_) => Ok(trigger),
        Err(message) => Err(InvalidTrigger {
            message: format!("`{}` is not a cron expression: {message}", text::fit(expression, 60)),
            hint: "five fields: minute hour day month weekday, such as `cron:30 6 * * mon-fri`".to_owned(),
        }),
    }
}

impl InvalidTrigger {
    fn of(error: &TriggerError) -> Self {
        let (message, hint) = match error {
            TriggerError::Unknown(name) => {
                let hint = text::nearest(name, Trigger::NAMES).map_or_else(
                    || format!("it is one of {}, every_N_cycles, cron:EXPRESSION", Trigger::NAMES.join(", ")),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                (TriggerError::Unknown(text::fit(name, 60)).to_string(), hint)
            }
            TriggerError::Count(text) => {
                (TriggerError::Count(text::fit(text, 60)).to_string(), "write it as every_20_cycles".to_owned())
            }
        };
        Self { message, hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_trigger_is_answered_with_the_nearest() {
        for (text, message, hint) in [
            ("pre-cycel", "there is no trigger `pre-cycel`", "did you mean `pre_cycle`?"),
            ("every_0_cycles", "`every_0_cycles`: the count of cycles is from 1 to 1000000", "write it as"),
            ("every_x_cycles", "`every_x_cycles`: the count", "write it as"),
            ("cron:61 * * * *", "`61 * * * *` is not a cron expression", "five fields"),
            ("cron:* * * *", "`* * * *` is not a cron expression", "five fields"),
            ("cron:* * * * * *", "`* * * * * *` is not a cron expression", "five fields"),
            ("cron:0 0 30 2 *", "`0 0 30 2 *` is not a cron expression: it never comes", "five fields"),
            ("sometimes", "there is no trigger `sometimes`", "it is one of"),
        ] {
            let error = parse_trigger(text).unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
            assert!(error.hint.contains(hint), "{}", error.hint);
        }
        assert_eq!(parse_trigger("cron: 5 * * * *").unwrap(), Trigger::Cron("5 * * * *".to_owned()));
    }
}
