//! After a cycle: what happened, on the record.

fn main() -> std::process::ExitCode {
    cycle_retro::TOOL.main()
}
