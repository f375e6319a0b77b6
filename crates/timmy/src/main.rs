//! One command over all tools of the suite.

fn main() -> std::process::ExitCode {
    timmy::main()
}
