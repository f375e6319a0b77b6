//! From the text of the file to the rules: what is wrong in it is named with its line and column.
//!
//! The file is untrusted. Its nesting and its aliases are bounded by the YAML reader's budget; patterns run in linear time,
//! and their number, length and compiled size are bounded here.

use std::collections::{BTreeMap, BTreeSet};

use host::source::{Position, Source, SourceError};
use host::text;
use records::triage_rules::{Dimension as DimensionFile, Place, QuarantineRules, RuleFile, RulesFile};
use regex::bytes::RegexSetBuilder;
use serde_yaml::{Location, Spanned};

use crate::limits::QuarantineLimits;
use crate::pattern::{SET_LIMIT, regex};
use crate::rules::{Dimension, Pattern, PatternSet, Rule, Rules};

/// The longest pattern, in bytes.
const PATTERN_LIMIT: usize = 1000;

/// The most patterns in one file.
const MOST_PATTERNS: usize = 1000;

/// Makes rules of a file's text.
pub(crate) fn compile(source: &Source) -> Result<Rules, SourceError> {
    let file: RulesFile = read_yaml(source)?;
    Compiler { source, titles: Vec::new(), bodies: Vec::new() }.compile(file)
}

/// Reads only when an issue is quarantined, and compiles no pattern.
pub(crate) fn quarantine_limits(source: &Source) -> Result<QuarantineLimits, SourceError> {
    let file: RulesFile = read_yaml(source)?;
    Compiler { source, titles: Vec::new(), bodies: Vec::new() }.quarantine(&file.quarantine)
}

/// Reads the YAML within its budget.
fn read_yaml(source: &Source) -> Result<RulesFile, SourceError> {
    if source.text().trim().is_empty() {
        return Err(source.error(0, "the file is empty"));
    }
    let options = serde_yaml::options! { with_snippet: false };
    serde_yaml::from_str_with_options(source.text(), options).map_err(|error| {
        let message = error.render();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let placed = placed(source, error.location().unwrap_or(Location::UNKNOWN), message);
        // "unknown field `pionts`, expected one of id, points, …"
        let unknown = message.strip_prefix("unknown ").and_then(|rest| rest.split('`').nth(1));
        let known = message.split_once("expected one of ").map_or("", |(_, known)| known);
        let nearest =
            unknown.and_then(|unknown| text::nearest(unknown, known.split(", ").map(|name| name.trim_matches('`'))));
        match nearest {
            Some(nearest) => placed.with_hint(format!("did you mean `{nearest}`?")),
            None => placed,
        }
    })
}

fn placed(source: &Source, location: Location, message: &str) -> SourceError {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let position = (location != Location::UNKNOWN)
        .then(|| Position { line: number(location.line()), column: number(location.column()) });
    SourceError { path: source.path().to_owned(), position, message: text::fit(message, 400), hint: None }
}

/// Makes rules of a file, and collects the patterns on the way.
struct Compiler<'a> {
    source: &'a Source,
    titles: Vec<Automation>,
    bodies: Vec<Automation>,
}

/// A pattern on its way into a set.
struct Automation {
    /// As it is compiled.
    text: String,
    /// As it is in the file.
    given: Spanned<String>,
}

impl Compiler<'_> {
    fn compile(mut self, file: RulesFile) -> Result<Rules, SourceError> {
        self.in_range(&file.version, 1..=1, "version", "1, the only version")?;
        let quarantine = self.quarantine(&file.quarantine)?;
        let tags: BTreeMap<String, BTreeSet<String>> = file
            .tags
            .into_iter()
            .map(|(group, names)| (group, names.iter().map(|name| name.trim().to_lowercase()).collect()))
            .collect();
        let mut types = Vec::new();
        for words in file.types {
            for pattern in words.patterns {
                types.push((words.kind, self.pattern(&pattern, Place::Title)?));
            }
        }
        let dimensions = [
            self.dimension("scope", file.dimensions.scope, &tags)?,
            self.dimension("acceptance", file.dimensions.acceptance, &tags)?,
            self.dimension("alignment", file.dimensions.alignment, &tags)?,
        ];
        let most: i64 = dimensions.iter().map(|dimension| dimension.max).sum();
        let thresholds = format!("a number from 0 to {most}, the maximum sum of the dimensions");
        self.in_range(&file.thresholds.ready, 0..=most, "ready", &thresholds)?;
        self.in_range(&file.thresholds.excellent, 0..=most, "excellent", &thresholds)?;
        for (at, order) in file.ordering.iter().enumerate() {
            if file.ordering[..at].iter().any(|earlier| earlier.value == order.value) {
                return Err(self.error(order, "ordering: this is listed twice"));
            }
        }
        let (titles, bodies) = (std::mem::take(&mut self.titles), std::mem::take(&mut self.bodies));
        let (in_titles, in_bodies) = (self.set(titles)?, self.set(bodies)?);
        Ok(Rules {
            ready: file.thresholds.ready.value,
            excellent: file.thresholds.excellent.value,
            tags,
            types,
            dimensions,
            ordering: file.ordering.into_iter().map(|order| order.value).collect(),
            quarantine,
            in_titles,
            in_bodies,
        })
    }

    fn quarantine(&self, file: &QuarantineRules) -> Result<QuarantineLimits, SourceError> {
        self.in_range(&file.failures, 1..=1000, "failures", "a number from 1 to 1000")?;
        self.in_range(&file.lookback, 1..=100_000, "lookback", "a number from 1 to 100000")?;
        let lookback = usize::try_from(file.lookback.value).unwrap_or(usize::MAX);
        Ok(QuarantineLimits { failures: file.failures.value, lookback })
    }

    fn dimension(
        &mut self,
        name: &'static str,
        file: DimensionFile,
        tags: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Dimension, SourceError> {
        self.in_range(&file.max, 1..=100, "max", "a number from 1 to 100")?;
        let mut rules: Vec<Rule> = Vec::new();
        for rule in file.rules {
            if rules.iter().any(|other| other.id == rule.id.value) {
                let message = format!("{name} has two rules with the id `{}`", text::fit(&rule.id.value, 60));
                return Err(self.error(&rule.id, &message));
            }
            rules.push(self.rule(rule, tags)?);
        }
        Ok(Dimension { name, max: file.max.value, rules })
    }

    fn rule(&mut self, file: RuleFile, tags: &BTreeMap<String, BTreeSet<String>>) -> Result<Rule, SourceError> {
        self.in_range(&file.points, -100..=100, "points", "a number from -100 to 100")?;
        let nothing =
            file.patterns.is_empty() && file.sections.is_empty() && file.tags.is_empty() && file.types.is_empty();
        if nothing && file.title_length.is_none() && file.body_length.is_none() {
            return Err(self
                .error(&file.id, "this rule searches for nothing")
                .with_hint("give it patterns, sections, tags, types or a length"));
        }
        for group in &file.tags {
            if !tags.contains_key(&group.value) {
                let error = self.error(group, &format!("`tags` has no group `{}`", text::fit(&group.value, 60)));
                let nearest = text::nearest(&group.value, tags.keys().map(String::as_str));
                return Err(
                    nearest.map_or(error.clone(), |nearest| error.with_hint(format!("did you mean `{nearest}`?")))
                );
            }
        }
        if let Some(at_least) = &file.at_least {
            let most = file.patterns.len().max(1) as u64;
            self.in_range(
                at_least,
                1..=most,
                "at_least",
                &format!("a number from 1 to the number of patterns, {most}"),
            )?;
        }
        let places = file.places.unwrap_or_else(|| vec![Place::Title, Place::Body]);
        let mut patterns = Vec::new();
        for pattern in &file.patterns {
            let mut place = |place: Place| places.contains(&place).then(|| self.pattern(pattern, place)).transpose();
            patterns.push(Pattern { in_titles: place(Place::Title)?, in_bodies: place(Place::Body)? });
        }
        let mut sections = Vec::new();
        for pattern in &file.sections {
            self.check_pattern(pattern)?;
            // By itself, before a heading's beginning around it can make sense of what makes none.
            self.sound(pattern, &pattern.value)?;
            let text = format!(r"^[ \t]{{0,3}}(?:#{{1,6}}[ \t]+|\*\*)[*_`]*(?:{})", pattern.value);
            self.bodies.push(Automation { text, given: pattern.clone() });
            sections.push(self.bodies.len() - 1);
        }
        Ok(Rule {
            id: file.id.value,
            points: file.points.value,
            advice: file.advice,
            patterns,
            at_least: file.at_least.map_or(1, |count| usize::try_from(count.value).unwrap_or(usize::MAX)),
            sections,
            tags: file.tags.into_iter().map(|group| group.value).collect(),
            types: file.types,
            title_length: file.title_length,
            body_length: file.body_length,
        })
    }

    /// Adds a pattern to the set of its place; returns its number there.
    fn pattern(&mut self, pattern: &Spanned<String>, place: Place) -> Result<usize, SourceError> {
        self.check_pattern(pattern)?;
        let list = match place {
            Place::Title => &mut self.titles,
            Place::Body => &mut self.bodies,
        };
        list.push(Automation { text: pattern.value.clone(), given: pattern.clone() });
        Ok(list.len() - 1)
    }

    fn check_pattern(&self, pattern: &Spanned<String>) -> Result<(), SourceError> {
        if pattern.value.is_empty() {
            return Err(self.error(pattern, "an empty pattern matches everywhere"));
        }
        if pattern.value.len() > PATTERN_LIMIT {
            return Err(self.error(pattern, &format!("a pattern of more than {PATTERN_LIMIT} bytes")));
        }
        if self.titles.len() + self.bodies.len() >= MOST_PATTERNS {
            return Err(self.error(pattern, &format!("more than {MOST_PATTERNS} patterns")));
        }
        Ok(())
    }

    /// Compiles one pattern to see whether it can be.
    fn sound(&self, given: &Spanned<String>, text: &str) -> Result<(), SourceError> {
        regex(text).map(drop).map_err(|error| {
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or(&message).trim_start_matches("error: ");
            self.error(given, &format!("the pattern `{}` is invalid: {reason}", text::fit(&given.value, 80)))
        })
    }

    /// Compiles many patterns into one set. Only when that fails is each compiled by itself, to find the guilty one:
    /// compiling a hundred patterns takes longer than all the rest of a start.
    fn set(&self, listed: Vec<Automation>) -> Result<PatternSet, SourceError> {
        let set = RegexSetBuilder::new(listed.iter().map(|pattern| &pattern.text))
            .case_insensitive(true)
            .multi_line(true)
            .unicode(false)
            .size_limit(SET_LIMIT)
            .dfa_size_limit(SET_LIMIT)
            .build();
        match set {
            Ok(set) => Ok(PatternSet { set, texts: listed.into_iter().map(|pattern| pattern.text).collect() }),
            Err(error) => {
                listed.iter().try_for_each(|pattern| self.sound(&pattern.given, &pattern.text))?;
                Err(self.source.error_without_place(&format!("the patterns together are too large: {error}")))
            }
        }
    }

    fn in_range<T: PartialOrd + std::fmt::Display>(
        &self,
        value: &Spanned<T>,
        range: std::ops::RangeInclusive<T>,
        key: &str,
        expected: &str,
    ) -> Result<(), SourceError> {
        if range.contains(&value.value) {
            return Ok(());
        }
        Err(self.error(value, &format!("{key}: {} is not {expected}", value.value)))
    }

    fn error<T>(&self, at: &Spanned<T>, message: &str) -> SourceError {
        placed(self.source, at.referenced, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::SHIPPED;

    fn error(text: &str) -> String {
        let error = Rules::parse(&Source::new("rules.yaml", text)).unwrap_err();
        format!("{error}{}", error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default())
    }

    fn changed(from: &str, to: &str) -> String {
        assert!(SHIPPED.contains(from), "{from}");
        error(&SHIPPED.replacen(from, to, 1))
    }

    #[test]
    fn the_shipped_rules_are_sound() {
        let rules = Rules::parse(&Source::new("rules.yaml", SHIPPED)).unwrap();
        assert_eq!((rules.ready, rules.quarantine), (5, QuarantineLimits::BUILT_IN));
        assert!(rules.count().0 > 20 && rules.count().1 > 50);
        for rule in rules.dimensions.iter().flat_map(|dimension| &dimension.rules) {
            assert_eq!(
                rule.advice.is_some(),
                rule.points < 0,
                "{}: an advice says what to do about lost points",
                rule.id
            );
        }
    }

    #[test]
    fn what_is_wrong_is_placed() {
        for (from, to, expected) in [
            ("points: 1", "pionts: 1", "(did you mean `points`?)"),
            ("points: 1", "points: 101", "points: 101 is not a number from -100 to 100"),
            ("points: 1", "points: many", "rules.yaml:"),
            ("max: 3", "max: 0", "max: 0 is not a number from 1 to 100"),
            ("ready: 5", "ready: 10", "ready: 10 is not a number from 0 to 9"),
            ("ready: 5", "ready: -1", "rules.yaml:19:10: ready: -1 is not"),
            ("failures: 2", "failures: 0", "failures: 0 is not a number from 1 to 1000"),
            ("'\\bphilosoph'", "'(philosoph'", "the pattern `(philosoph` is invalid: unclosed group"),
            ("'\\bphilosoph'", "'(a{1000}){1000}'", "is invalid: Compiled regex exceeds size limit"),
            ("'\\bphilosoph'", "''", "an empty pattern matches everywhere"),
            ("types: [bug]", "types: [bugg]", "(did you mean `bug`?)"),
            ("tags: [loop]", "tags: [lop]", "`tags` has no group `lop` (did you mean `loop`?)"),
            ("id: names_code", "id: names_a_file", "scope has two rules with the id `names_a_file`"),
            ("[bugs_first, score", "[bugs_first, bugs_first", "ordering: this is listed twice"),
            ("version: 1", "version: 2", "version: 2 is not 1, the only version"),
            ("quarantine:", "quarantin:", "(did you mean `quarantine`?)"),
        ] {
            let error = changed(from, to);
            assert!(error.contains(expected), "{to}: {error}");
            assert!(
                error.split(':').nth(1).is_some_and(|line| line.parse::<usize>().is_ok_and(|line| line > 0)),
                "{error}"
            );
        }
    }

    #[test]
    fn hostile_files_are_refused_quickly() {
        let bomb = (0..60).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
            text + &format!("a{}: &a{} [*a{level}, *a{level}, *a{level}, *a{level}]\n", level + 1, level + 1)
        });
        let many = "          - 'pattern'\n".repeat(2000);
        for text in [
            bomb,
            "[".repeat(100_000),
            "{a: ".repeat(100_000),
            String::new(),
            "# only a remark".to_owned(),
            "- 1\n- 2\n".to_owned(),
            "a: *nobody".to_owned(),
            SHIPPED.replacen("          - '\\?\\?\\?'\n", &many, 1),
        ] {
            assert!(!error(&text).is_empty());
        }
    }
}
