//! Objects that ask where fields of kernel structures are.

use btfkit::Bits;
use btfkit::graph::{Btf, CoreRelo, GraphBuilder, IntEncoding, Kind, NewMember, Type};
use btfkit::{Endian, TypeId};
use bytes::Bytes;

use crate::object::object;

/// The running kernel's BTF, or as much of our own where there is none.
pub fn kernel() -> Bytes {
    if let Ok(raw) = std::fs::read("/sys/kernel/btf/vmlinux") {
        return raw.into();
    }
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    for number in 0..10_000 {
        let members: Vec<_> = (0..10)
            .map(|field| {
                let name = builder.intern(format!("field_{field}")).unwrap();
                NewMember::new(name, int).at(Bits::from((field * 7) % 10 * 32u32))
            })
            .collect();
        builder
            .composite(Kind::Struct, format!("record_{number}"), 40, &members)
            .unwrap();
    }
    btfkit::encode::encode(&builder.freeze().unwrap())
        .unwrap()
        .into()
}

/// The fields of a structure that any program can ask for: numbers and pointers with a name of their own.
fn fields(ty: Type<'_>) -> Vec<(String, Kind)> {
    let plain = ty
        .members()
        .filter(|member| member.bitfield.is_none() && !member.name().is_empty());
    plain
        .filter_map(|member| {
            let kind = ty.graph().ty(member.type_id).strip().ok()?.kind();
            matches!(kind, Kind::Int | Kind::Ptr).then(|| (member.name().to_string(), kind))
        })
        .collect()
}

/// An object with its own idea of the first `structures` structures that have fields enough, and `relocations` offsets of
/// their fields, each in an instruction of its own.
///
/// # Panics
/// Where the kernel has too few structures.
pub fn kernel_object(kernel: &Btf, structures: usize, relocations: usize) -> Vec<u8> {
    let each = relocations.div_ceil(structures);
    // Some kernels have two structures of a name, which a loader rightly refuses to choose from.
    let alone = |ty: &Type<'_>| {
        kernel
            .named(ty.name().as_bytes())
            .filter(|other| other.kind() == Kind::Struct)
            .count()
            == 1
    };
    let chosen: Vec<_> = kernel
        .own_types()
        .filter(|ty| {
            ty.kind() == Kind::Struct
                && !ty.name().is_empty()
                && !ty.name().to_string().contains("___")
        })
        .filter(alone)
        .map(|ty| (ty.name().to_string(), fields(ty)))
        .filter(|(_, fields)| !fields.is_empty())
        .take(structures)
        .collect();
    assert_eq!(
        chosen.len(),
        structures,
        "the kernel has too few structures"
    );

    let mut builder = GraphBuilder::new();
    builder.set_endian(Endian::HOST);
    let int = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
    let pointer = builder.ptr(TypeId::VOID).unwrap();
    let section = builder.intern("uprobe").unwrap();
    let (mut relos, mut code) = (Vec::new(), Vec::new());
    for (name, fields) in &chosen {
        let members: Vec<_> = (0u64..)
            .zip(fields)
            .map(|(number, (field, kind))| {
                let ty = if *kind == Kind::Ptr { pointer } else { int };
                NewMember::new(field, ty).at(Bits(number * 64))
            })
            .collect();
        let size = u32::try_from(members.len() * 8).unwrap();
        let id = builder
            .composite(Kind::Struct, name, size, &members)
            .unwrap();
        for number in (0..members.len())
            .cycle()
            .take(each.min(relocations - relos.len()))
        {
            relos.push(CoreRelo {
                insn_off: u32::try_from(code.len()).unwrap(),
                type_id: id,
                access: builder.intern(format!("0:{number}")).unwrap(),
                kind: 0,
            });
            // r1 = the field's offset here.
            let offset = u32::try_from(number * 8).unwrap();
            code.extend([
                0xb7,
                if Endian::HOST == Endian::Little {
                    0x01
                } else {
                    0x10
                },
                0,
                0,
            ]);
            code.extend(offset.to_ne_bytes());
        }
    }
    // return r1's 0
    code.extend([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
    object(
        Endian::HOST,
        &builder.freeze().unwrap(),
        section,
        &code,
        &relos,
    )
}
