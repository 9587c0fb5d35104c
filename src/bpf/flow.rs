//! Which instructions of a function can be reached.
//!
//! A program checks whether a field exists and skips the code that needs it; the verifier knows the constant and
//! never looks at the code behind. The analysis here does the same, more simply: it follows constants in registers,
//! and nothing that goes through memory. An instruction it doesn't reach can't be reached; one that it reaches may
//! still be dead code for the verifier, which knows more.

use crate::bpf::insn::opcode::{self, alu, jump};
use crate::bpf::insn::{Class, Insn};
use crate::target::Endian;

const REGISTERS: usize = 11;
/// The registers that a call may change: r0 to r5.
const CALLER_SAVED: usize = 6;

/// The constant in each register, if it is the same on every way to the instruction.
type State = [Option<u64>; REGISTERS];

/// Returns for each instruction of a function whether it can be reached from the function's start.
pub(crate) fn reachable(function: &[u8], endian: Endian) -> Vec<bool> {
    let insns: Vec<Insn> = Insn::decode(function, endian).collect();
    let mut flow = Flow {
        states: vec![None; insns.len()],
        open: Vec::new(),
    };
    flow.join(0, [None; REGISTERS]);
    // A state changes at most once for each register, so this ends.
    while let Some(at) = flow.open.pop() {
        let (Some(insn), Some(Some(state))) = (insns.get(at), flow.states.get(at)) else {
            continue;
        };
        let mut state = *state;
        let next = at + 1;
        match insn.class() {
            Class::Alu | Class::Alu64 => {
                compute(&mut state, *insn);
                flow.join(next, state);
            }
            Class::Jmp | Class::Jmp32 => flow.jump(at, *insn, state),
            Class::Ld if insn.is_wide_load() => {
                let second = insns.get(next).copied().unwrap_or_default();
                let value = (insn.src == 0).then_some(insn.wide_value(second));
                set(&mut state, insn.dst, value);
                flow.join(next + 1, state);
            }
            // The old loads of packet data return their value in r0.
            Class::Ld => {
                clobber(&mut state);
                flow.join(next, state);
            }
            Class::Ldx => {
                set(&mut state, insn.dst, None);
                flow.join(next, state);
            }
            Class::Stx => {
                // An atomic operation may fetch the old value into the source or r0; a load-acquire writes the
                // destination.
                if insn.code & opcode::MODE == opcode::ATOMIC {
                    set(&mut state, insn.src, None);
                    set(&mut state, insn.dst, None);
                    set(&mut state, 0, None);
                }
                flow.join(next, state);
            }
            Class::St => flow.join(next, state),
        }
    }
    flow.states.iter().map(Option::is_some).collect()
}

/// The states found so far.
struct Flow {
    /// The state in front of each instruction; `None` if no way to it was found.
    states: Vec<Option<State>>,
    /// The instructions whose state changed since they were last followed.
    open: Vec<usize>,
}

impl Flow {
    /// Adds a way to the instruction at index `at`: its state keeps the constants that all ways agree on.
    fn join(&mut self, at: usize, state: State) {
        let Some(there) = self.states.get_mut(at) else {
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
            self.open.push(at);
        }
    }

    /// Adds a way to every instruction.
    fn join_all(&mut self) {
        for at in 0..self.states.len() {
            self.join(at, [None; REGISTERS]);
        }
    }

    /// Follows a jump, a call or a return.
    fn jump(&mut self, at: usize, insn: Insn, mut state: State) {
        let wide = insn.class() == Class::Jmp;
        let next = at + 1;
        let target = |distance: i64| {
            let to = i64::try_from(next).ok()?.checked_add(distance)?;
            usize::try_from(to).ok()
        };
        match insn.code {
            opcode::EXIT => return,
            opcode::CALL | opcode::CALL_REGISTER => {
                clobber(&mut state);
                return self.join(next, state);
            }
            // Its targets are in a table elsewhere, so it may lead anywhere.
            opcode::JUMP_REGISTER => return self.join_all(),
            _ => {}
        }
        if insn.operation() == jump::ALWAYS {
            let distance = if wide {
                i64::from(insn.off)
            } else {
                i64::from(insn.imm)
            };
            if let Some(to) = target(distance) {
                self.join(to, state);
            }
            return;
        }
        let a = get(&state, insn.dst);
        let b = operand(&state, insn);
        let taken = a
            .zip(b)
            .and_then(|(a, b)| is_taken(insn.operation(), wide, a, b));
        if taken != Some(false)
            && let Some(to) = target(i64::from(insn.off))
        {
            self.join(to, state);
        }
        if taken != Some(true) {
            self.join(next, state);
        }
    }
}

/// Returns the constant in a register.
fn get(state: &State, register: u8) -> Option<u64> {
    state.get(usize::from(register)).copied().flatten()
}

/// Sets the constant in a register.
fn set(state: &mut State, register: u8, value: Option<u64>) {
    if let Some(held) = state.get_mut(usize::from(register)) {
        *held = value;
    }
}

/// Forgets the registers that a call may change.
fn clobber(state: &mut State) {
    for register in state.iter_mut().take(CALLER_SAVED) {
        *register = None;
    }
}

/// Returns the second operand: a register or the immediate value.
fn operand(state: &State, insn: Insn) -> Option<u64> {
    if insn.uses_source_register() {
        get(state, insn.src)
    } else {
        Some(i64::from(insn.imm).cast_unsigned())
    }
}

/// Computes what an arithmetic instruction leaves in its register.
fn compute(state: &mut State, insn: Insn) {
    let wide = insn.class() == Class::Alu64;
    let cut = |value: u64| if wide { value } else { value & 0xffff_ffff };
    let a = get(state, insn.dst).map(cut);
    let b = operand(state, insn).map(cut);
    let shift = |by: u64| u32::try_from(by & if wide { 63 } else { 31 }).unwrap_or(0);
    let both = |f: &dyn Fn(u64, u64) -> u64| Some(f(a?, b?));
    // With an offset a move extends the sign.
    let plain = insn.off == 0;
    let value = match insn.operation() {
        alu::ADD => both(&u64::wrapping_add),
        alu::SUB => both(&u64::wrapping_sub),
        alu::MUL => both(&u64::wrapping_mul),
        alu::OR => both(&|a, b| a | b),
        alu::AND => match (a, b) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            _ => both(&|a, b| a & b),
        },
        alu::LSH => both(&|a, b| a.wrapping_shl(shift(b))),
        alu::RSH => both(&|a, b| a.wrapping_shr(shift(b))),
        alu::XOR if insn.uses_source_register() && insn.dst == insn.src => Some(0),
        alu::XOR => both(&|a, b| a ^ b),
        alu::MOV if plain => b,
        alu::ARSH if wide => both(&|a, b| a.cast_signed().wrapping_shr(shift(b)).cast_unsigned()),
        _ => None,
    };
    set(state, insn.dst, value.map(cut));
}

/// Returns whether a conditional jump is taken; `None` for a condition that isn't known.
fn is_taken(operation: u8, wide: bool, a: u64, b: u64) -> Option<bool> {
    let (a, b, signed_a, signed_b) = if wide {
        (a, b, a.cast_signed(), b.cast_signed())
    } else {
        let (a, b) = (a & 0xffff_ffff, b & 0xffff_ffff);
        let extend = |value: u64| (value << 32).cast_signed() >> 32;
        (a, b, extend(a), extend(b))
    };
    Some(match operation {
        jump::EQ => a == b,
        jump::GT => a > b,
        jump::GE => a >= b,
        jump::SET => a & b != 0,
        jump::NE => a != b,
        jump::SGT => signed_a > signed_b,
        jump::SGE => signed_a >= signed_b,
        jump::LT => a < b,
        jump::LE => a <= b,
        jump::SLT => signed_a < signed_b,
        jump::SLE => signed_a <= signed_b,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> [u8; Insn::LEN] {
        let [a, b] = off.to_le_bytes();
        let [c, d, e, f] = imm.to_le_bytes();
        [code, src << 4 | dst, a, b, c, d, e, f]
    }

    fn reached(insns: &[[u8; Insn::LEN]]) -> Vec<usize> {
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

    #[test]
    fn instructions_that_change_registers_or_lead_anywhere() {
        // `first` runs with 0 in r1 and in r2; then: if r1 == 0 goto +1; exit; exit
        let after = |first| {
            reached(&[
                insn(0xb7, 1, 0, 0, 0),
                insn(0xb7, 2, 0, 0, 0),
                first,
                insn(0x15, 1, 0, 1, 0),
                insn(0x95, 0, 0, 0, 0),
                insn(0x95, 0, 0, 0, 0),
            ])
        };
        // A store leaves r1 as it is. A load-acquire writes its destination, a fetching operation its source.
        assert_eq!(after(insn(0x7b, 1, 2, 0, 0)), [0, 1, 2, 3, 5]);
        assert_eq!(after(insn(0xdb, 1, 2, 0, 0x100)), [0, 1, 2, 3, 4, 5]);
        assert_eq!(after(insn(0xdb, 2, 1, 0, 0x01)), [0, 1, 2, 3, 4, 5]);
        // A call by register.
        assert_eq!(after(insn(0x8d, 3, 0, 0, 0)), [0, 1, 2, 3, 4, 5]);
        // A jump through a table.
        assert_eq!(after(insn(0x0d, 3, 0, 0, 0)), [0, 1, 2, 3, 4, 5]);
    }
}
