//! The children of a type: the words of its record that are type ids or string offsets.
//!
//! No other file knows which words these are. [`Shape`] describes each kind, and every function here reads it:
//! [`type_edges`] lists a type's children (public as [`Type::references`](crate::graph::Type::references)), [`edges`]
//! lists its names, too, [`rewrite`] replaces both, and [`Most`] finds the largest ones, for the scan that checks a
//! graph.

use crate::graph::info::Info;
use crate::graph::kind::{HEAD, Kind, Shape, Word};
use crate::id::{StrId, TypeId};

/// The largest id and string offset seen, and the union of the bits of the info words.
#[derive(Default, Debug)]
pub(crate) struct Most {
    pub id: u32,
    pub string: u32,
    pub info: u32,
}

/// A kind's shape in numbers, for the scan over a type section: a branch on the kind is one that no processor
/// predicts.
#[derive(Clone, Copy)]
struct Row {
    /// Words of each element.
    elem: u32,
    /// Words before the elements; 0 for an unknown kind.
    base: u32,
    /// All ones where the third word is a type id.
    refers: u32,
    /// The size of the groups in which the rest is visited, in words; 0 where it has no id and no string.
    group: u32,
    /// For the first two words of a group, all ones where it is a string offset.
    strings: u32,
    /// For the first two words of a group, all ones where it is a type id.
    ids: (u32, u32),
}

/// The rows by the upper byte of the info word: kind and kind flag.
#[allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would report an error"
)]
const ROWS: [Row; 256] = {
    let mut rows = [Row {
        elem: 0,
        base: 0,
        refers: 0,
        group: 0,
        strings: 0,
        ids: (0, 0),
    }; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(shape) = Kind::from_number(byte as u8 & 0x7f).shape() {
            rows[byte] = Row::new(shape);
        }
        byte += 1;
    }
    rows
};

const fn mask(condition: bool) -> u32 {
    if condition { u32::MAX } else { 0 }
}

impl Row {
    #[allow(clippy::cast_possible_truncation, reason = "HEAD is 3")]
    const fn new(shape: Shape) -> Self {
        // An array is one group: two ids and a number.
        let is_array = shape.extra_types > 0;
        Self {
            elem: shape.elem as u32,
            base: HEAD as u32 + shape.extra as u32,
            refers: mask(shape.refers),
            group: if is_array { 3 } else { shape.elem as u32 },
            strings: mask(shape.elem_name),
            ids: (
                mask(is_array || matches!(shape.elem_type, Some(0))),
                mask(is_array || matches!(shape.elem_type, Some(1))),
            ),
        }
    }
}

/// Returns the upper byte of a word in host order.
const fn upper_byte(word: Word) -> u8 {
    let [little, _, _, big] = word;
    if cfg!(target_endian = "little") {
        big
    } else {
        little
    }
}

impl Most {
    /// Takes in every edge of the record that `words` starts with, and returns the record's length in words. Returns
    /// `None` if its head is cut off, it is longer than `words`, has more than `most_elements` elements, or its kind
    /// is unknown: the caller finds out which.
    #[inline(always)]
    pub fn take(&mut self, words: &[Word], most_elements: u32) -> Option<usize> {
        let &[name, info, third] = words.first_chunk::<HEAD>()?;
        // The start of each record depends on the length of the one before, so that the processor waits for every
        // look-up in turn. Half of a kernel's types are functions, in runs: a prediction of one more lets it go on.
        if upper_byte(info) == Kind::Func.number() {
            self.string = self.string.max(u32::from_ne_bytes(name));
            self.id = self.id.max(u32::from_ne_bytes(third));
            self.info |= u32::from_ne_bytes(info);
            return Some(HEAD);
        }
        let row = ROWS.get(usize::from(upper_byte(info)))?;
        let info = u32::from_ne_bytes(info);
        let vlen = Info::from_word(info).vlen();
        let size = (row.base + vlen * row.elem) as usize;
        self.string = self.string.max(u32::from_ne_bytes(name));
        self.info |= info;
        self.id = self.id.max(u32::from_ne_bytes(third) & row.refers);
        if size > words.len() || row.base == 0 || (row.elem > 0 && vlen > most_elements) {
            return None;
        }
        if row.group > 0 {
            self.take_rest(row, words, size, vlen)?;
        }
        Some(size)
    }

    #[inline(always)]
    fn take_rest(&mut self, row: &Row, words: &[Word], size: usize, vlen: u32) -> Option<()> {
        let mut rest = words.get(HEAD..size)?;
        if row.group == 3 {
            for [first, second, _] in rest.as_chunks::<3>().0 {
                let [first, second] = [first, second].map(|word| u32::from_ne_bytes(*word));
                self.string = self.string.max(first & row.strings);
                self.id = self.id.max(first & row.ids.0).max(second & row.ids.1);
            }
            return Some(());
        }
        // Nine prototypes in ten have at most five parameters. Taking five each time, the words behind the
        // record masked out, costs less than guessing wrong where the loop ends.
        const FEW: usize = 5;
        let behind_head = words.get(HEAD..).unwrap_or_default();
        if let Some(few) = behind_head.first_chunk::<{ 2 * FEW }>() {
            let mut left = vlen;
            for [name, ty] in few.as_chunks::<2>().0 {
                self.take_pair(row, *name, *ty, mask(left > 0));
                left = left.saturating_sub(1);
            }
            rest = rest.get(2 * FEW..).unwrap_or_default();
        }
        for [name, ty] in rest.as_chunks::<2>().0 {
            self.take_pair(row, *name, *ty, u32::MAX);
        }
        Some(())
    }

    /// Groups of two words always start with a name.
    #[inline(always)]
    fn take_pair(&mut self, row: &Row, name: Word, ty: Word, there: u32) {
        self.string = self.string.max(u32::from_ne_bytes(name) & there);
        self.id = self.id.max(u32::from_ne_bytes(ty) & there & row.ids.1);
    }

    /// Takes in the head of a record of an unknown kind.
    pub fn take_unknown(&mut self, record: &[Word]) {
        if let Some(&[name, info, _]) = record.first_chunk::<HEAD>() {
            self.string = self.string.max(u32::from_ne_bytes(name));
            self.info |= u32::from_ne_bytes(info);
        }
    }
}

/// A word of a record that refers to a type or a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Edge {
    /// A type id.
    Type(TypeId),
    /// A string offset.
    String(StrId),
}

/// Returns every word of a record that is an id or a string offset, with its index, in the record's order. Of a
/// record of an unknown kind only the name is known.
pub(crate) fn edges(record: &[Word]) -> impl Iterator<Item = (usize, Edge)> + '_ {
    let info = record.get(1).map_or(Info::from_word(0), |word| {
        Info::from_word(u32::from_ne_bytes(*word))
    });
    let shape = info.kind().shape();
    record.iter().enumerate().filter_map(move |(index, word)| {
        let value = u32::from_ne_bytes(*word);
        match role(shape, index)? {
            Role::Type => Some((index, Edge::Type(TypeId::new(value)))),
            Role::String => Some((index, Edge::String(StrId::new(value)))),
        }
    })
}

/// Returns the type ids of a record, in the record's order: the type's children.
pub(crate) fn type_edges(record: &[Word]) -> impl Iterator<Item = TypeId> + '_ {
    edges(record).filter_map(|(_, edge)| match edge {
        Edge::Type(id) => Some(id),
        Edge::String(_) => None,
    })
}

/// Calls `take` with every word of a record, in order, and whether it is a type id. No word of a record of an unknown
/// kind counts as one.
#[inline]
pub(crate) fn each_word(record: &[Word], mut take: impl FnMut(u32, bool)) {
    let Some((head, rest)) = record.split_first_chunk::<HEAD>() else {
        return;
    };
    let [name, info, third] = head.map(u32::from_ne_bytes);
    take(name, false);
    take(info, false);
    let Some(shape) = Info::from_word(info).kind().shape() else {
        take(third, false);
        for word in rest {
            take(u32::from_ne_bytes(*word), false);
        }
        return;
    };
    take(third, shape.refers);
    // One loop a shape, so that the hot ones have no decision inside.
    match (shape.elem, shape.elem_type) {
        (3, Some(1)) => {
            for words in rest.as_chunks::<3>().0 {
                let [name, ty, third] = words.map(u32::from_ne_bytes);
                take(name, false);
                take(ty, true);
                take(third, false);
            }
        }
        (2, Some(1)) => {
            for words in rest.as_chunks::<2>().0 {
                let [name, ty] = words.map(u32::from_ne_bytes);
                take(name, false);
                take(ty, true);
            }
        }
        _ => {
            for (index, word) in (HEAD..).zip(rest) {
                let is_type = matches!(role(Some(shape), index), Some(Role::Type));
                take(u32::from_ne_bytes(*word), is_type);
            }
        }
    }
}

/// Calls `take` with every string offset of a record.
pub(crate) fn each_name(record: &[Word], mut take: impl FnMut(u32)) {
    let mut name = |word: &Word| take(u32::from_ne_bytes(*word));
    let Some(([first, info, _], rest)) = record.split_first_chunk::<HEAD>() else {
        return;
    };
    name(first);
    match Info::from_word(u32::from_ne_bytes(*info)).kind().shape() {
        Some(shape) if shape.elem_name => {
            for words in rest.chunks_exact(usize::from(shape.elem)) {
                words.iter().take(1).for_each(&mut name);
            }
        }
        Some(_) | None => {}
    }
}

/// Returns whether two records are the same word by word, with type ids compared by their `class`.
#[inline]
pub(crate) fn same(a: &[Word], b: &[Word], class: impl Fn(u32) -> u32) -> bool {
    let (Some((head_a, rest_a)), Some((head_b, rest_b))) =
        (a.split_first_chunk::<HEAD>(), b.split_first_chunk::<HEAD>())
    else {
        return a == b;
    };
    let ([name_a, info_a, third_a], [name_b, info_b, third_b]) = (head_a, head_b);
    if a.len() != b.len() || name_a != name_b || info_a != info_b {
        return false;
    }
    let ids = |a: &Word, b: &Word| {
        a == b || class(u32::from_ne_bytes(*a)) == class(u32::from_ne_bytes(*b))
    };
    let Some(shape) = Info::from_word(u32::from_ne_bytes(*info_a)).kind().shape() else {
        return a == b;
    };
    let third = if shape.refers {
        ids(third_a, third_b)
    } else {
        third_a == third_b
    };
    if !third {
        return false;
    }
    match (shape.elem, shape.elem_type) {
        (3, Some(1)) => {
            let (a, b) = (rest_a.as_chunks::<3>().0, rest_b.as_chunks::<3>().0);
            a.iter()
                .zip(b)
                .all(|(a, b)| a[0] == b[0] && a[2] == b[2] && ids(&a[1], &b[1]))
        }
        (2, Some(1)) => {
            let (a, b) = (rest_a.as_chunks::<2>().0, rest_b.as_chunks::<2>().0);
            a.iter()
                .zip(b)
                .all(|(a, b)| a[0] == b[0] && ids(&a[1], &b[1]))
        }
        _ => (HEAD..)
            .zip(rest_a.iter().zip(rest_b))
            .all(|(index, (a, b))| match role(Some(shape), index) {
                Some(Role::Type) => ids(a, b),
                Some(Role::String) | None => a == b,
            }),
    }
}

/// Rewrites every type id and every string offset of a record, in the record's order.
#[inline]
pub(crate) fn rewrite<E>(
    record: &mut [Word],
    mut id: impl FnMut(TypeId) -> Result<TypeId, E>,
    mut string: impl FnMut(StrId) -> Result<StrId, E>,
) -> Result<(), E> {
    let Some((head, rest)) = record.split_first_chunk_mut::<HEAD>() else {
        return Ok(());
    };
    let mut id = |word: &mut Word| {
        *word = id(TypeId::new(u32::from_ne_bytes(*word)))?
            .get()
            .to_ne_bytes();
        Ok(())
    };
    let mut string = |word: &mut Word| {
        *word = string(StrId::new(u32::from_ne_bytes(*word)))?
            .get()
            .to_ne_bytes();
        Ok(())
    };
    let [name, info, third] = head;
    string(name)?;
    let Some(shape) = Info::from_word(u32::from_ne_bytes(*info)).kind().shape() else {
        return Ok(());
    };
    if shape.refers {
        id(third)?;
    }
    for word in rest.iter_mut().take(usize::from(shape.extra_types)) {
        id(word)?;
    }
    // One loop a shape, so that the hot ones have no decision inside.
    match (shape.elem, shape.elem_name, shape.elem_type) {
        (3, true, Some(1)) => {
            for [name, ty, _] in rest.as_chunks_mut::<3>().0 {
                string(name)?;
                id(ty)?;
            }
        }
        (3, false, Some(_)) => {
            for [ty, _, _] in rest.as_chunks_mut::<3>().0 {
                id(ty)?;
            }
        }
        (3, true, _) => {
            for [name, _, _] in rest.as_chunks_mut::<3>().0 {
                string(name)?;
            }
        }
        (2, true, Some(_)) => {
            for [name, ty] in rest.as_chunks_mut::<2>().0 {
                string(name)?;
                id(ty)?;
            }
        }
        (2, true, None) => {
            for [name, _] in rest.as_chunks_mut::<2>().0 {
                string(name)?;
            }
        }
        _ => {}
    }
    Ok(())
}

enum Role {
    Type,
    String,
}

#[inline]
fn role(shape: Option<Shape>, index: usize) -> Option<Role> {
    if index == 0 {
        return Some(Role::String);
    }
    let shape = shape?;
    if index < HEAD {
        return (index == 2 && shape.refers).then_some(Role::Type);
    }
    let after = index - HEAD;
    let extra = usize::from(shape.extra);
    if after < extra {
        return (after < usize::from(shape.extra_types)).then_some(Role::Type);
    }
    let elem = usize::from(shape.elem);
    let part = (after - extra).checked_rem(elem)?;
    if part == 0 && shape.elem_name {
        return Some(Role::String);
    }
    (shape.elem_type.map(usize::from) == Some(part)).then_some(Role::Type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: Kind, vlen: u32, words: &[u32]) -> Vec<Word> {
        let mut record = vec![7u32, Info::new(kind, vlen, false).word()];
        record.extend(words);
        record.iter().map(|word| word.to_ne_bytes()).collect()
    }

    /// Kind, vlen, words after the info word, and which of them (by index in the record) are ids and strings.
    type Case = (
        Kind,
        u32,
        &'static [u32],
        &'static [usize],
        &'static [usize],
    );

    #[test]
    fn every_kind() {
        let cases: &[Case] = &[
            (Kind::Int, 0, &[4, 32], &[], &[0]),
            (Kind::Ptr, 0, &[1], &[2], &[0]),
            (Kind::Array, 0, &[0, 1, 2, 3], &[3, 4], &[0]),
            (
                Kind::Struct,
                2,
                &[8, 1, 2, 0, 3, 4, 32],
                &[4, 7],
                &[0, 3, 6],
            ),
            (Kind::Union, 1, &[8, 1, 2, 0], &[4], &[0, 3]),
            (Kind::Enum, 2, &[4, 1, 10, 2, 20], &[], &[0, 3, 5]),
            (Kind::Fwd, 0, &[0], &[], &[0]),
            (Kind::Typedef, 0, &[1], &[2], &[0]),
            (Kind::Volatile, 0, &[1], &[2], &[0]),
            (Kind::Const, 0, &[1], &[2], &[0]),
            (Kind::Restrict, 0, &[1], &[2], &[0]),
            (Kind::Func, 1, &[1], &[2], &[0]),
            (Kind::FuncProto, 2, &[1, 2, 3, 4, 5], &[2, 4, 6], &[0, 3, 5]),
            (Kind::Var, 0, &[1, 1], &[2], &[0]),
            (Kind::Datasec, 1, &[8, 1, 0, 8], &[3], &[0]),
            (Kind::Float, 0, &[8], &[], &[0]),
            (Kind::DeclTag, 0, &[1, 2], &[2], &[0]),
            (Kind::TypeTag, 0, &[1], &[2], &[0]),
            (Kind::Enum64, 1, &[8, 1, 2, 3], &[], &[0, 3]),
            (Kind::Unknown(100), 1, &[8, 1, 2, 3], &[], &[0]),
        ];
        for &(kind, vlen, words, ids, strings) in cases {
            let record = record(kind, vlen, words);
            let (mut got_ids, mut got_strings, mut most) = (vec![], vec![], Most::default());
            for (index, edge) in edges(&record) {
                match edge {
                    Edge::Type(_) => got_ids.push(index),
                    Edge::String(_) => got_strings.push(index),
                }
            }
            assert_eq!((&got_ids[..], &got_strings[..]), (ids, strings), "{kind}");
            if most.take(&record, u32::MAX).is_none() {
                most.take_unknown(&record);
            }
            let mut rewritten = record.clone();
            let Ok(()) = rewrite::<std::convert::Infallible>(
                &mut rewritten,
                |id| Ok(TypeId::new(id.get() + 100)),
                |string| Ok(StrId::new(string.get() + 1000)),
            );
            for (index, (word, before)) in rewritten.iter().zip(&record).enumerate() {
                let grown = u32::from_ne_bytes(*word) - u32::from_ne_bytes(*before);
                let expected = if ids.contains(&index) {
                    100
                } else if strings.contains(&index) {
                    1000
                } else {
                    0
                };
                assert_eq!(grown, expected, "{kind}, word {index}");
            }
            let largest = |indices: &[usize]| {
                indices
                    .iter()
                    .map(|&index| u32::from_ne_bytes(record[index]))
                    .max()
                    .unwrap_or(0)
            };
            assert_eq!(
                (most.id, most.string),
                (largest(ids), largest(strings)),
                "{kind}"
            );
        }
    }
}
