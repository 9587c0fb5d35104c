//! Merging with deduplication by libbpf and by btfkit: the same number of types of each kind, how long,
//! and how much memory.
//!
//! ```text
//! cargo run --release --bin merge -- /sys/kernel/btf/vmlinux other.btf
//! ```
//!
//! It also compares distilled bases, splits put over other bases (`btf__relocate`; alone: `merge rebased FROM TO`) and a
//! split over a split. Without files it takes the running kernel's BTF. Each run is a process of its own, from files to bytes
//! of the merged BTF that a file could be written from; runs of the two take turns, so that a busy machine is equally busy for both. Memory
//! is the process's largest resident set.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::process::{Command, Stdio};
use std::ptr;
use std::time::Instant;

use btfkit::graph::Btf;
use btfkit::merge::{Input, MergeOptions, distill, merge};
use btfkit::parse;
use libbpf_sys as sys;

const KERNEL: &str = "/sys/kernel/btf/vmlinux";
const RUNS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &words[..] {
        ["once", who, job, files @ ..] => once(who, job, files),
        ["rebased", from, to] => same_rebased(from, to),
        [] => compare(&[KERNEL]),
        files => compare(files),
    }
}

/// What one run tells.
#[derive(Clone, Copy, Debug)]
struct Run {
    types: u64,
    milliseconds: f64,
    /// Of all threads, in the program and in the system.
    cpu_milliseconds: f64,
    kilobytes: i64,
}

fn compare(files: &[&str]) {
    if let [_, _, ..] = files {
        same_kinds(files);
        show("merge", files);
    }
    same_distilled(files[0]);
    same_rebased(files[0], files[files.len() - 1]);
    show("parse", &files[..1]);
    for copies in [1, 2, 4, 8] {
        show("merge", &vec![files[0]; copies]);
    }
}

/// Both, in turn, and the ratios of their medians.
fn show(job: &str, files: &[&str]) {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        theirs.push(run("libbpf", job, files));
        ours.push(run("btfkit", job, files));
    }
    let (theirs, ours) = (median(theirs), median(ours));
    assert_eq!(theirs.types, ours.types, "{files:?}");
    println!(
        "{job} {files:?}: {} types; libbpf {:.1} ms ({:.1} of CPU), {} KB; btfkit {:.1} ms ({:.1}), {} KB; {:.1} times as fast ({:.1} by CPU), {:.2} of the memory",
        ours.types,
        theirs.milliseconds,
        theirs.cpu_milliseconds,
        theirs.kilobytes,
        ours.milliseconds,
        ours.cpu_milliseconds,
        ours.kilobytes,
        theirs.milliseconds / ours.milliseconds,
        theirs.cpu_milliseconds / ours.cpu_milliseconds,
        ours.kilobytes as f64 / theirs.kilobytes as f64,
    );
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|a, b| a.milliseconds.total_cmp(&b.milliseconds));
    let kilobytes = runs.iter().map(|run| run.kilobytes).max().unwrap();
    let middle = runs[runs.len() / 2];
    runs.sort_by(|a, b| a.cpu_milliseconds.total_cmp(&b.cpu_milliseconds));
    Run {
        kilobytes,
        cpu_milliseconds: runs[runs.len() / 2].cpu_milliseconds,
        ..middle
    }
}

/// One run in a process of its own.
fn run(who: &str, job: &str, files: &[&str]) -> Run {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["once", who, job])
        .args(files)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{who} {job} {files:?} failed");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words = text.split_whitespace();
    let mut next = || words.next().unwrap();
    Run {
        types: next().parse().unwrap(),
        milliseconds: next().parse().unwrap(),
        cpu_milliseconds: next().parse().unwrap(),
        kilobytes: next().parse().unwrap(),
    }
}

/// The processor's time for this process so far.
fn cpu_milliseconds() -> f64 {
    // SAFETY: an out parameter of ours, which zeros make valid.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &raw mut usage), 0);
        usage
    };
    let times = [usage.ru_utime, usage.ru_stime];
    times
        .iter()
        .map(|time| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3)
        .sum()
}

/// The largest resident set of this process so far. (What `wait4` tells of a child has the parent's in it.)
fn kilobytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

/// The job itself; prints the number of types, `void` not counted, milliseconds, those of
/// CPU, and kilobytes.
fn once(who: &str, job: &str, files: &[&str]) {
    let start = Instant::now();
    let types = match (who, job) {
        ("libbpf", "parse") => libbpf::Btf::parse(files[0]).len(),
        ("btfkit", "parse") => ours(files[0]).len() as u64,
        ("libbpf", _) => {
            let merged = libbpf::merge(files);
            assert!(!merged.raw().is_empty());
            merged.len()
        }
        _ => {
            let graph = merge_ours(files);
            let options = btfkit::encode::EncodeOptions::default();
            btfkit::encode::encode_to(&graph, &options, &mut std::io::sink()).unwrap();
            graph.len() as u64
        }
    };
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    println!(
        "{types} {milliseconds} {} {}",
        cpu_milliseconds(),
        kilobytes()
    );
}

fn ours(file: &str) -> Btf {
    parse::parse(std::fs::read(file).unwrap()).unwrap()
}

/// Merges as libbpf does: nothing keeps its id.
fn merge_ours(files: &[&str]) -> Btf {
    let mut options = MergeOptions::default();
    options.keep_first = false;
    let inputs = files.iter().map(|file| Input::new(*file, ours(file)));
    merge(inputs, &options).unwrap().graph
}

fn kinds(graph: &Btf) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for ty in graph.own_types() {
        *kinds.entry(ty.kind().to_string()).or_default() += 1;
    }
    kinds
}

/// As many types of each kind, whoever merges, and libbpf finds nothing more to deduplicate in ours.
fn same_kinds(files: &[&str]) {
    let theirs = parse::parse(libbpf::merge(files).raw().to_vec()).unwrap();
    let ours = merge_ours(files);
    assert_eq!(kinds(&theirs), kinds(&ours));
    let mut again = libbpf::Btf::new(&btfkit::encode::encode(&ours).unwrap(), None);
    let before = again.len();
    again.dedup();
    assert_eq!(again.len(), before);
    println!("the same number of types of each kind: {:?}", kinds(&ours));
    println!(
        "the running kernel's answer to BPF_BTF_LOAD: {}",
        libbpf::load(&btfkit::encode::encode(&ours).unwrap())
    );
}

/// A split of ours over a kernel is read by libbpf, and distilled into as many types by both.
fn same_distilled(kernel: &str) {
    let base = ours(kernel);
    let mut builder = btfkit::graph::GraphBuilder::split(&base);
    let named = |ty: &btfkit::graph::Type<'_>| ty.kind().is_composite() && !ty.name().is_empty();
    for ty in base.types().filter(named).step_by(7).take(300) {
        for member in ty.members() {
            builder.typedef("split", member.type_id).unwrap();
        }
    }
    let split = builder.freeze().unwrap();
    let distilled = distill(&split).unwrap();
    let their_base = libbpf::Btf::parse(kernel);
    let their_split = libbpf::Btf::new(&btfkit::encode::encode(&split).unwrap(), Some(&their_base));
    let (distilled_base, distilled_split) = their_split.distill();
    let read = |btf: &libbpf::Btf| parse::parse(btf.raw().to_vec()).unwrap();
    let new_base = read(&distilled_base);
    assert_eq!(kinds(&new_base), kinds(&distilled.base));
    let options = parse::ParseOptions::new().base(new_base.clone());
    let new_split = parse::parse_with(distilled_split.raw().to_vec(), &options).unwrap();
    assert_eq!(kinds(&new_split), kinds(&distilled.graph));
    // A split over the split, as a program's over a module's over a kernel's.
    let mut builder = btfkit::graph::GraphBuilder::split(&split);
    let last = split.own_types().last().unwrap().id();
    builder.ptr(last).unwrap();
    builder
        .typedef("top", base.types().nth(9).unwrap().id())
        .unwrap();
    let top = builder.freeze().unwrap();
    let their_top = libbpf::Btf::new(&btfkit::encode::encode(&top).unwrap(), Some(&their_split));
    assert_eq!(their_top.len(), top.len() as u64);
    println!(
        "distilled: {} types of base, {} of split",
        distilled.base.len(),
        distilled.graph.own_len()
    );
}

/// What a small split says after it was put over another base: name, kind, and what it refers to.
fn over_base(split: &Btf) -> Vec<String> {
    let own = split.own_types();
    own.map(|ty| {
        let refers: Vec<_> = ty.references().collect();
        format!("{} {} {refers:?}", ty.kind(), ty.name())
    })
    .collect()
}

/// Small splits of a kernel, distilled by libbpf and put over a base by both: over the kernel itself and over
/// another one. Where one of the two refuses, it is said which and why.
fn same_rebased(from: &str, to: &str) {
    let base = ours(from);
    let their_from = libbpf::Btf::parse(from);
    for file in [from, to] {
        let new = ours(file);
        let their_new = libbpf::Btf::parse(file);
        let (mut same, mut refused, mut only_theirs) = (0, 0, 0);
        let mut only_ours = BTreeMap::<String, usize>::new();
        let named =
            |ty: &btfkit::graph::Type<'_>| ty.kind().is_composite() && !ty.name().is_empty();
        for ty in base.types().filter(named).step_by(31) {
            let mut builder = btfkit::graph::GraphBuilder::split(&base);
            let pointer = builder.ptr(ty.id()).unwrap();
            builder.typedef("pointer", pointer).unwrap();
            for member in ty.members().take(8) {
                builder.typedef("member", member.type_id).unwrap();
            }
            let split = btfkit::encode::encode(&builder.freeze().unwrap()).unwrap();
            let split = libbpf::Btf::new(&split, Some(&their_from));
            // Twice: once libbpf has shown the bytes, they stay as they are.
            let (their_base, theirs) = split.distill();
            let small = parse::parse(their_base.raw().to_vec()).unwrap();
            let small = parse::ParseOptions::new().base(small.clone());
            let small = parse::parse_with(theirs.raw().to_vec(), &small).unwrap();
            let (_their_base, mut theirs) = split.distill();
            let ours = btfkit::merge::rebase(&small, &new);
            match (theirs.relocate(&their_new), ours) {
                (0, Ok(ours)) => {
                    let options = parse::ParseOptions::new().base(new.clone());
                    let theirs = parse::parse_with(theirs.raw().to_vec(), &options).unwrap();
                    assert_eq!(over_base(&theirs), over_base(&ours.graph), "{}", ty.name());
                    same += 1;
                }
                (0, Err(error)) => {
                    println!("refused by btfkit only: {}: {error}", ty.name());
                    only_theirs += 1;
                }
                (_, Err(_)) => refused += 1,
                (_, Ok(_)) => {
                    let fwd = small
                        .types()
                        .any(|ty| ty.kind() == btfkit::graph::Kind::Fwd);
                    let why = if fwd { "declarations" } else { "else" };
                    *only_ours.entry(why.to_owned()).or_default() += 1;
                }
            }
        }
        println!(
            "over {file}: {same} splits the same, {refused} refused by both, {only_theirs} by btfkit only, by libbpf only: {only_ours:?}"
        );
    }
}

/// libbpf's part.
mod libbpf {
    use super::{CString, ptr, sys};

    /// A BTF of libbpf's.
    pub struct Btf(*mut sys::btf);

    impl Btf {
        pub fn parse(file: &str) -> Self {
            let path = CString::new(file).unwrap();
            // SAFETY: the path is a string that ends; a null pointer is an error.
            let btf = unsafe { sys::btf__parse(path.as_ptr(), ptr::null_mut()) };
            assert!(!btf.is_null(), "{file}");
            Self(btf)
        }

        pub fn new(raw: &[u8], base: Option<&Self>) -> Self {
            let base = base.map_or(ptr::null_mut(), |base| base.0);
            // SAFETY: libbpf copies the bytes; the base outlives the split in this program.
            let btf = unsafe { sys::btf__new_split(raw.as_ptr().cast(), raw.len() as u32, base) };
            assert!(!btf.is_null());
            Self(btf)
        }

        /// How many types, without `void`, with the base's.
        pub fn len(&self) -> u64 {
            // SAFETY: a valid BTF.
            u64::from(unsafe { sys::btf__type_cnt(self.0) }) - 1
        }

        pub fn dedup(&mut self) {
            // SAFETY: a valid BTF; no options.
            assert_eq!(unsafe { sys::btf__dedup(self.0, ptr::null()) }, 0);
        }

        pub fn raw(&self) -> &[u8] {
            let mut size = 0;
            // SAFETY: libbpf keeps the bytes with the BTF until that is changed.
            unsafe {
                let data = sys::btf__raw_data(self.0, &raw mut size);
                std::slice::from_raw_parts(data.cast(), size as usize)
            }
        }

        pub fn distill(&self) -> (Self, Self) {
            let (mut base, mut split) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: a valid split BTF and two out parameters.
            let done = unsafe { sys::btf__distill_base(self.0, &raw mut base, &raw mut split) };
            assert_eq!(done, 0);
            (Self(base), Self(split))
        }

        /// Puts a split over another base; 0 or a negative error number.
        pub fn relocate(&mut self, base: &Self) -> i32 {
            // SAFETY: two valid BTFs; the base outlives the split in this program.
            unsafe { sys::btf__relocate(self.0, base.0) }
        }
    }

    impl Drop for Btf {
        fn drop(&mut self) {
            // SAFETY: nobody uses it any more.
            unsafe { sys::btf__free(self.0) }
        }
    }

    /// Gives BTF to the running kernel, which takes it from root only.
    pub fn load(raw: &[u8]) -> &'static str {
        // SAFETY: the kernel reads as many bytes as there are; no options.
        let fd = unsafe {
            sys::bpf_btf_load(
                raw.as_ptr().cast(),
                raw.len() as sys::size_t,
                ptr::null_mut(),
            )
        };
        if fd < 0 {
            return "refused";
        }
        // SAFETY: a descriptor that nobody else has.
        unsafe { libc::close(fd) };
        "taken"
    }

    /// Appends and deduplicates.
    pub fn merge(files: &[&str]) -> Btf {
        let mut merged = Btf::parse(files[0]);
        for file in &files[1..] {
            let other = Btf::parse(file);
            // SAFETY: two valid BTFs.
            assert!(unsafe { sys::btf__add_btf(merged.0, other.0) } > 0);
        }
        merged.dedup();
        merged
    }
}
