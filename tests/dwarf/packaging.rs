//! The same program, the same types.

use btfkit::Limits;
use btfkit::debuginfo::{Search, find_debug_sections};
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::encode::encode;
use btfkit::graph::{Btf, Kind};
use btfkit::pipeline::load_path;

use crate::support::packagings::{differences, loaded, options};
use crate::support::spelled::spelled;
use crate::support::{compiled, read, testdata};

fn types(name: &str) -> Btf {
    loaded(name, &options()).graph
}

/// The packagings of a compiler's program.
const PACKAGINGS: [&str; 18] = [
    "dwarf2", "dwarf3", "dwarf4", "dwarf64", "types4", "types5", "split4", "split5", "lto", "zlib",
    "zdebug", "zstd", "dwz", "dwz5", "partial", "relocs", "stripped", "unnamed",
];

#[test]
fn every_packaging_gives_the_same_types() {
    let mut seen = 0;
    for compiler in ["gcc", "clang"] {
        let plain = types(&format!("plain.{compiler}"));
        let expected = spelled(&plain);
        for name in ["STRUCT entry", "STRUCT hidden", "FUNC put", "VAR cursor"] {
            assert!(expected.contains_key(name), "{compiler}: {name}");
        }
        for packaging in PACKAGINGS {
            let name = format!("{packaging}.{compiler}");
            if !testdata("packaging").join(&name).exists() {
                continue;
            }
            seen += 1;
            let graph = types(&name);
            let wrong = differences(&expected, &spelled(&graph));
            assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
            // Nothing nameless is there twice, either.
            assert_eq!(graph.len(), plain.len(), "{name}");
        }
    }
    // gcc's in all, clang's where its own tools have a hand in it.
    assert_eq!(seen, PACKAGINGS.len() + 7);
}

/// In a split file of DWARF 4, gcc writes one table of abbreviations for all units, that of the compile unit's own DIE
/// after hundreds of others.
#[test]
fn a_split_file_with_one_table_of_abbreviations() {
    const SOURCE: &str =
        "#include <string>\nstruct own { int a; std::string s; } o;\nint main() { return o.a; }\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.cc"), SOURCE).unwrap();
    for types in ["-fdebug-types-section", "-fno-debug-types-section"] {
        let flags = ["-gdwarf-4", "-gsplit-dwarf", types, "own.cc", "-o", "own"];
        if compiled(&["g++"], folder.path(), &flags).is_none() {
            return;
        }
        let loaded = load_path(folder.path().join("own"), &options()).unwrap();
        assert!(loaded.missing.is_empty(), "{types}: {:?}", loaded.missing);
        let field = loaded.graph.field("own", "s").unwrap();
        assert_eq!((field.offset.0, field.size.0), (64, 32), "{types}");
    }
}

#[test]
fn a_few_types_of_every_packaging() {
    for compiler in ["gcc", "clang"] {
        let some = |packaging: &str| {
            let mut options = options();
            options.conversion = ConvertOptions::new().root("hidden").root("cursor");
            loaded(&format!("{packaging}.{compiler}"), &options).graph
        };
        let plain = some("plain");
        assert!(plain.len() > 10 && plain.len() < types(&format!("plain.{compiler}")).len());
        for packaging in PACKAGINGS {
            if testdata("packaging")
                .join(format!("{packaging}.{compiler}"))
                .exists()
            {
                let graph = some(packaging);
                let wrong = differences(&spelled(&plain), &spelled(&graph));
                assert!(
                    wrong.is_empty(),
                    "{packaging}.{compiler}:\n{}",
                    wrong.join("\n")
                );
                assert_eq!(graph.len(), plain.len(), "{packaging}.{compiler}");
            }
        }
    }
}

#[test]
fn the_same_bytes_where_units_come_in_the_same_order() {
    let bytes = |name: &str| encode(&types(name)).unwrap();
    let expected = bytes("plain.gcc");
    for name in ["zlib", "zdebug", "zstd", "relocs", "stripped", "dwarf64"] {
        let name = format!("{name}.gcc");
        assert!(bytes(&name) == expected, "{name}");
    }
}

#[test]
fn test_data_is_packaged_as_it_says() {
    let has = |name: &str, what: &[u8]| {
        let bytes = read(&format!("packaging/{name}"));
        bytes.windows(what.len()).any(|window| window == what)
    };
    for (name, what) in [
        ("zdebug.gcc", ".zdebug_info"),
        ("zdebug.gcc", "ZLIB"),
        ("zstd.gcc", "\x28\u{b5}\x2f\u{fd}"),
        ("types4.gcc", ".debug_types"),
        ("dwz.gcc", ".gnu_debugaltlink"),
        ("relocs.gcc", ".rela.debug_info"),
        ("stripped.gcc", ".gnu_debuglink"),
        ("split4.gcc", "split4.gcc-one.dwo"),
        ("split5.clang.dwp", ".debug_cu_index"),
    ] {
        // Bytes, one a letter.
        let what: Vec<u8> = what.chars().map(|letter| letter as u8).collect();
        assert!(has(name, &what), "{name}");
    }
    for name in ["zlib.gcc", "zstd.gcc", "stripped.gcc", "split5.gcc"] {
        assert!(!has(name, b"previous\0"), "{name}");
    }
    assert!(!has("unnamed.gcc", b".note.gnu.build-id"));
}

#[test]
fn packages_stand_for_dwo_files() {
    for name in ["split4.gcc", "split5.gcc", "split5.clang"] {
        let folder = tempfile::tempdir().unwrap();
        for file in [name.to_owned(), format!("{name}.dwp")] {
            let from = testdata("packaging").join(&file);
            std::fs::copy(from, folder.path().join(file)).unwrap();
        }
        let found = load_path(folder.path().join(name), &options()).unwrap();
        assert!(found.missing.is_empty(), "{name}");
        let dwp = folder.path().join(format!("{name}.dwp"));
        assert_eq!(found.files, std::slice::from_ref(&dwp), "{name}");
        let wrong = differences(&spelled(&types(name)), &spelled(&found.graph));
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));

        // The package by itself has all but addresses.
        let mut types_only = options();
        types_only.conversion = ConvertOptions::new();
        let alone = load_path(dwp, &types_only).unwrap().graph;
        let whole = load_path(folder.path().join(name), &types_only).unwrap();
        let wrong = differences(&spelled(&whole.graph), &spelled(&alone));
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn split_units_have_their_variables_in_sections() {
    for name in [
        "plain.gcc",
        "split4.gcc",
        "split5.gcc",
        "split4.clang",
        "split5.clang",
    ] {
        let graph = types(name);
        let all = spelled(&graph);
        let in_bss = all
            .get("DATASEC .bss")
            .unwrap_or_else(|| panic!("{name}: no .bss"));
        for variable in ["queues (240)", "last (8)", "cursor (24)", "taken (8)"] {
            assert!(in_bss.contains(variable), "{name}: {variable} in {in_bss}");
        }
        assert_eq!(all["DATASEC .data"], "answer (4), secret (16)", "{name}");
        assert_eq!(
            graph
                .types()
                .filter(|ty| ty.kind() == Kind::Datasec)
                .count(),
            2
        );
        // What addresses say: nm of the distribution, or the build, put `last` elsewhere than `cursor`.
        assert_ne!(place(&graph, "last"), place(&graph, "cursor"), "{name}");
    }
}

/// Where a variable is in its section.
fn place(graph: &Btf, name: &str) -> u64 {
    let sections = graph.types().filter_map(|ty| match ty.view() {
        btfkit::graph::View::Datasec(section) => Some(section),
        _ => None,
    });
    let mut entries = sections.flat_map(|section| section.entries().collect::<Vec<_>>());
    let entry = entries.find(|entry| graph.ty(entry.var_id).name() == name);
    entry
        .unwrap_or_else(|| panic!("{name} is in no section"))
        .offset
        .0
}

#[test]
fn places_of_variables_are_the_symbol_tables() {
    use object::{Object, ObjectSection, ObjectSymbol};
    for name in [
        "plain.gcc",
        "split4.gcc",
        "split5.gcc",
        "split5.clang",
        "lto.gcc",
        "dwz.gcc",
        // Addends in place: applied again, relocations would lead elsewhere.
        "relocs-i386.clang32",
    ] {
        let bytes = read(&format!("packaging/{name}"));
        let elf = object::File::parse(&*bytes).unwrap();
        let graph = types(name);
        for variable in [
            "queues", "last", "cursor", "taken", "answer", "secret", "storage",
        ] {
            let symbols = elf.symbols();
            let mut symbols = symbols.filter(|symbol| {
                let own = symbol.name().unwrap_or_default();
                own == variable || own.starts_with(&format!("{variable}.lto_priv"))
            });
            let symbol = symbols
                .next()
                .unwrap_or_else(|| panic!("{name}: {variable}"));
            let section = elf
                .section_by_index(symbol.section_index().unwrap())
                .unwrap();
            let expected = symbol.address() - section.address();
            assert_eq!(place(&graph, variable), expected, "{name}: {variable}");
        }
    }
}

#[test]
fn functions_and_variables_only_where_asked_for() {
    let kinds = |functions: bool, variables: bool| {
        let mut options = options();
        options.conversion = ConvertOptions::new()
            .functions(functions)
            .variables(variables);
        let graph = loaded("plain.gcc", &options).graph;
        [Kind::Func, Kind::Var, Kind::Datasec]
            .map(|kind| graph.types().filter(|ty| ty.kind() == kind).count())
    };
    assert_eq!(kinds(false, false), [0, 0, 0]);
    assert_eq!(kinds(true, false), [4, 0, 0]);
    assert_eq!(kinds(false, true), [0, 7, 2]);
    assert_eq!(kinds(true, true), [4, 7, 2]);
    let all = spelled(&types("plain.gcc"));
    // Static 0, global 1; parameters by name, as their declarations have them.
    assert_eq!(
        all["FUNC put"],
        "(* TYPEDEF queue_t queue, * STRUCT entry entry) -> INT int 1"
    );
    assert!(all["FUNC order"].ends_with(" 0"), "{}", all["FUNC order"]);
    assert_eq!(all["VAR last"], "volatile * STRUCT entry 1");
    assert_eq!(all["VAR taken"], "TYPEDEF stamp 0");
}

#[test]
fn types_know_where_they_were_declared() {
    let line = |file: &str, text: &str| {
        let source = String::from_utf8(read(&format!("packaging/{file}"))).unwrap();
        let at = source.lines().position(|line| line == text);
        u64::try_from(at.unwrap_or_else(|| panic!("{text}")) + 1).unwrap()
    };
    let declared = [
        ("hidden", "one.c", line("one.c", "struct hidden {")),
        ("entry", "shared.h", line("shared.h", "struct entry {")),
        ("cursor", "two.c", line("two.c", "struct cursor {")),
    ];
    let names: Vec<_> = std::fs::read_dir(testdata("packaging")).unwrap().collect();
    let names = names.into_iter().map(|entry| entry.unwrap().file_name());
    let mut seen = 0;
    for name in names.map(|name| name.into_string().unwrap()) {
        if !(name.ends_with(".gcc") || name.ends_with(".clang")) {
            continue;
        }
        let path = testdata("packaging").join(&name);
        let bytes = std::fs::read(&path).unwrap();
        let search = Search::new().without_roots();
        let found = find_debug_sections(bytes, Some(&path), &search, &Limits::default()).unwrap();
        let done = convert(&found.sections, &ConvertOptions::new()).unwrap();
        for (ty, file, line) in declared {
            let id = done.graph.find(Kind::Struct, ty).unwrap().id();
            let origin = done.origin(&found.sections, id);
            let origin = origin.unwrap_or_else(|| panic!("{name}: {ty}"));
            assert_eq!(origin.line, Some(line), "{name}: {ty}");
            let declared = origin.file.as_deref().unwrap_or_default();
            assert!(declared.ends_with(file), "{name}: {origin:?}");
            // Type units and what dwz moved are no one source file's.
            let shared = [
                "types4.gcc",
                "types5.gcc",
                "partial.gcc",
                "dwz.gcc",
                "dwz5.gcc",
            ];
            let unit = if shared.contains(&&*name) { "" } else { ".c" };
            assert!(origin.unit.ends_with(unit), "{name}: {origin:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 27 * declared.len());
}
