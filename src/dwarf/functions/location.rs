//! Where a value is when a function is entered.

use gimli::{AttributeValue, Encoding, Operation};

use crate::dwarf::functions::facts::{LocationFacts, PieceFacts};
use crate::dwarf::functions::units::{Die, Reader};
use crate::dwarf::functions::views::{Entry, Slice};

/// The most operations and pieces of one location that are read.
const MOST: usize = 64;

/// A function's frame, as far as locations count from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Frame {
    /// They count from the canonical frame address, which is the same from the first instruction on.
    Canonical,
    /// They count from a register that the first instructions set.
    Register,
}

/// Returns what a function's locations count from (`DW_AT_frame_base`).
pub(super) fn frame_of(entry: &Entry<'_>, encoding: Encoding) -> Frame {
    let Some(AttributeValue::Exprloc(expression)) = entry.attr_value(gimli::DW_AT_frame_base)
    else {
        return Frame::Register;
    };
    let first = expression.operations(encoding).next();
    match first {
        Ok(Some(Operation::CallFrameCFA)) => Frame::Canonical,
        _ => Frame::Register,
    }
}

/// Reads where a value is when a function is entered at an address (DWARF 5, sections 2.6 and 3.3.8.1).
pub(super) fn at_entry(
    reader: &Reader<'_, '_>,
    die: Die,
    entry: &Entry<'_>,
    frame: Frame,
    address: Option<u64>,
) -> LocationFacts {
    if let Some(value) = entry.attr_value(gimli::DW_AT_const_value) {
        let value = value.sdata_value().map(PieceFacts::Constant);
        return value.map_or(LocationFacts::Complex, |value| {
            LocationFacts::Pieces(vec![(value, None)])
        });
    }
    let Some(value) = entry.attr_value(gimli::DW_AT_location) else {
        return LocationFacts::Absent;
    };
    let Some(unit) = reader.unit(die.unit) else {
        return LocationFacts::Complex;
    };
    if let AttributeValue::Exprloc(expression) = value {
        return whole_function(pieces(expression, unit.encoding(), frame));
    }
    let (Some(address), Some(dwarf)) = (address, reader.units.dwarf(die.unit)) else {
        return LocationFacts::NotAtEntry;
    };
    let Ok(Some(mut list)) = dwarf.attr_locations(&unit, value) else {
        return LocationFacts::Complex;
    };
    // A list is no longer than its section.
    loop {
        match list.next() {
            Ok(Some(item)) if (item.range.begin..item.range.end).contains(&address) => {
                return pieces(item.data, unit.encoding(), frame);
            }
            Ok(Some(_)) => {}
            Ok(None) => return LocationFacts::NotAtEntry,
            Err(_) => return LocationFacts::Complex,
        }
    }
}

/// Returns what a location that holds for the whole function says about its entry. A place in the frame is filled by the
/// first instructions; only what the caller put above the frame is there before.
fn whole_function(location: LocationFacts) -> LocationFacts {
    let LocationFacts::Pieces(pieces) = &location else {
        return location;
    };
    let is_there = |piece: &(PieceFacts, Option<u64>)| match piece.0 {
        PieceFacts::Frame(offset) => offset >= 0,
        PieceFacts::Register(_) | PieceFacts::Constant(_) | PieceFacts::Nothing => true,
        PieceFacts::Memory(..) => false,
    };
    if pieces.iter().all(is_there) {
        return location;
    }
    LocationFacts::NotAtEntry
}

/// Reads the pieces that an expression describes.
fn pieces(
    expression: gimli::Expression<Slice<'_>>,
    encoding: Encoding,
    frame: Frame,
) -> LocationFacts {
    let mut pieces = Vec::new();
    let mut value: Option<PieceFacts> = None;
    // Whether the value was computed: it is in no place, but known.
    let mut is_value = false;
    let mut operations = expression.operations(encoding);
    let mut is_empty = true;
    for _ in 0..MOST {
        let operation = match operations.next() {
            Ok(Some(operation)) => operation,
            Ok(None) => {
                if is_empty {
                    return LocationFacts::NotAtEntry;
                }
                if let Some(last) = value.take() {
                    match finished(last, is_value) {
                        Some(last) => pieces.push((last, None)),
                        None => return LocationFacts::Complex,
                    }
                }
                return LocationFacts::Pieces(pieces);
            }
            Err(_) => return LocationFacts::Complex,
        };
        is_empty = false;
        let next = match (operation, value) {
            (
                Operation::Piece {
                    size_in_bits,
                    bit_offset: None | Some(0),
                },
                last,
            ) => {
                let last = last.map_or(Some(PieceFacts::Nothing), |last| finished(last, is_value));
                let Some(last) = last.filter(|_| size_in_bits.is_multiple_of(8)) else {
                    return LocationFacts::Complex;
                };
                pieces.push((last, Some(size_in_bits / 8)));
                is_value = false;
                None
            }
            (Operation::Register { register }, None) => Some(PieceFacts::Register(register.0)),
            (
                Operation::RegisterOffset {
                    register, offset, ..
                },
                None,
            ) => Some(PieceFacts::Memory(register.0, offset)),
            (Operation::FrameOffset { offset }, None) => match frame {
                Frame::Canonical => Some(PieceFacts::Frame(offset)),
                Frame::Register => return LocationFacts::NotAtEntry,
            },
            (Operation::CallFrameCFA, None) => Some(PieceFacts::Frame(0)),
            (Operation::PlusConstant { value }, Some(PieceFacts::Frame(offset))) => {
                Some(PieceFacts::Frame(offset.wrapping_add_unsigned(value)))
            }
            (Operation::PlusConstant { value }, Some(PieceFacts::Memory(register, offset))) => {
                Some(PieceFacts::Memory(
                    register,
                    offset.wrapping_add_unsigned(value),
                ))
            }
            (Operation::UnsignedConstant { value }, None) => {
                Some(PieceFacts::Constant(value.cast_signed()))
            }
            (Operation::SignedConstant { value }, None) => Some(PieceFacts::Constant(value)),
            (Operation::StackValue, Some(last)) => {
                is_value = true;
                Some(last)
            }
            // The value that a register had when the function was entered.
            (Operation::EntryValue { expression }, None) => {
                match gimli::Expression(expression).operations(encoding).next() {
                    Ok(Some(Operation::Register { register })) => {
                        is_value = true;
                        Some(PieceFacts::Register(register.0))
                    }
                    _ => return LocationFacts::Complex,
                }
            }
            (Operation::Nop, last) => last,
            _ => return LocationFacts::Complex,
        };
        value = next;
    }
    LocationFacts::Complex
}

/// Returns the piece that an expression ends with.
fn finished(piece: PieceFacts, is_value: bool) -> Option<PieceFacts> {
    match piece {
        // The value of a register, plus nothing: the register's own.
        PieceFacts::Memory(register, 0) if is_value => Some(PieceFacts::Register(register)),
        PieceFacts::Memory(..) | PieceFacts::Frame(_) if is_value => None,
        // A constant that isn't marked as a value is an address.
        PieceFacts::Constant(_) if !is_value => None,
        piece => Some(piece),
    }
}
