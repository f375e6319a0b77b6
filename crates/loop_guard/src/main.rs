//! Before a cycle: is there work, or how long to wait.

fn main() -> std::process::ExitCode {
    loop_guard::TOOL.main()
}
