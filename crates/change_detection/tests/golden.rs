//! The statistics and the monitors against reference values: those of SciPy, NumPy and statsmodels, and whole replays of
//! the reference implementation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use change_detection::stats::{Interval, normal_quantile, ranks, rates, robust, several, tables};
use change_detection::{Dispersion, KINDS, Parameters, Series, Thresholds, outages, repeats, replay, threshold};
use records::IssueType;
use serde_json::{Value, json};

/// What an implementation may leave out: the exact p of small samples, which nothing here uses, and Kendall's tau.
const NOT_OFFERED: [&str; 2] = ["p_exact", "kendall_tau_b"];

#[test]
fn every_reference_value_is_met() {
    let golden: Value = serde_json::from_str(include_str!("golden.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let got = compute(case["kind"].as_str().unwrap(), &case["input"]);
        compare(case, &case["name"], &case["expect"], &got, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(cases.len(), 76);
}

fn compare(case: &Value, path: &Value, want: &Value, got: &Value, failures: &mut Vec<String>) {
    let mut fail = || failures.push(format!("{path}: want {want}, got {got}"));
    match want {
        Value::Object(fields) => {
            for (key, want) in fields.iter().filter(|(key, _)| !NOT_OFFERED.contains(&key.as_str())) {
                compare(case, &format!("{path}.{key}").into(), want, &got[key], failures);
            }
        }
        Value::Array(items) => {
            if got.as_array().map(Vec::len) != Some(items.len()) {
                return fail();
            }
            for (at, want) in items.iter().enumerate() {
                compare(case, &format!("{path}[{at}]").into(), want, &got[at], failures);
            }
        }
        Value::Number(_) => {
            let (Some(want), Some(got)) = (want.as_f64(), got.as_f64()) else { return fail() };
            let tolerance = number(&case["abs_tol"]) + number(&case["rel_tol"]) * want.abs();
            if (got - want).abs() > tolerance {
                fail();
            }
        }
        _ => {
            if want != got {
                fail();
            }
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one arm a kind of case")]
fn compute(kind: &str, input: &Value) -> Value {
    let count = |key: &str| usize::try_from(input[key].as_u64().unwrap()).unwrap();
    let list = |key: &str| input[key].as_array().unwrap().iter().map(number).collect::<Vec<f64>>();
    let counts = |value: &Value| -> Vec<usize> {
        value.as_array().unwrap().iter().map(|count| usize::try_from(count.as_u64().unwrap()).unwrap()).collect()
    };
    let confidence = || number(&input["confidence"]);
    match kind {
        "wilson" => interval(rates::wilson(count("successes"), count("n"), confidence())),
        "newcombe_difference" => {
            let (difference, range) =
                rates::newcombe((count("s1"), count("n1")), (count("s2"), count("n2")), confidence());
            with(interval(range), "difference", difference)
        }
        "fisher_exact" => {
            let table: Vec<u64> =
                input["table"].as_array().unwrap().iter().map(|cell| cell.as_u64().unwrap()).collect();
            let p = |tail| rates::fisher([table[0], table[1], table[2], table[3]], tail);
            json!({"two_sided": p(rates::Tail::TwoSided), "less": p(rates::Tail::Less), "greater": p(rates::Tail::Greater)})
        }
        "two_proportion_z" => {
            let (z, p) = rates::two_proportions((count("s1"), count("n1")), (count("s2"), count("n2")));
            json!({"z": z, "p_two_sided": p})
        }
        "signed_root_lr" => {
            let (s1, n1, s2, n2) =
                (number(&input["s1"]), number(&input["n1"]), number(&input["s2"]), number(&input["n2"]));
            let root = rates::root_likelihood_ratio(s1, n1, s2, n2);
            json!({"r": if s2 / n2 < s1 / n1 { -root } else { root }})
        }
        "mann_whitney" => {
            let both = ranks::mann_whitney(&list("x"), &list("y")).unwrap();
            json!({"u1": both.u, "p_asymptotic": both.p, "p_asymptotic_cc": both.p_corrected, "auc_x_above_y": both.auc})
        }
        "hodges_lehmann_log_ratio" => {
            let logs = |key: &str| list(key).iter().map(|value| value.ln()).collect::<Vec<_>>();
            let shift = ranks::log_shift(&logs("before"), &logs("after")).unwrap();
            json!({"log_shift": shift, "ratio": shift.exp()})
        }
        "theil_sen" => {
            let (slope, range) = robust::theil_sen(&list("x"), &list("y"), confidence()).unwrap();
            with(interval(range), "slope", slope)
        }
        "adjusted_p" => {
            let p = list("p");
            json!({"holm": several::holm(&p), "benjamini_hochberg": several::benjamini_hochberg(&p)})
        }
        "quantile_type7" => {
            let values = list("x");
            json!({"values": list("q").iter().map(|q| robust::quantile(&values, *q).unwrap()).collect::<Vec<_>>()})
        }
        "mad" => {
            let values = list("x");
            let mad = robust::mad(&values).unwrap();
            json!({"median": robust::median(&values), "mad": mad, "mad_normal": mad * robust::NORMAL,
                   "modified_z_log": robust::modified_z_of_logs(&values)})
        }
        "binomial_tail" => {
            let (k, n, p) = (input["k"].as_u64().unwrap(), input["n"].as_u64().unwrap(), number(&input["p"]));
            json!({"p_at_least": rates::at_least(k, n, p), "p_at_most": rates::at_most(k, n, p)})
        }
        "cochran_armitage" => {
            let (z, p) =
                tables::trend(&counts(&input["failures"]), &counts(&input["successes"]), &list("scores")).unwrap();
            json!({"z_failures_rise": z, "p_two_sided": p})
        }
        "chi_square" => {
            let (statistic, dof, p) =
                tables::chi_square(&counts(&input["table"][0]), &counts(&input["table"][1])).unwrap();
            json!({"statistic": statistic, "dof": dof, "p": p})
        }
        "normal_quantile" => json!({"z": normal_quantile(number(&input["p"]))}),
        "threshold" => json!({"h": threshold(number(&input["alpha"]), number(&input["c"]))}),
        "outages" => {
            let found = outages(
                &flags(&input["success"], '1'),
                number(&input["base_failure"]),
                number(&input["score"]),
                number(&input["outage_success"]),
            );
            json!({"intervals": found.iter().map(|range| [range.start, range.end]).collect::<Vec<_>>()})
        }
        "dispersion" => {
            let values: Vec<f64> =
                flags(&input["values"], '1').iter().map(|value| f64::from(u8::from(*value))).collect();
            let size = u32::try_from(count("issue_block")).unwrap();
            let issues: Vec<u32> = (0..u32::try_from(values.len()).unwrap()).map(|at| at / size).collect();
            let parameters = Parameters { block: count("block"), ..Parameters::default() };
            let phi = Dispersion::default().of_rates(&values, &issues, 1000, count("split"), &parameters);
            json!({"phi": phi})
        }
        "repeat_mask" => {
            let mut series = Series::default();
            for (success, issue) in flags(&input["success"], '1').iter().zip(input["issue"].as_array().unwrap()) {
                series.push(*success, None, IssueType::Bug, None, issue.as_u64());
            }
            let again = repeats(&series, u32::try_from(count("tries")).unwrap());
            json!({"set_aside": again.iter().enumerate().filter(|(_, again)| **again).map(|(at, _)| at).collect::<Vec<_>>()})
        }
        "replay" => replayed(input),
        other => panic!("a new kind of case: {other}"),
    }
}

fn replayed(input: &Value) -> Value {
    let mut series = Series::default();
    let texts = ["success", "main_green", "type"].map(|key| input[key].as_str().unwrap().chars().collect::<Vec<_>>());
    for at in 0..texts[0].len() {
        let green = match texts[1][at] {
            '1' => Some(true),
            '0' => Some(false),
            _ => None,
        };
        let kind = KINDS.iter().find(|kind| kind.name().starts_with(texts[2][at])).unwrap();
        let (seconds, issue) = (input["duration"][at].as_f64(), input["issue"][at].as_u64());
        series.push(texts[0][at] == '1', green, *kind, seconds, issue);
    }
    let parameters = Parameters::default();
    let Thresholds { success, kind, duration, episodes } = parameters.thresholds;
    for (ours, theirs) in [success, kind, duration, episodes].iter().zip(input["thresholds"].as_array().unwrap()) {
        assert!((ours - number(theirs)).abs() < 1e-9);
    }
    let events: Vec<Value> = replay(&series, &parameters)
        .events
        .iter()
        .map(|event| {
            json!({"after_cycles": event.raised_after, "change_at": event.change_at, "stream": event.stream.name(),
                   "direction": if event.up { "up" } else { "down" }, "r": event.r, "phi": event.phi,
                   "before": event.before, "after": event.after, "n_before": event.n_before, "n_after": event.n_after,
                   "change_between": [event.change_low, event.change_high]})
        })
        .collect();
    json!({"events": events})
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn flags(text: &Value, yes: char) -> Vec<bool> {
    text.as_str().unwrap().chars().map(|character| character == yes).collect()
}

fn interval(range: Interval) -> Value {
    json!({"low": range.low, "high": range.high})
}

fn with(mut object: Value, key: &str, value: f64) -> Value {
    object[key] = value.into();
    object
}
