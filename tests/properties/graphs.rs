//! Graphs and `.BTF.ext` survive encoding and parsing.

use btfkit::encode::{self, encode, encode_ext, encode_with};
use btfkit::graph::{
    Btf, CoreRelo, Ext, FuncInfo, GraphBuilder, LineInfo, Records, SectionRecords,
};
use btfkit::parse::{self, parse, parse_ext, parse_with};
use btfkit::{Endian, Limits, StrId, TypeId};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::graphs::{self, Spec, specs, wire};
use crate::{ENDIANS, config};

/// For each kind number, the bytes of a record after its first 12: once, and for each element.
/// (The kernel's, libbpf's and pahole's are the same.)
const LAYOUT: &[[u8; 2]] = &[
    [0, 0],
    [4, 0],
    [0, 0],
    [12, 0],
    [0, 12],
    [0, 12],
    [0, 8],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 8],
    [4, 0],
    [0, 12],
    [0, 0],
    [4, 0],
    [0, 0],
    [0, 12],
];

/// Encodes in both byte orders, parses, and compares each type with what was asked for.
fn survives(specs: &[Spec], base: Option<&Btf>) -> Result<(), TestCaseError> {
    let graph = graphs::graph(specs, base);
    let of = |graph: &Btf| graph.own_types().map(Spec::of).collect::<Vec<_>>();
    prop_assert_eq!(&of(&graph), specs);
    let base_strings = base
        .map(|base| base.string_section().to_vec())
        .unwrap_or_default();
    let own = encode(&graph).unwrap();
    for endian in ENDIANS {
        let bytes = encode_with(&graph, &encode::EncodeOptions::new().endian(endian)).unwrap();
        prop_assert_eq!(wire(&bytes, endian, &base_strings), specs);
        let options = base
            .map(|base| parse::ParseOptions::new().base(base.clone()))
            .unwrap_or_default();
        let parsed = parse_with(bytes.clone(), &options).unwrap();
        prop_assert_eq!(parsed.endian(), endian);
        prop_assert_eq!(&of(&parsed), specs);
        prop_assert_eq!(encode(&parsed).unwrap(), bytes);
        let back = encode_with(
            &parsed,
            &encode::EncodeOptions::new().endian(graph.endian()),
        )
        .unwrap();
        prop_assert_eq!(&back, &own);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn graphs_survive_encoding_and_parsing(specs in specs(1)) {
        survives(&specs, None)?;
    }

    #[test]
    fn split_graphs_survive_over_their_base((base, own) in base_and_split()) {
        let base = graphs::graph(&base, None);
        survives(&own, Some(&base))?;
    }

    #[test]
    fn a_layout_section_changes_no_type(specs in specs(1)) {
        let graph = graphs::graph(&specs, None);
        for endian in ENDIANS {
            let mut options = encode::EncodeOptions::new().endian(endian);
            options.layout = true;
            let bytes = encode_with(&graph, &options).unwrap();
            // Between types and strings, an entry of 4 bytes for each kind number.
            let word = |at: usize| {
                let word = bytes[at..at + 4].try_into().unwrap();
                if endian == Endian::Big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
            };
            prop_assert_eq!((word(4), word(24), word(28)), (32, word(12), 80));
            let section = &bytes[32 + word(24) as usize..][..80];
            let sizes: Vec<[u8; 2]> = section.chunks(4).map(|entry| [entry[0], entry[1]]).collect();
            prop_assert_eq!(&sizes[..], LAYOUT);
            prop_assert_eq!(word(16), word(12) + 80);
            let parsed = parse(bytes.clone()).unwrap();
            prop_assert_eq!(parsed.own_types().map(Spec::of).collect::<Vec<_>>(), specs.clone());
            prop_assert_eq!(encode(&parsed).unwrap(), bytes);
        }
    }

    #[test]
    fn ext_survives_encoding_and_parsing(
        funcs in sections::<2>(), lines in sections::<4>(), relos in prop::option::of(sections::<4>()),
        tails in (0usize..3, 0usize..3, 0usize..3),
    ) {
        let graph = strings_and_types();
        for endian in ENDIANS {
            let ext = ext(endian, &funcs, &lines, relos.as_ref(), tails);
            let bytes = encode_ext(&ext).unwrap();
            let parsed = parse_ext(bytes.clone(), &graph, &Limits::default()).unwrap();
            prop_assert_eq!(&parsed, &ext);
            prop_assert_eq!(encode_ext(&parsed).unwrap(), bytes);
        }
    }
}

fn base_and_split() -> impl Strategy<Value = (Vec<Spec>, Vec<Spec>)> {
    specs(1).prop_flat_map(|base| {
        let first = u32::try_from(base.len()).unwrap() + 1;
        (Just(base), specs(first))
    })
}

// ---- .BTF.ext -----------------------------------------------------------------------------------

const STRINGS: u32 = 16;
const TYPES: u32 = 9;

/// Enough strings and types for the records to name.
fn strings_and_types() -> Btf {
    let mut builder = GraphBuilder::new();
    builder.intern("a".repeat(STRINGS as usize)).unwrap();
    for _ in 1..TYPES {
        builder.ptr(TypeId::VOID).unwrap();
    }
    builder.freeze().unwrap()
}

/// For each section its name, and the words of its records.
type Sections<const WORDS: usize> = Vec<(u32, Vec<[u32; WORDS]>)>;

fn sections<const WORDS: usize>() -> impl Strategy<Value = Sections<WORDS>> {
    let records = vec(prop::array::uniform::<_, WORDS>(any::<u32>()), 1..5);
    vec((0..STRINGS, records), 0..4)
}

fn records<T, const WORDS: usize>(
    sections: &Sections<WORDS>,
    tail_words: usize,
    make: impl Fn([u32; WORDS]) -> T,
) -> Records<T> {
    if sections.is_empty() {
        return Records::empty(0);
    }
    let mut all = Records::empty(u32::try_from((WORDS + tail_words) * 4).unwrap());
    for (name, words) in sections {
        let tail = (0..words.len() * tail_words * 4).map(|byte| u8::try_from(byte % 251).unwrap());
        all.sections.push(SectionRecords {
            section: StrId::new(*name),
            records: words.iter().map(|words| make(*words)).collect(),
            tails: tail.collect::<Vec<u8>>().into(),
        });
    }
    all
}

fn ext(
    endian: Endian,
    funcs: &Sections<2>,
    lines: &Sections<4>,
    relos: Option<&Sections<4>>,
    tails: (usize, usize, usize),
) -> Ext {
    let mut ext = Ext::new(endian);
    ext.funcs = records(funcs, tails.0, |[insn_off, id]| FuncInfo {
        insn_off,
        type_id: TypeId::new(id % TYPES),
    });
    ext.lines = records(lines, tails.1, |[insn_off, file, line, line_col]| {
        LineInfo {
            insn_off,
            file_name: StrId::new(file % STRINGS),
            line: StrId::new(line % STRINGS),
            line_col,
        }
    });
    ext.relos = relos.map(|relos| {
        records(relos, tails.2, |[insn_off, id, at, kind]| CoreRelo {
            insn_off,
            type_id: TypeId::new(id % TYPES),
            access: StrId::new(at % STRINGS),
            kind,
        })
    });
    ext
}
