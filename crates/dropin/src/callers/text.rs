//! The calls of a text: paths of scripts, modules that Python runs, and imports.

use std::sync::LazyLock;

use regex::Regex;

/// How many lines an import in parentheses may have.
const MOST_LINES: usize = 100;

static MODULE_FLAG: LazyLock<Regex> =
    LazyLock::new(|| literal(r#"(?:^|[ \t'",\[])-m['", \t]*([A-Za-z_][0-9A-Za-z_.]*)"#));
static IMPORT: LazyLock<Regex> = LazyLock::new(|| literal(r"^[ \t]*import[ \t]+([^#;]+)"));
static FROM: LazyLock<Regex> =
    LazyLock::new(|| literal(r"^[ \t]*from[ \t]+([0-9A-Za-z_.]+)[ \t]+import[ \t]+([^#;]+)"));
static BY_NAME: LazyLock<Regex> =
    LazyLock::new(|| literal(r#"(?:import_module|__import__|run_module|find_spec)\([ \t]*['"]([0-9A-Za-z_.]+)['"]"#));

static ENTRY_POINT: LazyLock<Regex> =
    LazyLock::new(|| literal(r#"(?:^|[= \t'"])([A-Za-z_][0-9A-Za-z_.]*)[ \t]*:[ \t]*([A-Za-z_][0-9A-Za-z_]*)"#));

#[expect(clippy::unwrap_used, reason = "a literal")]
fn literal(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// An import of the module of a tool.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Import {
    /// The line, from 1.
    pub(super) line: usize,
    /// The module as it is named.
    pub(super) module: String,
    /// What is used of it, as far as the text shows it.
    pub(super) names: Vec<String>,
}

/// The words of a line that are the path of a script with a tool's name.
pub(super) fn paths_in<'a>(line: &'a str, is_tool: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a str> {
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    line.split(move |c: char| !is_of_path(c)).filter(move |word| {
        let Some((folder, name)) = word.rsplit_once('/') else { return false };
        let is_plain = !folder.contains("originals") && !folder.contains(".loop/");
        is_plain && name.strip_suffix(".py").is_some_and(&is_tool)
    })
}

/// The programs in a `.loop/bin` of the repository that a line names, by their paths from its root.
pub(super) fn programs_in<'a>(
    line: &'a str,
    root: &'a str,
    is_program: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = &'a str> {
    let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    line.split(move |c: char| !is_of_path(c)).filter_map(move |word| {
        let at = word.find(".loop/bin/")?;
        let (before, program) = word.split_at(at);
        // An absolute path may be one of another repository.
        let is_here =
            matches!(before, "" | "/" | "./") || !before.starts_with('/') || before.trim_end_matches('/') == root;
        (is_here && is_program(last_part(program))).then_some(program)
    })
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The modules with a tool's name that a line of a project's configuration makes commands of, each with the function.
pub(super) fn entry_points_in<'a>(
    line: &'a str,
    is_tool: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let found =
        ENTRY_POINT.captures_iter(line).filter_map(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str())));
    found.filter(move |(module, _)| is_tool(last(module)))
}

/// The code of a notebook, a line for each of its lines.
pub(super) fn of_notebook(text: &str) -> String {
    let code = |line: &str| {
        let line = line.trim().trim_end_matches(',');
        let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
        inner.strip_suffix("\\n").unwrap_or(inner).replace("\\\"", "\"")
    };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The modules with a tool's name that a line has Python run with `-m`.
pub(super) fn modules_run_in<'a>(line: &'a str, is_tool: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a str> {
    let modules = MODULE_FLAG.captures_iter(line).filter_map(|found| found.get(1));
    modules.map(|module| module.as_str()).filter(move |module| is_tool(last(module)))
}

/// The imports of modules with a tool's name in a Python text.
pub(super) fn imports_in(text: &str, is_tool: impl Fn(&str) -> bool) -> Vec<Import> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut add = |at: usize, module: &str, mut names: Vec<String>| {
        names.sort();
        names.dedup();
        found.push(Import { line: at + 1, module: module.to_owned(), names });
    };
    for (at, line) in lines.iter().enumerate() {
        for statement in line.split(';') {
            if let Some(modules) = IMPORT.captures(statement).and_then(|found| found.get(1)) {
                for (module, called) in named(modules.as_str()).filter(|(module, _)| is_tool(last(module))) {
                    add(at, module, attributes(text, called));
                }
            } else if let Some((from, list)) =
                FROM.captures(statement).and_then(|found| Some((found.get(1)?, found.get(2)?)))
            {
                let list = in_parentheses(list.as_str(), &lines[at + 1..]);
                if is_tool(last(from.as_str())) {
                    add(at, from.as_str(), named(&list).map(|(name, _)| name.to_owned()).collect());
                } else {
                    for (name, called) in named(&list).filter(|(name, _)| is_tool(name)) {
                        add(at, &format!("{}.{name}", from.as_str()), attributes(text, called));
                    }
                }
            }
        }
        for module in BY_NAME.captures_iter(line).filter_map(|found| found.get(1)) {
            if is_tool(last(module.as_str())) {
                add(at, module.as_str(), Vec::new());
            }
        }
    }
    found
}

/// The last name of a dotted one.
pub(super) fn last(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}

/// The names of a list, each with the name by which the text calls it: `a, b as c`.
fn named(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.split(',').filter_map(|part| {
        let mut words = part.split_whitespace();
        let name = words.next()?;
        let called = if words.next() == Some("as") { words.next()? } else { name };
        Some((name, called))
    })
}

/// A list of names without its parentheses, which may go over several lines.
fn in_parentheses(list: &str, following: &[&str]) -> String {
    let Some(first) = list.trim_start().strip_prefix('(') else { return list.to_owned() };
    let lines = std::iter::once(first).chain(following.iter().copied()).take(MOST_LINES);
    let mut names = String::new();
    for line in lines {
        let line = line.split('#').next().unwrap_or(line);
        let (before, is_end) = line.split_once(')').map_or((line, false), |(before, _)| (before, true));
        names.push_str(before);
        if is_end {
            break;
        }
        names.push(' ');
    }
    names
}

/// The attributes of a module that a text uses.
fn attributes(text: &str, called: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(called) {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = text[..at].chars().next_back();
        let Some(rest) = text[at + called.len()..].strip_prefix('.') else { continue };
        if before.is_none_or(|c| !is_word(c) && !matches!(c, '.' | '/' | '\'' | '"')) {
            let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
            if !name.is_empty() && name != "py" {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_tool(name: &str) -> bool {
        ["loop_guard", "cycle_retro", "triage_score"].contains(&name)
    }

    #[test]
    fn scripts_are_found_in_a_line_however_they_are_called() {
        let found = |line: &'static str| paths_in(line, is_tool).collect::<Vec<_>>();
        assert_eq!(found("*/5 * * * * cd /r && python3 scripts/triage_score.py --quiet"), ["scripts/triage_score.py"]);
        assert_eq!(
            found("run: ./scripts/loop_guard.py; /abs/cycle_retro.py"),
            ["./scripts/loop_guard.py", "/abs/cycle_retro.py"]
        );
        assert_eq!(found("import loop_guard.py"), [""; 0]);
        assert_eq!(found("python3 .loop/originals/scripts/loop_guard.py"), [""; 0]);
        assert_eq!(found("scripts/loop_guards.py"), [""; 0]);
    }

    #[test]
    fn modules_that_python_runs_are_found() {
        let found = |line: &'static str| modules_run_in(line, is_tool).collect::<Vec<_>>();
        assert_eq!(found("python3 -u -m scripts.triage_score --quiet"), ["scripts.triage_score"]);
        assert_eq!(found("[sys.executable, \"-m\", 'loop_guard']"), ["loop_guard"]);
        assert_eq!(found("git commit -m loop_guards; x-m loop_guard"), [""; 0]);
    }

    #[test]
    fn programs_and_entry_points_are_found() {
        let found = |line: &'static str| programs_in(line, "/r", is_tool).collect::<Vec<_>>();
        let here = [".loop/bin/loop_guard"];
        for line in
            ["entry: .loop/bin/loop_guard -q", "cd /r && /r/.loop/bin/loop_guard", "${ROOT}/.loop/bin/loop_guard"]
        {
            assert_eq!(found(line), here, "{line}");
        }
        assert_eq!(found("/other/.loop/bin/loop_guard .loop/bin/other"), [""; 0]);
        let points = |line: &'static str| entry_points_in(line, is_tool).collect::<Vec<_>>();
        assert_eq!(points("guard = \"scripts.loop_guard:main\""), [("scripts.loop_guard", "main")]);
        assert_eq!(points("    guard = scripts.loop_guard:main"), [("scripts.loop_guard", "main")]);
        assert_eq!(points("loop_guards: main"), []);
    }

    #[test]
    fn imports_are_found_with_what_is_used() {
        let found = |text: &str| {
            let imports = imports_in(text, is_tool);
            imports.into_iter().map(|one| (one.line, one.module, one.names.join(" "))).collect::<Vec<_>>()
        };
        let one = |line: usize, module: &str, names: &str| vec![(line, module.to_owned(), names.to_owned())];
        assert_eq!(found("import os, cycle_retro as r\nr.main(r.load)\nfor.r.no"), one(1, "cycle_retro", "load main"));
        assert_eq!(found("\nimport scripts.cycle_retro\n"), one(2, "scripts.cycle_retro", ""));
        assert_eq!(found("    from cycle_retro import a, main as m  # x"), one(1, "cycle_retro", "a main"));
        assert_eq!(
            found("from scripts import (\n  other,  # )\n  loop_guard\n)\nloop_guard.wait()"),
            one(1, "scripts.loop_guard", "wait")
        );
        assert_eq!(
            found("import sys; from cycle_retro import (\n  load,\n)"),
            one(1, "cycle_retro", "load"),
            "after another statement"
        );
        assert_eq!(found("import runpy; runpy.run_module('scripts.loop_guard')"), one(1, "scripts.loop_guard", ""));
        let notebook = of_notebook("   \"import loop_guard\\n\",\n   \"loop_guard.wait()\"\n");
        assert_eq!(found(&notebook), one(1, "loop_guard", "wait"));
        assert_eq!(found("m = importlib.import_module('scripts.triage_score')"), one(1, "scripts.triage_score", ""));
        assert_eq!(found("# import cycle_retro\nimport cycle_retrospective\nx = 'import loop_guard'"), []);
    }
}
