//! What the records say about the loop.

fn main() -> std::process::ExitCode {
    loop_introspect::TOOL.main()
}
