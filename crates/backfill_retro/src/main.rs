//! Records for work that was done before anyone kept them.

fn main() -> std::process::ExitCode {
    backfill_retro::TOOL.main()
}
