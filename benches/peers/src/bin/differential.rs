//! Relocates generated programs with libbpf and with btfkit and compares what comes out.
//!
//! `differential [FIRST_SEED [CASES]] [--show]`

use std::process::ExitCode;

use btfkit_peers::case::Case;
use btfkit_peers::differ::Differ;

fn main() -> ExitCode {
    let (options, numbers): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let number = |at: usize, default: u64| -> u64 {
        numbers
            .get(at)
            .map_or(default, |text| text.parse().expect("a number"))
    };
    let (first, count) = (number(0, 1), number(1, 10_000));
    let show = options.iter().any(|option| option == "--show");
    let start = std::time::Instant::now();
    let mut differ = Differ::default();
    let mut differences = 0u64;
    for seed in first..first + count {
        let case = Case::new(seed);
        if show {
            print_case(&case);
        }
        if let Err(difference) = differ.check(&case) {
            differences += 1;
            println!("seed {seed}: {difference}");
        }
    }
    let tally = &differ.tally;
    println!(
        "{count} cases from seed {first} in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    println!(
        "accepted alike: {} objects with {} relocations ({} instructions poisoned)",
        tally.accepted, tally.relocations, tally.poisoned
    );
    println!(
        "refused alike: {} objects, for {} relocations",
        tally.refused, tally.refused_relocations
    );
    for (reason, count) in &tally.reasons {
        println!("  {reason}: {count}");
    }
    println!(
        "checked against a user program, too: {} objects",
        tally.user
    );
    for (names, count) in &tally.named {
        println!("named difference {names:?}: {count} objects");
    }
    println!("other differences: {differences}");
    if differences == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_case(case: &Case) {
    for (what, types) in [("local", &case.local), ("target", &case.target)] {
        println!("{what}:");
        for (id, def) in types.0.iter().enumerate().skip(1) {
            println!("  [{id}] {def:?}");
        }
    }
}
