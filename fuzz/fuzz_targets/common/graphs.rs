//! Graphs out of arbitrary bytes that are well-formed from the start, so that engines get something to do.
//! A second graph is the first with some of its words changed: that is what another build of a program is.

use btfkit::graph::{GraphBuilder, Kind, Btf};
use btfkit::{Limits, TypeId};

/// Arbitrary bytes, one after the other; zeros at the end.
#[derive(Clone, Copy)]
pub struct Source<'a>(pub &'a [u8]);

impl Source<'_> {
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        u32::from(self.byte()) % bound.max(1)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Mostly a small number, at times one at an edge.
    pub fn number(&mut self) -> u32 {
        let byte = self.byte();
        match byte {
            240.. => [
                0,
                1,
                31,
                32,
                63,
                64,
                255,
                256,
                0x7fff,
                0x8000,
                0xffff,
                0xff_ffff,
                0x7fff_ffff,
                0x8000_0000,
                u32::MAX - 7,
                u32::MAX,
            ][usize::from(byte - 240)],
            _ => u32::from(byte) / 2,
        }
    }
}

const NAMES: [&str; 16] = [
    "",
    "a",
    "b",
    "c",
    "s",
    "s___app",
    "s___kernel",
    "s___v2",
    "t",
    "t___app",
    "e",
    "int",
    "long",
    "x",
    "y",
    "z",
];

/// Most types of a graph.
const TYPES: u32 = 48;

/// Builds a graph of `bytes`. `changes` are taken one for each word that may differ in another build: 0
/// leaves it. `None` where the words make no graph.
pub fn graph(
    bytes: &[u8],
    changes: &[u8],
    base: Option<&Btf>,
    limits: &Limits,
) -> Option<Btf> {
    let mut source = Source(bytes);
    let mut changes = Source(changes);
    let mut builder = match base {
        Some(base) => GraphBuilder::split_with_limits(base, limits.clone()),
        None => GraphBuilder::with_limits(limits.clone()),
    };
    let mut names = Vec::new();
    for name in NAMES {
        names.push(builder.intern(name).ok()?.get());
    }
    let count = 1 + source.below(TYPES);
    let last = builder.next_id().get() + count;
    for _ in 0..count {
        let words = record(&mut source, &mut changes, &names, last);
        // What the format forbids becomes an integer, so that the ids stay.
        if builder.record(&words).is_err() {
            builder.record(&[names[11], 1 << 24, 4, 32]).ok()?;
        }
    }
    builder.freeze().ok()
}

/// The words of one record.
fn record(source: &mut Source<'_>, changes: &mut Source<'_>, names: &[u32], last: u32) -> Vec<u32> {
    let kind = 1 + source.below(19);
    let name = names[source.below(16) as usize];
    let flag = source.byte();
    let ty = |source: &mut Source<'_>| source.below(last);
    let mut changed = |number: u32| number.wrapping_add(u32::from(changes.byte() % 64));
    let head = |vlen: u32, third: u32| {
        vec![
            name,
            (u32::from(flag & 1) << 31) | (kind << 24) | vlen,
            third,
        ]
    };
    match Kind::from_number(kind as u8) {
        Kind::Int => {
            let size = [1, 2, 4, 8, 16][changed(source.below(5)) as usize % 5];
            let encoding = u32::from(flag >> 1 & 7).next_power_of_two() & 7;
            let mut words = vec![name, kind << 24, size];
            words.push(encoding << 24 | (size * 8).min(128));
            words
        }
        Kind::Ptr | Kind::Const | Kind::Volatile | Kind::Restrict => {
            vec![0, kind << 24, ty(source)]
        }
        Kind::Typedef | Kind::TypeTag => vec![name, kind << 24, ty(source)],
        Kind::Array => {
            let words = [ty(source), ty(source), changed(source.number())];
            [vec![0, kind << 24, 0], words.to_vec()].concat()
        }
        Kind::Struct | Kind::Union => {
            let members = source.below(6);
            let mut words = head(members, changed(source.number()));
            let mut at = 0u32;
            for _ in 0..members {
                let member = names[source.below(16) as usize];
                at = at.wrapping_add(changed(source.number()));
                let width = if flag & 1 == 1 {
                    source.below(40) << 24
                } else {
                    0
                };
                // Whole bytes more often than not.
                let bits = if flag & 2 == 0 {
                    at.wrapping_mul(8)
                } else {
                    at
                };
                let bits = if flag & 1 == 1 {
                    bits & 0xff_ffff | width
                } else {
                    bits
                };
                words.extend([member, ty(source), bits]);
            }
            words
        }
        Kind::Enum | Kind::Enum64 => {
            let values = source.below(5);
            let size = [1, 2, 4, 8][changed(source.below(4)) as usize % 4];
            let mut words = head(values, size);
            for _ in 0..values {
                words.extend([names[source.below(16) as usize], changed(source.number())]);
                if kind == 19 {
                    words.push(source.number());
                }
            }
            words
        }
        Kind::Fwd => head(0, 0),
        Kind::Func => vec![name, (kind << 24) | u32::from(flag % 3), ty(source)],
        Kind::FuncProto => {
            let params = source.below(4);
            let mut words = vec![0, (kind << 24) | params, ty(source)];
            for _ in 0..params {
                words.extend([names[source.below(16) as usize], ty(source)]);
            }
            words
        }
        Kind::Var => vec![name, kind << 24, ty(source), u32::from(flag % 3)],
        Kind::Datasec => {
            let entries = source.below(4);
            let mut words = vec![name, (kind << 24) | entries, source.number()];
            for _ in 0..entries {
                words.extend([ty(source), source.number(), source.number()]);
            }
            words
        }
        Kind::Float => vec![
            name,
            kind << 24,
            [2, 4, 8, 12, 16][source.below(5) as usize],
        ],
        Kind::DeclTag => {
            let index = source.number();
            vec![
                name,
                kind << 24,
                ty(source),
                if flag & 1 == 0 { u32::MAX } else { index },
            ]
        }
        Kind::Void | Kind::Unknown(_) | _ => Vec::new(),
    }
}

/// Every type once through every view and every question about layout.
pub fn look(graph: &Btf) {
    for ty in graph.types() {
        let _ = (
            ty.view(),
            ty.size(),
            ty.align(),
            ty.strip(),
            ty.strip_qualifiers(),
        );
        let _ = (ty.name().to_string_lossy(), ty.referent(), ty.as_enum());
        assert!(ty.references().all(|id| graph.get(id).is_some()));
        assert_eq!(ty.record_words().len(), ty.record_words().count());
        for name in ["a", "x"] {
            let _ = ty.member(name);
        }
        let name = ty.name().to_string_lossy().into_owned();
        let _ = graph.size_of_named(&name);
        // Looking up a field takes as long as there are members before it.
        for member in ty.members().take(8) {
            let member = member.name().to_string_lossy().into_owned();
            let _ = graph.field(&name, &member);
            let _ = graph.field(&name, &format!("{member}[1].x"));
        }
    }
    assert_eq!(graph.ty(TypeId::VOID).kind(), Kind::Void);
}
