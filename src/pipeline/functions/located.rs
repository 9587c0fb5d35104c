//! Where the parameters of a function are: as DWARF says, or else as the convention has it.

use crate::dwarf::{FunctionFacts, LanguageFacts, LocationFacts, PieceFacts, TypeFacts};
use crate::elf::{Binding, FunctionTable};
use crate::pipeline::functions::convention::{Convention, Located, locate};
use crate::pipeline::functions::function::Function;
use crate::pipeline::functions::parameter::{Location, LocationSource, Parameter, Piece, Slot};
use crate::pipeline::functions::register::Machine;
use crate::target::PointerWidth;

/// A copy with parameters of its own.
const CHANGED: &str = "the compiler changed the parameters of this copy";

/// A function without code.
const NO_ENTRY: &str = "the function is never entered";

/// A function that nobody else calls.
const LOCAL: &str = "the optimised program may pass it elsewhere or not at all";

/// A function whose DWARF contradicts the convention.
const ODD: &str = "the function doesn't obey the calling convention";

/// A machine or language whose convention isn't known.
const NO_CONVENTION: &str = "neither DWARF nor a known convention says";

/// Sets a function's parameters.
pub(super) fn parameters(table: &FunctionTable, facts: &FunctionFacts, function: &mut Function) {
    let machine = match table.elf.width {
        PointerWidth::Eight => Machine::of_elf(table.elf.machine),
        PointerWidth::Four => Machine::Other,
    };
    let said: Vec<Option<Location>> = facts
        .parameters
        .iter()
        .map(|parameter| by_dwarf(machine, &parameter.location))
        .collect();
    let located = by_convention(machine, facts);
    let why = reason(table, facts, function, located.as_ref(), &said);
    let concluded = located.as_ref().map(|located| &located.parameters[..]);
    let concluded = concluded.unwrap_or_default();
    let mut parameters = Vec::new();
    for (number, parameter) in facts.parameters.iter().enumerate() {
        let said = said.get(number).cloned().flatten();
        let by_convention = concluded.get(number);
        let (location, source) = match (said, by_convention, why) {
            // Go reserves a place on the stack for a parameter in registers, and DWARF may name that.
            (Some(said), Some(other), None)
                if facts.language == LanguageFacts::Go && is_spilled(&said, other) =>
            {
                (other.clone(), Some(LocationSource::Convention))
            }
            // Compilers give it a place all the same.
            (Some(_), Some(Location::Empty), None) => {
                (Location::Empty, Some(LocationSource::Convention))
            }
            // What the function doesn't need is passed all the same.
            (Some(said), Some(other @ Location::Pieces(_)), None) if lacks(&said) => {
                (other.clone(), Some(LocationSource::Convention))
            }
            (Some(said), ..) => (said, Some(LocationSource::Dwarf)),
            (None, _, Some(why)) => (Location::Unknown(why), None),
            (None, Some(Location::Unknown(why)), None) => (Location::Unknown(why), None),
            (None, Some(other), None) => (other.clone(), Some(LocationSource::Convention)),
            (None, None, None) => (Location::Unknown(NO_CONVENTION), None),
        };
        let location = match facts.language {
            LanguageFacts::Go => location.not_of_c(),
            LanguageFacts::C | LanguageFacts::Rust | LanguageFacts::Other => location,
        };
        parameters.push(Parameter {
            name: parameter.name.clone(),
            ty: parameter.ty.text.clone(),
            size: parameter.ty.size,
            location,
            source,
        });
    }
    function.parameters = Some(parameters);
    function.is_variadic = facts.is_variadic;
    let results = facts.result.iter();
    let results = results.chain(facts.results.iter().map(|result| &result.ty));
    function.results = results.map(|ty| ty.text.clone()).collect();
    if why.is_none()
        && let Some(Location::Pieces(pieces)) = located.and_then(|located| located.result_address)
    {
        function.result_address = pieces.first().map(|piece| piece.slot);
    }
}

/// Returns why the convention says nothing about a function; `None` if it does.
fn reason(
    table: &FunctionTable,
    facts: &FunctionFacts,
    function: &Function,
    located: Option<&Located>,
    said: &[Option<Location>],
) -> Option<&'static str> {
    let Some(located) = located else {
        return Some(NO_CONVENTION);
    };
    if function.address.is_none() {
        return Some(NO_ENTRY);
    }
    let part = function.part.as_ref().map(|(_, suffix)| &**suffix);
    let is_changed = part.is_some_and(|suffix| {
        [".isra.", ".constprop.", ".part."]
            .iter()
            .any(|mark| suffix.contains(mark))
    });
    if is_changed || facts.has_own_convention {
        return Some(CHANGED);
    }
    let is_go = facts.language == LanguageFacts::Go;
    let mut pairs = said.iter().zip(&located.parameters);
    let is_odd = pairs.any(|(said, other)| match said {
        Some(said) if is_go && is_spilled(said, other) => false,
        Some(said) => contradicts(said, other),
        None => false,
    });
    if is_odd {
        return Some(ODD);
    }
    let symbols = function.address.map(|address| table.at(address));
    let symbols = symbols.unwrap_or_default();
    let is_local = match symbols {
        [] => !facts.is_external,
        symbols => symbols
            .iter()
            .all(|symbol| symbol.binding() == Binding::Local),
    };
    (is_local && facts.is_optimised && !is_go).then_some(LOCAL)
}

/// Returns whether a piece was removed.
fn lacks(location: &Location) -> bool {
    let Location::Pieces(pieces) = location else {
        return false;
    };
    pieces.iter().any(|piece| piece.slot == Slot::Nothing)
}

/// Returns whether a location is on the stack where the convention has registers.
fn is_spilled(said: &Location, other: &Location) -> bool {
    let (Location::Pieces(said), Location::Pieces(other)) = (said, other) else {
        return false;
    };
    let is_stack = |piece: &Piece| matches!(piece.slot, Slot::Stack(_));
    said.iter().all(is_stack) && !other.iter().any(is_stack)
}

/// Returns whether two locations can't both be right.
fn contradicts(said: &Location, other: &Location) -> bool {
    match (said, other) {
        (Location::Pieces(said), Location::Pieces(other)) => {
            let is_place =
                |piece: &&Piece| matches!(piece.slot, Slot::Register(_) | Slot::Stack(_));
            let said = said.iter().filter(is_place);
            let mut wrong = said.filter(|piece| !other.iter().any(|it| it.slot == piece.slot));
            wrong.next().is_some()
        }
        (Location::Address(said), Location::Address(other)) => said != other,
        (Location::Address(_), Location::Pieces(other)) => !matches!(
            other[..],
            [Piece {
                slot: Slot::Stack(_),
                ..
            }]
        ),
        (Location::Pieces(said), Location::Address(_)) => said
            .iter()
            .any(|piece| matches!(piece.slot, Slot::Register(_))),
        _ => false,
    }
}

/// Returns where a value is as DWARF says.
fn by_dwarf(machine: Machine, location: &LocationFacts) -> Option<Location> {
    let LocationFacts::Pieces(pieces) = location else {
        return None;
    };
    if let [(PieceFacts::Memory(register, 0), None)] = pieces[..]
        && !is_stack_pointer(machine, register)
    {
        return Some(Location::Address(Slot::Register(
            machine.register(register),
        )));
    }
    if pieces
        .iter()
        .all(|(piece, _)| *piece == PieceFacts::Nothing)
    {
        return None;
    }
    let pieces = pieces.iter().map(|(piece, size)| Piece {
        size: *size,
        slot: match *piece {
            PieceFacts::Register(register) => Slot::Register(machine.register(register)),
            PieceFacts::Frame(offset) => Slot::Stack(offset.saturating_add(machine.frame())),
            PieceFacts::Memory(register, offset) if is_stack_pointer(machine, register) => {
                Slot::Stack(offset)
            }
            PieceFacts::Memory(register, offset) => {
                Slot::Memory(machine.register(register), offset)
            }
            PieceFacts::Constant(value) => Slot::Constant(value),
            PieceFacts::Nothing => Slot::Nothing,
        },
    });
    Some(Location::Pieces(pieces.collect()))
}

/// Returns whether a register of DWARF's is the stack pointer.
const fn is_stack_pointer(machine: Machine, register: u16) -> bool {
    match machine {
        Machine::X86_64 => register == 7,
        Machine::Aarch64 => register == 31,
        Machine::Other => false,
    }
}

/// Returns where the parameters are as the language's convention has it.
fn by_convention(machine: Machine, facts: &FunctionFacts) -> Option<Located> {
    let convention = match facts.language {
        LanguageFacts::C => Convention::C,
        LanguageFacts::Go => Convention::Go,
        LanguageFacts::Rust => Convention::Rust,
        LanguageFacts::Other => return None,
    };
    let types: Vec<&TypeFacts> = facts.parameters.iter().map(|it| &it.ty).collect();
    locate(machine, convention, &types, facts.result.as_ref())
}
