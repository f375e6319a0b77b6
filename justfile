# The menu: `just` alone shows it.
default:
    @just --list --unsorted

# One day of the loop on the sample project
demo *ARGS:
    cargo run --release --bin timmy -- demo {{ARGS}}

# Format, lints and all tests
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo test --workspace --locked

# The tests that need python3, which `check` leaves out
python:
    cargo test --workspace --tests --locked -- --ignored

# Write the documents that are made from the code
generate:
    GENERATE=1 cargo test -p tests --test repository --locked

# Many processes, kills, full disks, at full length
torture:
    TORTURE_CALLS=250 cargo test -p tests --test torture --locked

# Speed and size against the floors, as ratios
bench *ARGS:
    cargo build --release --workspace --bins --examples --locked
    cargo run --release -p benches --bin benches --locked -- {{ARGS}}

# What loop_introspect concludes from simulated loops, beside what it promises
calibrate LOGS="1000":
    cargo run --release -p benches --bin calibrate --locked -- {{LOGS}}

# Licences, sources and duplicates of the dependencies
deny:
    cargo deny check

# Everything that CI runs
ci:
    bash .ci/run
