//! Tables that fit a terminal of 80 columns: the last column takes what is left.

use host::text;

/// Arranges rows of cells in columns, the widest cell deciding, no line wider than `width`. The last column is cut to what is
/// left; of the others none is wider than `most` columns. Spaces at the beginning of a cell indent it.
pub(crate) fn lay_out(rows: &[Vec<String>], most: usize, width: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; columns];
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(indent(cell) + text::width(&text::line(cell))).min(most);
        }
    }
    rows.iter()
        .map(|row| {
            let (mut line, mut used) = (String::new(), 0);
            for (at, cell) in row.iter().enumerate() {
                let indent = indent(cell);
                line.extend(std::iter::repeat_n(' ', indent));
                if at + 1 == columns {
                    line.push_str(&text::fit(cell, width.saturating_sub(used + indent)));
                } else {
                    line.push_str(&text::column(cell, widths[at].saturating_sub(indent)));
                    line.push_str("  ");
                    used += widths[at] + 2;
                }
            }
            line.trim_end().to_owned()
        })
        .collect()
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

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let rows = [
            vec!["loop_guard".to_owned(), "on".to_owned(), "x".repeat(200)],
            vec!["日本".to_owned(), String::new(), "y".to_owned()],
        ];
        let lines = lay_out(&rows, 20, 40);
        assert_eq!(text::width(&lines[0]), 40);
        assert_eq!(lines[1], "日本            y");
        let rows = [vec!["  a".to_owned(), "1".to_owned()], vec!["b".to_owned(), "  2".to_owned()]];
        assert_eq!(lay_out(&rows, 20, 40), ["  a  1", "b      2"]);
    }

    #[test]
    fn lengths_are_told_in_two_units() {
        let told: Vec<String> = [5, 100, 12_000, 187_200, 172_800, -3].into_iter().map(length).collect();
        assert_eq!(told, ["5 s", "2 min", "3 h 20 min", "2 d 4 h", "2 d", "0 s"]);
    }
}
