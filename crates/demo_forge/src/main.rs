//! Serves a project like a Gitea or Forgejo server would, on loopback.

fn main() -> std::process::ExitCode {
    demo_forge::TOOL.main()
}
