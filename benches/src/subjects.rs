//! The comparisons and their limits.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use demo_forge::{DemoForge, Fault, Flavour, Options, Project};
use gitea::Issue;
use host::source::Source;
use serde_json::{Value, json};
use simulated_loop::{Cycle, Scenario};
use triage_score::Rules;

use crate::checks::{checks, staged};
use crate::duckdb;
use crate::measure::{Variant, bar, in_turns, median, print};
use crate::programs::{empty_by_default, variant};

/// A comparison: runs this number of rounds and prints the results.
type Subject = fn(usize);

/// The comparisons by name.
pub(crate) const ALL: [(&str, Subject); 12] = [
    ("version: the start of each tool", version),
    ("guard: a queue of 50, and of 10,000", guard),
    ("trigger: the cost of supervision", trigger),
    ("retro: one record", retro),
    ("history: a record after 100 lines and after 1,000,000", history),
    ("triage: 10,000 issues at 20 ms a request", triage),
    ("score: issues a second on one core", score),
    ("introspect: a year, a million cycles, and nothing new", introspect),
    ("backfill: 2,000 merged pull requests from a forge at 20 ms a request", backfill),
    ("git: 2,000 merges from a clone", from_git),
    ("checks: the syntax of CPython's own tests, and all checks", checks),
    ("staged: three files of a project", staged),
];

/// A work tree without a remote; it is removed at the end.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        fs::create_dir_all(folder.path().join(".loop/retro")).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn here(&self, variant: Variant) -> Variant {
        Variant { dir: self.0.path().to_str().unwrap().to_owned(), ..variant }
    }
}

fn version(rounds: usize) {
    let (_folder, empty) = empty_by_default();
    let mut variants = vec![empty, variant("empty program, linked as ours", "examples/empty", &[], 200)];
    for tool in ["cycle_retro", "loop_guard", "orchestrator", "triage_score", "timmy"] {
        variants.push(variant(tool, tool, &["--version"], 200));
    }
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    for (variant, own) in variants.iter().zip(&used).skip(2) {
        bar(&format!("{} --version, cpu to the empty program", variant.name), own.cpu_us / used[0].cpu_us, 1.3);
    }
}

fn queue(count: usize) -> String {
    let item = |number: usize| {
        json!({"issue": number, "title": format!("Crash number {number} when the configuration is empty"), "type": "bug", "score": 8,
               "scope": 3, "acceptance": 2, "alignment": 3, "tags": ["bug", "size:S"], "files": ["src/config.py"],
               "created": "2026-03-19T08:00:00+00:00", "updated": "2026-03-20T08:00:00+00:00",
               "url": format!("http://localhost:3000/o/r/issues/{number}"), "ready": true})
    };
    serde_json::to_string(&(1..=count).map(item).collect::<Vec<Value>>()).unwrap()
}

/// The same queue as another writer may leave it: indented, in another order, with unknown fields and without some known
/// ones, with texts outside ASCII, and with entries that are not issues.
fn queue_of_others(count: usize) -> String {
    let mut items: Vec<Value> = serde_json::from_str(&queue(count)).unwrap();
    for (number, item) in items.iter_mut().enumerate() {
        let fields = item.as_object_mut().unwrap();
        let mut turned: serde_json::Map<String, Value> =
            std::mem::take(fields).into_iter().rev().filter(|(key, _)| number % 3 > 0 || key != "url").collect();
        turned.insert("größe".to_owned(), json!({"from": "Übersicht", "parts": [1, 2.5, null]}));
        *item = if number % 10 == 9 { json!(["damaged", number]) } else { turned.into() };
    }
    serde_json::to_string_pretty(&items).unwrap()
}

fn guard(rounds: usize) {
    let [small, large, others] = [(); 3].map(|()| Tree::new());
    fs::write(small.path(".loop/queue.json"), queue(50)).unwrap();
    fs::write(large.path(".loop/queue.json"), queue(10_000)).unwrap();
    fs::write(others.path(".loop/queue.json"), queue_of_others(10_000)).unwrap();
    let (_folder, empty) = empty_by_default();
    let variants = [
        empty,
        variant("empty program, linked as ours", "examples/empty", &[], 200),
        small.here(variant("loop_guard, 50 items", "loop_guard", &[], 200)),
        large.here(variant("loop_guard, 10,000 items", "loop_guard", &[], 50)),
        others.here(variant("the same of another writer", "loop_guard", &[], 50)),
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("50 items, cpu to the empty program", used[2].cpu_us / used[0].cpu_us, 2.0);
    for (name, used_by) in [("10,000 items", used[3]), ("10,000 of another writer", used[4])] {
        bar(&format!("{name}, cpu to the empty program"), used_by.cpu_us / used[0].cpu_us, 8.0);
        bar(&format!("{name}, MiB"), used_by.peak_kib / 1024.0, 8.0);
    }
}

/// Compares `timmy trigger` with the guard as its only automation, and the guard called directly.
fn trigger(rounds: usize) {
    let (alone, supervised) = (Tree::new(), Tree::new());
    for tree in [&alone, &supervised] {
        let manifest =
            json!({"automations": [{"id": "loop_guard", "script": "scripts/loop_guard.py", "trigger": "pre_cycle"}]});
        fs::create_dir_all(tree.path("config")).unwrap();
        fs::write(tree.path("config/automations.json"), manifest.to_string()).unwrap();
    }
    let variants = [
        alone.here(variant("loop_guard", "loop_guard", &[], 100)),
        supervised.here(variant("timmy trigger pre_cycle", "timmy", &["trigger", "pre_cycle"], 100)),
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("more wall, in ms", (used[1].wall_us - used[0].wall_us) / 1000.0, 5.0);
}

const RECORD: [&str; 11] =
    ["--cycle", "42", "--success", "--main-green", "--issue", "85", "--type", "bug", "--duration", "480", "--quiet"];

/// A log of this number of cycles, spread over past days.
fn log(lines: usize) -> String {
    let line = |number: usize| {
        let (day, count) = (number / 400, number % 400 + 1);
        format!(
            "{{\"timestamp\": \"{}T12:34:56.123456+00:00\", \"cycle\": {number}, \"epoch\": \"\\u27f3{:02}.{}:{count:03}\", \"issue\": {}, \"type\": \"bug\", \"success\": {}, \"hermes_clean\": true, \"main_green\": true, \"duration\": 480, \"tests_passed\": 1450, \"tests_added\": 3, \"files_changed\": 2, \"lines_added\": 45, \"lines_removed\": 12, \"kimi_panes\": 2, \"pr\": 91, \"reason\": \"\", \"notes\": \"\"}}\n",
            format_args!("20{:02}-{:02}-{:02}", 19 + day / 336, day / 28 % 12 + 1, day % 28 + 1),
            day / 7 % 52 + 1,
            day % 7 + 1,
            number % 97 + 1,
            !number.is_multiple_of(7)
        )
    };
    (0..lines).map(line).collect()
}

fn retro(rounds: usize) {
    let (floor, own) = (Tree::new(), Tree::new());
    let (floor_log, floor_summary) = (floor.path("log.jsonl"), floor.path("summary.json"));
    let begin = log(100);
    let reset = |path: PathBuf| {
        let begin = begin.clone();
        Box::new(move || fs::write(&path, &begin).unwrap())
    };
    let args = [floor_log.to_str().unwrap(), floor_summary.to_str().unwrap()];
    let variants = [
        Variant { before: reset(floor_log.clone()), ..variant("append floor", "examples/append", &args, 100) },
        Variant {
            before: reset(own.path(".loop/retro/cycles.jsonl")),
            ..own.here(variant("cycle_retro", "cycle_retro", &RECORD, 100))
        },
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("cpu to the append floor", used[1].cpu_us / used[0].cpu_us, 2.0);
    bar("wall to the append floor", used[1].wall_us / used[0].wall_us, 1.5);
}

fn history(rounds: usize) {
    let trees = [(100, Tree::new()), (1_000_000, Tree::new())];
    for (lines, tree) in &trees {
        fs::write(tree.path(".loop/retro/cycles.jsonl"), log(*lines)).unwrap();
    }
    let variants = trees
        .each_ref()
        .map(|(lines, tree)| tree.here(variant(&format!("after {lines} lines"), "cycle_retro", &RECORD, 50)));
    // The first call builds the index. Its cost occurs once and is printed separately.
    for variant in &variants {
        let begun = Instant::now();
        std::process::Command::new(&variant.program).args(&variant.args).current_dir(&variant.dir).status().unwrap();
        println!("  {:<34} first call, which builds the index: {:?}", variant.name, begun.elapsed());
    }
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("wall, a million to a hundred", used[1].wall_us / used[0].wall_us, 1.3);
    bar("cpu, a million to a hundred", used[1].cpu_us / used[0].cpu_us, 1.3);
    bar("a million, MiB", used[1].peak_kib / 1024.0, 6.0);
}

/// Issues with bodies of 0.5 to 4 KB, made of paragraphs of the sample project.
fn issues(count: usize) -> Vec<Value> {
    let sample: Value = serde_json::from_str(demo_forge::SAMPLE).unwrap();
    let texts: Vec<&Value> = sample["issues"].as_array().unwrap().iter().collect();
    let paragraphs: Vec<&str> = texts
        .iter()
        .flat_map(|issue| issue["body"].as_str().unwrap().split("\n\n"))
        .filter(|text| text.len() > 20)
        .collect();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = move |most: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % most as u64).unwrap()
    };
    (1..=count)
        .map(|number| {
            let (length, mut body) = (500 + draw(3500), String::new());
            while body.len() < length {
                body.push_str(paragraphs[draw(paragraphs.len())]);
                body.push_str("\n\n");
            }
            body.truncate((0..=length).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0));
            let like = texts[draw(texts.len())];
            json!({"number": number, "title": like["title"], "labels": like["labels"], "body": body, "state": "open",
                   "created_at": format!("2025-{:02}-{:02}T00:00:00Z", number % 12 + 1, number % 28 + 1), "updated_at": "2026-01-01T00:00:00Z"})
        })
        .collect()
}

fn triage(rounds: usize) {
    let forge = DemoForge::start(&Project::new("acme", "app", issues(10_000), Vec::new()), Options::default()).unwrap();
    forge.order(Fault::Latency(Duration::from_millis(20)), None);
    let (tree, api) = (Tree::new(), forge.api());
    let host = api.trim_start_matches("http://").trim_end_matches("/api/v1");
    let own = variant("triage_score", "triage_score", &["--quiet"], 1);
    let env = [("GITEA_API", api.as_str()), ("REPO_SLUG", "acme/app")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variants = [
        variant("fetch floor", "examples/fetch", &[host, "/api/v1/repos/acme/app/issues?state=open&type=issues"], 1),
        Variant { env: env.to_vec(), ..tree.here(own) },
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("wall to the fetch floor", used[1].wall_us / used[0].wall_us, 1.25);
    #[expect(clippy::cast_precision_loss, reason = "a count of connections")]
    bar("most requests at once", forge.peak_requests() as f64, 8.0);
}

#[expect(clippy::cast_precision_loss, reason = "counts of issues and bytes")]
fn score(rounds: usize) {
    let issues: Vec<Issue> = issues(5000).into_iter().map(|issue| serde_json::from_value(issue).unwrap()).collect();
    let rules = Rules::parse(&Source::new("built-in", triage_score::SHIPPED)).unwrap();
    let bytes: usize = issues.iter().map(|issue| issue.body.len()).sum();
    let rates = (0..rounds).map(|_| {
        let begun = Instant::now();
        let total: i64 = issues.iter().map(|issue| triage_score::score(&rules, issue).total()).sum();
        assert!(total > 0);
        issues.len() as f64 / begun.elapsed().as_secs_f64()
    });
    let rate = median(rates.collect());
    println!(
        "  {rate:.0} issues a second, bodies of {} bytes on average, {:.0} MB/s",
        bytes / issues.len(),
        rate * bytes as f64 / issues.len() as f64 / 1e6
    );
    println!("  {} at least 50,000 (stretch 150,000)", if rate >= 50_000.0 { "ok  " } else { "MISS" });
}

/// A log of simulated cycles, written line by line, as our tool does or as the scripts did.
fn simulated(path: &Path, cycles: usize, line: fn(&Cycle, usize) -> String) {
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    for (number, cycle) in Scenario::default().cycles(1, cycles).iter().enumerate() {
        writeln!(file, "{}", line(cycle, number)).unwrap();
    }
}

fn introspect(rounds: usize) {
    let trees =
        [(36_500, Cycle::line as fn(&Cycle, usize) -> String), (1_000_000, Cycle::line), (1_000_000, Cycle::old_line)]
            .map(|(cycles, line)| {
                let tree = Tree::new();
                simulated(&tree.path(".loop/retro/cycles.jsonl"), cycles, line);
                tree
            });
    let own = |tree: &Tree, name: &str, fresh: bool| {
        let answer = tree.path(".loop/retro/insights.source.json");
        let forget = move || drop(fresh.then(|| fs::remove_file(&answer)));
        // The simulated loop runs into a far future.
        let env = vec![("TIMMY_NOW".to_owned(), "2100-01-01T00:00:00Z".to_owned())];
        let variant = variant(name, "loop_introspect", &["--quiet"], if fresh { 1 } else { 50 });
        Variant { before: Box::new(forget), env, ..tree.here(variant) }
    };
    let mut variants = vec![
        own(&trees[0], "a year, 36,500 cycles", true),
        own(&trees[1], "1,000,000 cycles", true),
        own(&trees[2], "1,000,000 as the scripts wrote", true),
        own(&trees[1], "the same again, nothing new", false),
    ];
    let own_variants = variants.len();
    match duckdb::python() {
        Some(python) => {
            for (tree, name) in [(&trees[1], "DuckDB, 1,000,000"), (&trees[2], "DuckDB, as the scripts wrote")] {
                for threads in ["1", "all"] {
                    let threaded = format!("{name}, {}", if threads == "1" { "one thread" } else { "its threads" });
                    let log = tree.path(".loop/retro/cycles.jsonl");
                    variants.push(tree.here(duckdb::variant(&python, &threaded, &log, threads)));
                }
            }
        }
        None => println!("  left out: the comparison with DuckDB, as no python3 with the module duckdb is here"),
    }
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("a year, s of CPU", used[0].cpu_us / 1e6, 0.5);
    for (name, used_by) in [("a million", used[1]), ("a million of the scripts", used[2])] {
        bar(&format!("{name}, MiB"), used_by.peak_kib / 1024.0, 48.0);
    }
    for (own, theirs) in [1, 1, 2, 2].into_iter().zip(own_variants..used.len()) {
        let name = format!("{}, cpu to {}", variants[own].name, variants[theirs].name);
        bar(&name, used[own].cpu_us / used[theirs].cpu_us, 0.6);
    }
}

fn backfill(rounds: usize) {
    let pull = |number: usize| {
        json!({"number": number, "title": format!("fix: number {number}"), "body": "Fixes #1", "state": "closed", "merged": true,
               "merged_at": "2026-01-01T00:00:00Z", "created_at": "2025-12-31T00:00:00Z", "closed_at": "2026-01-01T00:00:00Z",
               "additions": 10, "deletions": 2, "changed_files": 1})
    };
    let project = Project::new("acme", "app", Vec::new(), (1..=2000).map(pull).collect());
    // Gitea's lists contain no sizes.
    let options = Options { flavour: Flavour::Gitea, ..Options::default() };
    let forge = DemoForge::start(&project, options).unwrap();
    forge.order(Fault::Latency(Duration::from_millis(20)), None);
    let (tree, api) = (Tree::new(), forge.api());
    let host = api.trim_start_matches("http://").trim_end_matches("/api/v1");
    let env = [("GITEA_API", api.as_str()), ("REPO_SLUG", "acme/app")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let log = tree.path(".loop/retro/cycles.jsonl");
    let own = variant("backfill_retro", "backfill_retro", &["--quiet"], 1);
    let variants = [
        variant("details floor", "examples/fetch", &[host, "/api/v1/repos/acme/app/pulls", "2000"], 1),
        Variant { env: env.to_vec(), before: Box::new(move || drop(fs::remove_file(&log))), ..tree.here(own) },
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("wall to the details floor", used[1].wall_us / used[0].wall_us, 1.2);
}

/// A repository with this number of merges, as a stream for `git fast-import`.
fn merges(count: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut lines: Vec<Vec<usize>> = vec![(0..200).collect(); 100];
    let mut commit = |number: usize, from: Option<usize>, files: &[usize], lines: &[Vec<usize>]| {
        let message = format!("fix: number {number} (#{number})");
        let from = from.map_or(String::new(), |from| format!("from :{from}\n"));
        let time = 1_700_000_000 + number * 3600;
        let head = format!(
            "commit refs/heads/main\nmark :{}\ncommitter T <t@localhost> {time} +0000\ndata {}\n{message}\n{from}",
            number + 1,
            message.len()
        );
        stream.extend_from_slice(head.as_bytes());
        for file in files {
            let text: Vec<String> = lines[*file].iter().map(|line| format!("a line that says {line}")).collect();
            let text = text.join("\n");
            stream
                .extend_from_slice(format!("M 100644 inline src/m{file}.py\ndata {}\n{text}\n", text.len()).as_bytes());
        }
    };
    commit(0, None, &(0..100).collect::<Vec<_>>(), &lines);
    for number in 1..=count {
        let files = [number % 100, number * 7 % 100, number * 31 % 100];
        for file in files {
            for place in 0..10 {
                lines[file][(number * 13 + place * 17) % 200] = number * 1000 + place;
            }
        }
        commit(number, Some(number), &files, &lines);
    }
    stream
}

fn from_git(rounds: usize) {
    let tree = Tree::new();
    let git = |args: &[&str], input: &[u8]| {
        let mut child = std::process::Command::new("git")
            .args(args)
            .current_dir(tree.0.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        assert!(child.wait().unwrap().success());
    };
    git(&["init", "-q", "-b", "main"], b"");
    git(&["fast-import", "--quiet"], &merges(2000));
    git(&["gc", "-q"], b"");
    let log = tree.path(".loop/retro/cycles.jsonl");
    let floor = variant("git log --shortstat", "examples/empty", &["log", "--first-parent", "--shortstat"], 1);
    let variants = [
        tree.here(Variant { program: "git".to_owned(), ..floor }),
        Variant {
            before: Box::new(move || drop(fs::remove_file(&log))),
            ..tree.here(variant("backfill_retro --from-git", "backfill_retro", &["--from-git", "--quiet"], 1))
        },
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    bar("wall to git log", used[1].wall_us / used[0].wall_us, 1.3);
}
