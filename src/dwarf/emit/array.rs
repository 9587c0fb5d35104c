//! Arrays, and numbers stored in fewer bytes than their type has.
//!
//! BTF has one layout for an array: its elements end to end. DWARF has more. An array that BTF can't represent becomes
//! bytes of the same size, so that the members behind it don't move (DWARF 5, sections 5.5 and 5.13).

use crate::dwarf::collect::types::{ELSEWHERE, Note, Shape};
use crate::dwarf::distinct::table::Distinct;
use crate::dwarf::emit::graph::Emit;
use crate::dwarf::report::Reason;
use crate::error::Result;
use crate::graph::{Info, IntEncoding, Kind};

/// The index of the part, for a loss of the array itself.
const WHOLE: u32 = u32::MAX;

impl Emit<'_> {
    /// Returns the id of an array, with an ARRAY for each dimension.
    pub(super) fn array(&mut self, number: u32, distinct: &Distinct, element: u32) -> Result<u32> {
        if distinct.stride() == ELSEWHERE {
            self.lose(number, WHOLE, Reason::Elsewhere);
            return self.cons(&[0, Info::new(Kind::Struct, 0, false).word(), 0]);
        }
        let mut counts = self.counts(number, distinct);
        let mut element = element;
        let len = counts
            .iter()
            .try_fold(1u64, |all, count| all.checked_mul((*count).into()));
        let room = self.size_of(element);
        if let (Some(len), Some(mut size)) = (len, room) {
            let stride = u64::from(distinct.stride());
            if stride != 0 && Some(stride) != size.checked_mul(8) {
                let bytes = stride / 8;
                let fitted = if stride.is_multiple_of(8) && counts.len() == 1 {
                    self.fitted(element, size, bytes)?
                } else {
                    None
                };
                let Some(fitted) = fitted else {
                    let steps = self.steps(distinct, &counts).or(Some(len));
                    let bits = steps.and_then(|steps| steps.checked_mul(stride));
                    return self.packed(number, distinct, bits);
                };
                (element, size) = (fitted, bytes);
            }
            if len == 0 && !self.is_unbounded(distinct) {
                // The array has no count, and may have a size.
                if let ([count], Some(elements)) = (
                    counts.as_mut_slice(),
                    distinct.byte_size().checked_div(size),
                ) {
                    *count = u32::try_from(elements).unwrap_or(u32::MAX);
                }
            }
            if distinct.byte_size() > 0
                && len > 0
                && size > 0
                && len.checked_mul(size) != Some(distinct.byte_size())
            {
                // A vector of three elements has room for four.
                match counts.as_mut_slice() {
                    [count]
                        if distinct.byte_size() > len * size
                            && distinct.byte_size().is_multiple_of(size) =>
                    {
                        *count = u32::try_from(distinct.byte_size() / size).unwrap_or(u32::MAX);
                    }
                    _ => return self.packed(number, distinct, None),
                }
            }
        }
        let mut id = element;
        for count in counts.iter().rev() {
            id = self.dimension(id, *count)?;
        }
        Ok(id)
    }

    /// Returns how many strides an array has, if the stride is that of one of its dimensions.
    fn steps(&self, distinct: &Distinct, counts: &[u32]) -> Option<u64> {
        let parts = self.table.parts_of(distinct);
        let strided = parts.iter().position(|part| part.note == Note::Strided)?;
        let counts = counts.get(..=strided)?.iter();
        counts
            .map(|count| u64::from(*count))
            .try_fold(1u64, u64::checked_mul)
    }

    /// Returns whether the length of an array is no constant.
    fn is_unbounded(&self, distinct: &Distinct) -> bool {
        let mut parts = self.table.parts_of(distinct).iter();
        parts.any(|part| part.note == Note::Unbounded)
    }

    /// Returns the number of elements of each dimension.
    fn counts(&mut self, number: u32, distinct: &Distinct) -> Vec<u32> {
        let table = self.table;
        let mut counts = Vec::new();
        for (index, part) in (0u32..).zip(table.parts_of(distinct)) {
            if part.note == Note::Unbounded {
                self.lose(number, index, Reason::ArrayLength);
            }
            counts.push(u32::try_from(part.element_count()).unwrap_or_else(|_| {
                self.lose(number, index, Reason::ArrayCount);
                u32::MAX
            }));
        }
        if counts.is_empty() {
            counts.push(0);
        }
        counts
    }

    /// Returns the id of the bytes that represent an array whose elements are not end to end.
    fn packed(&mut self, number: u32, distinct: &Distinct, bits: Option<u64>) -> Result<u32> {
        self.lose(number, WHOLE, Reason::PackedArray);
        let size = match distinct.byte_size() {
            0 => bits.map_or(u64::MAX, |bits| bits.div_ceil(8)),
            size => size,
        };
        let size = u32::try_from(size).unwrap_or_else(|_| {
            self.lose(number, WHOLE, Reason::Size);
            u32::MAX
        });
        self.bytes(size)
    }

    /// Returns the id of an array of bytes.
    pub(super) fn bytes(&mut self, count: u32) -> Result<u32> {
        let name = self.text("unsigned char")?;
        let byte = self.int(name, 1, IntEncoding::UNSIGNED)?;
        self.dimension(byte, count)
    }

    /// Returns the id of a type with the same values and a size of `bytes`: a narrower number, or a structure with
    /// padding. Returns `None` if there is none.
    fn fitted(&mut self, ty: u32, size: u64, bytes: u64) -> Result<Option<u32>> {
        let Ok(wanted) = u32::try_from(bytes) else {
            return Ok(None);
        };
        if bytes > size {
            let name = self.text("element")?;
            let info = Info::new(Kind::Struct, 1, false).word();
            return self.cons(&[0, info, wanted, name, ty, 0]).map(Some);
        }
        self.narrow(ty, wanted)
    }

    /// Returns the id of an integer or enumeration with the same values and another size.
    fn narrow(&mut self, ty: u32, bytes: u32) -> Result<Option<u32>> {
        if !matches!(bytes, 1 | 2 | 4 | 8) {
            return Ok(None);
        }
        let Some(mut words) = self.number_record(ty)? else {
            return Ok(None);
        };
        let (Some(&info), Some(&data)) = (words.get(1), words.get(3)) else {
            return Ok(None);
        };
        match Info::from_word(info).kind() {
            Kind::Int => {
                let [_, _, _, encoding] = data.to_le_bytes();
                let encoding = IntEncoding(encoding);
                let name = match (bytes, encoding.is_signed(), encoding == IntEncoding::BOOL) {
                    (1, _, true) => "_Bool",
                    (1, true, _) => "signed char",
                    (1, false, _) => "unsigned char",
                    (2, true, _) => "short int",
                    (2, false, _) => "short unsigned int",
                    (4, true, _) => "int",
                    (4, false, _) => "unsigned int",
                    (_, true, _) => "long int",
                    (_, false, _) => "long unsigned int",
                };
                let name = self.text(name)?;
                self.int(name, bytes, encoding).map(Some)
            }
            // It gets no name: the name belongs to the enumeration with its own size.
            Kind::Enum if bytes <= 4 => {
                if let [name, _, size, ..] = words.as_mut_slice() {
                    *name = 0;
                    *size = bytes;
                }
                self.cons(&words).map(Some)
            }
            Kind::Void
            | Kind::Ptr
            | Kind::Array
            | Kind::Struct
            | Kind::Union
            | Kind::Enum
            | Kind::Fwd
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Func
            | Kind::FuncProto
            | Kind::Var
            | Kind::Datasec
            | Kind::Float
            | Kind::DeclTag
            | Kind::TypeTag
            | Kind::Enum64
            | Kind::Unknown(_) => Ok(None),
        }
    }

    /// Returns the record of the integer or enumeration behind typedefs and qualifiers.
    fn number_record(&mut self, ty: u32) -> Result<Option<Vec<u32>>> {
        let mut id = ty;
        // Records refer to records before them and to named types, so this ends.
        loop {
            let Some(number) = id.checked_sub(self.first_record) else {
                let number = self.named_variant(id);
                let distinct = number.and_then(|number| self.table.types.get(number as usize));
                return match (number, distinct) {
                    (Some(number), Some(distinct)) if distinct.shape == Shape::Enum => {
                        self.nominal(number, distinct, &[]).map(Some)
                    }
                    _ => Ok(None),
                };
            };
            let words = self.records.get(number);
            let (Some(&info), Some(&word)) = (words.get(1), words.get(2)) else {
                return Ok(None);
            };
            match Info::from_word(info).kind() {
                Kind::Int | Kind::Enum => return Ok(Some(words.to_vec())),
                Kind::Typedef | Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag => {
                    id = word
                }
                Kind::Void
                | Kind::Ptr
                | Kind::Array
                | Kind::Struct
                | Kind::Union
                | Kind::Fwd
                | Kind::Func
                | Kind::FuncProto
                | Kind::Var
                | Kind::Datasec
                | Kind::Float
                | Kind::DeclTag
                | Kind::Enum64
                | Kind::Unknown(_) => return Ok(None),
            }
        }
    }

    /// Returns the id of a subrange: the number it is a range of, with the size that it is stored in.
    pub(super) fn subrange(&mut self, number: u32, distinct: &Distinct, ty: u32) -> Result<u32> {
        if distinct.is_biased() {
            self.lose(number, WHOLE, Reason::Bias);
        }
        if self.size_of(ty) == Some(distinct.byte_size()) {
            return Ok(ty);
        }
        let size = u32::try_from(distinct.byte_size()).unwrap_or(u32::MAX);
        match self.narrow(ty, size)? {
            Some(id) => Ok(id),
            None => {
                self.lose(number, WHOLE, Reason::OddSize);
                self.bytes(size)
            }
        }
    }
}
