//! `btfkit min`.

use crate::command::*;

#[test]
fn the_smallest_btf_of_a_probe() {
    let scratch = Scratch::new();
    let small = scratch.path("min.btf");
    let target = "app=tutorial/prog_a.gcc-dwarf5";
    let notes = stderr(&done(&["min", PROBE, "--target", target, "-o", &small]));
    assert!(notes.contains("2 types"), "{notes}");
    let listing = stdout(&done(&["dump", &small]));
    assert!(
        listing.contains("STRUCT 'data' size=12 vlen=2"),
        "{listing}"
    );
    // It takes the program's place as a target.
    let (full, less) = (scratch.path("full.o"), scratch.path("less.o"));
    let small = format!("app={small}");
    done(&["relocate", PROBE, "-t", target, "-o", &full]);
    done(&["relocate", PROBE, "-t", &small, "-o", &less]);
    assert!(std::fs::read(full).unwrap() == std::fs::read(less).unwrap());
}

#[test]
fn an_object_that_is_refused_is_named() {
    let scratch = Scratch::new();
    let bad = scratch.write("bad.o", b"no object at all");
    let small = scratch.path("min.btf");
    let target = "app=tutorial/prog_a.gcc-dwarf5";
    let command = ["min", PROBE, &bad, "--target", target, "-o", &small];
    refused(&command, 1, &["bad.o: "]);
    // The file's name says more than its number.
    assert!(!stderr(&run(&command)).contains("input 1"));
    assert!(!scratch.names().contains(&"min.btf".to_owned()));
}
