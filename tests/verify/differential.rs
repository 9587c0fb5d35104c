//! The crate's verdict against the running kernel's, on random BTF that is nearly right.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use btfkit::verify::{KernelVersion, Report, VerifyOptions, verify};

use crate::loader::{Verdict, unable, verdict};
use crate::mutate::{Pieces, Random, mutate_bytes};
use crate::sources::sources;
use crate::support::tools::skipped;

/// Room for the kernel's log.
const LOG: usize = 4 << 20;

/// Returns what the kernel and the crate don't agree on, if anything.
pub fn difference(kernel: &Verdict, report: &Report) -> Option<String> {
    let Some(first) = report.first() else {
        return (kernel.errno != 0).then(|| "the crate accepts it".to_owned());
    };
    if kernel.errno == 0 {
        return Some("the kernel accepts it".to_owned());
    }
    if kernel.errno != first.errno {
        return Some("the errors' numbers differ".to_owned());
    }
    let trimmed = |text: &[u8]| {
        let end = text.iter().rposition(|&byte| byte != b'\n');
        text[..end.map_or(0, |end| end + 1)].to_vec()
    };
    let (whole, own) = (trimmed(&kernel.log), trimmed(&report.log));
    let Some(before) = whole.strip_suffix(&own[..]) else {
        return Some("the messages differ".to_owned());
    };
    if !own.is_empty() && !matches!(before.last(), None | Some(b'\n')) {
        return Some("the kernel's message is longer".to_owned());
    }
    None
}

/// Compares this many verdicts.
fn compare(seed: u64, count: usize) {
    if let Some(reason) = unable() {
        return skipped(&reason);
    }
    let options = VerifyOptions::new(KernelVersion::running().unwrap());
    let sources = sources();
    let mut log = vec![0; LOG];
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = String::new();
    let mut differences = 0;
    for number in 0..count {
        // Each case by itself: the seed and its number make it again.
        let mut random = Random(seed.wrapping_mul(0x1_0000_0001).wrapping_add(number as u64));
        random.next();
        let raw = mutant(&sources, &mut random);
        let kernel = verdict(&raw, &mut log);
        let report = verify(&raw, &options);
        let rule = report.first().map_or("accepted".to_owned(), |first| {
            format!(
                "{} {}",
                first.rule.code(),
                first
                    .message
                    .as_deref()
                    .unwrap_or("-")
                    .trim_start_matches(|c: char| c == '['
                        || c == ']'
                        || c == ' '
                        || c.is_ascii_digit())
            )
        });
        let rule: String = rule.chars().filter(|c| !c.is_ascii_digit()).collect();
        *rules.entry(rule).or_default() += 1;
        if let Some(what) = difference(&kernel, &report) {
            differences += 1;
            if differences <= 10 {
                let log = String::from_utf8_lossy(&kernel.log);
                let tail = log.char_indices().nth_back(300).map_or(0, |(at, _)| at);
                writeln!(
                    wrong,
                    "seed {seed}, number {number}: {what}\nkernel: {} {}\ncrate: {:?} {}\n",
                    kernel.errno,
                    &log[tail..],
                    report.first(),
                    String::from_utf8_lossy(&report.log),
                )
                .unwrap();
            }
        }
    }
    if std::env::var_os("BTFKIT_VERIFY_RULES").is_some() {
        eprintln!("seed {seed}: {rules:#?}");
    }
    assert_eq!(differences, 0, "of {count}:\n{wrong}");
    let accepted = rules.get("accepted").copied().unwrap_or(0);
    assert!(
        accepted > count / 20,
        "only {accepted} of {count} are accepted"
    );
    assert!(
        rules.len() > 40,
        "only {} verdicts: {rules:#?}",
        rules.len()
    );
}

/// Makes nearly valid BTF.
pub fn mutant(sources: &[Pieces], random: &mut Random) -> Vec<u8> {
    let source = &sources[random.below(sources.len())];
    let most = random.pick(&[3usize, 8, 20, 60]);
    let plain = !random.one_in(8);
    let mut part = source.part(random, most, plain);
    for _ in 0..random.pick(&[0usize, 1, 1, 1, 2, 3, 5, 9]) {
        part.mutate(random);
    }
    let mut raw = part.raw();
    if random.one_in(8) {
        mutate_bytes(&mut raw, random);
    }
    raw
}

#[test]
fn the_kernel_says_the_same_of_mutants() {
    compare(1, 5_000);
}

/// Twenty thousand for each of three seeds, or for those in `BTFKIT_VERIFY_SEEDS` (`4,5,6`).
#[test]
#[ignore = "takes minutes; run with --ignored"]
fn the_kernel_says_the_same_of_many_mutants() {
    let seeds = std::env::var("BTFKIT_VERIFY_SEEDS").unwrap_or("2,3,4".into());
    for seed in seeds.split(',') {
        compare(seed.parse().unwrap(), 20_000);
    }
}
