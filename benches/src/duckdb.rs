//! DuckDB over the same log: what a general reader of JSON lines takes for the columns that `loop_introspect` needs.

use std::path::Path;

use crate::measure::Variant;

/// Aggregates the columns by kind of work, in one pass and without building anything.
const AGGREGATE: &str = "import sys, duckdb
log, threads = sys.argv[1:]
connection = duckdb.connect()
if threads != 'all':
    connection.execute('set threads = ' + threads)
columns = {'timestamp': 'TIMESTAMP', 'issue': 'BIGINT', 'type': 'VARCHAR', 'success': 'BOOLEAN', 'main_green': 'BOOLEAN',
           'duration': 'DOUBLE', 'kimi_panes': 'BIGINT', 'backfilled': 'BOOLEAN', 'reason': 'VARCHAR'}
rows = connection.execute('''
    select type, count(*), count(*) filter (success), count(*) filter (not main_green), avg(duration), min(timestamp),
           max(timestamp), max(issue), sum(kimi_panes), count(*) filter (backfilled), count(*) filter (reason <> \'\')
    from read_json(?, format = 'newline_delimited', columns = ''' + str(columns) + ''') group by type''', [log]).fetchall()
assert len(rows) == 5, rows
";

/// The python3 at hand, if it has the module.
pub(crate) fn python() -> Option<String> {
    let program = "import sys, duckdb; print(sys.executable)";
    let output = std::process::Command::new("python3").args(["-c", program]).output().ok()?;
    let python = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !python.is_empty()).then_some(python)
}

/// DuckDB over a log, with so many threads or `all`.
pub(crate) fn variant(python: &str, name: &str, log: &Path, threads: &str) -> Variant {
    Variant {
        name: name.to_owned(),
        program: python.to_owned(),
        args: ["-c", AGGREGATE, log.to_str().unwrap(), threads].map(ToOwned::to_owned).into(),
        env: Vec::new(),
        dir: "/".to_owned(),
        before: Box::new(|| ()),
        times: 1,
    }
}
