//! Small cases: a graph, relocations of it, targets, and what comes of the instructions.

use btfkit::relocate::{RelocationKind, ResolveOptions, Target};
use btfkit::{Endian, ErrorKind, Result};

use super::notation::{Written, graph, written};
use super::program::{Insn, Object, POISONED, Source};

/// The tutorial's structure.
pub const DATA: &str = "int = signed int 4; data = struct data 12 a:int@0 c:int@32 d:int@64";
/// A later build of it.
pub const LATER: &str =
    "pad = ptr void; int = signed int 4; data = struct data 16 a:int@0 b:int@32 c:int@64 d:int@96";
/// Nothing of that name.
pub const NOTHING: &str = "int = signed int 4; other = struct other 4 c:int@0";

/// What an object comes to: its instructions, or why it is refused.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Code(Vec<Insn>),
    Refused(ErrorKind),
}

impl From<Result<Object>> for Outcome {
    fn from(result: Result<Object>) -> Self {
        match result {
            Ok(object) => Self::Code(object.insns()),
            Err(error) => Self::Refused(error.kind()),
        }
    }
}

/// A relocation to try: root, kind, accessor, instructions.
pub type Ask<'a> = (&'a str, RelocationKind, &'a str, Vec<Insn>);

pub fn object(local: &Written, asks: &[Ask<'_>]) -> Object {
    let mut source = Source::new(local.builder.clone(), Endian::Little);
    for (root, kind, access, insns) in asks {
        source.ask(kind.number(), local.id(root), access, insns);
    }
    source.finish()
}

pub fn against(local: &str, asks: &[Ask<'_>], targets: &[Target]) -> Outcome {
    object(&written(local), asks)
        .rewritten(targets, &ResolveOptions::default())
        .into()
}

/// One relocation against one program.
pub fn run(local: &str, ask: Ask<'_>, target: &str) -> Outcome {
    against(local, &[ask], &[app(target)])
}

pub fn app(target: &str) -> Target {
    Target::user("app", graph(target))
}

/// The kernel, with these types.
pub fn kernel(text: &str) -> Target {
    Target::kernel(graph(text))
}

pub fn mov(imm: i32) -> Vec<Insn> {
    vec![Insn::mov(imm)]
}

pub fn load(width: u32, off: i16) -> Vec<Insn> {
    vec![Insn::load(width, off)]
}

pub fn wide(value: u64) -> Vec<Insn> {
    Insn::wide(value).to_vec()
}

pub fn poison() -> Outcome {
    Outcome::Code(vec![POISONED])
}
