//! Repairs of members, and of entries of data sections.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::graph::{Btf, Info, Kind};
use crate::id::TypeId;
use crate::verify::rule::Rule;
use crate::verify::sanitize::draft::{Draft, info, kind};

/// A member taken apart.
#[derive(Clone, Copy, Debug)]
struct Member {
    ty: u32,
    /// The offset in bits.
    offset: u32,
    /// The width of a bitfield, or 0.
    width: u32,
}

/// The kinds of bits that a structure's words have.
fn parts(word: u32, is_flagged: bool) -> (u32, u32) {
    if is_flagged {
        (word & 0xff_ffff, word >> 24)
    } else {
        (word, 0)
    }
}

/// Returns the size of a type, as it was before any repair, in bytes.
pub(super) fn size_of(graph: &Btf, id: u32) -> u32 {
    let size = graph.get(TypeId::new(id)).and_then(|ty| ty.size().ok());
    size.and_then(|size| u32::try_from(size.0).ok())
        .unwrap_or(0)
}

/// Returns the type behind typedefs, qualifiers and tags.
fn stripped(graph: &Btf, id: u32) -> (u32, Kind) {
    match graph.get(TypeId::new(id)).and_then(|ty| ty.strip().ok()) {
        Some(end) => (end.id().get(), end.kind()),
        None => (id, Kind::Void),
    }
}

/// Repairs a member. Returns what became of it.
pub(super) fn repair_member(
    draft: &mut Draft,
    graph: &Btf,
    id: u32,
    index: u32,
    rule: Rule,
) -> Result<&'static str> {
    let Some(record) = draft.get(id).map(<[u32]>::to_vec) else {
        return Ok("it stays");
    };
    let (is_flagged, struct_size) = (info(&record).flag(), draft.word(id, 2));
    let at = 3 + index as usize * 3;
    let Some(&[name, ty, word]) = record.get(at..).and_then(|rest| rest.first_chunk::<3>()) else {
        return Ok("it stays");
    };
    let (offset, width) = parts(word, is_flagged);
    let old = Member { ty, offset, width };
    let (new, became) = match rule {
        Rule::MemberStart => {
            let new = Member {
                ty: draft.structure(0),
                offset: struct_size.saturating_mul(8),
                width: 0,
            };
            (new, "it became an empty structure at the end")
        }
        Rule::MemberType => {
            let new = Member {
                ty: draft.structure(0),
                offset: offset & !7,
                width: 0,
            };
            (new, "its type became an empty structure")
        }
        Rule::MemberAlignment => aligned(draft, graph, old),
        Rule::MemberBits => bits(draft, graph, old)?,
        _ => ending(draft, graph, old, is_flagged, struct_size),
    };
    let word = if is_flagged {
        new.width << 24 | (new.offset & 0xff_ffff)
    } else {
        new.offset
    };
    let mut changed = record;
    if let Some(place) = changed.get_mut(at..at + 3) {
        place.copy_from_slice(&[name, new.ty, word]);
    }
    draft.set(id, changed);
    Ok(became)
}

/// A member that doesn't start where its type must.
fn aligned(draft: &mut Draft, graph: &Btf, old: Member) -> (Member, &'static str) {
    let (end, kind) = stripped(graph, old.ty);
    if kind == Kind::Float && old.offset.is_multiple_of(8) {
        let new = Member {
            ty: draft.structure(size_of(graph, end)),
            ..old
        };
        return (new, "its type became an anonymous structure of its size");
    }
    let new = Member {
        offset: old.offset & !7,
        width: 0,
        ..old
    };
    (new, "it starts at the byte that its first bit is in")
}

/// A bitfield that its type can't have.
fn bits(draft: &mut Draft, graph: &Btf, old: Member) -> Result<(Member, &'static str)> {
    let (end, kind) = stripped(graph, old.ty);
    let size = size_of(graph, end);
    let fits = kind == Kind::Enum || kind == Kind::Enum64 || kind == Kind::Int;
    let most = if kind == Kind::Int {
        size.saturating_mul(8)
    } else {
        32
    };
    if fits && old.width > most && most > 0 && old.width <= 64 {
        let bytes = old.width.div_ceil(8).next_power_of_two();
        let new = Member {
            ty: draft.integer(bytes, "bits")?,
            ..old
        };
        return Ok((new, "its type became an integer that has room for it"));
    }
    if kind == Kind::Int && old.width <= most && old.offset % 8 + old.width <= 128 {
        let bytes = size.clamp(1, 16).next_power_of_two();
        let new = Member {
            ty: draft.integer(bytes, "bits")?,
            ..old
        };
        return Ok((new, "its type became an ordinary integer"));
    }
    let new = Member {
        offset: old.offset & !7,
        width: 0,
        ..old
    };
    Ok((new, "it is no bitfield any more"))
}

/// A member that ends behind the end.
fn ending(
    draft: &mut Draft,
    graph: &Btf,
    old: Member,
    is_flagged: bool,
    struct_size: u32,
) -> (Member, &'static str) {
    let (end, kind) = stripped(graph, old.ty);
    let bits = size_of(graph, end).saturating_mul(8);
    let is_enum = kind == Kind::Enum || kind == Kind::Enum64;
    let whole = old.offset.saturating_add(bits) <= struct_size.saturating_mul(8);
    if is_flagged && is_enum && old.width == 0 && bits < 32 && whole {
        // The kernel takes every enumeration beside bitfields for four bytes.
        let new = Member { width: bits, ..old };
        return (new, "it became a bitfield of its whole size");
    }
    let left = struct_size.saturating_sub(old.offset / 8);
    let new = Member {
        ty: draft.structure(left),
        offset: old.offset & !7,
        width: 0,
    };
    (new, "its type became an anonymous structure up to the end")
}

/// Sorts the members of a structure by offset; a union whose members don't all start at 0 becomes one. `tags` are the
/// declaration tags of each type.
pub(super) fn sort_members(
    draft: &mut Draft,
    id: u32,
    tags: &BTreeMap<u32, Vec<u32>>,
) -> &'static str {
    let Some(record) = draft.get(id).map(<[u32]>::to_vec) else {
        return "it stays";
    };
    let old = info(&record);
    let was_union = kind(&record) == Kind::Union;
    let (members, _) = record.get(3..).unwrap_or_default().as_chunks::<3>();
    let mut order: Vec<(u32, [u32; 3])> = (0u32..).zip(members.iter().copied()).collect();
    order.sort_by_key(|&(_, [_, _, word])| parts(word, old.flag()).0);
    let mut sorted = record.get(..3).unwrap_or_default().to_vec();
    if let Some(word) = sorted.get_mut(1) {
        *word = Info::new(Kind::Struct, old.vlen(), old.flag()).word();
    }
    sorted.extend(order.iter().flat_map(|(_, member)| *member));
    draft.set(id, sorted);
    for &tag in tags.get(&id).map_or(&[][..], Vec::as_slice) {
        let component = draft.word(tag, 3);
        let new = order.iter().position(|&(old, _)| old == component);
        if let Some(new) = new.and_then(|new| u32::try_from(new).ok()) {
            draft.set_word(tag, 3, new);
        }
    }
    if was_union {
        "it became a structure, its members sorted by offset"
    } else {
        "its members were sorted by offset"
    }
}

/// Drops the entries of a data section with these indices, and sorts the others.
pub(super) fn repair_entries(draft: &mut Draft, id: u32, wrong: &[u32]) -> &'static str {
    let Some(record) = draft.get(id).map(<[u32]>::to_vec) else {
        return "it stays";
    };
    let (entries, _) = record.get(3..).unwrap_or_default().as_chunks::<3>();
    let offset = |&[_, offset, _]: &[u32; 3]| offset;
    let is_sorted = entries.is_sorted_by_key(offset);
    let mut kept: Vec<[u32; 3]> = (0u32..)
        .zip(entries)
        .filter(|(index, _)| !is_sorted || !wrong.contains(index))
        .map(|(_, entry)| *entry)
        .collect();
    kept.sort_by_key(offset);
    let mut made = record.get(..3).unwrap_or_default().to_vec();
    let vlen = u32::try_from(kept.len()).unwrap_or(0);
    if let Some(word) = made.get_mut(1) {
        *word = Info::new(Kind::Datasec, vlen, false).word();
    }
    made.extend(kept.iter().flatten());
    draft.set(id, made);
    if is_sorted {
        "the section lost the variable"
    } else {
        "the section's variables were sorted by offset"
    }
}
