//! Finds what would fail in CI before it is committed.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pre_commit_checks::TOOL.main()
}
