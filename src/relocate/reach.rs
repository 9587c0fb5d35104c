//! Which poisoned instructions can run at all.
//!
//! A program asks whether a field exists and goes around the code that needs it; the verifier follows the
//! constant and never looks at what is behind. This does the same, more simply: registers that hold a
//! constant are followed, what goes through memory is not. What it calls dead is dead; what it calls live may
//! still be dead for the verifier, which knows more.

use crate::relocate::patch::INSN;
use crate::target::Endian;

const REGISTERS: usize = 11;
/// What each register holds, if it is one and the same constant on every way there.
type State = [Option<u64>; REGISTERS];

/// One decoded instruction.
#[derive(Clone, Copy)]
struct Insn {
    code: u8,
    dst: usize,
    src: usize,
    off: i16,
    imm: i32,
}

const LD_IMM64: u8 = 0x18;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;
const CLASS: u8 = 0x07;
const X: u8 = 0x08;
const OPERATION: u8 = 0xf0;

/// For each instruction of a function, whether it can be reached from the function's start.
pub(super) fn reachable(function: &[u8], endian: Endian) -> Vec<bool> {
    let insns: Vec<Insn> = function
        .as_chunks::<INSN>()
        .0
        .iter()
        .map(|bytes| decode(bytes, endian))
        .collect();
    let mut states: Vec<Option<State>> = vec![None; insns.len()];
    let mut open = Vec::new();
    flow(&mut states, &mut open, 0, [None; REGISTERS]);
    // A state changes at most once for each register, so this ends.
    while let Some(at) = open.pop() {
        let (Some(insn), Some(Some(state))) = (insns.get(at), states.get(at)) else {
            continue;
        };
        let mut state = *state;
        let next = at + 1;
        match insn.code & CLASS {
            0x04 | 0x07 => {
                alu(&mut state, *insn);
                flow(&mut states, &mut open, next, state);
            }
            0x05 | 0x06 => jump(&mut states, &mut open, at, *insn, state),
            _ if insn.code == LD_IMM64 => {
                let high = insns.get(next).map_or(0, |second| second.imm);
                let value =
                    u64::from(insn.imm.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32;
                set(&mut state, insn.dst, (insn.src == 0).then_some(value));
                flow(&mut states, &mut open, next + 1, state);
            }
            class => {
                match class {
                    // Old-style packet loads answer in r0, loads in their register; atomic stores may fetch.
                    0x00 => clobber(&mut state),
                    0x01 => set(&mut state, insn.dst, None),
                    0x03 if insn.code & 0xe0 == 0xc0 => {
                        set(&mut state, insn.src, None);
                        set(&mut state, 0, None);
                    }
                    _ => {}
                }
                flow(&mut states, &mut open, next, state);
            }
        }
    }
    states.iter().map(Option::is_some).collect()
}

fn decode(bytes: &[u8; INSN], endian: Endian) -> Insn {
    let [code, registers, a, b, c, d, e, f] = *bytes;
    let (low, high) = (usize::from(registers & 0x0f), usize::from(registers >> 4));
    let (dst, src) = match endian {
        Endian::Little => (low, high),
        Endian::Big => (high, low),
    };
    Insn {
        code,
        dst,
        src,
        off: endian.u16([a, b]).cast_signed(),
        imm: endian.u32([c, d, e, f]).cast_signed(),
    }
}

/// Goes on at an instruction with a state: what is there already keeps only what both agree on.
fn flow(states: &mut [Option<State>], open: &mut Vec<usize>, at: usize, state: State) {
    let Some(there) = states.get_mut(at) else {
        return;
    };
    let joined = match there {
        None => state,
        Some(before) => {
            let mut joined = *before;
            for (a, b) in joined.iter_mut().zip(state) {
                if *a != b {
                    *a = None;
                }
            }
            joined
        }
    };
    if there.as_ref() != Some(&joined) {
        *there = Some(joined);
        open.push(at);
    }
}

fn get(state: &State, register: usize) -> Option<u64> {
    state.get(register).copied().flatten()
}

fn set(state: &mut State, register: usize, value: Option<u64>) {
    if let Some(held) = state.get_mut(register) {
        *held = value;
    }
}

/// A call may change r0 to r5.
fn clobber(state: &mut State) {
    for register in state.iter_mut().take(6) {
        *register = None;
    }
}

/// The second operand: a register or the immediate.
fn operand(state: &State, insn: Insn) -> Option<u64> {
    if insn.code & X == 0 {
        Some(i64::from(insn.imm).cast_unsigned())
    } else {
        get(state, insn.src)
    }
}

fn alu(state: &mut State, insn: Insn) {
    let wide = insn.code & CLASS == 0x07;
    let cut = |value: u64| if wide { value } else { value & 0xffff_ffff };
    let a = get(state, insn.dst).map(cut);
    let b = operand(state, insn).map(cut);
    let shift = |by: u64| u32::try_from(by & if wide { 63 } else { 31 }).unwrap_or(0);
    let both = |f: &dyn Fn(u64, u64) -> u64| Some(f(a?, b?));
    // An offset makes another instruction of it: a sign-extending move, a signed division.
    let plain = insn.off == 0;
    let value = match insn.code & OPERATION {
        0x00 => both(&u64::wrapping_add),
        0x10 => both(&u64::wrapping_sub),
        0x20 => both(&u64::wrapping_mul),
        0x40 => both(&|a, b| a | b),
        0x50 => match (a, b) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            _ => both(&|a, b| a & b),
        },
        0x60 => both(&|a, b| a.wrapping_shl(shift(b))),
        0x70 => both(&|a, b| a.wrapping_shr(shift(b))),
        0xa0 if insn.code & X != 0 && insn.dst == insn.src => Some(0),
        0xa0 => both(&|a, b| a ^ b),
        0xb0 if plain => b,
        0xc0 if wide => both(&|a, b| a.cast_signed().wrapping_shr(shift(b)).cast_unsigned()),
        _ => None,
    };
    set(state, insn.dst, value.map(cut));
}

fn jump(
    states: &mut [Option<State>],
    open: &mut Vec<usize>,
    at: usize,
    insn: Insn,
    mut state: State,
) {
    let wide = insn.code & CLASS == 0x05;
    let next = at + 1;
    let target = |distance: i64| {
        let to = i64::try_from(next).ok()?.checked_add(distance)?;
        usize::try_from(to).ok()
    };
    match insn.code {
        EXIT => return,
        CALL => {
            clobber(&mut state);
            return flow(states, open, next, state);
        }
        _ => {}
    }
    let operation = insn.code & OPERATION;
    if operation == 0x00 {
        let distance = if wide {
            i64::from(insn.off)
        } else {
            i64::from(insn.imm)
        };
        if let Some(to) = target(distance) {
            flow(states, open, to, state);
        }
        return;
    }
    let a = get(&state, insn.dst);
    let b = operand(&state, insn);
    let taken = a.zip(b).and_then(|(a, b)| is_taken(operation, wide, a, b));
    if taken != Some(false)
        && let Some(to) = target(i64::from(insn.off))
    {
        flow(states, open, to, state);
    }
    if taken != Some(true) {
        flow(states, open, next, state);
    }
}

/// Whether a conditional jump is taken; `None` for a condition that isn't known.
fn is_taken(operation: u8, wide: bool, a: u64, b: u64) -> Option<bool> {
    let (a, b, signed_a, signed_b) = if wide {
        (a, b, a.cast_signed(), b.cast_signed())
    } else {
        let (a, b) = (a & 0xffff_ffff, b & 0xffff_ffff);
        let extend = |value: u64| (value << 32).cast_signed() >> 32;
        (a, b, extend(a), extend(b))
    };
    Some(match operation {
        0x10 => a == b,
        0x20 => a > b,
        0x30 => a >= b,
        0x40 => a & b != 0,
        0x50 => a != b,
        0x60 => signed_a > signed_b,
        0x70 => signed_a >= signed_b,
        0xa0 => a < b,
        0xb0 => a <= b,
        0xc0 => signed_a < signed_b,
        0xd0 => signed_a <= signed_b,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> [u8; INSN] {
        let [a, b] = off.to_le_bytes();
        let [c, d, e, f] = imm.to_le_bytes();
        [code, src << 4 | dst, a, b, c, d, e, f]
    }

    fn reached(insns: &[[u8; INSN]]) -> Vec<usize> {
        let reached = reachable(&insns.concat(), Endian::Little);
        (0..insns.len()).filter(|&at| reached[at]).collect()
    }

    #[test]
    fn a_guard_that_is_known() {
        // r1 = 0; if r1 == 0 goto +1; call poison; exit
        let guard = |value| {
            reached(&[
                insn(0xb7, 1, 0, 0, value),
                insn(0x15, 1, 0, 1, 0),
                insn(0x85, 0, 0, 0, 0xbad_2310),
                insn(0x95, 0, 0, 0, 0),
            ])
        };
        assert_eq!(guard(0), [0, 1, 3]);
        assert_eq!(guard(1), [0, 1, 2, 3]);
    }

    #[test]
    fn two_ways_that_disagree_and_a_call_in_between() {
        // if r2 == 0 goto +1; r1 = 1 (the other way: unknown); if r1 == 0 goto +1; exit; exit
        let ways = reached(&[
            insn(0xb7, 1, 0, 0, 0),
            insn(0x15, 2, 0, 1, 0),
            insn(0xb7, 1, 0, 0, 1),
            insn(0x15, 1, 0, 1, 0),
            insn(0x95, 0, 0, 0, 0),
            insn(0x95, 0, 0, 0, 0),
        ]);
        assert_eq!(ways, [0, 1, 2, 3, 4, 5]);
        // A constant in r6 outlives a call, one in r1 doesn't.
        let call = |register| {
            reached(&[
                insn(0xb7, register, 0, 0, 0),
                insn(0x85, 0, 0, 0, 5),
                insn(0x15, register, 0, 1, 0),
                insn(0x95, 0, 0, 0, 0),
                insn(0x95, 0, 0, 0, 0),
            ])
        };
        assert_eq!(call(6), [0, 1, 2, 4]);
        assert_eq!(call(1), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_loop_ends_and_wide_loads_take_two_slots() {
        let looped = reached(&[
            insn(0x18, 1, 0, 0, 1),
            insn(0x00, 0, 0, 0, 0),
            insn(0x07, 1, 0, 0, 1),
            insn(0x55, 1, 0, -2, 9),
            insn(0x95, 0, 0, 0, 0),
        ]);
        assert_eq!(looped, [0, 2, 3, 4]);
    }
}
