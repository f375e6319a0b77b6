//! Measures a variant, and prints a comparison.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// One program to measure, with its arguments and environment variables.
pub(crate) struct Variant {
    pub name: String,
    pub program: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub dir: String,
    /// Called before each turn of this variant.
    pub before: Box<dyn Fn()>,
    /// The number of calls in one turn.
    pub times: usize,
}

/// What one call used, on average over a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub cpu_us: f64,
    pub wall_us: f64,
    pub peak_kib: f64,
}

/// Returns the median.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures all variants in turns; returns the medians of each.
pub(crate) fn in_turns(variants: &[Variant], rounds: usize) -> Vec<Used> {
    let mut all: Vec<Vec<Used>> = vec![Vec::new(); variants.len()];
    for _ in 0..rounds {
        for (variant, used) in variants.iter().zip(&mut all) {
            (variant.before)();
            used.push(turn(variant));
        }
    }
    let medians = |used: &Vec<Used>| Used {
        cpu_us: median(used.iter().map(|used| used.cpu_us).collect()),
        wall_us: median(used.iter().map(|used| used.wall_us).collect()),
        peak_kib: median(used.iter().map(|used| used.peak_kib).collect()),
    };
    all.iter().map(medians).collect()
}

/// Prints the medians, each with its ratio to the first variant.
pub(crate) fn print(variants: &[Variant], used: &[Used]) {
    for (variant, own) in variants.iter().zip(used) {
        println!(
            "  {:<34} cpu {:>9.0} us  x{:<5.2} wall {:>9.0} us  x{:<5.2} memory {:>6.1} MiB",
            variant.name,
            own.cpu_us,
            own.cpu_us / used[0].cpu_us,
            own.wall_us,
            own.wall_us / used[0].wall_us,
            own.peak_kib / 1024.0
        );
    }
}

/// Prints a value and its limit.
pub(crate) fn bar(what: &str, value: f64, most: f64) {
    println!("  {} {what}: {value:.2} (bar {most})", if value <= most { "ok  " } else { "MISS" });
}

/// Runs one turn in a separate process, so that the peak memory and CPU time of its children belong to this variant only.
fn turn(variant: &Variant) -> Used {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--child", &variant.times.to_string(), &variant.program])
        .args(&variant.args)
        .env_clear()
        .envs(variant.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&variant.dir)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [cpu_us, wall_us, peak_kib] = numbers
        .try_into()
        .unwrap_or_else(|_| panic!("{}: {text}{}", variant.name, String::from_utf8_lossy(&output.stderr)));
    Used { cpu_us, wall_us, peak_kib }
}

/// Runs a program this number of times, and prints what one call used: microseconds of CPU, elapsed microseconds, peak KiB.
#[expect(clippy::cast_precision_loss, reason = "microseconds and KiB")]
pub(crate) fn run_child(call: &[String]) {
    let times: u32 = call[0].parse().unwrap();
    let begun = Instant::now();
    for _ in 0..times {
        let status =
            Command::new(&call[1]).args(&call[2..]).stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
        assert!(status.code().is_some_and(|code| code < 2), "{call:?} ended with {status}");
    }
    let wall = begun.elapsed().as_micros() as f64;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let cpu = [usage.user_time(), usage.system_time()].map(|time| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64);
    let runs = f64::from(times);
    println!("{} {} {}", cpu.iter().sum::<f64>() / runs, wall / runs, usage.max_rss());
}
