//! The pre-commit checks: the syntax of many Python files compared with the parser alone, and three staged files compared with
//! reading them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::measure::{Variant, bar, in_turns, print};
use crate::programs::{built, empty_by_default, variant};

/// Runs Git in a directory.
fn git(folder: &Path, args: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=T", "-c", "user.email=t@localhost"]).args(args).current_dir(folder);
    assert!(command.stdout(std::process::Stdio::null()).status().unwrap().success(), "git {args:?}");
}

/// Finds an installed CPython that has its own tests; returns the interpreter and the directory of the tests.
fn cpython() -> Option<(String, PathBuf)> {
    let program = "import os, sys, test; print(sys.executable); print(os.path.dirname(test.__file__))";
    let output = std::process::Command::new("python3").args(["-c", program]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (python, tests) = text.trim().split_once('\n')?;
    let tests = PathBuf::from(tests);
    tests.join("test_ast.py").is_file().then(|| (python.to_owned(), tests))
}

/// Copies the Python files of a directory; returns their new paths.
fn copy_python(from: &Path, to: &Path) -> Vec<PathBuf> {
    let mut copied = Vec::new();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied.extend(copy_python(&path, &target));
        } else if path.extension().is_some_and(|extension| extension == "py") {
            fs::create_dir_all(to).unwrap();
            fs::copy(&path, &target).unwrap();
            copied.push(target);
        }
    }
    copied
}

const PARSE_IN_PYTHON: &str = "import ast, sys, warnings
warnings.simplefilter('ignore')
for name in open(sys.argv[1]).read().split('\\n'):
    try:
        ast.parse(open(name, 'rb').read())
    except (SyntaxError, ValueError, FileNotFoundError):
        pass
";

pub(crate) fn checks(rounds: usize) {
    let Some((python, tests)) = cpython() else {
        println!("  skipped: no python3 with its own tests is installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let files = copy_python(&tests, &folder.path().join("test"));
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "x"]);
    let lists = tempfile::tempdir().unwrap();
    let list = lists.path().join("list");
    let names: Vec<String> = files.iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    fs::write(&list, names.join("\n")).unwrap();
    let here = |name: &str, args: &[&str]| Variant {
        dir: folder.path().to_str().unwrap().to_owned(),
        env: vec![("TIMMY_PRE_COMMIT_CHECKS_FORMATTER".to_owned(), "none".to_owned())],
        ..variant(name, "pre_commit_checks", args, 1)
    };
    let called = |name: &str, program: &str, args: &[&str]| Variant { program: program.to_owned(), ..here(name, args) };
    let bare = format!("{} < {}", built("examples/bare_parser"), list.display());
    let tool = built("pre_commit_checks");
    let variants = [
        called("the bare parser", "sh", &["-c", &bare]),
        here("pre_commit_checks --check syntax", &["--check", "syntax", "--quiet"]),
        called("the same on one core", "taskset", &["-c", "0", &tool, "--check", "syntax", "--quiet"]),
        here("pre_commit_checks, all checks", &["--quiet"]),
        called("ast.parse in one Python", &python, &["-c", PARSE_IN_PYTHON, list.to_str().unwrap()]),
    ];
    let used = in_turns(&variants, rounds);
    println!("  {} files", files.len());
    print(&variants, &used);
    bar("syntax, cpu to the bare parser", used[1].cpu_us / used[0].cpu_us, 1.25);
    bar("syntax, cpu to ast.parse (1/13)", used[1].cpu_us / used[4].cpu_us, 1.0 / 13.0);
    bar("syntax, wall on two cores to one", used[1].wall_us / used[2].wall_us, 0.75);
    bar("all checks, wall to syntax alone", used[3].wall_us / used[1].wall_us, 4.0);
}

/// Writes a package with this number of modules, which import from one another.
fn package(folder: &Path, modules: usize) {
    let folder = folder.join("src/pkg");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("__init__.py"), "").unwrap();
    for number in 0..modules {
        let mut text = String::from("\"\"\"A module of a project.\"\"\"\n\nimport os\n");
        for other in (number + 1..number + 6).map(|other| other % modules).filter(|other| *other != number) {
            let _ = writeln!(text, "from .module_{other} import function_{other}_1, function_{other}_2");
        }
        for function in 0..20 {
            let _ = writeln!(
                text,
                "\n\ndef function_{number}_{function}(path, *, count=1):\n    \"\"\"Does something.\"\"\""
            );
            text += "    names = [name for name in os.listdir(path) if name.startswith(\"a\")]\n    return sorted(names)[:count]\n";
        }
        fs::write(folder.join(format!("module_{number}.py")), text).unwrap();
    }
}

pub(crate) fn staged(rounds: usize) {
    let folders: Vec<tempfile::TempDir> = [30, 1000].map(|_| tempfile::tempdir().unwrap()).into();
    let files = ["src/pkg/module_1.py", "src/pkg/module_2.py", "src/pkg/module_3.py"];
    for (folder, modules) in folders.iter().zip([30, 1000]) {
        let folder = folder.path();
        package(folder, modules);
        git(folder, &["init", "-q"]);
        git(folder, &["add", "-A"]);
        git(folder, &["commit", "-qm", "x"]);
        git(folder, &["gc", "-q"]);
        for file in files {
            let text = fs::read_to_string(folder.join(file)).unwrap();
            fs::write(folder.join(file), text + "\n\nVALUE = 1\n").unwrap();
        }
        git(folder, &["add", "-A"]);
    }
    let here = |folder: &tempfile::TempDir, variant: Variant| Variant {
        dir: folder.path().to_str().unwrap().to_owned(),
        ..variant
    };
    let (_folder, empty) = empty_by_default();
    let variants = [
        empty,
        here(&folders[0], variant("reading three files", "examples/read", &files, 100)),
        here(&folders[0], variant("--staged, of 30 modules", "pre_commit_checks", &["--staged", "--quiet"], 50)),
        here(&folders[1], variant("--staged, of 1,000 modules", "pre_commit_checks", &["--staged", "--quiet"], 50)),
    ];
    let used = in_turns(&variants, rounds);
    print(&variants, &used);
    let floor = used[0].wall_us.max(used[1].wall_us);
    bar("30 modules, wall to an empty program that reads them", used[2].wall_us / floor, 5.0);
    bar("1,000 modules, the same", used[3].wall_us / floor, 5.0);
}
