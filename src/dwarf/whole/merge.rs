//! One table of all threads' tables.

use crate::dwarf::names::{Files, NameRef, NameSection};
use crate::dwarf::whole::table::{Class, Entity, Loss, NO_ENTITY, Piece, RefId, RefTarget, Table};

/// Takes over another table; answers the new number of each of its classes.
pub(crate) fn merge(into: &mut Table, from: &Table, files: &Files<'_>) -> Vec<u32> {
    let entities: Vec<u32> = from
        .entities
        .iter()
        .map(|entity| {
            let number = into.entity(entity.key, |made| Entity {
                name: keep(files, entity.name, &from.made, made),
                ..*entity
            });
            into.declare_size(number, entity.declared_size);
            number
        })
        .collect();
    let mut classes = Vec::with_capacity(from.classes.len());
    let mut is_new = Vec::with_capacity(from.classes.len());
    for class in &from.classes {
        let found = into.find(class.key);
        is_new.push(found.is_none());
        let number = match found {
            Some(number) => {
                into.touch(number, class.seen);
                number
            }
            None => copy(into, from, class, &classes, &entities, files),
        };
        classes.push(number);
    }
    for loss in &from.losses {
        if is_new.get(loss.class as usize) == Some(&true)
            && let Some(&class) = classes.get(loss.class as usize)
        {
            into.losses.push(Loss { class, ..*loss });
        }
    }
    classes
}

fn copy(
    into: &mut Table,
    from: &Table,
    class: &Class,
    classes: &[u32],
    entities: &[u32],
    files: &Files<'_>,
) -> u32 {
    let number = |map: &[u32], number: u32| map.get(number as usize).copied();
    let map = |id: RefId| match id.target() {
        RefTarget::Void => RefId::VOID,
        // What a class refers to comes before it.
        RefTarget::Class(class) => number(classes, class).map_or(RefId::VOID, RefId::class),
        RefTarget::Entity(entity) => number(entities, entity).map_or(RefId::VOID, RefId::entity),
    };
    let first = u32::try_from(into.pieces.len()).unwrap_or(u32::MAX);
    for piece in from.pieces_of(class) {
        let name = keep(files, piece.name, &from.made, &mut into.made);
        into.pieces.push(Piece {
            name,
            ty: map(piece.ty),
            ..*piece
        });
    }
    let name = keep(files, class.name, &from.made, &mut into.made);
    into.add(Class {
        name,
        ty: map(class.ty),
        first,
        entity: number(entities, class.entity).unwrap_or(NO_ENTITY),
        ..*class
    })
}

fn keep(files: &Files<'_>, name: NameRef, from: &[u8], made: &mut Vec<u8>) -> NameRef {
    if name.made().is_none() {
        return name;
    }
    let start = made.len() as u64;
    made.extend_from_slice(files.bytes(name, from));
    made.push(0);
    NameRef::new(0, NameSection::Made, start)
}
