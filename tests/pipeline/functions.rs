//! Functions: parameters at entry, inlined copies and names, against compilers and addr2line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{output, testdata, tool};
use btfkit::debuginfo::Search;
use btfkit::pipeline::{
    FoundFunctions, Function, FunctionKind, FunctionOptions, Location, LocationSource, Slot,
    functions_path,
};

/// A program made of the tests' sources, by a compiler at a level of optimisation.
struct Program {
    name: String,
    level: &'static str,
    path: PathBuf,
}

/// Builds a source of the tests by gcc and clang, without and with optimisation.
fn programs(folder: &tempfile::TempDir, source: &str) -> Vec<Program> {
    let families: [&[&str]; 2] = match source.ends_with(".cc") {
        true => [&["g++"], &["clang++-19", "clang++"]],
        false => [&["gcc"], &["clang-19", "clang"]],
    };
    let mut built = Vec::new();
    for family in families {
        let Some(compiler) = tool(family) else {
            continue;
        };
        for level in ["-O0", "-O2"] {
            let path = folder.path().join(format!("{compiler}{level}"));
            let mut command = Command::new(&compiler);
            command.args(["-g", level, "-Wno-attributes", "-o"]);
            output(command.arg(&path).arg(testdata(source)));
            built.push(Program {
                name: compiler.clone(),
                level,
                path,
            });
        }
    }
    built
}

fn find(program: &Program, names: &[&str]) -> FoundFunctions {
    let options = FunctionOptions::new().search(Search::new().without_roots());
    functions_path(&program.path, names, &options).unwrap()
}

fn one(program: &Program, name: &str) -> Function {
    let found = find(program, &[name]).functions;
    let [function] = &found[..] else {
        panic!("{name} of {}: {found:#?}", program.name);
    };
    function.clone()
}

/// A location as a word or two; nothing where it is unknown.
fn spelled(location: &Location) -> String {
    match location {
        Location::Pieces(pieces) => {
            let slots = pieces.iter().map(|piece| match piece.slot {
                Slot::Register(register) => register.to_string(),
                Slot::Stack(offset) => format!("stack+{offset}"),
                other => panic!("{other:?}"),
            });
            slots.collect::<Vec<_>>().join(" ")
        }
        Location::Address(Slot::Register(register)) => format!("[{register}]"),
        Location::Empty => "nowhere".to_owned(),
        Location::Unknown(_) => String::new(),
        other => panic!("{other:?}"),
    }
}

/// Where the ABI of x86-64 has the parameters of the functions in C, counted by hand.
#[cfg(target_arch = "x86_64")]
const IN_C: &[(&str, &[&str])] = &[
    (
        "integers",
        &[
            "rdi", "rsi", "rdx", "rcx", "r8", "r9", "stack+8", "stack+16",
        ],
    ),
    (
        "numbers",
        &[
            "xmm0", "xmm1", "rdi", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "stack+8",
            "stack+16",
        ],
    ),
    (
        "structures",
        &["rdi", "rsi xmm0", "xmm1 xmm2", "stack+8", "rdx", "rcx"],
    ),
    (
        "extended",
        &["rdi", "stack+8", "stack+24", "rsi", "rdx rcx"],
    ),
    ("large_result", &["rsi", "rdx"]),
    ("small_result", &["rdi", "rsi"]),
    ("variadic", &["rdi"]),
    ("plain", &["rdi"]),
];

/// The same of the functions in C++.
#[cfg(target_arch = "x86_64")]
const IN_CPP: &[(&str, &[&str])] = &[
    ("ns::Map<int>::get", &["rdi", "rsi", "rdx"]),
    (
        "ns::Map<int>::take",
        &["rdi", "[rsi]", "nowhere", "rdx rcx", "r8"],
    ),
    ("ns::Map<int>::give", &["rsi", "rdx"]),
    ("ns::Map<int>::operator<", &["rdi", "rsi"]),
];

/// Without optimisation the convention says where parameters are, since they are not yet where DWARF has them. With it,
/// the compilers say it themselves. Both must be what the ABI says.
#[cfg(target_arch = "x86_64")]
#[test]
fn parameters_are_where_compilers_and_the_abi_have_them() {
    for (source, expected) in [
        ("functions/functions.c", IN_C),
        ("functions/functions.cc", IN_CPP),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for program in programs(&folder, source) {
            let mut sources: BTreeMap<bool, usize> = BTreeMap::new();
            for (name, places) in expected {
                let function = one(&program, name);
                let parameters = function.parameters().unwrap();
                let found = parameters.iter().map(|it| spelled(it.location()));
                let found: Vec<String> = found.collect();
                assert_eq!(
                    &found, places,
                    "{name} by {} {}",
                    program.name, program.level
                );
                for parameter in parameters {
                    let by_dwarf = parameter.source() == Some(LocationSource::Dwarf);
                    *sources.entry(by_dwarf).or_default() += 1;
                }
            }
            // Each way was gone.
            let by_dwarf = program.level == "-O2";
            assert!(sources[&by_dwarf] > 8, "{sources:?}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn results_that_the_caller_has_room_for() {
    let folder = tempfile::tempdir().unwrap();
    for program in programs(&folder, "functions/functions.c") {
        let address = one(&program, "large_result").result_address();
        assert_eq!(
            address.and_then(Slot::in_bpf).unwrap(),
            "PT_REGS_PARM1(ctx)"
        );
        assert_eq!(one(&program, "small_result").result_address(), None);
        assert_eq!(one(&program, "large_result").results(), ["struct large"]);
        let integers = one(&program, "integers");
        let bpf: Vec<_> = integers
            .parameters()
            .unwrap()
            .iter()
            .map(|it| match it.location() {
                Location::Pieces(pieces) => pieces[0].slot.in_bpf().unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(bpf[5], "PT_REGS_PARM6(ctx)");
        assert_eq!(bpf[6], "user memory at PT_REGS_SP(ctx) + 8");
        assert!(one(&program, "variadic").is_variadic());
    }
}

/// LLVM's addr2line: that of binutils 2.40 doesn't read ranges by number.
const ADDR2LINE: [&str; 2] = ["llvm-addr2line-19", "llvm-addr2line"];

/// The functions at an address, as addr2line lists them: the innermost first, with the line.
fn addr2line(tool: &str, program: &Program, address: u64) -> Vec<(String, String)> {
    let text = output(
        Command::new(tool)
            .args(["-fie"])
            .arg(&program.path)
            .arg(format!("{address:#x}")),
    );
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.chunks(2).map(|pair| {
        let place = pair[1].split(" (").next().unwrap();
        (pair[0].to_owned(), place.to_owned())
    });
    pairs.collect()
}

#[test]
fn inlined_copies_are_those_of_addr2line() {
    let Some(llvm) = tool(&ADDR2LINE) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for program in programs(&folder, "functions/functions.c") {
        let twice = one(&program, "twice");
        assert_eq!(twice.kind(), FunctionKind::Inlined);
        assert_eq!(twice.file_offset(), None);
        // One in `integers`, two in `large_result` by `four_times`; the compiler may put copies of the callers elsewhere.
        assert!(twice.inlined().len() >= 3, "{:#?}", twice.inlined());
        for copy in twice.inlined() {
            let frames = addr2line(&llvm, &program, copy.address().unwrap());
            let at = frames.iter().position(|(name, _)| name == "twice");
            let at = at.unwrap_or_else(|| panic!("{} {copy}: {frames:?}", program.name));
            let (caller, line) = &frames[at + 1];
            assert_eq!(copy.caller(), caller);
            assert_eq!(&copy.call_site().unwrap().to_string(), line);
            let outer = &frames[frames.len() - 1].0;
            assert_eq!(copy.within().unwrap_or(copy.caller()), outer);
            assert!(copy.file_offset().is_some());
        }
        let four_times = one(&program, "four_times");
        assert!(
            four_times
                .inlined()
                .iter()
                .any(|it| it.caller() == "large_result")
        );
    }
}

#[test]
fn names_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    for program in programs(&folder, "functions/functions.cc") {
        let symbol = "_ZN2ns3MapIiE3getEiRKNS_7CountedE";
        let of_dwarf = one(&program, "ns::Map<int>::get");
        assert_eq!(of_dwarf.symbol(), Some(symbol));
        assert_eq!(one(&program, symbol).address(), of_dwarf.address());
        let place = of_dwarf.declared_at().unwrap().to_string();
        assert!(place.ends_with("functions/functions.cc:29"), "{place}");
        assert!(of_dwarf.unit().unwrap().ends_with("functions.cc"));
        #[cfg(feature = "demangle")]
        {
            let full = "ns::Map<int>::get(int, ns::Counted const&)";
            assert_eq!(of_dwarf.name(), full);
            for name in [full, "ns::Map<int>::get(int,ns::Counted const &)"] {
                assert_eq!(one(&program, name).address(), of_dwarf.address());
            }
            let hidden = one(&program, "hidden");
            assert_eq!(hidden.name(), "(anonymous namespace)::hidden(int)");
        }
        // Without template arguments both are meant.
        for name in ["ns::Map::get", "Map::get", "ns::Map<*>::get"] {
            let found = find(&program, &[name]).functions;
            assert_eq!(found.len(), 2, "{name}: {found:#?}");
        }
        let take = one(&program, "ns::Map<int>::take");
        let how = &take.parameters().unwrap()[3];
        let ty = how.ty().replace("ns::Map<int> *const", "ns::Map<int> *");
        assert_eq!(
            ty,
            "int (ns::Map<int>::*)(ns::Map<int> *, int, const ns::Counted &)"
        );
    }
}

#[test]
fn parts_and_aliases() {
    let folder = tempfile::tempdir().unwrap();
    for program in programs(&folder, "functions/functions.c") {
        let plain = one(&program, "plain");
        assert_eq!(plain.aliases(), ["alias_of_plain"]);
        assert_eq!(one(&program, "alias_of_plain").address(), plain.address());
        let chosen = one(&program, "chosen");
        assert_eq!(chosen.kind(), FunctionKind::Ifunc);
        assert_eq!(chosen.parameters(), None);
        let found = find(&program, &["no_such", "rand"]);
        assert_eq!(found.not_found[0].name, "no_such");
        assert_eq!(found.functions[0].kind(), FunctionKind::Imported);
        assert_eq!(found.functions[0].libraries(), ["libc.so.6"]);
    }
}

/// Builds a source of one test by gcc.
fn built(folder: &tempfile::TempDir, text: &str, arguments: &[&str]) -> Option<Program> {
    let name = tool(&["gcc"])?;
    let source = folder.path().join("source.c");
    std::fs::write(&source, text).unwrap();
    let path = folder.path().join("program");
    let mut command = Command::new(&name);
    command.arg("-g").args(arguments).arg("-o");
    output(command.arg(&path).arg(source));
    Some(Program {
        name,
        level: "",
        path,
    })
}

#[test]
fn copies_with_other_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let text = "
        int copy(int x) __asm__(\"handle.isra.0\");
        int copy(int x) { return x; }
        int cold(int x) __asm__(\"handle.cold\");
        int cold(int x) { return x; }
        int handle(int x) { return copy(x) + cold(x); }
        int main(void) { return handle(0); }";
    let Some(program) = built(&folder, text, &["-O0"]) else {
        return;
    };
    let found = find(&program, &["handle"]).functions;
    let of = |suffix: Option<&str>| {
        let mut found = found.iter();
        let found = found.find(|it| it.part_of().map(|(_, suffix)| suffix) == suffix);
        found.unwrap_or_else(|| panic!("{suffix:?}"))
    };
    assert_eq!(found.len(), 3);
    assert_eq!(of(Some(".isra.0")).part_of(), Some(("handle", ".isra.0")));
    // DWARF doesn't say it, and the convention can't.
    let parameter = &of(Some(".isra.0")).parameters().unwrap()[0];
    assert!(matches!(parameter.location(), Location::Unknown(_)));
    assert_eq!(parameter.source(), None);
    assert_eq!(of(Some(".cold")).parameters(), None);
    assert_eq!(spelled(of(None).parameters().unwrap()[0].location()), "rdi");
}

#[test]
fn functions_that_the_linker_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let text = "
        int unused(int x) { return x; }
        int nowhere(int x);
        int main(void) { int (*volatile p)(int) = 0; return p ? nowhere(1) : 0; }
        int nowhere(int x) { return x + 1; }";
    let arguments = ["-O0", "-ffunction-sections", "-Wl,--gc-sections"];
    let Some(program) = built(&folder, text, &arguments) else {
        return;
    };
    let unused = one(&program, "unused");
    assert_eq!(unused.kind(), FunctionKind::Dropped);
    assert_eq!((unused.address(), unused.file_offset()), (None, None));
    assert_eq!(one(&program, "nowhere").kind(), FunctionKind::Code);
}

/// However the debug information is stored, it says the same.
#[test]
fn packagings_of_debug_information() {
    let folder = tempfile::tempdir().unwrap();
    let Some(gcc) = tool(&["gcc"]) else {
        return;
    };
    let source = testdata("functions/functions.c");
    let ways: [&[&str]; 7] = [
        &["-gdwarf-5"],
        &["-gdwarf-4"],
        &["-gdwarf-3", "-gstrict-dwarf"],
        &["-gsplit-dwarf", "-gdwarf-5"],
        &["-gsplit-dwarf", "-gdwarf-4"],
        &["-gdwarf-5", "-gz=zlib", "-fdebug-types-section"],
        &["-gdwarf-4", "-fdebug-types-section"],
    ];
    let mut first: Option<Vec<String>> = None;
    for (number, way) in ways.iter().enumerate() {
        let path = folder.path().join(format!("program{number}"));
        let mut command = Command::new(&gcc);
        command.current_dir(&folder).args(["-g", "-O2"]).args(*way);
        output(command.arg("-o").arg(&path).arg(&source));
        let program = Program {
            name: format!("{way:?}"),
            level: "-O2",
            path,
        };
        let found = find(&program, &["integers", "structures", "twice", "local"]);
        assert_eq!(found.functions.len(), 4, "{way:?}");
        let texts = found.functions.iter().map(ToString::to_string).collect();
        let expected = first.get_or_insert_with(|| Vec::clone(&texts));
        assert_eq!(&texts, expected, "{way:?}");
    }
}

#[test]
fn debug_information_in_another_file() {
    let Some(objcopy) = tool(&["objcopy"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for program in programs(&folder, "functions/functions.c") {
        let whole = one(&program, "local");
        let debug = program.path.with_extension("debug");
        let stripped = program.path.with_extension("stripped");
        let run = |arguments: &[&str]| output(Command::new(&objcopy).args(arguments));
        let [path, debug, stripped_path] =
            [&program.path, &debug, &stripped].map(|path| path.display().to_string());
        run(&["--only-keep-debug", &path, &debug]);
        let link = format!("--add-gnu-debuglink={debug}");
        run(&["--strip-all", &link, &path, &stripped_path]);
        let stripped = Program {
            path: stripped.clone(),
            ..program
        };
        let found = find(&stripped, &["local"]);
        assert_eq!(found.files.len(), 1);
        let local = &found.functions[0];
        assert_eq!(local.file_offset(), whole.file_offset());
        assert_eq!(local.declared_at(), whole.declared_at());
        assert!(local.file_offset().is_some());
        // Without it, the name is gone, and a note says why.
        std::fs::remove_file(debug).unwrap();
        let found = find(&stripped, &["local", "integers"]);
        assert!(!found.not_found.is_empty());
        assert!(found.notes[0].contains("parameters"), "{:?}", found.notes);
    }
}
