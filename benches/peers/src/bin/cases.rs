//! Relocates the C cases, or objects given, with libbpf and with btfkit and compares what comes out.
//!
//! `cases [--verbose] [NAME]...` for the cases of `cases/`, which `clang-19` (or `$CLANG`) compiles;
//! `cases --objects TARGET.btf OBJECT...` for objects that are compiled already.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use btfkit::elf::BpfObject;
use btfkit::pipeline::TargetFile;
use btfkit_peers::differ::{Answer, differences};
use btfkit_peers::{libbpf, ours, shown};

fn main() -> ExitCode {
    libbpf::keep_log();
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let verbose = args.iter().any(|arg| arg == "--verbose");
    args.retain(|arg| arg != "--verbose");
    let wrong = if args.first().is_some_and(|arg| arg == "--objects") {
        objects(&args[1..], verbose)
    } else {
        cases(&args, verbose)
    };
    if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn cases(names: &[String], verbose: bool) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let out = std::env::temp_dir().join(format!("btfkit-cases-{}", std::process::id()));
    std::fs::create_dir_all(&out).expect("the temporary folder is writable");
    let mut sources: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the cases")
        .map(|entry| entry.expect("the cases").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .filter(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            names.is_empty() || names.iter().any(|name| *name == stem)
        })
        .collect();
    sources.sort();
    let mut wrong = 0;
    for source in &sources {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        match case(source, &out, verbose) {
            Ok(what) => println!("{name}: {what}"),
            Err(difference) => {
                wrong += 1;
                println!("{name}: WRONG: {difference}");
            }
        }
    }
    let _ = std::fs::remove_dir_all(&out);
    println!("{} cases, {wrong} wrong", sources.len());
    wrong
}

fn case(source: &Path, out: &Path, verbose: bool) -> Result<String, String> {
    let text = std::fs::read_to_string(source).map_err(|error| error.to_string())?;
    let first = text.lines().next().unwrap_or_default();
    let mut words = first.trim_start_matches("//").split_whitespace();
    let expected = words.next().unwrap_or_default().to_owned();
    let flags: Vec<&str> = words.collect();
    let compile = |name: &str, more: &[&str]| -> Result<PathBuf, String> {
        let object = out.join(name);
        let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang-19".into());
        let output = Command::new(clang)
            .args([
                "-target",
                "bpf",
                "-g",
                "-O2",
                "-Wno-everything",
                "-fno-crash-diagnostics",
                "-c",
                "-o",
            ])
            .arg(&object)
            .arg(source)
            .args(&flags)
            .args(more)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(object)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    let (program, target) = (
        compile("program.o", &[])?,
        compile("target.o", &["-DTARGET"])?,
    );
    let (object, count) = read(&program)?;
    let theirs = by_libbpf(&object, &target)?;
    let own = by_btfkit(&object, &target)?;
    if verbose {
        show(&theirs, &own);
    }
    match expected.as_str() {
        "accept" => match (&theirs, &own) {
            (Ok(a), Ok(b)) if a == b => Ok(format!("accepted alike, {count} relocations")),
            _ => Err(format!(
                "not accepted alike:\n{}",
                differences(&theirs, &own)
            )),
        },
        "refuse" => match (&theirs, &own) {
            (Err(_), Err(_)) => Ok(format!("refused alike, {count} relocations")),
            _ => Err(format!(
                "not refused alike:\n{}",
                differences(&theirs, &own)
            )),
        },
        "twin" => {
            let twin = compile("twin.o", &["-DTWIN"])?;
            let target = compile("twin_target.o", &["-DTWIN", "-DTARGET"])?;
            let (twin, _) = read(&twin)?;
            let twins = by_libbpf(&twin, &target)?;
            match (&twins, &own) {
                (Ok(a), Ok(b)) if a == b && twins != theirs => Ok(format!(
                    "a named difference, {count} relocations: as libbpf does its twin"
                )),
                _ => Err(format!("not like the twin:\n{}", differences(&twins, &own))),
            }
        }
        _ => Err("the first line says neither accept, refuse nor twin".into()),
    }
}

fn objects(args: &[String], verbose: bool) -> usize {
    let Some((target, objects)) = args.split_first() else {
        return 0;
    };
    let target = Path::new(target);
    let (mut accepted, mut refused, mut wrong, mut relocations) = (0, 0, 0, 0);
    for path in objects {
        let compared = (|| {
            let (object, count) = read(Path::new(path))?;
            let (theirs, own) = (by_libbpf(&object, target)?, by_btfkit(&object, target)?);
            if verbose {
                println!("{path}:");
                show(&theirs, &own);
            }
            relocations += count;
            match (&theirs, &own) {
                (Ok(a), Ok(b)) if a == b => accepted += 1,
                (Err(_), Err(_)) => refused += 1,
                _ => return Err(differences(&theirs, &own)),
            }
            Ok::<(), String>(())
        })();
        if let Err(difference) = compared {
            wrong += 1;
            println!("{path}: {difference}");
        }
    }
    println!(
        "{accepted} accepted alike, {refused} refused alike, {wrong} otherwise; {relocations} relocations"
    );
    wrong
}

fn show(theirs: &Answer, own: &Answer) {
    match theirs {
        Ok(_) => println!("  libbpf accepts"),
        Err(log) => println!("  libbpf: {}", log.trim_end()),
    }
    match own {
        Ok(_) => println!("  btfkit accepts"),
        Err(message) => println!("  btfkit: {message}"),
    }
}

/// An object's bytes, and how many relocations it has.
fn read(path: &Path) -> Result<(Vec<u8>, usize), String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let object = BpfObject::parse(bytes.clone()).map_err(|error| error.to_string())?;
    let relos = object.ext().and_then(|ext| ext.relos.as_ref());
    let count = relos.map_or(0, |relos| relos.len());
    Ok((bytes, count))
}

fn by_libbpf(object: &[u8], target: &Path) -> Result<Answer, String> {
    match libbpf::relocate(object, Some(target)) {
        Ok(programs) => Ok(Ok(shown::blanked(programs, object)?)),
        Err(refusal) if refusal.log.contains("failed to perform CO-RE relocations") => {
            Ok(Err(refusal.log))
        }
        Err(refusal) => Err(format!("libbpf fails for another reason: {refusal:?}")),
    }
}

fn by_btfkit(object: &[u8], target: &Path) -> Result<Answer, String> {
    let target = std::fs::read(target).map_err(|error| error.to_string())?;
    let relocated = ours::relocate(object.to_vec(), TargetFile::kernel(target));
    Ok(relocated
        .map_err(|error| error.to_string())
        .and_then(|relocated| shown::programs(&relocated.object)))
}
