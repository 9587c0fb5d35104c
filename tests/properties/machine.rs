//! The law that is run: a program made for one layout is relocated to another and executed in a user-space
//! BPF machine over random bytes; every field it reads is the value that lies there.
//!
//! The machine is little-endian. A big-endian target's memory is read as a big-endian machine would: each
//! load is followed by an instruction that swaps its bytes.

use btfkit::Endian;
use btfkit::relocate::{Action, RelocationKind, Target};
use proptest::prelude::*;
use rbpf::EbpfVmRaw;

use crate::config;
use crate::relocation::{Placed, place};
use crate::support::layouts::{self, Dice, Leaf, What, value_in};
use crate::support::program::{Insn, Object, Source, access, op};

const ADD64_REG: u8 = 0x0f;
const LSH64_REG: u8 = 0x6f;
const RSH64_REG: u8 = 0x7f;
const ARSH64_REG: u8 = 0xcf;
const JEQ_IMM: u8 = 0x15;
const JNE_IMM: u8 = 0x55;
const TO_BIG_ENDIAN: u8 = 0xdc;

fn reg(code: u8, dst: u8, src: u8) -> Insn {
    Insn {
        src,
        ..Insn::new(code, dst, 0, 0)
    }
}

/// A program that answers with one field of what register 1 points to.
fn reader(local: &Placed, leaf: &Leaf, endian: Endian) -> Object {
    let mut source = Source::new(local.builder.clone(), Endian::Little);
    // What stands in the instruction before is the local layout's answer, which is checked.
    let ask = |source: &mut Source, register, kind: RelocationKind, before: u64| {
        let before = i32::try_from(before).unwrap();
        let insn = Insn::new(op::MOV64_IMM, register, 0, before);
        source.ask(kind.number(), local.id, &access(&leaf.steps), &[insn]);
    };
    // What the storage around a bitfield is, is the compiler's choice and isn't checked.
    let (offset, size, left) = if leaf.is_bitfield() {
        (0, 0, 0)
    } else {
        (leaf.offset / 8, leaf.bits / 8, 64 - leaf.bits)
    };
    ask(&mut source, 3, RelocationKind::FieldByteOffset, offset);
    source.add(&[reg(ADD64_REG, 1, 3)]);
    ask(&mut source, 3, RelocationKind::FieldByteSize, size);
    for width in [1, 2, 4, 8] {
        let load = Insn {
            dst: 0,
            src: 1,
            ..Insn::load(width, 0)
        };
        let width = width.cast_signed();
        let swap =
            (endian == Endian::Big && width > 1).then(|| Insn::new(TO_BIG_ENDIAN, 0, 0, width * 8));
        let arm: Vec<Insn> = [Some(load), swap].into_iter().flatten().collect();
        let past = i16::try_from(arm.len()).unwrap();
        source.add(&[Insn::new(JNE_IMM, 3, past, width)]);
        source.add(&arm);
    }
    if leaf.what != What::Element {
        ask(&mut source, 4, RelocationKind::FieldLshiftU64, left);
        ask(
            &mut source,
            5,
            RelocationKind::FieldRshiftU64,
            64 - leaf.bits,
        );
        let signed = u64::from(leaf.is_signed());
        ask(&mut source, 2, RelocationKind::FieldSigned, signed);
        source.add(&[
            reg(LSH64_REG, 0, 4),
            Insn::new(JEQ_IMM, 2, 2, 0),
            reg(ARSH64_REG, 0, 5),
            Insn::new(op::EXIT, 0, 0, 0),
            reg(RSH64_REG, 0, 5),
        ]);
    }
    source.add(&[Insn::new(op::EXIT, 0, 0, 0)]);
    source.finish()
}

fn is_readable(leaf: &Leaf) -> bool {
    match leaf.what {
        What::Element => matches!(leaf.bits, 8 | 16 | 32 | 64),
        What::Whole => false,
        _ => true,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_field_read_is_the_value_that_lies_there(
        root in layouts::root(), big: bool, seed: u64, other: u64, longer: bool, bytes: u64,
    ) {
        let endian = if big { Endian::Big } else { Endian::Little };
        let local = place(&root, "session", Endian::Little, seed, false);
        let moved = place(&root, "session", endian, other, longer);
        let graph = moved.builder.clone().freeze().unwrap();
        let size = graph.size_of_named("session").unwrap().0;
        let mut dice = Dice(bytes);
        // A few bytes more: the storage around the last bitfield may reach beyond it.
        let mut memory: Vec<u8> = (0..size + 8).map(|_| dice.below(256) as u8).collect();
        let target = Target::user("app", graph);

        let fields = local.leaves.iter().zip(&moved.leaves);
        for (leaf, there) in fields.filter(|(leaf, there)| is_readable(leaf) && is_readable(there)) {
            let object = reader(&local, leaf, endian);
            let done = object.relocate(std::slice::from_ref(&target)).unwrap();
            let all_set = done.resolution.fixups.iter().all(|fixup| fixup.action == Action::Set);
            prop_assert!(all_set, "{leaf:?}");
            let machine = EbpfVmRaw::new(Some(&done.code[0])).unwrap();
            let answer = machine.execute_program(&mut memory).unwrap();
            let expected = value_in(|at| memory[at as usize], there, endian);
            prop_assert_eq!(answer, expected, "{:?} in {:?}", there, endian);
        }
    }
}
