//! Asking for some types of a program answers what converting all of it does.

use std::path::{Path, PathBuf};

use crate::support::jobs::BUILDS;
use crate::support::testdata;
use btfkit::debuginfo::{Search, find_debug_sections};
use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::graph::{Btf, Kind, Type, View};
use btfkit::merge::compare;
use btfkit::{Error, ErrorKind, Limits};
use bytes::Bytes;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Roots that are tried of each program.
const MOST_ROOTS: usize = 25;

fn read(path: &Path) -> Outcome<Bytes> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes.into())
}

fn try_graph(path: &Path, bytes: &Bytes, options: &ConvertOptions) -> Result<Btf, Error> {
    let search = Search::new().without_roots();
    let found = find_debug_sections(bytes.clone(), Some(path), &search, &Limits::default())?;
    Ok(convert(&found.sections, options)?.graph)
}

fn graph(path: &Path, options: &ConvertOptions) -> Outcome<Btf> {
    let graph = try_graph(path, &read(path)?, options);
    Ok(graph.map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Whether an ELF file of either byte order is a BPF object (`EM_BPF`, 247).
fn is_bpf(file: &[u8]) -> bool {
    matches!(file.get(18..20), Some([247, 0] | [0, 247]))
}

/// The files in a folder that have debug information.
fn programs(folder: &Path, found: &mut Vec<PathBuf>) -> Outcome {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.ends_with("crash") {
            continue;
        }
        if path.is_dir() {
            programs(&path, found)?;
        } else if std::fs::read(&path)?.starts_with(b"\x7fELF") {
            match try_graph(&path, &read(&path)?, &ConvertOptions::default()) {
                Ok(_) => found.push(path),
                // Where it is in another file, that is here, too.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NoDebugInfo | ErrorKind::Stripped) => {}
                // The relocations of BPF objects' DWARF are not applied.
                Err(_) if is_bpf(&std::fs::read(&path)?) => {}
                Err(error) => return Err(format!("{}: {error}", path.display()).into()),
            }
        }
    }
    Ok(())
}

fn is_definition(ty: Type<'_>) -> bool {
    // An enumeration that is only declared has no values.
    if let View::Enum(values) = ty.view() {
        return !ty.name().is_empty() && values.enumerators().len() > 0;
    }
    matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Typedef) && !ty.name().is_empty()
}

fn named<'g>(graph: &'g Btf, kind: Kind, name: &str) -> Vec<Type<'g>> {
    let types = graph.types();
    types
        .filter(|ty| ty.kind() == kind && ty.name() == name)
        .collect()
}

/// Whether a type is, field by field, one of those.
fn is_one_of(ty: Type<'_>, all: &[Type<'_>]) -> Outcome<bool> {
    for other in all {
        if compare(ty, *other, &Limits::default())?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn a_root_alone_is_what_it_is_among_all() -> Outcome {
    let mut paths = Vec::new();
    programs(&testdata(""), &mut paths)?;
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let all = graph(&path, &ConvertOptions::default())?;
        let roots: Vec<(Kind, String)> = all
            .types()
            .filter(|ty| is_definition(*ty))
            .map(|ty| (ty.kind(), ty.name().to_string()))
            .collect();
        // Programs in languages with a large runtime have thousands.
        let every = roots.len().div_ceil(MOST_ROOTS).max(1);
        for (kind, root) in roots.into_iter().step_by(every) {
            let place = format!("{}: {root}", path.display());
            let some = graph(&path, &ConvertOptions::default().root(&root))
                .map_err(|error| format!("{place}: {error}"))?;
            let (found, meant) = (named(&some, kind, &root), named(&all, kind, &root));
            assert!(!found.is_empty(), "{place}");
            for ty in meant {
                assert!(is_one_of(ty, &found)?, "{place}: #{}", ty.id());
            }
            for ty in some.types().filter(|ty| is_definition(*ty)) {
                let name = ty.name().to_string();
                let meant = named(&all, ty.kind(), &name);
                assert!(is_one_of(ty, &meant)?, "{place}: {name}");
            }
        }
    }
    Ok(())
}

#[test]
fn every_definition_of_a_root_is_found() -> Outcome {
    for build in BUILDS {
        let path = testdata(&format!("units/units.{build}"));
        let graph = graph(&path, &ConvertOptions::default().root("holder"))?;
        // Both are made of types with the same names; only those are different.
        let holders = named(&graph, Kind::Struct, "holder");
        let sizes: Vec<u64> = holders
            .iter()
            .map(|ty| ty.size().map(|size| size.0))
            .collect::<Result<_, _>>()?;
        assert_eq!(sizes, [24, 32], "{build}");
        assert_eq!(named(&graph, Kind::Struct, "part").len(), 2, "{build}");
        // Pointed to by a unit that has its own, and by one that has another.
        let pointed = named(&graph, Kind::Struct, "pointed");
        let sizes: Vec<u64> = pointed
            .iter()
            .map(|ty| ty.size().map(|size| size.0))
            .collect::<Result<_, _>>()?;
        assert_eq!(sizes, [2, 8], "{build}");
    }
    Ok(())
}

#[test]
fn what_is_pointed_to_may_be_defined_elsewhere() -> Outcome {
    for build in BUILDS {
        let path = testdata(&format!("units/units.{build}"));
        let graph = graph(&path, &ConvertOptions::default().root("common"))?;
        assert_eq!(named(&graph, Kind::Fwd, "hidden").len(), 0, "{build}");
        assert_eq!(named(&graph, Kind::Struct, "hidden").len(), 1, "{build}");
        assert_eq!(graph.field("deeper", "more")?.offset.0, 5, "{build}");
        assert_eq!(named(&graph, Kind::Struct, "part").len(), 0, "{build}");
    }
    Ok(())
}

#[test]
fn a_type_of_a_function_can_be_asked_for() -> Outcome {
    for build in BUILDS {
        let path = testdata(&format!("units/units.{build}"));
        let graph = graph(&path, &ConvertOptions::default().root("inner"))?;
        assert_eq!(
            graph.field("inner", "local.bytes")?.offset.bytes().0,
            4,
            "{build}"
        );
    }
    Ok(())
}

#[test]
fn flavors_of_a_root_are_roots_where_asked_for() -> Outcome {
    for build in BUILDS {
        let path = testdata(&format!("units/units.{build}"));
        let mut options = ConvertOptions::default().root("common");
        for (flavors, count) in [(false, 0), (true, 1)] {
            options.flavors = flavors;
            let graph = graph(&path, &options)?;
            assert_eq!(
                named(&graph, Kind::Struct, "common___old").len(),
                count,
                "{build}"
            );
        }
    }
    Ok(())
}
