//! `btfkit explain`: finds the field that a poisoned instruction refers to.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use btfkit::pipeline::{Poison, explain};
use btfkit::{Limits, Place};

use crate::failure::Failure;
use crate::input::read;
use crate::style::Style;

/// Show which fields the poisoned instructions of a relocated BPF object refer to
///
/// The verifier's log calls such an instruction `unknown#195896080`. The source line comes from the object itself; the
/// exact field is shown if the object from before its relocation is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit explain probe.server.bpf.o --insn handle:12 --original probe.bpf.o")]
pub struct Arguments {
    /// The relocated object
    #[arg(value_name = "OBJ")]
    object: PathBuf,

    /// Only this instruction: a function, and the number of the instruction in it, counted from 0
    #[arg(long, value_name = "FUNC:N", value_parser = parse_instruction)]
    insn: Option<(String, u64)>,

    /// The object from before its relocation
    #[arg(long, value_name = "PROG.o")]
    original: Option<PathBuf>,
}

fn parse_instruction(argument: &str) -> Result<(String, u64), String> {
    let (function, number) = argument
        .rsplit_once(':')
        .ok_or("an instruction is FUNC:N, such as handle:12")?;
    let number = number
        .parse()
        .map_err(|_| format!("{number:?} is not the number of an instruction"))?;
    Ok((function.to_owned(), number))
}

pub fn run(arguments: &Arguments, _style: Style) -> Result<(), Failure> {
    let object = read(&arguments.object)?;
    let original = arguments.original.as_deref().map(read).transpose()?;
    let found = explain(object, original, &Limits::default()).map_err(|error| {
        match (error.places().first(), &arguments.original) {
            (Some(Place::File(place)), Some(original)) if place == "original" => {
                Failure::at(original, error)
            }
            _ => Failure::at(&arguments.object, error),
        }
    })?;
    let chosen: Vec<&Poison> = found
        .iter()
        .filter(|poison| match &arguments.insn {
            Some((function, insn)) => poison.function == *function && poison.insn == *insn,
            None => true,
        })
        .collect();
    if chosen.is_empty()
        && let Some((function, insn)) = &arguments.insn
    {
        return Err(Failure::Refused(format!(
            "{}: no instruction {insn} of a function {function:?} is poisoned; `btfkit explain {}` lists the {} that are",
            arguments.object.display(),
            arguments.object.display(),
            found.len()
        )));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for poison in chosen {
        print(poison, &mut out).map_err(Failure::stdout)?;
    }
    out.flush().map_err(Failure::stdout)
}

fn print(poison: &Poison, out: &mut impl Write) -> io::Result<()> {
    if poison.function.is_empty() {
        write!(out, "{}+{}", poison.section, poison.insn)?;
    } else {
        write!(out, "{}:{}", poison.function, poison.insn)?;
    }
    if let Some(source) = &poison.source {
        write!(out, " ({}:{})", source.file, source.line)?;
    }
    if let Some(relocation) = &poison.relocation {
        write!(out, " {relocation}")?;
    }
    writeln!(out)?;
    match poison
        .source
        .as_ref()
        .filter(|source| !source.text.is_empty())
    {
        Some(source) => writeln!(out, "    {}", source.text),
        None => Ok(()),
    }
}
