//! A case for each rule, with the kernel's words.

use crate::mutate::Pieces;

/// A structure with fields that the kernel manages: a lock, a list of nodes, and the nodes.
pub fn managed() -> Vec<u8> {
    let mut pieces = Pieces {
        records: Vec::new(),
        strings: vec![0],
    };
    let [int, lock, head, node, owner, item, member, tag] = [
        &b"u64"[..],
        b"bpf_spin_lock",
        b"bpf_list_head",
        b"bpf_list_node",
        b"owner",
        b"item",
        b"link",
        b"contains:item:link",
    ]
    .map(|text| pieces.string(text));
    pieces.records = vec![
        vec![int, 1 << 24, 8, 64],
        vec![int, 1 << 24, 4, 32],
        vec![lock, 4 << 24 | 1, 4, member, 2, 0],
        vec![head, 4 << 24 | 2, 16, member, 1, 0, member, 1, 64],
        vec![
            node,
            4 << 24 | 3,
            24,
            member,
            1,
            0,
            member,
            1,
            64,
            member,
            1,
            128,
        ],
        vec![owner, 4 << 24 | 2, 24, member, 4, 0, member, 3, 128],
        vec![item, 4 << 24 | 2, 32, int, 1, 0, member, 5, 64],
        vec![tag, 17 << 24, 6, 0],
    ];
    pieces.raw()
}

use btfkit::verify::{KernelVersion, Report, Rule, VerifyOptions, verify};

/// The strings of the cases, and where they start.
const STRINGS: &[u8] = b"\0int\0a b\0name\0.data\0tag\0";
const INT: u32 = 1;
const BAD: u32 = 5;
const NAME: u32 = 9;
const DATA: u32 = 14;
const TAG: u32 = 20;

/// The info word of a kind.
const fn info(kind: u32, vlen: u32) -> u32 {
    kind << 24 | vlen
}

const FLAG: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

/// Types behind `[1] INT int`, the rule that they break, the type that the kernel reports, and its words.
type Case = (Rule, u32, &'static str, &'static [&'static [u32]]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Rule::InfoBits, 2, "[2] Invalid btf_info:2010000", &[&[0, info(2, 1 << 16), 1]]),
    (Rule::Kind, 2, "[2] Invalid kind:20", &[&[0, info(20, 0), 1]]),
    (Rule::Kind, 2, "[2] Invalid kind:0", &[&[0, info(0, 0), 1]]),
    (Rule::NameOffset, 2, "[2] Invalid name_offset:99", &[&[99, info(8, 0), 1]]),
    (Rule::NameOffset, 2, "Invalid member name_offset:99", &[&[0, info(4, 1), 4, 99, 1, 0]]),
    (Rule::NameOffset, 2, "Invalid name_offset:99", &[&[0, info(6, 1), 4, 99, 0]]),
    (Rule::RecordLength, 2, "meta_left:8 meta_needed:12", &[&[0, info(4, 1), 4, NAME, 1]]),
    (Rule::RecordLength, 2, "[2] meta_left:8 meta_needed:12", &[&[0, info(2, 0)]]),
    (Rule::Name, 2, "Invalid name", &[&[BAD, info(4, 0), 4]]),
    (Rule::Name, 2, "Invalid name", &[&[0, info(8, 0), 1]]),
    (Rule::Name, 2, "Invalid name", &[&[NAME, info(2, 0), 1]]),
    (Rule::Name, 2, "Invalid name", &[&[0, info(7, 0), 0]]),
    (Rule::Name, 2, "Invalid name", &[&[0, info(15, 0), 4]]),
    (Rule::Vlen, 2, "vlen != 0", &[&[0, info(2, 1), 1]]),
    (Rule::KindFlag, 2, "Invalid btf_info kind_flag", &[&[0, info(2, 0) | FLAG, 1]]),
    (Rule::TypeId, 2, "Invalid type_id", &[&[0, info(2, 0), 7]]),
    (Rule::TypeId, 2, "Invalid type_id", &[&[0, info(2, 0), 0x10_0000]]),
    (Rule::TypeId, 2, "Invalid type_id", &[&[TAG, info(17, 0), 1, NONE]]),
    (Rule::IntBits, 2, "nr_bits exceeds 128", &[&[INT, info(1, 0), 32, 129]]),
    (Rule::IntBits, 2, "nr_bits exceeds type_size", &[&[INT, info(1, 0), 1, 9]]),
    (Rule::IntEncoding, 2, "Unsupported encoding", &[&[INT, info(1, 0), 4, 3 << 24 | 32]]),
    (Rule::IntEncoding, 2, "Invalid int_data:10000020", &[&[INT, info(1, 0), 4, 1 << 28 | 32]]),
    (Rule::FwdType, 2, "type != 0", &[&[NAME, info(7, 0), 1]]),
    (Rule::ArraySize, 2, "size != 0", &[&[0, info(3, 0), 4, 1, 1, 1]]),
    (Rule::ArrayElement, 2, "Invalid elem", &[&[0, info(3, 0), 0, 0, 1, 1]]),
    (Rule::ArrayElement, 2, "Invalid array of int", &[&[0, info(3, 0), 0, 3, 1, 1], &[INT, info(1, 0), 4, 3]]),
    (Rule::ArrayIndex, 2, "Invalid index", &[&[0, info(3, 0), 0, 1, 0, 1]]),
    (Rule::ArrayIndex, 2, "Invalid index", &[&[0, info(3, 0), 0, 1, 3, 1], &[0, info(4, 0), 4]]),
    (Rule::ArrayOverflow, 2, "Array size overflows U32_MAX", &[&[0, info(3, 0), 0, 1, 1, 1 << 30]]),
    (Rule::MemberName, 2, "Invalid name", &[&[0, info(4, 1), 4, BAD, 1, 0]]),
    (Rule::MemberType, 2, "Invalid type_id", &[&[0, info(4, 1), 4, NAME, 0, 0]]),
    (Rule::MemberType, 2, "Invalid member", &[&[0, info(4, 1), 4, NAME, 3, 0], &[NAME, info(7, 0), 0]]),
    (Rule::MemberType, 2, "Invalid member", &[&[0, info(4, 1), 4, NAME, 3, 0], &[NAME, info(8, 0), 0]]),
    (Rule::MemberOffset, 2, "Invalid member bits_offset", &[&[0, info(5, 1), 8, NAME, 1, 8]]),
    (Rule::MemberOrder, 2, "Invalid member bits_offset", &[&[0, info(4, 2), 8, NAME, 1, 32, NAME, 1, 0]]),
    (Rule::MemberStart, 2, "Member bits_offset exceeds its struct size", &[&[0, info(4, 1), 4, NAME, 1, 33]]),
    (Rule::MemberEnd, 2, "Member exceeds struct_size", &[&[0, info(4, 1), 4, NAME, 1, 8]]),
    (Rule::MemberEnd, 2, "Member exceeds struct_size", &[&[0, info(4, 1), 4, NAME, 3, 0], &[0, info(2, 0), 0]]),
    (Rule::MemberAlignment, 2, "Member is not byte aligned", &[&[0, info(4, 1), 16, NAME, 3, 4], &[0, info(2, 0), 0]]),
    (Rule::MemberAlignment, 2, "Member is not properly aligned", &[&[0, info(4, 1), 16, NAME, 3, 8], &[NAME, info(16, 0), 4]]),
    (Rule::MemberAlignment, 2, "Invalid member offset", &[&[0, info(4, 1) | FLAG, 16, NAME, 1, 4]]),
    (Rule::MemberBits, 2, "Invalid member bitfield_size", &[&[0, info(4, 1) | FLAG, 16, NAME, 1, 33 << 24]]),
    (Rule::MemberBits, 2, "Invalid member bitfield_size", &[&[0, info(4, 1) | FLAG, 16, NAME, 3, 1 << 24], &[0, info(2, 0), 0]]),
    (Rule::MemberBits, 2, "Invalid member base type", &[&[0, info(4, 1) | FLAG, 16, NAME, 3, 1 << 24], &[INT, info(1, 0), 4, 3]]),
    (Rule::MemberBits, 2, "nr_copy_bits exceeds 128", &[&[0, info(4, 1), 32, NAME, 3, 1], &[INT, info(1, 0), 16, 128]]),
    (Rule::MemberStart, 2, "bits_offset exceeds U32_MAX", &[&[0, info(4, 1), 1 << 30, NAME, 3, u32::MAX], &[INT, info(1, 0), 4, 1 << 16 | 8]]),
    (Rule::EnumSize, 2, "Unexpected size", &[&[0, info(6, 0), 3]]),
    (Rule::EnumSize, 2, "Unexpected size", &[&[0, info(19, 0), 16]]),
    (Rule::EnumeratorName, 2, "Invalid name", &[&[0, info(6, 1), 4, 0, 1]]),
    (Rule::FuncLinkage, 2, "Invalid func linkage", &[&[NAME, info(12, 2), 3], &[0, info(13, 0), 0]]),
    (Rule::FuncProto, 2, "Invalid type_id", &[&[NAME, info(12, 0), 1]]),
    (Rule::FuncProto, 2, "Invalid arg#1", &[&[NAME, info(12, 0), 3], &[0, info(13, 1), 0, 0, 1]]),
    (Rule::VarLinkage, 2, "Linkage not supported", &[&[NAME, info(14, 0), 1, 2]]),
    (Rule::DatasecSize, 2, "size == 0", &[&[DATA, info(15, 0), 0]]),
    (Rule::DatasecEntry, 2, "Not a VAR kind member", &[&[DATA, info(15, 1), 4, 1, 0, 4]]),
    (Rule::DatasecEntry, 2, "Invalid offset", &[&[DATA, info(15, 1), 4, 3, 4, 4], &[NAME, info(14, 0), 1, 1]]),
    (Rule::DatasecEntry, 2, "Invalid size", &[&[DATA, info(15, 1), 4, 3, 0, 5], &[NAME, info(14, 0), 1, 1]]),
    (Rule::DatasecEntry, 2, "Invalid offset+size", &[&[DATA, info(15, 1), 4, 3, 1, 4], &[NAME, info(14, 0), 1, 1]]),
    // Only a variable that was resolved before has its size compared.
    (Rule::DatasecEntry, 3, "Invalid size", &[&[NAME, info(14, 0), 1, 1], &[DATA, info(15, 1), 4, 2, 0, 3]]),
    (Rule::FloatSize, 2, "Invalid type_size", &[&[NAME, info(16, 0), 3]]),
    (Rule::TagValue, 2, "Invalid value", &[&[0, info(17, 0), 3, NONE], &[0, info(4, 0), 4]]),
    (Rule::TagValue, 2, "Invalid name", &[&[0, info(18, 0), 1]]),
    (Rule::TagComponent, 2, "Invalid component_idx", &[&[TAG, info(17, 0), 3, 0], &[0, info(4, 0), 4]]),
    (Rule::TagComponent, 2, "Invalid component_idx", &[&[TAG, info(17, 0), 3, NONE - 1], &[0, info(4, 0), 4]]),
    (Rule::Result, 2, "Invalid return type", &[&[0, info(13, 0), 3], &[NAME, info(7, 0), 0]]),
    (Rule::Argument, 2, "Invalid arg#1", &[&[0, info(13, 2), 0, NAME, 0, NAME, 1]]),
    (Rule::Argument, 2, "Invalid arg#2", &[&[0, info(13, 2), 0, NAME, 1, NAME, 0]]),
    (Rule::Loop, 2, "Loop detected", &[&[0, info(9, 0), 3], &[0, info(10, 0), 2]]),
    (Rule::Loop, 2, "Loop detected", &[&[0, info(4, 1), 8, NAME, 2, 0]]),
    (Rule::TagOrder, 2, "Type tags don't precede modifiers", &[&[0, info(10, 0), 3], &[TAG, info(18, 0), 1]]),
];

/// Returns the BTF of a case.
fn case(types: &[&[u32]]) -> Vec<u8> {
    let int: &[u32] = &[INT, info(1, 0), 4, 32];
    let words: Vec<u32> = std::iter::once(int)
        .chain(types.iter().copied())
        .flatten()
        .copied()
        .collect();
    super::raw(&words, STRINGS)
}

fn at(major: u32, minor: u32) -> VerifyOptions {
    VerifyOptions::new(KernelVersion::new(major, minor))
}

#[test]
fn each_rule_has_the_kernels_words() {
    for &(rule, id, words, types) in CASES {
        let report = verify(&case(types), &at(6, 18));
        let first = report
            .first()
            .unwrap_or_else(|| panic!("{words}: {types:?} is accepted"));
        let found = (
            first.rule,
            first.type_id.map(btfkit::TypeId::get),
            first.message.as_deref(),
        );
        assert_eq!(found, (rule, Some(id), Some(words)), "{types:?}");
        assert!(
            report.log.ends_with(words.as_bytes())
                || report.log.ends_with(format!("{words}\n").as_bytes())
        );
    }
}

#[test]
fn the_running_kernel_has_the_same_words() {
    if let Some(reason) = crate::loader::unable() {
        return crate::support::tools::skipped(&reason);
    }
    let version = KernelVersion::running().unwrap();
    let mut log = vec![0; 1 << 20];
    for &(_, _, words, types) in CASES {
        let raw = case(types);
        let kernel = crate::loader::verdict(&raw, &mut log);
        let report = verify(&raw, &VerifyOptions::new(version));
        let difference = crate::differential::difference(&kernel, &report);
        assert_eq!(difference, None, "{words}: {types:?}: {kernel:?}");
    }
}

/// The header's faults, which are about no type.
#[test]
fn header_and_sections() {
    let good = case(&[]);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut raw = good.clone();
        change(&mut raw);
        raw
    };
    let cases: &[(Rule, &str, Vec<u8>)] = &[
        (Rule::HeaderLength, "hdr_len not found", good[..7].to_vec()),
        (
            Rule::HeaderLength,
            "btf_header not found",
            good[..20].to_vec(),
        ),
        (
            Rule::HeaderTail,
            "Unsupported btf_header",
            changed(&|raw| {
                raw.splice(24..24, [0, 0, 0, 1]);
                raw[4] = 28;
            }),
        ),
        (Rule::Magic, "Invalid magic", changed(&|raw| raw[0] = 0)),
        (
            Rule::Version,
            "Unsupported version",
            changed(&|raw| raw[2] = 2),
        ),
        (Rule::Flags, "Unsupported flags", changed(&|raw| raw[3] = 1)),
        (Rule::NoData, "No data", good[..24].to_vec()),
        (
            Rule::SectionOffset,
            "Invalid section offset",
            changed(&|raw| raw[19] = 1),
        ),
        (
            Rule::SectionGap,
            "Unsupported section found",
            changed(&|raw| raw.push(0)),
        ),
        (
            Rule::SectionOverlap,
            "Section overlap found",
            changed(&|raw| raw[16] -= 1),
        ),
        (
            Rule::SectionLength,
            "Total section length too long",
            changed(&|raw| {
                raw.pop();
            }),
        ),
        (
            Rule::Strings,
            "Invalid string section",
            changed(&|raw| *raw.last_mut().unwrap() = b'a'),
        ),
        (Rule::NoTypes, "No type found", super::raw(&[], STRINGS)),
        (Rule::InputSize, "", vec![0; (16 << 20) + 1]),
    ];
    for (rule, words, raw) in cases {
        let report = verify(raw, &at(6, 18));
        let first = report.first().unwrap();
        assert_eq!((first.rule, first.type_id), (*rule, None), "{words}");
        assert_eq!(first.message.as_deref().unwrap_or_default(), *words);
    }
}

/// A version that refuses, the next one, which takes it, the words, and the types.
type Change<'a> = ((u32, u32), (u32, u32), &'a str, &'a [&'a [u32]]);

/// What a version refuses and the next one takes.
#[test]
#[rustfmt::skip]
fn versions() {
    let cases: &[Change] = &[
        ((5, 4), (5, 5), "Unexpected size", &[&[0, info(6, 0), 8]]),
        ((5, 5), (5, 6), "vlen != 0", &[&[NAME, info(12, 1), 3], &[0, info(13, 0), 0]]),
        ((5, 11), (5, 12), "vlen == 0", &[&[DATA, info(15, 0), 4]]),
        ((5, 12), (5, 13), "[2] Invalid btf_info:10000000", &[&[NAME, info(16, 0), 8]]),
        ((5, 15), (5, 16), "[2] Invalid kind:17", &[&[TAG, info(17, 0), 3, NONE], &[0, info(4, 0), 4]]),
        ((5, 16), (5, 17), "[2] Invalid kind:18", &[&[TAG, info(18, 0), 1]]),
        ((5, 19), (6, 0), "[2] Invalid kind:19", &[&[0, info(19, 0), 8]]),
        ((5, 19), (6, 0), "Invalid btf_info kind_flag", &[&[0, info(6, 0) | FLAG, 4]]),
        ((6, 4), (6, 5), "Invalid name", &[&[DATA, info(4, 0), 4]]),
        ((6, 9), (6, 10), "Invalid name", &[&[BAD, info(15, 0), 4]]),
        ((6, 14), (6, 15), "Invalid btf_info kind_flag", &[&[TAG, info(18, 0) | FLAG, 1]]),
        ((7, 1), (7, 2), "[2] Invalid btf_info:4010000", &[&[&[0, info(4, 1 << 16), 0][..], &[NAME, 1, 0].repeat(1 << 16)].concat()]),
    ];
    for (old, new, words, types) in cases {
        let raw = case(types);
        let refused = verify(&raw, &at(old.0, old.1));
        assert_eq!(refused.first().unwrap().message.as_deref(), Some(*words), "{old:?}");
        let accepted = verify(&raw, &at(new.0, new.1));
        let other = accepted.first().map(|first| first.rule);
        // Members of no size are not the point here.
        assert!(other.is_none_or(|rule| rule == Rule::MemberEnd), "{new:?}: {accepted}");
    }
    // A rule that came later.
    let tags: &[&[u32]] = &[&[0, info(10, 0), 3], &[TAG, info(18, 0), 1]];
    assert!(verify(&case(tags), &at(5, 18)).is_ok());
    assert!(!verify(&case(tags), &at(5, 19)).is_ok());
}

/// Every finding is listed, and what only follows from one isn't.
#[test]
fn all_findings() {
    let types: &[&[u32]] = &[
        &[BAD, info(4, 2), 4, BAD, 1, 0, NAME, 1, 8],
        &[0, info(2, 0), 9],
        &[0, info(10, 0), 3],
        &[0, info(3, 0), 0, 1, 1, 1 << 30],
        &[NAME, info(4, 1), 4, NAME, 5, 0],
    ];
    let report: Report = verify(&case(types), &at(6, 18));
    let found: Vec<(Rule, u32)> = report
        .findings
        .iter()
        .map(|finding| (finding.rule, finding.type_id.unwrap().get()))
        .collect();
    assert_eq!(
        found,
        [
            (Rule::Name, 2),
            (Rule::MemberName, 2),
            (Rule::MemberEnd, 2),
            (Rule::TypeId, 3),
            (Rule::ArrayOverflow, 5),
        ]
    );
    let few = verify(&case(types), &at(6, 18).findings(2));
    assert_eq!((few.findings.len(), few.omitted), (2, 3));
    assert_eq!(few.findings, report.findings[..2]);
}

/// The other byte order is that of another machine's kernel.
#[test]
fn the_other_byte_order() {
    use btfkit::encode::{EncodeOptions, encode_with};
    let other = match btfkit::Endian::HOST {
        btfkit::Endian::Little => btfkit::Endian::Big,
        btfkit::Endian::Big => btfkit::Endian::Little,
    };
    let graph = btfkit::Btf::parse(managed()).unwrap();
    let swapped = encode_with(&graph, &EncodeOptions::new().endian(other)).unwrap();
    assert_eq!(
        verify(&swapped, &at(6, 18)).first().unwrap().rule,
        Rule::Magic
    );
    let there = verify(&swapped, &at(6, 18).endian(other));
    assert!(there.is_ok(), "{there}");
}

/// Split BTF is what kernel modules have: the records are checked, over the base's names.
#[test]
fn split_btf() {
    use btfkit::graph::{GraphBuilder, Kind};
    let base = btfkit::Btf::parse(case(&[])).unwrap();
    let mut builder = GraphBuilder::split(&base);
    builder.composite(Kind::Struct, "name", 4, &[]).unwrap();
    assert!(
        builder
            .clone()
            .freeze()
            .unwrap()
            .verify(&at(6, 18))
            .unwrap()
            .is_ok()
    );
    builder.composite(Kind::Struct, "Vec<u8>", 4, &[]).unwrap();
    let report = builder.freeze().unwrap().verify(&at(6, 18)).unwrap();
    let first = report.first().unwrap();
    assert_eq!((first.rule, first.type_id.unwrap().get()), (Rule::Name, 3));
}
