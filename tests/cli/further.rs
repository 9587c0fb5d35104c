//! Classes whose base is defined in another unit, or in another file of the program: a library.
//!
//! The program prints its own offsets, which are the right ones.

use std::collections::HashMap;
use std::process::Command;

use crate::command::{Scratch, done, refused, stderr, stdout};
use crate::support::{compiled, output};

const HEADER: &str = "#include <cstdio>
    struct Root { long b2; int b3; };
    class Base : public Root { public: virtual ~Base(); int base_a; long base_b; };
    class Derived : public Base { public: Derived(); virtual int get(); int derived_a; };";

const LIBRARY: &str = "#include \"classes.h\"
    Base::~Base() {}";

const PROGRAM: &str = "#include \"classes.h\"
    Derived::Derived() : derived_a(1) {}
    int Derived::get() { return derived_a; }
    #define AT(f) printf(\"%s %zu\\n\", #f, (size_t)((char *)&d.f - (char *)&d))
    int main() { Derived d; AT(b3); AT(base_a); AT(base_b); AT(derived_a); }";

const PROBE: &str =
    "struct Derived { long base_b; int derived_a; } __attribute__((preserve_access_index));
    __attribute__((section(\"uprobe\"), used)) long p(struct Derived *s)
    {
        return (long)&s->base_b + (long)&s->derived_a;
    }
    __attribute__((section(\"uprobe\"), used)) long q(struct Derived *s)
    {
        return __builtin_preserve_field_info(s->base_b, 2);
    }";

fn sources() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("classes.h", HEADER.as_bytes());
    scratch.write("library.cc", LIBRARY.as_bytes());
    scratch.write("program.cc", PROGRAM.as_bytes());
    scratch.write("probe.bpf.c", PROBE.as_bytes());
    scratch
}

/// Returns the offsets that a program prints.
fn offsets(program: &str, folder: &str) -> HashMap<String, String> {
    let text = output(Command::new(program).env("LD_LIBRARY_PATH", folder));
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .map(|(name, at)| (name.to_owned(), at.to_owned()))
        .collect()
}

/// A type asked for by name has its base, which its own unit only declares.
#[test]
fn a_base_that_another_unit_defines() {
    let scratch = sources();
    let folder = scratch.0.path();
    let (program, root) = (scratch.path("program"), scratch.path("root.btf"));
    for (compiler, flags) in [
        (&["g++"][..], &["-gdwarf-4"][..]),
        (&["g++"], &["-gdwarf-5"]),
        (&["g++"], &["-fdebug-types-section"]),
        (&["g++"], &["-flto"]),
        (&["clang++-19", "clang++"], &["-gdwarf-4"]),
        (&["clang++-19", "clang++"], &["-gdwarf-5"]),
        (&["clang++-19", "clang++"], &["-fdebug-types-section"]),
    ] {
        let arguments = [
            &["-g", "-o", "program"],
            flags,
            &["program.cc", "library.cc"],
        ]
        .concat();
        if compiled(compiler, folder, &arguments).is_none() {
            return;
        }
        let expected = offsets(&program, &scratch.path(""));
        assert_eq!(expected.len(), 4);
        done(&["convert", &program, "--root", "Derived", "-o", &root]);
        for (field, at) in &expected {
            for file in [&program, &root] {
                let told = stdout(&done(&["offset", file, "Derived", field]));
                let line = format!("{field}  offset {at}  ");
                assert!(
                    told.starts_with(&line),
                    "{compiler:?} {flags:?}: {told} is not {line}"
                );
            }
        }
    }
}

/// A base that only a library defines comes from a further file of the program; without it that is said.
#[test]
fn a_base_that_a_library_defines() {
    let scratch = sources();
    let folder = scratch.0.path();
    let clang = [
        "-g",
        "-O2",
        "-target",
        "bpf",
        "-c",
        "probe.bpf.c",
        "-o",
        "probe.o",
    ];
    let library = [
        "-g",
        "-shared",
        "-fPIC",
        "library.cc",
        "-o",
        "liblibrary.so",
    ];
    let program = ["-g", "program.cc", "-L.", "-llibrary", "-o", "program"];
    if compiled(&["clang-19", "clang"], folder, &clang)
        .and_then(|()| compiled(&["g++"], folder, &library))
        .and_then(|()| compiled(&["g++"], folder, &program))
        .is_none()
    {
        return;
    }
    let (object, out) = (scratch.path("probe.o"), scratch.path("out"));
    let expected = offsets(&scratch.path("program"), &scratch.path(""));
    let base_b = format!("Derived.base_b in app: 0 -> {}", expected["base_b"]);
    let derived_a = format!("Derived.derived_a in app: 8 -> {}", expected["derived_a"]);
    let [program, library] =
        ["program", "liblibrary.so"].map(|name| format!("app={}", scratch.path(name)));
    for targets in [[&program, &library], [&library, &program]] {
        let both = ["-t", targets[0], "-t", targets[1]];
        let told = done(&[&["relocate", &object, "-o", &out], &both[..]].concat());
        let text = stdout(&told);
        for words in [&*base_b, &derived_a, "Derived.base_b in app: 1 (as it was)"] {
            assert!(text.contains(words), "no {words:?} in {text}");
        }
        assert_eq!(stderr(&told), "");
        done(&[&["check", &object], &both[..]].concat());
        done(&[&["min", &object, "-o", &out], &both[..]].concat());
        let told = stdout(&done(&["offset", &out, "Derived", "base_b"]));
        assert!(
            told.contains(&format!("offset {} ", expected["base_b"])),
            "{told}"
        );
    }
    // The existence check answers no, but nobody knows.
    let told = done(&["relocate", &object, "-t", &program, "-o", &out]);
    for word in ["Base is only declared", "further --target"] {
        assert!(stderr(&told).contains(word), "{}", stderr(&told));
    }
    refused(
        &["check", &object, "-t", &program],
        1,
        &["Base is only declared"],
    );
}
