//! Finds what would fail in CI before it is committed.

fn main() -> std::process::ExitCode {
    pre_commit_checks::main()
}
