//! A line of the log, read in one pass that finds its fields in any order: several times as fast as reading it as JSON.

use std::array;

use json_fields::{Finder, Object, space};
use records::Cycle;

use crate::lines;

/// Reads lines of the log; remembers the keys of earlier ones.
#[derive(Debug)]
pub struct LineReader(Finder);

impl Default for LineReader {
    fn default() -> Self {
        Self(Finder::new(Cycle::FIELDS))
    }
}

impl LineReader {
    /// Reads a line; none where it is damaged.
    pub fn cycle(&mut self, line: &[u8]) -> Option<Cycle> {
        self.read(line, |fields| Cycle::from_written(array::from_fn(|slot| fields.get(slot))), |cycle| cycle)
    }

    /// Reads a part of a line: from its fields, whose places are those of [`Cycle::FIELDS`], or where only the general parser
    /// can judge the line, from its record. Both have to make the same of it. None where it is damaged.
    pub fn read<T>(
        &mut self,
        line: &[u8],
        from_fields: impl FnOnce(&Object<'_>) -> T,
        from_record: impl FnOnce(Cycle) -> T,
    ) -> Option<T> {
        self.read_first(line, line.len(), from_fields, from_record)
    }

    /// Reads a part of the line that is the first `length` bytes of `text`, as [`LineReader::read`] does. What follows it is
    /// not read, but lets its last keys be compared in blocks.
    pub fn read_first<T>(
        &mut self,
        text: &[u8],
        length: usize,
        from_fields: impl FnOnce(&Object<'_>) -> T,
        from_record: impl FnOnce(Cycle) -> T,
    ) -> Option<T> {
        let line = text.get(..length)?;
        match self.0.find(text) {
            // A line that has a field twice is damaged: serde rejects it.
            Ok(fields) if space(line, fields.text().len()) == length => {
                (!fields.has_duplicates).then(|| from_fields(&fields))
            }
            _ => lines::parse(line).map(from_record),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            2 => "[0-9]{1,20}",
            1 => "-?[1-9][0-9]{0,2}\\.[0-9]{1,3}(e-?[0-9]{1,3})?",
            2 => "\"[#+-]?[0-9., ]{0,12}\"",
            1 => prop_oneof![Just("true"), Just("false"), Just("null"), Just("\"true\""), Just("[1]"), Just("{\"issue\": 1}")].prop_map(str::to_owned),
            1 => prop_oneof![Just("\"Bug\""), Just("\" feature\""), Just("\"infra\""), Just("\"b\\u0075g\""), Just("\"\\ud800\"")].prop_map(str::to_owned),
            1 => "\"\\PC{0,12}\"".prop_filter("an escape or a quote", |text| !text[1..text.len() - 1].contains(['"', '\\'])),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_line_is_read_as_the_general_parser_reads_it(
            values in proptest::collection::vec(proptest::option::weighted(0.7, value()), Cycle::FIELDS.len()),
            twice in proptest::option::weighted(0.1, 0..Cycle::FIELDS.len()),
            end in prop_oneof![6 => Just("}"), 1 => Just("} \r"), 1 => Just(""), 1 => Just("} {"), 1 => Just(", \"x\\u0079\": [\"\\udcff\"]}")],
        ) {
            let named = Cycle::FIELDS.iter().zip(&values).filter_map(|(name, value)| Some((*name, value.clone()?)));
            let twice = twice.map(|place| (Cycle::FIELDS[place], "1".to_owned()));
            let fields: Vec<String> = named.chain(twice).map(|(name, value)| format!("\"{name}\": {value}")).collect();
            let line = format!("{{{}{end}", fields.join(", "));
            let read = LineReader::default().cycle(line.as_bytes());
            prop_assert_eq!(read, lines::parse::<Cycle>(line.as_bytes()), "{}", line);
        }
    }
}
