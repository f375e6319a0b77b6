//! The fields found are those that serde_json finds, and what is skipped it accepts too.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use json_fields::{Doubt, Finder, Object, skip};
use proptest::prelude::*;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

const NAMES: &[&str] = &["issue", "type", "ready"];

/// The same fields, as serde_json finds them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted<'a> {
    #[serde(borrow, deserialize_with = "present")]
    issue: Option<&'a RawValue>,
    #[serde(borrow, rename = "type", deserialize_with = "present")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "present")]
    ready: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn found<'a>(object: &Object<'a>) -> [Option<&'a [u8]>; 3] {
    std::array::from_fn(|slot| object.get(slot))
}

/// Compares a finder that has seen much with a new one, and both with serde_json.
fn check(finder: &mut Finder, text: &[u8]) {
    let shown = String::from_utf8_lossy(text);
    let mut fresh = Finder::new(NAMES);
    let results = [finder.find(text), fresh.find(text)]
        .map(|result| result.map(|object| (object.text(), found(&object), object.has_duplicates)));
    assert_eq!(results[0], results[1], "earlier objects change nothing: {shown}");
    match results[0] {
        Ok((object, found, has_duplicates)) => match serde_json::from_slice::<Wanted>(object) {
            Ok(wanted) => {
                let wanted = [wanted.issue, wanted.kind, wanted.ready].map(|raw| raw.map(|raw| raw.get().as_bytes()));
                assert_eq!((wanted, false), (found, has_duplicates), "{shown}");
            }
            Err(error) => assert!(has_duplicates && error.to_string().contains("duplicate field"), "{error}: {shown}"),
        },
        Err(Doubt::Incomplete) => assert!(serde_json::from_slice::<Wanted>(text).is_err(), "{shown}"),
        Err(Doubt::Undecided) => {}
    }
    match skip(text) {
        Ok(length) => {
            let raw: &RawValue = serde_json::from_slice(&text[..length]).unwrap();
            assert_eq!(raw.get().as_bytes(), &text[..length]);
        }
        Err(Doubt::Incomplete) => {
            let is_number = text.first().is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'));
            assert!(is_number || serde_json::from_slice::<&RawValue>(text).is_err(), "{shown}");
        }
        Err(Doubt::Undecided) => {
            // The value itself is what is odd, not what comes after it.
            let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
            let is_deep = shown.contains("[[[[") || shown.starts_with([' ', '\t', '\r', '\n']);
            assert!(is_deep || !matches!(values.next(), Some(Ok(_))), "{shown}");
        }
    }
}

/// White space, mostly none or one space.
fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 6 => Just(" "), 1 => Just("\n  "), 1 => Just("\t\r")]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9 ./:-]{0,40}",
        1 => "\\PC{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap().trim_matches('"').to_owned()),
        1 => Just("\\u2014 \\\"q\\\" \\\\ \\ud83d\\ude00".to_owned()),
        1 => Just("half \\ud800".to_owned()),
    ]
    .prop_map(|text| format!("\"{text}\""))
}

fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        3 => text(),
        2 => (any::<u32>(), 0_u32..32).prop_map(|(number, shift)| (number >> shift).to_string()),
        1 => any::<f64>().prop_filter("JSON has no infinities", |value| value.is_finite()).prop_map(|value| format!("{value:e}")),
        1 => prop_oneof![Just("-0"), Just("1.50"), Just("2E+7"), Just("-12e-3")].prop_map(str::to_owned),
        2 => prop_oneof![Just("true"), Just("false"), Just("null")].prop_map(str::to_owned),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            (proptest::collection::vec((inner.clone(), gap()), 0..5), gap()).prop_map(|(items, begin)| {
                let items: Vec<String> = items.into_iter().map(|(item, gap)| format!("{gap}{item}{gap}")).collect();
                format!("[{begin}{}]", items.join(","))
            }),
            (proptest::collection::vec((text(), inner, gap()), 0..5), gap()).prop_map(|(fields, begin)| {
                let fields: Vec<String> =
                    fields.into_iter().map(|(key, value, gap)| format!("{gap}{key}{gap}:{gap}{value}{gap}")).collect();
                format!("{{{begin}{}}}", fields.join(","))
            }),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop_oneof![Just("issue"), Just("type"), Just("ready"), Just("title"), Just("notes"), Just("")]
            .prop_map(|key| format!("\"{key}\"")),
        1 => text(),
        1 => prop_oneof![
            Just("\"iss\\u0075e\""), Just("\"gr\\u00f6\\u00dfe\""), Just("\"a\\nb\""), Just("\"\\ud800\""), Just("\"a key of more than thirty-two bytes\""),
        ].prop_map(str::to_owned),
    ]
}

fn object() -> impl Strategy<Value = String> {
    (proptest::collection::vec((key(), json(), gap()), 0..8), gap(), gap()).prop_map(|(fields, colon, comma)| {
        let fields: Vec<String> =
            fields.into_iter().map(|(key, value, gap)| format!("{gap}{key}:{colon}{value}")).collect();
        format!("{{{}{comma}}}", fields.join(&format!(",{comma}")))
    })
}

const LINE: &str = r#"{"timestamp": "2026-03-21T12:34:56+00:00", "issue": 85, "type": "infra", "ready": true, "x": [1, {"a": -0.5e+3}], "notes": "a \u2014 \"b\" é"}"#;

#[test]
fn whatever_byte_of_a_line_is_changed_the_answer_is_that_of_serde() {
    let mut finder = Finder::new(NAMES);
    for place in 0..LINE.len() {
        for byte in *b"\0\n\x1f \"\\{}[],:0159.-+eEtfnu/\x7f\x80\xc3\xff" {
            let mut changed = LINE.as_bytes().to_vec();
            changed[place] = byte;
            check(&mut finder, &changed);
            changed.insert(place, LINE.as_bytes()[place]);
            check(&mut finder, &changed);
        }
        check(&mut finder, &LINE.as_bytes()[..place]);
        check(&mut finder, &LINE.as_bytes()[place..]);
    }
}

#[test]
fn nothing_of_an_ordinary_object_is_left_in_doubt() {
    let mut finder = Finder::new(NAMES);
    for text in [
        LINE,
        "{}",
        " { } ",
        "{\"gr\\u00f6\\u00dfe\": 1, \"a\\tb\": 2, \"issue\":3}",
        "{\n    \"issue\": 1,\n    \"type\": \"bug\"\n}",
        "{\"issue\" : 1 , \"ready\" : {\"ready\": [false]} }",
        "{\"issue\":1}",
        "{\"issue\": \t 2}",
    ] {
        check(&mut finder, text.as_bytes());
        assert!(finder.find(text.as_bytes()).is_ok(), "{text}");
    }
    let object = finder.find(b"{\"ready\": 1, \"issue\": \"2\", \"ready\": 3} and more").unwrap();
    assert_eq!(object.text(), b"{\"ready\": 1, \"issue\": \"2\", \"ready\": 3}");
    assert_eq!((found(&object), object.has_duplicates), ([Some(&b"\"2\""[..]), None, Some(b"3")], true));
}

#[test]
fn an_incomplete_text_is_not_the_same_as_a_wrong_one() {
    let mut finder = Finder::new(NAMES);
    for (text, doubt) in [
        ("", Doubt::Incomplete),
        ("{\"issue\":", Doubt::Incomplete),
        ("{\"issue\": 1", Doubt::Incomplete),
        ("{\"issue\": tr", Doubt::Incomplete),
        ("{\"issue\": \"\\u00", Doubt::Incomplete),
        ("{\"issue\": [{\"a\": [", Doubt::Incomplete),
        ("{\"issue\": 01}", Doubt::Undecided),
        ("{\"issue\": tru}", Doubt::Undecided),
        ("{\"issue\": 1,}", Doubt::Undecided),
        ("{issue: 1}", Doubt::Undecided),
        ("[1]", Doubt::Undecided),
        ("{\"iss\\u0075e\": 1}", Doubt::Undecided),
    ] {
        assert_eq!(finder.find(text.as_bytes()).map(|_| ()), Err(doubt), "{text}");
    }
    assert_eq!((skip(b"12"), skip(b"12 "), skip(b"[[]],")), (Err(Doubt::Incomplete), Ok(2), Ok(4)));
    let deep = "[".repeat(65) + &"]".repeat(65);
    assert_eq!((skip(deep.as_bytes()), skip(&deep.as_bytes()[1..])), (Err(Doubt::Undecided), Ok(128)));
}

#[test]
fn more_keys_than_are_remembered_are_found_all_the_same() {
    let mut finder = Finder::new(NAMES);
    for round in 0..3 {
        for number in 0..200 {
            let text = format!("{{\"k{number}\": {round}, \"issue\": {number}, \"l{number}\": null}}");
            assert_eq!(finder.find(text.as_bytes()).unwrap().get(0), Some(number.to_string().as_bytes()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn any_object_has_the_fields_that_serde_finds(texts in proptest::collection::vec(object(), 1..6)) {
        let mut finder = Finder::new(NAMES);
        for _ in 0..2 {
            for text in &texts {
                check(&mut finder, text.as_bytes());
            }
        }
    }

    #[test]
    fn a_damaged_object_has_the_fields_that_serde_finds_or_none(
        text in object(), other in object(), place in any::<prop::sample::Index>(), byte in any::<u8>(), edit in 0..4,
    ) {
        let mut damaged = text.clone().into_bytes();
        let place = place.index(damaged.len());
        match edit {
            0 => damaged[place] = byte,
            1 => drop(damaged.remove(place)),
            2 => damaged.insert(place, byte),
            _ => damaged.truncate(place),
        }
        let mut finder = Finder::new(NAMES);
        for text in [text.as_bytes(), &damaged, other.as_bytes(), &damaged] {
            check(&mut finder, text);
        }
    }
}
