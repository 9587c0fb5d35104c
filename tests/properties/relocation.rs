//! Relocation finds fields where they moved, changes nothing else, and nothing twice.

use btfkit::graph::{CoreRelo, GraphBuilder};
use btfkit::relocate::{Action, Applied, RelocationKind, ResolveOptions, Target};
use btfkit::{Endian, TypeId};
use proptest::prelude::*;

use crate::support::layouts::{self, Dice, Layout, Leaf, Ty, What, value_in};
use crate::support::program::{Insn, Object, Source, access, op};
use crate::{ENDIANS, config};

/// A root type in one layout.
pub struct Placed {
    pub builder: GraphBuilder,
    pub id: TypeId,
    pub leaves: Vec<Leaf>,
}

pub fn place(root: &Ty, name: &str, endian: Endian, seed: u64, longer: bool) -> Placed {
    let mut builder = GraphBuilder::new();
    builder.set_endian(endian);
    // So that ids differ from one layout to the other.
    for _ in 0..seed % 5 {
        builder.ptr(TypeId::VOID).unwrap();
    }
    let mut layout = Layout {
        builder: &mut builder,
        dice: Dice(seed),
        longer,
    };
    let (id, mut leaves) = layout.place(root, name);
    leaves.sort_by(|a, b| a.key.cmp(&b.key));
    Placed {
        builder,
        id,
        leaves,
    }
}

/// What a relocation of a field asks for, and the instruction that it patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A load, or a store of a register or an immediate, at the field's offset.
    Access(u8),
    Immediate,
    Wide,
}

/// The relocations of one field: kind and form.
fn asked(leaf: &Leaf, dice: &mut Dice) -> Vec<(RelocationKind, Form)> {
    use RelocationKind::{
        FieldByteOffset, FieldByteSize, FieldExists, FieldLshiftU64, FieldRshiftU64, FieldSigned,
    };
    let mut all = vec![
        (FieldByteOffset, Form::Immediate),
        (FieldByteSize, Form::Immediate),
    ];
    if leaf.is_value() {
        all.extend(
            [FieldSigned, FieldLshiftU64, FieldRshiftU64].map(|kind| (kind, Form::Immediate)),
        );
        if !leaf.is_bitfield() && leaf.offset / 8 < 0x4000 {
            let code =
                [op::LDX_MEM, op::ST_MEM, op::STX_MEM][usize::try_from(dice.below(3)).unwrap()];
            all.push((FieldByteOffset, Form::Access(code)));
        }
    }
    all.push((FieldByteOffset, Form::Wide));
    all.push((FieldExists, Form::Immediate));
    all
}

/// The instruction that a compiler would leave there, for a layout of its own; `None` for bitfields, whose
/// offset and storage are the compiler's choice.
fn value(kind: RelocationKind, leaf: &Leaf) -> Option<u64> {
    match kind {
        RelocationKind::FieldExists => Some(1),
        RelocationKind::FieldSigned => Some(leaf.is_signed().into()),
        RelocationKind::FieldRshiftU64 => Some(64 - leaf.bits),
        _ if leaf.is_bitfield() => None,
        RelocationKind::FieldByteOffset => Some(leaf.offset / 8),
        RelocationKind::FieldByteSize => Some(leaf.bits / 8),
        RelocationKind::FieldLshiftU64 => Some(64 - leaf.bits),
        kind => panic!("{kind} is not asked for"),
    }
}

fn insns(kind: RelocationKind, form: Form, leaf: &Leaf) -> Vec<Insn> {
    let value = value(kind, leaf).unwrap_or(0);
    match form {
        Form::Access(code) => {
            let width = u32::try_from(leaf.bits / 8).unwrap();
            let off = i16::try_from(value).unwrap();
            vec![Insn {
                code: op::sized(code, width),
                dst: 1,
                src: 2,
                off,
                imm: 77 * i32::from(code == op::ST_MEM),
            }]
        }
        Form::Immediate => vec![Insn::mov(i32::try_from(value).unwrap())],
        Form::Wide => Insn::wide(value).to_vec(),
    }
}

type Asked = (usize, RelocationKind, Form);

/// An object that asks everything about every field of a layout: the relocations by field, kind and form.
fn object(placed: &Placed, endian: Endian, seed: u64) -> (Object, Vec<Asked>) {
    let mut source = Source::new(placed.builder.clone(), endian);
    let mut dice = Dice(seed);
    let mut questions = Vec::new();
    for (number, leaf) in placed.leaves.iter().enumerate() {
        for (kind, form) in asked(leaf, &mut dice) {
            source.ask(
                kind.number(),
                placed.id,
                &access(&leaf.steps),
                &insns(kind, form, leaf),
            );
            questions.push((number, kind, form));
        }
    }
    source.add(&[Insn::new(op::EXIT, 0, 0, 0)]);
    (source.finish(), questions)
}

/// The instruction at a relocation, as a number of 64 bits: what the program comes to there.
fn read(object: &Object, code: &[u8], record: usize) -> (Insn, u64) {
    let at = object.relos[record].insn_off as usize;
    let insn = Insn::read(&code[at..at + 8], object.endian);
    let low = i64::from(insn.imm).cast_unsigned();
    if insn.code != op::LDIMM64 {
        return (insn, low);
    }
    let upper = Insn::read(&code[at + 8..at + 16], object.endian);
    (
        insn,
        low & 0xffff_ffff | u64::from(upper.imm.cast_unsigned()) << 32,
    )
}

/// Memory with random bytes in it.
fn memory(at: u64) -> u8 {
    u8::try_from(Dice(at).below(256)).unwrap()
}

/// Checks relocated code against where the fields are: plain ones by the number, all by reading memory with
/// what the five relocations of a field came to, as a program does.
fn check(
    object: &Object,
    code: &[u8],
    questions: &[Asked],
    leaves: &[Leaf],
) -> Result<(), TestCaseError> {
    let mut answers = vec![[None; 6]; leaves.len()];
    for (record, &(field, kind, form)) in questions.iter().enumerate() {
        let leaf = &leaves[field];
        let (insn, immediate) = read(object, code, record);
        let value = value(kind, leaf);
        match form {
            Form::Access(code) => {
                let width = u32::try_from(leaf.bits / 8).unwrap();
                prop_assert_eq!(
                    (u64::try_from(insn.off).ok(), insn.code),
                    (value, op::sized(code, width))
                );
            }
            Form::Immediate | Form::Wide => {
                if let Some(value) = value {
                    prop_assert_eq!(immediate, value, "{} of {:?}", kind, leaf);
                }
                answers[field][kind.number() as usize] = Some(immediate);
            }
        }
    }
    for (leaf, answers) in leaves
        .iter()
        .zip(answers)
        .filter(|(leaf, _)| leaf.is_value())
    {
        let [offset, size, _, signed, left, right] = answers.map(|answer| answer.unwrap());
        prop_assert!(
            [1, 2, 4, 8].contains(&size),
            "{leaf:?} is loaded by {size} bytes"
        );
        prop_assert!(
            !leaf.is_bitfield() || offset % size == 0,
            "{leaf:?} is loaded from {offset}"
        );
        let places = offset..offset + size;
        let next = |value: u64, at| value << 8 | u64::from(memory(at));
        let unit = match object.endian {
            Endian::Little => places.rev().fold(0, next),
            Endian::Big => places.fold(0, next),
        };
        let up = unit << left;
        let found = if signed == 1 {
            (up.cast_signed() >> right).cast_unsigned()
        } else {
            up >> right
        };
        prop_assert_eq!(found, value_in(memory, leaf, object.endian), "{:?}", leaf);
    }
    Ok(())
}

fn endian() -> impl Strategy<Value = Endian> {
    prop::sample::select(ENDIANS.to_vec())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn its_own_types_change_nothing(root in layouts::root(), endian in endian(), seed: u64) {
        let placed = place(&root, "session", endian, seed, false);
        let (object, questions) = object(&placed, endian, seed);
        let target = Target::user("app", object.graph.clone());
        let first = object.relocate(std::slice::from_ref(&target)).unwrap();
        for (record, (field, kind, _)) in questions.iter().enumerate() {
            if value(*kind, &placed.leaves[*field]).is_some() {
                let unchanged = matches!(first.applied[record], Applied::Set { old, new } if old == new);
                prop_assert!(unchanged, "{:?}", first.applied[record]);
                prop_assert_eq!(read(&object, &first.code[0], record), read(&object, &object.code, record));
            }
        }
        check(&object, &first.code[0], &questions, &placed.leaves)?;
        // With the storage of bitfields filled in, nothing at all is left to change.
        let filled = Object { code: first.code.concat(), ..object };
        let second = filled.relocate(&[target]).unwrap();
        prop_assert_eq!(&second.code[0], &filled.code);
    }

    #[test]
    fn fields_are_found_where_they_moved(
        root in layouts::root(), endian in endian(), seed: u64, other: u64, longer: bool,
    ) {
        let local = place(&root, "session", endian, seed, false);
        let moved = place(&root, "session", endian, other, longer);
        let (object, questions) = object(&local, endian, seed);
        let target = Target::user("app", moved.builder.freeze().unwrap());
        let done = object.relocate(&[target]).unwrap();
        check(&object, &done.code[0], &questions, &moved.leaves)?;
        for (fixup, (field, ..)) in done.resolution.fixups.iter().zip(&questions) {
            let leaf = &moved.leaves[*field];
            prop_assert_eq!(fixup.action, Action::Set);
            prop_assert_eq!(&fixup.target_steps, &leaf.steps);
            prop_assert_eq!(u64::from(fixup.target_bits), leaf.offset);
        }
        // What is no relocated value stays.
        let (mut before, mut after) = (object.insns(), Object { code: done.code.concat(), ..object.clone() }.insns());
        for relo in &object.relos {
            let at = relo.insn_off as usize / 8;
            let two = if before[at].code == op::LDIMM64 { 2 } else { 1 };
            for insn in [&mut before, &mut after].into_iter().flat_map(|insns| &mut insns[at..at + two]) {
                if matches!(insn.code & 7, 1..=3) {
                    insn.off = 0;
                    insn.code &= !0x18;
                } else {
                    insn.imm = 0;
                }
            }
        }
        prop_assert_eq!(before, after);
    }

    #[test]
    fn there_and_back_again(root in layouts::root(), endian in endian(), seed: u64, other: u64) {
        let here = place(&root, "session", endian, seed, false);
        let mut there = place(&root, "session", endian, other, false);
        let (object, questions) = object(&here, endian, seed);
        let own = Target::user("app", object.graph.clone());
        let object = object.rewritten(std::slice::from_ref(&own), &ResolveOptions::default()).unwrap();
        // The rewritten object has no records left; here they are again, for each layout.
        let records = |placed: &mut Placed, object: &Object| {
            let mut at = object.code.chunks(8).enumerate();
            let mut relos = Vec::new();
            for (field, kind, form) in &questions {
                let (number, _) = at.next().unwrap();
                if *form == Form::Wide {
                    at.next();
                }
                relos.push(CoreRelo {
                    insn_off: u32::try_from(number * 8).unwrap(),
                    type_id: placed.id,
                    access: placed.builder.intern(access(&placed.leaves[*field].steps)).unwrap(),
                    kind: kind.number(),
                });
            }
            relos
        };
        let mut here = here;
        let relos = records(&mut here, &object);
        let object = Object { graph: here.builder.freeze().unwrap(), relos, ..object };
        let relos = records(&mut there, &object);
        let graph = there.builder.freeze().unwrap();
        let gone = object.rewritten(&[Target::user("app", graph.clone())], &ResolveOptions::default()).unwrap();
        let gone = Object { graph, relos, ..gone };
        let back = gone.rewritten(&[own], &ResolveOptions::default()).unwrap();
        prop_assert_eq!(back.insns(), object.insns());
    }

    #[test]
    fn a_second_time_does_nothing(root in layouts::root(), seed: u64, other: u64) {
        let local = place(&root, "session", Endian::Little, seed, false);
        let moved = place(&root, "session", Endian::Little, other, true);
        let (object, _) = object(&local, Endian::Little, seed);
        let targets = [Target::user("app", moved.builder.freeze().unwrap())];
        let once = object.rewritten(&targets, &ResolveOptions::default()).unwrap();
        prop_assert!(once.relos.is_empty());
        let twice = once.rewritten(&targets, &ResolveOptions::default()).unwrap();
        prop_assert_eq!(twice.code, once.code);
    }

    #[test]
    fn a_part_and_then_the_rest_is_all_at_once(
        roots in (layouts::root(), layouts::root()), seeds in (any::<u64>(), any::<u64>(), any::<u64>()),
        only_the_program: bool,
    ) {
        let endian = Endian::Little;
        let program = place(&roots.0, "session", endian, seeds.1, true);
        let kernel = place(&roots.1, "task", endian, seeds.2, true);
        let (object, users) = two_roots(&roots, seeds.0);
        let app = Target::user("app", program.builder.freeze().unwrap());
        let kernel = Target::kernel(kernel.builder.freeze().unwrap());
        let both = [app.clone(), kernel.clone()];
        let all = object.rewritten(&both, &ResolveOptions::default()).unwrap();
        let first = if only_the_program { &both[..1] } else { &both[..] };
        let part = object.rewritten(first, &ResolveOptions::new().partial(true)).unwrap();
        // What is left is the kernel's, and local ids, which are the loader's to know.
        prop_assert_eq!(part.relos.len(), object.relos.len() - users);
        prop_assert!(part.relos.iter().all(|relo| relo.kind == 6 || part.graph.ty(relo.type_id).name() == "task"));
        let rest = part.rewritten(&[kernel], &ResolveOptions::default()).unwrap();
        prop_assert!(rest.relos.is_empty());
        prop_assert_eq!(rest.insns(), all.insns());
    }
}

/// An object with relocations of two roots in turns, and how many are the program's.
fn two_roots(roots: &(Ty, Ty), seed: u64) -> (Object, usize) {
    let mut builder = GraphBuilder::new();
    let mut layout = Layout {
        builder: &mut builder,
        dice: Dice(seed),
        longer: false,
    };
    let placed = [
        layout.place(&roots.0, "session"),
        layout.place(&roots.1, "task"),
    ];
    let mut source = Source::new(builder, Endian::Little);
    let mut users = 0;
    let most = placed.iter().map(|(_, leaves)| leaves.len()).max().unwrap();
    for number in 0..most {
        for (side, (id, leaves)) in placed.iter().enumerate() {
            let Some(leaf) = leaves.get(number).filter(|leaf| leaf.what != What::Whole) else {
                continue;
            };
            for (kind, form) in asked(leaf, &mut Dice(seed ^ number as u64)) {
                source.ask(
                    kind.number(),
                    *id,
                    &access(&leaf.steps),
                    &insns(kind, form, leaf),
                );
                users += usize::from(side == 0);
            }
        }
    }
    for (side, (id, _)) in placed.iter().enumerate() {
        let id_value = i32::try_from(id.get()).unwrap();
        source.ask(
            RelocationKind::TypeIdLocal.number(),
            *id,
            "0",
            &[Insn::mov(id_value)],
        );
        source.ask(
            RelocationKind::TypeIdTarget.number(),
            *id,
            "0",
            &[Insn::mov(id_value)],
        );
        source.ask(
            RelocationKind::TypeExists.number(),
            *id,
            "0",
            &[Insn::mov(1)],
        );
        users += if side == 0 { 2 } else { 0 };
    }
    (source.finish(), users)
}
