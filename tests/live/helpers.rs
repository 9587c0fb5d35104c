//! The example probes of `examples/probes`: each is compiled against the program's header and `btfkit.bpf.h`, and sees
//! what the program prints.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::*;
use crate::support::jobs::converted;
use crate::support::tools::skipped;
use crate::support::{output, tool};
use aya::programs::uprobe::UProbeAttachLocation;
use btfkit::graph::Btf;
use btfkit::pipeline::{FunctionOptions, RelocateOptions, TargetFile, functions_path, relocate};
use btfkit::render::c::{HeaderOptions, header};
use btfkit::render::helpers::BPF_HELPERS;

/// A function of a program, its probe, and what each slot of the probe has.
struct Example {
    probe: PathBuf,
    function: &'static str,
    types: &'static [&'static str],
    slots: &'static [&'static str],
}

/// A folder of `examples/probes`.
fn examples(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/probes")
        .join(folder)
}

/// Compiles an example's probe for a program, or skips where clang or libbpf's headers are missing.
fn compiled(example: &Example, types: &Btf, kernel: &Btf, folder: &Path) -> Option<Vec<u8>> {
    let clang = tool(&["clang", "clang-19"])?;
    if !Path::new("/usr/include/bpf/bpf_core_read.h").exists() {
        skipped("this machine has no headers of libbpf");
        return None;
    }
    let options = HeaderOptions::new().names(example.types.iter().copied());
    let registers = HeaderOptions::new().name("pt_regs").core(false);
    let registers = registers.guard("__VMLINUX_H__");
    for (name, text) in [
        ("server.h", header(types, &options).unwrap().text),
        ("vmlinux.h", header(kernel, &registers).unwrap().text),
        ("btfkit.bpf.h", BPF_HELPERS.to_owned()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let machine = std::env::consts::ARCH;
    let arch = match machine {
        "x86_64" => "x86",
        "aarch64" => "arm64",
        other => other,
    };
    let mut command = Command::new(clang);
    command
        .args([
            "-target", "bpf", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-c",
        ])
        .arg(format!("-D__TARGET_ARCH_{arch}"))
        .arg(format!("-I/usr/include/{machine}-linux-gnu"))
        .arg("-I")
        .arg(folder)
        .arg(&example.probe);
    output(command.arg("-o").arg(folder.join("probe.bpf.o")));
    Some(std::fs::read(folder.join("probe.bpf.o")).unwrap())
}

/// Compares every slot of an example's probe with what the program prints.
fn check(example: &Example, program: &Path, kernel: &Btf, folder: &Path) {
    let types = converted(program);
    let Some(object) = compiled(example, &types, kernel, folder) else {
        return;
    };
    let target = TargetFile::user("app", types);
    let relocated = relocate(object, &[target], &RelocateOptions::default()).unwrap();
    let found = functions_path(program, &[example.function], &FunctionOptions::new()).unwrap();
    let location = UProbeAttachLocation::AbsoluteOffset(found.functions[0].file_offset().unwrap());
    let seen = run_at(
        load_without_btf(&relocated.object),
        "probe",
        program,
        location,
    );
    // Besides the slots, the program prints its first line.
    assert_eq!(seen.printed.len(), example.slots.len() + 1);
    assert_eq!(seen.slots.len(), example.slots.len());
    let wrong: Vec<String> = example
        .slots
        .iter()
        .zip(&seen.slots)
        .filter(|(key, value)| seen.printed[**key] != value.cast_signed())
        .map(|(key, value)| {
            format!(
                "{key}: {} instead of {}",
                value.cast_signed(),
                seen.printed[*key]
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}: {wrong:#?}", program.display());
}

#[test]
fn strings_vectors_and_bitfields_of_a_cxx_program() {
    let (Some(kernel), Some(gxx)) = (kernel(), tool(&["g++"])) else {
        return;
    };
    let example = Example {
        probe: examples("cxx").join("probe.bpf.c"),
        function: "handle",
        types: &["srv::Request", "srv::Header"],
        slots: &[
            "kind",
            "path.len",
            "path",
            "headers.len",
            "value.len",
            "value",
            "codes.len",
            "codes.2",
            "agent.len",
            "agent",
            "a",
            "b",
            "c",
            "state",
            "next.path.len",
        ],
    };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("server");
    let mut command = Command::new(gxx);
    command.args(["-g", "-O1", "-o"]).arg(&program);
    output(command.arg(examples("cxx").join("server.cc")));
    check(&example, &program, &kernel, folder.path());
}

#[test]
fn strings_vectors_and_variants_of_a_rust_program() {
    let (Some(kernel), Some(rustc)) = (kernel(), tool(&["rustc"])) else {
        return;
    };
    let example = Example {
        probe: examples("rust").join("probe.bpf.c"),
        function: "handle",
        types: &["server::Peer", "server::State"],
        slots: &[
            "name.len",
            "name",
            "greeting.len",
            "greeting",
            "tags.len",
            "tags.2",
            "parts.len",
            "parts.1.len",
            "parts.1",
            "alias.len",
            "alias",
            "ports.len",
            "ports.1",
            "note",
            "busy",
            "job",
            "who.len",
            "who",
            "low",
            "level",
        ],
    };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("server");
    let mut command = Command::new(rustc);
    command
        .args(["--edition", "2024", "-g", "-O", "-o"])
        .arg(&program);
    output(command.arg(examples("rust").join("server.rs")));
    check(&example, &program, &kernel, folder.path());
}

/// The probe names Go's registers of x86-64.
#[cfg(target_arch = "x86_64")]
#[test]
fn strings_and_slices_of_a_go_program() {
    let Some(kernel) = kernel() else {
        return;
    };
    let go = std::env::var("BTFKIT_GO").unwrap_or_else(|_| "go".into());
    // `tool` asks for `--version`, which go doesn't know.
    if Command::new(&go).arg("version").output().is_err() {
        return skipped("go is not here");
    }
    let example = Example {
        probe: examples("go").join("probe.bpf.c"),
        function: "main.handle",
        types: &["main.Conn"],
        slots: &[
            "name.len",
            "name",
            "s.len",
            "s",
            "b.len",
            "b",
            "tags.len",
            "tags.2",
            "parts.len",
            "parts.1.len",
            "parts.1",
            "next.len",
            "next",
            "port",
        ],
    };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("server");
    let mut command = Command::new(go);
    // Compressed debug sections would need a feature.
    command
        .args(["build", "-ldflags=-compressdwarf=false", "-o"])
        .arg(&program);
    output(command.arg(examples("go").join("server.go")));
    check(&example, &program, &kernel, folder.path());
}

/// A C++ program with the names and the layout that rustc before 1.83 gives: `RawVec` has the pointer itself.
const OLDER_RUST: &str = r#"
#include <cstdio>
namespace core { struct NonNull { const char *pointer; }; struct Unique { NonNull pointer; }; }
namespace alloc {
namespace raw_vec { struct RawVec { unsigned long cap; core::Unique ptr; }; }
namespace vec { struct Vec { raw_vec::RawVec buf; unsigned long len; }; }
namespace string { struct String { vec::Vec vec; }; }
}
extern "C" __attribute__((noinline)) long handle(alloc::string::String *s) { asm volatile("" ::: "memory"); return s->vec.len; }
int main() {
	static char text[] = "abc";
	alloc::string::String s = {{{16, {{text}}}, 3}};
	puts("start=1"); fflush(stdout); getchar();
	printf("len=%ld text=%d vec.len=3\n", handle(&s), text[0] | text[1] << 8 | text[2] << 16);
}
"#;

const OLDER_RUST_PROBE: &str = r#"
#include <linux/bpf.h>
#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
#include "server.h"
#include "btfkit.bpf.h"
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} out SEC(".maps");
SEC("uprobe")
int probe(struct pt_regs *ctx)
{
	struct alloc__string__String *s = (void *)PT_REGS_PARM1(ctx);
	struct btfkit_bytes string = BTFKIT_RUST_STRING(s);
	__u64 values[3] = {string.len, 0, BTFKIT_RUST_VEC_1_82(&s->vec).len};
	btfkit_copy(&values[1], sizeof(values[1]), string);
	for (__u32 slot = 0; slot < 3; slot++)
		bpf_map_update_elem(&out, &slot, &values[slot], 0);
	return 0;
}
char LICENSE[] SEC("license") = "Dual MIT/GPL";
"#;

#[test]
fn a_string_of_an_older_rustc() {
    let (Some(kernel), Some(gxx)) = (kernel(), tool(&["g++"])) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let [source, program, probe] =
        ["server.cc", "server", "older.bpf.c"].map(|name| folder.path().join(name));
    std::fs::write(&source, OLDER_RUST).unwrap();
    std::fs::write(&probe, OLDER_RUST_PROBE).unwrap();
    let mut command = Command::new(gxx);
    command.args(["-g", "-O1", "-o"]).arg(&program);
    output(command.arg(source));
    let example = Example {
        probe,
        function: "handle",
        types: &["alloc::string::String"],
        slots: &["len", "text", "vec.len"],
    };
    check(&example, &program, &kernel, folder.path());
}
