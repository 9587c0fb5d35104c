//! What takes the place of a type that the kernel doesn't know. (libbpf, `bpf_object__sanitize_btf`.)

use crate::error::Result;
use crate::graph::{Info, Kind};
use crate::verify::sanitize::draft::{Draft, info, kind};

/// The name of the integer that the members of a replaced ENUM64 have.
const PLACEHOLDER: &str = "enum64_placeholder";

/// Replaces a type of a kind that the kernel doesn't know. Returns what it became.
pub(super) fn replace_kind(draft: &mut Draft, id: u32) -> Result<&'static str> {
    let Some(record) = draft.get(id).map(<[u32]>::to_vec) else {
        return Ok("it stays");
    };
    let third = record.get(2).copied().unwrap_or(0);
    match kind(&record) {
        Kind::Float => {
            structure(draft, id, third);
            Ok("it became an anonymous structure of its size")
        }
        Kind::DeclTag => {
            integer(draft, id, &record);
            Ok("it became an integer that nothing refers to")
        }
        Kind::TypeTag => {
            constant(draft, id, third);
            Ok("it became const")
        }
        Kind::Enum64 | Kind::Enum => {
            let became = union(draft, id, &record)?;
            Ok(became)
        }
        Kind::Void
        | Kind::Int
        | Kind::Ptr
        | Kind::Array
        | Kind::Struct
        | Kind::Union
        | Kind::Fwd
        | Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::Unknown(_) => {
            structure(draft, id, 0);
            Ok("it became an empty structure")
        }
    }
}

/// Makes a type an anonymous structure without members.
pub(super) fn structure(draft: &mut Draft, id: u32, size: u32) {
    let info = Info::new(Kind::Struct, 0, false).word();
    draft.set(id, vec![0, info, size]);
}

/// Makes a tag an integer of one byte with the tag's text as its name, as libbpf does.
pub(super) fn integer(draft: &mut Draft, id: u32, record: &[u32]) {
    let name = record.first().copied().unwrap_or(0);
    let info = Info::new(Kind::Int, 0, false).word();
    draft.set(id, vec![name, info, 1, 8]);
}

/// Makes a type tag `const`.
pub(super) fn constant(draft: &mut Draft, id: u32, third: u32) {
    let info = Info::new(Kind::Const, 0, false).word();
    draft.set(id, vec![0, info, third]);
}

/// Makes an enumeration a union of its size, whose members have the enumerators' names.
fn union(draft: &mut Draft, id: u32, record: &[u32]) -> Result<&'static str> {
    let step = if kind(record) == Kind::Enum64 { 3 } else { 2 };
    let names: Vec<u32> = record
        .get(3..)
        .unwrap_or_default()
        .chunks_exact(step)
        .filter_map(|part| part.first().copied())
        .collect();
    let placeholder = draft.integer(1, PLACEHOLDER)?;
    let size = record.get(2).copied().unwrap_or(0);
    let vlen = info(record).vlen();
    let size = if vlen > 0 { size.max(1) } else { size };
    let mut union = vec![
        record.first().copied().unwrap_or(0),
        Info::new(Kind::Union, vlen, false).word(),
        size,
    ];
    for name in names {
        union.extend([name, placeholder, 0]);
    }
    draft.set(id, union);
    Ok("it became a union whose members have the enumerators' names; their values are lost")
}

/// Makes a data section a structure whose members are its variables, as libbpf does. `name` is the structure's.
pub(super) fn datasec(draft: &mut Draft, id: u32, name: u32) {
    let Some(record) = draft.get(id).map(<[u32]>::to_vec) else {
        return;
    };
    let info_word = Info::new(Kind::Struct, info(&record).vlen(), false).word();
    let mut made = vec![name, info_word, record.get(2).copied().unwrap_or(0)];
    let (entries, _) = record.get(3..).unwrap_or_default().as_chunks::<3>();
    for &[var, offset, _] in entries {
        made.extend([
            draft.word(var, 0),
            draft.word(var, 2),
            offset.saturating_mul(8),
        ]);
    }
    draft.set(id, made);
}
