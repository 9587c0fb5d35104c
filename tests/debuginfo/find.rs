//! Where debug information is found, and what is not taken for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use btfkit::debuginfo::{DebugFileKind, Search, find_debug_sections};
use btfkit::graph::Btf;
use btfkit::pipeline::{LoadOptions, Loaded, load, load_path};
use btfkit::{ErrorKind, Limits};
use bytes::Bytes;

use crate::support::packagings::{differences, loaded, options};
use crate::support::spelled::spelled;
use crate::support::{read, testdata};

/// A folder with a program in `bin`, and whatever else a test puts there.
struct Place {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Place {
    fn new(program: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut place = Self {
            program: folder.path().join("bin/program"),
            folder,
        };
        place.program = place.put(program, "bin/program");
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Copies a file of the test data here.
    fn put(&self, name: &str, path: &str) -> PathBuf {
        self.write(&read(&format!("packaging/{name}")), path)
    }

    fn write(&self, bytes: &[u8], path: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn options(&self) -> LoadOptions {
        let mut options = options();
        options.search = Some(Search::new().without_roots().root(self.path("debug")));
        options
    }

    fn load(&self) -> btfkit::Result<Loaded> {
        load_path(&self.program, &self.options())
    }

    /// It must find the types of `name`, in these files.
    fn finds(&self, name: &str, files: &[&Path]) {
        let found = self
            .load()
            .unwrap_or_else(|error| panic!("{files:?}: {error}"));
        assert_eq!(found.files, files);
        same(&found.graph, name);
    }

    /// It must refuse, as stripped, with these words.
    fn refuses(&self, words: &[&str]) {
        let error = self.load().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stripped, "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "no {word:?} in {error}");
        }
    }
}

fn same(graph: &Btf, name: &str) {
    let expected = spelled(&loaded(name, &options()).graph);
    let wrong = differences(&expected, &spelled(graph));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The build id of the program, as a linker's note has it.
fn build_id(name: &str) -> String {
    use object::Object;
    let bytes = read(&format!("packaging/{name}"));
    let elf = object::File::parse(&*bytes).unwrap();
    let id = elf.build_id().unwrap().unwrap();
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn by_build_id(root: &str, name: &str) -> String {
    let id = build_id(name);
    format!("{root}/.build-id/{}/{}.debug", &id[..2], &id[2..])
}

#[test]
fn debug_files_by_name_and_by_build_id() {
    for program in ["stripped.gcc", "unnamed.gcc"] {
        let folder = Place::new(program).folder;
        let below = folder
            .path()
            .strip_prefix("/")
            .unwrap()
            .display()
            .to_string();
        drop(folder);
        let mut paths = vec![
            "bin/program.debug".to_owned(),
            "bin/.debug/program.debug".into(),
        ];
        if program == "stripped.gcc" {
            paths.push(by_build_id("debug", "plain.gcc"));
        }
        for path in paths {
            let place = Place::new(program);
            place.refuses(&["program.debug", "not at", "package"]);
            let debug = place.put("program.debug", &path);
            place.finds("plain.gcc", &[&debug]);
        }
        // Under the root, the program's folder again.
        let place = Place::new(program);
        let mirrored = place.folder.path().display().to_string();
        let debug = place.put(
            "program.debug",
            &format!("debug{mirrored}/bin/program.debug"),
        );
        assert!(below.len() <= mirrored.len());
        place.finds("plain.gcc", &[&debug]);
    }
}

#[test]
fn a_link_to_the_program_is_as_good() {
    let place = Place::new("stripped.gcc");
    let debug = place.put("program.debug", "bin/program.debug");
    let link = place.path("link");
    std::os::unix::fs::symlink(&place.program, &link).unwrap();
    let found = load_path(&link, &place.options()).unwrap();
    assert_eq!(found.files.len(), 1);
    assert_eq!(
        found.files[0].canonicalize().unwrap(),
        debug.canonicalize().unwrap()
    );
}

#[test]
fn another_builds_debug_file_is_refused() {
    // Another build id.
    let place = Place::new("stripped.gcc");
    place.put("plain.clang", "bin/program.debug");
    let (its, own) = (build_id("plain.clang"), build_id("plain.gcc"));
    place.refuses(&["program.debug: its build ID is", &its, &own]);
    // The next place has the right one.
    let debug = place.put("program.debug", "bin/.debug/program.debug");
    place.finds("plain.gcc", &[&debug]);

    // No build id in the program, and a byte of the debug file is another.
    let place = Place::new("unnamed.gcc");
    let mut bytes = read("packaging/program.debug");
    *bytes.last_mut().unwrap() ^= 1;
    place.write(&bytes, "bin/program.debug");
    place.refuses(&["its CRC is 0x", "that of the debug link is 0x"]);

    // What isn't a file isn't opened; what isn't an ELF file is no debug file.
    let place = Place::new("unnamed.gcc");
    fs::create_dir(place.path("bin/program.debug")).unwrap();
    place.write(b"text", "bin/.debug/program.debug");
    place.refuses(&[
        "program.debug: not a regular file",
        "program.debug: byte 0x0: this is not an ELF file",
    ]);

    // Stripped itself.
    let place = Place::new("stripped.gcc");
    place.put("stripped.gcc", &by_build_id("debug", "plain.gcc"));
    place.refuses(&["it has no debug information"]);
}

#[test]
fn bytes_without_a_path_are_enough_for_a_build_id() {
    let place = Place::new("stripped.gcc");
    place.put("program.debug", &by_build_id("debug", "plain.gcc"));
    let found = load(read("packaging/stripped.gcc"), &place.options()).unwrap();
    same(&found.graph, "plain.gcc");
    let error = load(read("packaging/unnamed.gcc"), &place.options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stripped);
}

#[test]
fn the_file_that_dwz_made() {
    let whole = testdata("packaging/shared.dwz");
    assert!(whole.exists());
    for path in [
        "bin/shared.dwz".to_owned(),
        "debug/.dwz/shared.dwz".into(),
        by_build_id("debug", "shared.dwz"),
    ] {
        let place = Place::new("dwz.gcc");
        place.refuses(&[".gnu_debugaltlink", "shared.dwz", &build_id("shared.dwz")]);
        let shared = place.put("shared.dwz", &path);
        place.finds("plain.gcc", &[&shared]);
    }
    let place = Place::new("dwz.gcc");
    place.put("plain.gcc", "bin/shared.dwz");
    place.refuses(&["shared.dwz: its build ID is", "that of the link is"]);

    // The name counts from where the debug file really is.
    let place = Place::new("stripped.gcc");
    let debug = place.put("dwz.gcc", "real/program.debug");
    let shared = place.put("shared.dwz", "real/shared.dwz");
    let link = place.path("bin/program.debug");
    std::os::unix::fs::symlink(&debug, &link).unwrap();
    let found = place.load().unwrap();
    assert_eq!(found.files[0], link);
    assert_eq!(
        found.files[1].canonicalize().unwrap(),
        shared.canonicalize().unwrap()
    );
    same(&found.graph, "plain.gcc");
}

const UNITS: [&str; 3] = ["one", "two", "three"];

#[test]
fn split_units_where_they_were_compiled_or_beside_the_program() {
    for name in ["split4.gcc", "split5.gcc", "split4.clang", "split5.clang"] {
        for folder in ["bin", "bin/packaging"] {
            let place = Place::new(name);
            let files = UNITS.map(|unit| {
                let file = format!("{name}-{unit}.dwo");
                place.put(&file, &format!("{folder}/{file}"))
            });
            let mut found = place.load().unwrap();
            let real = |path: PathBuf| path.canonicalize().unwrap();
            found.files = found.files.into_iter().map(real).collect();
            assert_eq!(
                found.files,
                files.map(|path| path.canonicalize().unwrap()),
                "{name}"
            );
            same(&found.graph, name);
        }
    }
}

#[test]
fn missing_split_units_are_listed() {
    for name in ["split4.gcc", "split5.clang"] {
        let place = Place::new(name);
        place.refuses(&["3 other files", &format!("{name}-one.dwo"), "dwp"]);
        let one = format!("{name}-one.dwo");
        place.put(&one, &format!("bin/{one}"));
        // Another build's: the same but for its id.
        let three = format!("{name}-three.dwo");
        place.put(&one, &format!("bin/{three}"));
        let found = place.load().unwrap();
        let missing: Vec<_> = found
            .missing
            .iter()
            .map(|missing| missing.wanted.clone())
            .collect();
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(
            missing
                .iter()
                .all(|request| request.kind == DebugFileKind::Split)
        );
        assert!(
            missing[0]
                .name
                .as_ref()
                .unwrap()
                .ends_with(format!("{name}-two.dwo"))
        );
        let text = found.missing[1].to_string();
        assert!(text.contains("of another build"), "{text}");
        let names = spelled(&found.graph);
        assert!(names.contains_key("STRUCT hidden"));
        assert!(!names.contains_key("STRUCT cursor"));
    }
}

#[test]
fn what_is_in_no_folder_is_fetched() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let search = |wrong: bool| {
        let asked = asked.clone();
        Search::new().without_roots().fetch_with(move |request| {
            asked.lock().unwrap().push(request.clone());
            let name = match request.kind {
                DebugFileKind::Debug if wrong => "plain.clang",
                DebugFileKind::Debug => "program.debug",
                DebugFileKind::Supplementary => "shared.dwz",
                DebugFileKind::Split => {
                    let name = request.name.as_ref().unwrap().file_name().unwrap();
                    name.to_str().unwrap()
                }
                _ => return Ok(None),
            };
            Ok(Some(read(&format!("packaging/{name}")).into()))
        })
    };
    let with = |name: &str, search: Search| {
        let mut options = options();
        options.search = Some(search);
        load_path(Place::new(name).program, &options)
    };
    for (name, plain) in [
        ("stripped.gcc", "plain.gcc"),
        ("dwz.gcc", "plain.gcc"),
        ("split5.gcc", "split5.gcc"),
    ] {
        same(&with(name, search(false)).unwrap().graph, plain);
    }
    let asked: Vec<_> = asked.lock().unwrap().drain(..).collect();
    assert_eq!(
        asked[0].build_id.as_ref().unwrap().to_string(),
        build_id("plain.gcc")
    );
    assert_eq!(
        asked[1].build_id.as_ref().unwrap().to_string(),
        build_id("shared.dwz")
    );
    assert_eq!(asked[2].kind, DebugFileKind::Package);
    assert!(asked[3..].iter().all(|request| request.dwo_id.is_some()));
    let error = with("stripped.gcc", search(true)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not the fetched file: its build ID is"),
        "{error}"
    );
    // A fetcher's own error is the answer.
    let broken = Search::new().fetch_with(|_| Err(std::io::Error::other("no network").into()));
    let error = with("stripped.gcc", broken.without_roots()).unwrap_err();
    assert!(error.to_string().contains("no network"), "{error}");
}

#[test]
fn files_are_counted() {
    let bytes = Bytes::from(read("packaging/split5.gcc"));
    let path = testdata("packaging/split5.gcc");
    let mut limits = Limits::default();
    let search = Search::new().without_roots();
    // A package and three split units.
    limits.files = 4;
    // The package is beside the program here.
    let found = find_debug_sections(bytes.clone(), Some(&path), &search, &limits).unwrap();
    assert_eq!(found.files.len(), 1);
    let place = Place::new("split5.gcc");
    limits.files = 3;
    let error =
        find_debug_sections(bytes.clone(), Some(&place.program), &search, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    // So are the bytes of what is not it.
    for unit in UNITS {
        let name = format!("bin/split5.gcc-{unit}.dwo");
        place.put("split5.clang-one.dwo", &name);
    }
    limits.files = 4;
    limits.section_bytes = 6_000;
    let error =
        find_debug_sections(bytes.clone(), Some(&place.program), &search, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

/// An ELF file of a million skeletons, each of which names a file that isn't there.
fn many_skeletons() -> Vec<u8> {
    // DW_TAG_skeleton_unit; DW_AT_dwo_name, DW_FORM_string.
    let abbreviations = [1u8, 0x4a, 0, 0x76, 0x08, 0, 0, 0];
    let names = b"\0.debug_info\0.debug_abbrev\0.names\0";
    let mut info = Vec::new();
    for id in 0..1_000_000u64 {
        // The length, version 5, DW_UT_skeleton, the width of addresses, the abbreviations' place.
        info.extend([20, 0, 0, 0, 5, 0, 4, 8, 0, 0, 0, 0]);
        info.extend(id.to_le_bytes());
        info.extend(*b"\x01xy\0");
    }
    let header = |name: u32, kind: u32, offset: usize, size: usize| {
        let mut header = Vec::new();
        header.extend(name.to_le_bytes());
        header.extend(kind.to_le_bytes());
        for word in [0, 0, offset, size, 0, 1, 0] {
            header.extend((word as u64).to_le_bytes());
        }
        // Link and info are one word of eight bytes here, as both are 0.
        assert_eq!(header.len(), 64);
        header
    };
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    file.resize(40, 0);
    let at = [64, 64 + info.len(), 64 + info.len() + 8];
    let table = (at[2] + names.len()).next_multiple_of(8);
    file.extend((table as u64).to_le_bytes());
    file.extend([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 64, 0, 4, 0, 3, 0]);
    file.extend(&info);
    file.extend(abbreviations);
    file.extend(names);
    file.resize(table, 0);
    file.extend([0; 64]);
    file.extend(header(1, 1, at[0], info.len()));
    file.extend(header(13, 1, at[1], 8));
    file.extend(header(27, 3, at[2], names.len()));
    file
}

#[test]
fn a_long_list_of_files_comes_to_an_end() {
    let place = Place::new("plain.gcc");
    let bytes = Bytes::from(many_skeletons());
    let search = Search::new().without_roots();
    let limits = Limits::default();
    let error =
        find_debug_sections(bytes.clone(), Some(&place.program), &search, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.to_string().contains("65536 files"), "{error}");
}
