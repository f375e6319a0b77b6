# List the commands
default:
    @just --list --unsorted

# Run one day of the loop on the sample project
demo *ARGS:
    cargo run --release --bin timmy -- demo {{ARGS}}

# Check the format, run the lints and all tests
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo test --workspace --locked

# Run the tests that need python3 or root, which `check` leaves out
ignored:
    cargo test --workspace --tests --locked -- --ignored

# Write the documents that are generated from the code
generate:
    GENERATE=1 cargo test -p tests --test repository --locked

# Run the torture tests at full length: many processes, kills, full disks
torture:
    TORTURE_CALLS=250 cargo test -p tests --test torture --locked

# Measure speed and size, as ratios to the smallest programs that do the same work
bench *ARGS:
    cargo build --release --workspace --bins --examples --locked
    cargo run --release -p benches --bin benches --locked -- {{ARGS}}

# Compare what loop_introspect concludes from simulated loops with what it promises
calibrate LOGS="1000":
    cargo run --release -p benches --bin calibrate --locked -- {{LOGS}}

# Check licences, sources and duplicates of the dependencies
deny:
    cargo deny check bans licenses sources

# Run everything that CI runs
ci:
    bash .ci/run
