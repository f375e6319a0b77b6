//! Tables: in columns where the terminal is wide enough, else one line for each cell.

use common::Page;
use common::view::LONGEST;
use host::text;

/// How wide a cell may be that still widens its column; a wider one moves the rest of its row to the right.
const WIDEST: usize = 30;

/// How many columns of the terminal the last column needs.
const ROOM: usize = 16;

/// Adds a table to a page; the first row names its columns. Spaces at the beginning of a cell indent it.
pub(crate) fn add(page: &mut Page, names: &[&str], rows: &[Vec<String>]) {
    let all: Vec<Vec<String>> =
        std::iter::once(names.iter().map(|name| (*name).to_owned()).collect()).chain(rows.iter().cloned()).collect();
    let widths = widths(&all);
    if fits(page, &widths) {
        add_in_columns(page, &all, &widths);
        return;
    }
    let head = names.iter().map(|name| text::width(name)).max().unwrap_or(0);
    for row in rows {
        for (at, (name, cell)) in names.iter().zip(row).enumerate() {
            let indent = if at == 0 { "" } else { "  " };
            page.entry(&format!("{indent}{}  ", text::column(name, head)), if cell.is_empty() { "-" } else { cell });
        }
    }
}

/// Adds rows whose columns need no names.
pub(crate) fn add_rows(page: &mut Page, rows: &[Vec<String>]) {
    let widths = widths(rows);
    if fits(page, &widths) {
        add_in_columns(page, rows, &widths);
    } else {
        let cells = |row: &Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).cloned().collect::<Vec<_>>();
        page.lines(rows.iter().map(|row| cells(row).join("  ")));
    }
}

/// The width of each column but the last, which has what is left; and of the last one what its widest cell has.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0);
    (0..columns).map(|at| widest(at).min(WIDEST)).collect()
}

/// Whether the columns leave room for the last one.
fn fits(page: &Page, widths: &[usize]) -> bool {
    let Some((last, others)) = widths.split_last() else { return true };
    let used: usize = others.iter().map(|width| width + 2).sum();
    page.columns().is_none_or(|columns| used + (*last).min(ROOM) <= columns)
}

fn add_in_columns(page: &mut Page, rows: &[Vec<String>], widths: &[usize]) {
    for row in rows {
        let Some((last, cells)) = row.split_last() else { continue };
        let mut head = String::new();
        for (cell, wide) in cells.iter().zip(widths) {
            let room = (*wide).max(width(cell)) - indent(cell);
            head.push_str(&cell[..indent(cell)]);
            head.push_str(&text::column(cell, room));
            head.push_str("  ");
        }
        head.push_str(&last[..indent(last)]);
        if page.columns().is_some() {
            page.entry(&head, last);
        } else {
            page.line(format!("{head}{}", text::fit(last, LONGEST)).trim_end());
        }
    }
}

/// How many columns a cell has.
fn width(cell: &str) -> usize {
    indent(cell) + text::width(&text::line(cell))
}

fn indent(cell: &str) -> usize {
    cell.len() - cell.trim_start_matches(' ').len()
}

/// A length of time in two units at most: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn length(seconds: i64) -> String {
    let two = |large: i64, unit: &str, small: i64, sub: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {sub}") }
    };
    match seconds.max(0) {
        seconds @ 0..=89 => format!("{seconds} s"),
        seconds @ 90..=5399 => format!("{} min", (seconds + 30) / 60),
        seconds @ 5400..=86_399 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        seconds => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        vec![
            vec!["loop_guard".to_owned(), "on".to_owned(), "it found work for the agent to do".to_owned()],
            vec!["日本".to_owned(), String::new(), "y".to_owned()],
        ]
    }

    fn table(columns: Option<usize>) -> Vec<String> {
        let mut page = Page::new("timmy", columns);
        add(&mut page, &["NAME", "STATE", "RESULT"], &rows());
        page.into_lines()
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells_where_lines_may_have_any_width() {
        assert_eq!(
            table(None),
            [
                "NAME        STATE  RESULT",
                "loop_guard  on     it found work for the agent to do",
                "日本               y"
            ]
        );
    }

    #[test]
    fn the_last_column_is_wrapped() {
        assert_eq!(
            table(Some(40)),
            [
                "NAME        STATE  RESULT",
                "loop_guard  on     it found work for the",
                "                   agent to do",
                "日本               y"
            ]
        );
    }

    #[test]
    fn a_table_that_is_too_wide_has_a_line_for_each_cell() {
        assert_eq!(
            table(Some(30)),
            [
                "NAME    loop_guard",
                "  STATE   on",
                "  RESULT  it found work for",
                "          the agent to do",
                "NAME    日本",
                "  STATE   -",
                "  RESULT  y"
            ]
        );
    }

    #[test]
    fn cells_are_indented_by_their_spaces() {
        let mut page = Page::new("timmy", None);
        add_rows(&mut page, &[vec!["  a".to_owned(), "1".to_owned()], vec!["b".to_owned(), "  2".to_owned()]]);
        assert_eq!(page.into_lines(), ["  a  1", "b      2"]);
    }

    #[test]
    fn lengths_are_told_in_two_units() {
        let told: Vec<String> = [5, 100, 12_000, 187_200, 172_800, -3].into_iter().map(length).collect();
        assert_eq!(told, ["5 s", "2 min", "3 h 20 min", "2 d 4 h", "2 d", "0 s"]);
    }
}
