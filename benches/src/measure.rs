//! How a variant is measured, and how a comparison is printed.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// A way of doing something: a program with its arguments and variables.
pub(crate) struct Variant {
    pub name: String,
    pub program: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub dir: String,
    /// Run before each of its turns.
    pub before: Box<dyn Fn()>,
    /// How often it runs in a turn.
    pub times: usize,
}

/// What one run used, on average over a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub cpu_us: f64,
    pub wall_us: f64,
    pub peak_kib: f64,
}

/// The median over all rounds.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures every variant in turns; returns each one's medians.
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

/// Prints the medians, each with its ratio to the first.
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

/// Prints a value against its bar.
pub(crate) fn bar(what: &str, value: f64, most: f64) {
    println!("  {} {what}: {value:.2} (bar {most})", if value <= most { "ok  " } else { "MISS" });
}

/// One turn, in a process of its own, whose children's peak memory and CPU time are the variant's alone.
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

/// Runs a program so many times, and prints what one run used: microseconds of CPU, of the wall, KiB at the peak.
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
