//! Registers, and how a BPF program reads them.

use std::fmt;

/// `EM_X86_64` of the ELF specification.
const X86_64: u16 = 62;

/// `EM_AARCH64` of the ELF specification.
const AARCH64: u16 = 183;

/// A machine, as far as its registers have names here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Machine {
    /// x86-64.
    X86_64,
    /// AArch64, 64-bit Arm.
    Aarch64,
    /// Any other.
    Other,
}

/// A register of a machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Register {
    machine: Machine,
    number: u16,
    /// Whether the function's parameters are where those of C are, so that libbpf's macros mean them.
    is_c: bool,
}

/// The names of x86-64's general registers by DWARF's numbers (System V ABI, figure 3.36), and the fields of the kernel's
/// `struct pt_regs`.
const X86_64_GENERAL: [(&str, &str); 16] = [
    ("rax", "ax"),
    ("rdx", "dx"),
    ("rcx", "cx"),
    ("rbx", "bx"),
    ("rsi", "si"),
    ("rdi", "di"),
    ("rbp", "bp"),
    ("rsp", "sp"),
    ("r8", "r8"),
    ("r9", "r9"),
    ("r10", "r10"),
    ("r11", "r11"),
    ("r12", "r12"),
    ("r13", "r13"),
    ("r14", "r14"),
    ("r15", "r15"),
];

/// The registers of the first parameters of C on x86-64, by DWARF's numbers.
pub(super) const X86_64_PARAMETERS: [u16; 6] = [5, 4, 1, 2, 8, 9];

impl Machine {
    /// Returns the machine that an ELF file is for (`e_machine`).
    pub(super) const fn of_elf(machine: u16) -> Self {
        match machine {
            X86_64 => Self::X86_64,
            AARCH64 => Self::Aarch64,
            _ => Self::Other,
        }
    }

    /// Returns the register with a number of DWARF's.
    pub(super) const fn register(self, number: u16) -> Register {
        Register {
            machine: self,
            number,
            is_c: true,
        }
    }

    /// Returns the offset from the stack pointer, at a function's entry, of the canonical frame address.
    pub(super) const fn frame(self) -> i64 {
        match self {
            // The return address is between.
            Self::X86_64 => 8,
            Self::Aarch64 | Self::Other => 0,
        }
    }
}

impl Register {
    /// Returns the register as one of a function that isn't called as C calls.
    pub(super) const fn not_of_c(self) -> Self {
        Self {
            is_c: false,
            ..self
        }
    }

    /// Returns the number that DWARF gives the register.
    #[must_use]
    pub const fn dwarf_number(self) -> u16 {
        self.number
    }

    /// Returns the field of the kernel's `struct pt_regs` that has the register at a uprobe: `di`, `regs[0]`; `None` for
    /// registers that it doesn't have, such as those of floating-point numbers.
    #[must_use]
    pub fn pt_regs(self) -> Option<String> {
        match (self.machine, self.number) {
            (Machine::X86_64, number) => {
                let general = X86_64_GENERAL.get(usize::from(number));
                general.map(|(_, field)| (*field).to_owned())
            }
            (Machine::Aarch64, number @ 0..=30) => Some(format!("regs[{number}]")),
            (Machine::Aarch64, 31) => Some("sp".to_owned()),
            (Machine::Aarch64 | Machine::Other, _) => None,
        }
    }

    /// Returns the number of the macro of libbpf's `bpf_tracing.h` that reads the register, `PT_REGS_PARM1` to
    /// `PT_REGS_PARM8`; `None` for registers of no parameter of C, and for those of functions of Go.
    #[must_use]
    pub fn parameter_number(self) -> Option<u16> {
        match self.machine {
            _ if !self.is_c => None,
            Machine::X86_64 => {
                let at = X86_64_PARAMETERS
                    .iter()
                    .position(|number| *number == self.number)?;
                u16::try_from(at).ok()?.checked_add(1)
            }
            Machine::Aarch64 => (self.number < 8).then(|| self.number + 1),
            Machine::Other => None,
        }
    }
}

/// The name, as assembly has it: `rdi`, `x0`.
impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.machine, self.number) {
            (Machine::X86_64, number @ 17..=32) => write!(f, "xmm{}", number - 17),
            (Machine::X86_64, number) => match X86_64_GENERAL.get(usize::from(number)) {
                Some((name, _)) => f.write_str(name),
                None => write!(f, "register {number}"),
            },
            (Machine::Aarch64, number @ 0..=30) => write!(f, "x{number}"),
            (Machine::Aarch64, 31) => f.write_str("sp"),
            (Machine::Aarch64, number @ 64..=95) => write!(f, "v{}", number - 64),
            (Machine::Aarch64 | Machine::Other, number) => write!(f, "register {number}"),
        }
    }
}
