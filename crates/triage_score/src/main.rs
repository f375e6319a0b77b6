//! Which issues are ready for the agent, and in what order.

fn main() -> std::process::ExitCode {
    triage_score::TOOL.main()
}
