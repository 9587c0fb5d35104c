//! DWARF → BTF by pahole and by btfkit: the same named types, member by member, and the same functions.
//!
//! ```text
//! PAHOLE=pahole cargo run --release --bin convert -- vmlinux
//! ```
//!
//! Both convert the file with functions, and take turns, so that a busy machine is equally busy for both. Every
//! structure, union, enumeration, typedef and base type with a name is spelled out: kind, name, size, and of each
//! member the name, place, width and type. Types that are referred to go by their name, or are spelled out where
//! they have none. The two lists must be the same, with these differences:
//!
//! * pahole makes one array of several dimensions, so that all arrays are spelled as if it did;
//! * pahole leaves out functions (its man page, `--btf_features` and `--skip_encoding_btf_inconsistent_proto`), so
//!   that a function may be missing there, but not here.
//!
//! It exits with 1 where something else differs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use btfkit::graph::{Btf, Kind, Type, View};
use btfkit::pipeline::{LoadOptions, load_path};
use btfkit::{dwarf, parse};

const RUNS: usize = 3;

fn main() -> ExitCode {
    let files: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        eprintln!("which program? Say `convert PROGRAM...`");
        return ExitCode::from(2);
    }
    let same = files.iter().filter(|file| compare(file)).count();
    ExitCode::from(u8::from(same < files.len()))
}

fn compare(file: &Path) -> bool {
    let (mut theirs_s, mut ours_s) = (Vec::new(), Vec::new());
    let (mut theirs, mut ours) = (None, None);
    for _ in 0..RUNS {
        let start = Instant::now();
        theirs = pahole(file);
        theirs_s.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        ours = Some(btfkit(file));
        ours_s.push(start.elapsed().as_secs_f64());
    }
    let (mine, mine_s) = (ours.unwrap(), median(ours_s));
    let Some(theirs) = theirs else {
        println!(
            "{}: pahole wrote nothing; btfkit {} types in {mine_s:.2} s",
            file.display(),
            mine.len()
        );
        return true;
    };
    let theirs_s = median(theirs_s);
    println!(
        "{}: pahole -j2 {theirs_s:.2} s, btfkit {mine_s:.2} s: {:.1} times",
        file.display(),
        theirs_s / mine_s
    );
    same_types(&theirs, &mine) & same_functions(&theirs, &mine)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// What pahole makes of a file; `None` where it wrote nothing, which it doesn't say in its exit status.
fn pahole(file: &Path) -> Option<Btf> {
    let program = std::env::var_os("PAHOLE").unwrap_or_else(|| "pahole".into());
    let out = std::env::temp_dir().join(format!("btfkit-peers-{}.btf", std::process::id()));
    let status = Command::new(&program)
        .args([
            "-J",
            "-j2",
            "--btf_features=default",
            "--btf_encode_detached",
        ])
        .arg(&out)
        .arg(file)
        .status()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(status.success(), "pahole failed on {}", file.display());
    let bytes = std::fs::read(&out).ok()?;
    std::fs::remove_file(&out).unwrap();
    Some(parse::parse(bytes).unwrap())
}

fn btfkit(file: &Path) -> Btf {
    let mut options = LoadOptions::default();
    options.dwarf = true;
    options.conversion = dwarf::ConvertOptions::new().functions(true);
    load_path(file, &options).unwrap().graph
}

/// How often each spelling is there.
type Census = BTreeMap<(String, String), usize>;

fn same_types(theirs: &Btf, mine: &Btf) -> bool {
    let (theirs, mine) = (census(theirs), census(mine));
    let mut same = true;
    let kinds: BTreeSet<&String> = theirs
        .keys()
        .chain(mine.keys())
        .map(|(kind, _)| kind)
        .collect();
    for kind in kinds {
        let of = |census: &Census| {
            census
                .iter()
                .filter(|((k, _), _)| k == kind)
                .map(|(_, n)| n)
                .sum::<usize>()
        };
        let only = |one: &Census, other: &Census| -> Vec<String> {
            let only = one.iter().filter(|((k, _), _)| k == kind);
            only.filter(|(key, n)| other.get(*key).is_none_or(|other| other < n))
                .map(|((_, text), _)| text.clone())
                .collect()
        };
        let (left, right) = (only(&theirs, &mine), only(&mine, &theirs));
        println!(
            "  {kind}: pahole {}, btfkit {}; only pahole {}, only btfkit {}",
            of(&theirs),
            of(&mine),
            left.len(),
            right.len()
        );
        for (who, texts) in [("pahole", &left), ("btfkit", &right)] {
            for text in texts.iter().take(5) {
                println!(
                    "    only {who}: {}",
                    text.chars().take(300).collect::<String>()
                );
            }
        }
        same &= left.is_empty() && right.is_empty();
    }
    same
}

fn census(graph: &Btf) -> Census {
    let mut census = Census::new();
    for ty in graph.types().filter(|ty| !ty.name().is_empty()) {
        let text = match ty.kind() {
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 => body(graph, ty, 0),
            Kind::Typedef => {
                let View::Typedef(id) = ty.view() else {
                    continue;
                };
                format!(
                    "{} = {}",
                    ty.name().to_string_lossy(),
                    spelled(graph, graph.ty(id), 0)
                )
            }
            Kind::Int | Kind::Float => spelled(graph, ty, 0),
            _ => continue,
        };
        *census.entry((ty.kind().to_string(), text)).or_default() += 1;
    }
    census
}

/// A type with all that is in it.
fn body(graph: &Btf, ty: Type<'_>, depth: u32) -> String {
    let mut text = format!(
        "{} {} {} ",
        ty.kind(),
        ty.name().to_string_lossy(),
        ty.size_word()
    );
    if let Some(values) = ty.as_enum() {
        for value in values.enumerators() {
            text.push_str(&format!(
                "{}={},",
                value.name().to_string_lossy(),
                value.value
            ));
        }
        return text;
    }
    for member in ty.members() {
        text.push_str(&format!(
            "{}@{}:{}:{};",
            member.name().to_string_lossy(),
            member.offset.0,
            member.bitfield.map_or(0, |width| width.0),
            spelled(graph, graph.ty(member.type_id), depth + 1)
        ));
    }
    text
}

/// A type as others refer to it.
fn spelled(graph: &Btf, ty: Type<'_>, depth: u32) -> String {
    assert!(depth < 100, "a cycle without a name");
    let name = ty.name().to_string_lossy();
    let next = |id| spelled(graph, graph.ty(id), depth + 1);
    match ty.view() {
        View::Void => "void".to_owned(),
        View::Struct(_) | View::Union(_) | View::Enum(_) if name.is_empty() => {
            body(graph, ty, depth)
        }
        View::Int(int) => format!("INT {name} {} {:?}", ty.size_word(), int.encoding),
        View::Array(_) => {
            let (mut count, mut ty) = (1u64, ty);
            while let View::Array(array) = ty.view() {
                count *= u64::from(array.count);
                ty = graph.ty(array.element_id);
            }
            format!("[{count}]({})", spelled(graph, ty, depth + 1))
        }
        View::Ptr(id)
        | View::Const(id)
        | View::Volatile(id)
        | View::Restrict(id)
        | View::TypeTag(id) => {
            format!("{}{name}({})", ty.kind(), next(id))
        }
        View::FuncProto(proto) => {
            let params: Vec<String> = proto.params().map(|param| next(param.type_id)).collect();
            format!("FN({}:{})", next(proto.result_id), params.join(","))
        }
        _ => format!("{} {name}", ty.kind()),
    }
}

fn same_functions(theirs: &Btf, mine: &Btf) -> bool {
    let functions = |graph: &Btf| -> BTreeMap<String, BTreeSet<String>> {
        let mut functions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for ty in graph.types() {
            let View::Func(func) = ty.view() else {
                continue;
            };
            let proto = spelled(graph, graph.ty(func.proto_id), 0);
            functions
                .entry(ty.name().to_string_lossy().into_owned())
                .or_default()
                .insert(proto);
        }
        functions
    };
    let (theirs, mine) = (functions(theirs), functions(mine));
    let missing: Vec<&String> = theirs
        .keys()
        .filter(|name| !mine.contains_key(*name))
        .collect();
    let other: Vec<&String> = theirs
        .iter()
        .filter(|(name, protos)| mine.get(*name).is_some_and(|mine| !protos.is_subset(mine)))
        .map(|(name, _)| name)
        .collect();
    println!(
        "  functions by name: pahole {}, btfkit {}; only pahole {}, of another prototype {}",
        theirs.len(),
        mine.len(),
        missing.len(),
        other.len()
    );
    for name in missing.iter().take(20) {
        println!("    only pahole: {name}");
    }
    for name in other.iter().take(5) {
        println!(
            "    {name}: pahole {:?}, btfkit {:?}",
            theirs[*name], mine[*name]
        );
    }
    missing.is_empty() && other.is_empty()
}
