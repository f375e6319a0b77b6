//! The recordings on disk: how they look, how they are read back, and what a difference looks like.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Flavour;

use crate::picture::difference;

/// The longest line of a report of a difference; of longer ones the part around the difference is shown.
const WIDTH: usize = 160;

/// How many lines of each difference are reported.
const MOST_LINES: usize = 40;

/// How many differences of a recording are reported.
const MOST_DIFFERENCES: usize = 6;

/// How a space at the end of a line is written; [`crate::picture::lossless`] writes nothing else like it.
const SPACE: &str = "‹u+0020›";

/// What follows a text that does not end its last line.
const NO_NEWLINE: &str = "(no newline at the end)";

/// A part of what a call has done: its exit code, an output, or a file that it has changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Section {
    /// What it is a part of.
    pub title: String,
    /// The text; empty where the title says all.
    pub body: String,
}

/// A call with what it has done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Step {
    /// The command line.
    pub title: String,
    /// The parts.
    pub sections: Vec<Section>,
}

/// Returns the name of the recording of a scenario with this server: that of the server alone, where there is one.
pub(crate) fn name_as(name: &str, flavour: Flavour) -> String {
    let own = format!("{name}_as_{}", if flavour.is_gitea() { "gitea" } else { "forgejo" });
    if folder(&own).exists() { own } else { name.to_owned() }
}

/// Returns the folder of a scenario's recordings.
pub(crate) fn folder(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded").join(scenario)
}

/// Returns a recording as text: `# number command`, a line for each section, and its body behind bars.
pub(crate) fn render(steps: &[Step]) -> String {
    let mut text = String::new();
    for (number, step) in steps.iter().enumerate() {
        let gap = if number == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{gap}# {} {}", number + 1, step.title);
        for section in &step.sections {
            let _ = writeln!(text, "{}", section.title);
            for line in section.body.lines() {
                // No line ends in a space, so that no editor takes it away.
                let bar = if line.is_empty() { "|" } else { "| " };
                let _ = match line.strip_suffix(' ') {
                    Some(line) => writeln!(text, "{bar}{line}{SPACE}"),
                    None => writeln!(text, "{bar}{line}"),
                };
            }
            if !section.body.is_empty() && !section.body.ends_with('\n') {
                let _ = writeln!(text, "{NO_NEWLINE}");
            }
        }
    }
    text
}

/// Reads what [`render`] has written. Text of another form gives steps that equal no real one.
pub(crate) fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            let title = title.split_once(' ').map_or(title, |(_, title)| title);
            steps.push(Step { title: title.to_owned(), sections: Vec::new() });
            continue;
        }
        let Some(step) = steps.last_mut() else { continue };
        let body = line.strip_prefix('|').map(|body| body.strip_prefix(' ').unwrap_or(body));
        match (body, step.sections.last_mut()) {
            (Some(body), Some(section)) => {
                let body = body.strip_suffix(SPACE).map_or(body.to_owned(), |body| format!("{body} "));
                section.body.push_str(&body);
                section.body.push('\n');
            }
            _ if line.is_empty() => {}
            (None, Some(section)) if line == NO_NEWLINE => {
                section.body.pop();
            }
            _ => step.sections.push(Section { title: line.to_owned(), body: String::new() }),
        }
    }
    steps
}

/// Compares a recording with what has been done now; returns a report of the differences, empty where there are none.
pub(crate) fn compare(scenario: &str, file: &str, now: &[Step]) -> String {
    let path = folder(scenario).join(file);
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    if recorded == render(now) {
        return String::new();
    }
    let (recorded, mut all) = (parse(&recorded), Vec::new());
    for at in 0..recorded.len().max(now.len()) {
        let (old, new) = (recorded.get(at), now.get(at));
        let title = new.or(old).map_or("", |step| &step.title);
        for (section, body) in differing(old, new) {
            let place = format!("{section} (tests/recorded/{scenario}/{file})");
            all.push(format!("{scenario}, step {}: {title}\n  in {place}\n{body}", at + 1));
        }
    }
    if all.is_empty() {
        all.push(format!("{scenario}: tests/recorded/{scenario}/{file} is not as this test writes it"));
    }
    let left_out = all.len().saturating_sub(MOST_DIFFERENCES);
    all.truncate(MOST_DIFFERENCES);
    if left_out > 0 {
        all.push(format!("… and {left_out} more differences"));
    }
    all.join("\n\n")
}

/// The sections of a step that differ, each with its lines.
fn differing(old: Option<&Step>, new: Option<&Step>) -> Vec<(String, String)> {
    let (Some(old), Some(new)) = (old, new) else {
        let what = if old.is_some() { "recorded, and not done now" } else { "done now, and not recorded" };
        return vec![("the steps".to_owned(), format!("  {what}"))];
    };
    let mut found = Vec::new();
    if old.title != new.title {
        found.push(("the command".to_owned(), excerpt(&old.title, &new.title)));
    }
    let of = |step: &Step, title: &str| step.sections.iter().find(|section| section.title == title).cloned();
    let mut titles: Vec<&String> = old.sections.iter().chain(&new.sections).map(|section| &section.title).collect();
    titles.dedup();
    let mut seen: Vec<&String> = Vec::new();
    for title in titles {
        if seen.contains(&title) {
            continue;
        }
        seen.push(title);
        match (of(old, title), of(new, title)) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => found.push((title.clone(), excerpt(&a.body, &b.body))),
            (Some(a), None) => found.push((title.clone(), format!("  - {title}\n{}", excerpt(&a.body, "")))),
            (None, Some(b)) => found.push((title.clone(), format!("  + {title}\n{}", excerpt("", &b.body)))),
            (None, None) => {}
        }
    }
    found
}

/// The lines that differ, `-` recorded and `+` now, each short enough to be read.
fn excerpt(old: &str, new: &str) -> String {
    let difference = difference(old, new, 1);
    let lines: Vec<&str> = difference.lines().collect();
    let mut shown = String::new();
    for (at, line) in lines.iter().take(MOST_LINES).enumerate() {
        let _ = writeln!(shown, "    {}", window(line, partner(&lines, at)));
    }
    if lines.len() > MOST_LINES {
        let _ = writeln!(shown, "    … {} more lines", lines.len() - MOST_LINES);
    }
    shown
}

/// The other side of a changed line: the first of the added lines for the first of the removed ones, and so on.
fn partner<'a>(lines: &[&'a str], at: usize) -> Option<&'a str> {
    let changed = |line: &&&str| line.starts_with(['-', '+', '\\']);
    let start = at - lines[..at].iter().rev().take_while(changed).count();
    let run = lines[start..].iter().take_while(changed);
    let sign = lines[at].chars().next().filter(|sign| "+-".contains(*sign))?;
    let rank = lines[start..at].iter().filter(|line| line.starts_with(sign)).count();
    let other = if sign == '-' { '+' } else { '-' };
    run.filter(|line| line.starts_with(other)).nth(rank).copied()
}

/// A long line around the place where it differs from its partner.
fn window(line: &str, partner: Option<&str>) -> String {
    let chars: Vec<char> = line.chars().collect();
    if chars.len() <= WIDTH {
        return line.to_owned();
    }
    let same = partner
        .map_or(0, |partner| line.chars().skip(1).zip(partner.chars().skip(1)).take_while(|(a, b)| a == b).count());
    let start = same.saturating_sub(WIDTH / 4).max(1);
    let end = (start + WIDTH).min(chars.len());
    let (before, after) = (if start > 1 { "…" } else { "" }, if end < chars.len() { "…" } else { "" });
    format!("{}{before}{}{after}", chars[0], chars[start..end].iter().collect::<String>())
}

#[test]
fn a_recording_is_read_as_it_was_written() {
    let section = |title: &str, body: &str| Section { title: title.to_owned(), body: body.to_owned() };
    let steps = [
        Step {
            title: "a # b".to_owned(),
            sections: vec![section("exit 0", ""), section("stdout", "# 2 x\n\n| y \n  \n")],
        },
        Step { title: "c".to_owned(), sections: vec![section("new d", "no end"), section("changed e", "@@\n-f\n")] },
    ];
    let text = render(&steps);
    assert_eq!(parse(&text), steps);
    assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
}

#[test]
fn a_difference_names_its_step_and_shows_its_lines() {
    let step = |body: &str| Step {
        title: "loop_guard".to_owned(),
        sections: vec![Section { title: "stdout".to_owned(), body: body.to_owned() }],
    };
    let found = differing(Some(&step("a\nb\nc\n")), Some(&step("a\nB\nc\n")));
    assert_eq!(found, [("stdout".to_owned(), "    @@ -1,3 +1,3 @@\n     a\n    -b\n    +B\n     c\n".to_owned())]);
    let long = "x".repeat(1000);
    let found = differing(Some(&step(&format!("{long}a{long}"))), Some(&step(&format!("{long}b{long}"))));
    assert!(
        found[0].1.lines().all(|line| line.chars().count() < 2 * WIDTH) && found[0].1.contains("xxxbxxx"),
        "{}",
        found[0].1
    );
}
