//! The ten-minute agenda and the day's summary.

fn main() -> std::process::ExitCode {
    orchestrator::TOOL.main()
}
