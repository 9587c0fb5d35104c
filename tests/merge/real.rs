//! The running kernel's BTF and real objects.

use btfkit::graph::{Btf, Kind};
use btfkit::merge::{Input, MergeOptions, dedup, merge};
use btfkit::parse::parse;

use crate::check::every_type_is_there;
use crate::support;

pub use crate::support::tools::running_kernel as kernel;

/// The BTF of the tutorial's object.
pub fn object() -> Btf {
    btfkit::elf::btf_of(support::read("layouts/probe.bpf.o")).unwrap()
}

#[test]
fn a_kernel_with_itself_adds_nothing() {
    let Some(kernel) = kernel() else { return };
    let mut options = MergeOptions::default();
    options.sections = true;
    let inputs = ["one", "two"].map(|label| Input::new(label, kernel.clone()));
    let merged = merge(inputs, &options).unwrap();
    assert_eq!(merged.graph.len(), kernel.len());
    for map in &merged.types {
        every_type_is_there(&kernel, &merged.graph, map);
        assert!(map.iter().all(|(old, new)| old == new));
    }
}

/// Enough types for the merger to deduplicate on the way.
#[test]
fn a_kernel_five_times() {
    let Some(kernel) = kernel() else { return };
    let mut options = MergeOptions::default();
    options.sections = true;
    let inputs = (0..5).map(|number| Input::new(number.to_string(), kernel.clone()));
    let merged = merge(inputs, &options).unwrap();
    assert_eq!(merged.graph.len(), kernel.len());
    for map in &merged.types {
        assert!(map.iter().all(|(old, new)| old == new));
    }
}

#[test]
fn a_kernel_is_deduplicated_already() {
    let Some(kernel) = kernel() else { return };
    let done = dedup(kernel.clone(), &MergeOptions::default()).unwrap();
    assert_eq!(done.graph.len(), kernel.len());
}

/// Without options a kernel's variables are not merged, and all else is.
#[test]
fn a_kernel_over_itself_leaves_its_variables() {
    let Some(kernel) = kernel() else { return };
    let again = parse(btfkit::encode::encode(&kernel).unwrap()).unwrap();
    let over = merge([Input::new("again", again)], &MergeOptions::split(&kernel)).unwrap();
    every_type_is_there(&kernel, &over.graph, &over.types[0]);
    let is_data = |kind| matches!(kind, Kind::Var | Kind::Datasec);
    assert!(over.graph.own_types().all(|ty| is_data(ty.kind())));
    assert!(over.graph.own_len() < 1000);
}

/// bpftool's raw listing of some BTF over an optional base, without its first line's odd cases: what it
/// prints is compared with what we read.
fn listed(tool: &str, graph: &Btf, base: Option<&Btf>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, graph: &Btf| {
        let bytes = btfkit::encode::encode(graph).unwrap();
        support::scratch(&folder, name, &bytes)
    };
    let mut command = std::process::Command::new(tool);
    if let Some(base) = base {
        command.arg("-B").arg(write("base.btf", base));
    }
    command
        .args(["btf", "dump", "file"])
        .arg(write("own.btf", graph));
    let listing = support::output(&mut command);
    listing.lines().filter(|line| line.starts_with('[')).count()
}

/// bpftool, and with it libbpf, reads what comes out: merged, split over the kernel, distilled, put back.
#[test]
fn bpftool_reads_the_results() {
    let Some(tool) = support::tool(&["bpftool"]) else {
        return;
    };
    let Some(kernel) = kernel() else { return };
    let inputs = || {
        [
            Input::new("kernel", kernel.clone()),
            Input::new("object", object()),
        ]
    };
    let merged = merge(inputs(), &MergeOptions::default()).unwrap().graph;
    assert_eq!(listed(&tool, &merged, None), merged.len());

    let options = MergeOptions::split(&kernel);
    let split = merge([Input::new("object", object())], &options)
        .unwrap()
        .graph;
    assert!(split.own_len() < object().len());
    assert_eq!(listed(&tool, &split, Some(&kernel)), split.own_len());

    let distilled = btfkit::merge::distill(&split).unwrap();
    let (base, graph) = (&distilled.base, &distilled.graph);
    assert_eq!(listed(&tool, base, None), base.len());
    assert_eq!(listed(&tool, graph, Some(base)), graph.own_len());
    let back = btfkit::merge::rebase(graph, &kernel).unwrap().graph;
    assert_eq!(listed(&tool, &back, Some(&kernel)), back.own_len());
}
