//! How a type differs from another of its name, line by line.

use std::fmt::Write;

use btfkit::graph::Kind;
use btfkit::merge::{Change, Collision, DiffField, FieldChange, Merged, ValueChange};

/// A type by the word for what it is and its name.
pub fn name(change: &Change) -> String {
    named(change.kind, &change.name)
}

/// A name with the word for what it names, as nothing else keeps `struct file` and a function `file` apart.
pub fn named(kind: Kind, name: &str) -> String {
    let word = match kind {
        Kind::Struct => "struct",
        Kind::Union => "union",
        Kind::Enum | Kind::Enum64 => "enum",
        Kind::Typedef => "typedef",
        Kind::Int => "integer",
        Kind::Float => "float",
        Kind::Func => "function",
        Kind::Var => "variable",
        other => other.name(),
    };
    format!("{word} {name}")
}

/// Differences of one collision to print at the most.
const MOST_LINES: usize = 8;

/// Collisions, each with its differences.
pub fn collisions(merged: &Merged, collisions: &[Collision]) -> String {
    let mut text = String::new();
    for collision in collisions {
        let _ = write!(
            text,
            "{}: {} in {} differs from {} in {}\n{}",
            name(&collision.change),
            collision.other,
            merged.label(Some(collision.other_input)),
            collision.first,
            merged.label(collision.first_input),
            lines(&collision.change, MOST_LINES),
        );
    }
    text
}

/// The differences: a line for the type as a whole, a line a field, a line an enumerator; at most `most` lines
/// and one that says how many there are more.
pub fn lines(change: &Change, most: usize) -> String {
    let head = change
        .head
        .iter()
        .map(|(before, after)| format!("{before} -> {after}"));
    let fields = change.fields.iter().map(field);
    let values = change.values.iter().map(value);
    let lines: Vec<String> = head.chain(fields).chain(values).collect();
    let mut text = String::new();
    for line in lines.iter().take(most) {
        // Writing to a string can't fail.
        let _ = writeln!(text, "    {line}");
    }
    if let Some(more) = lines.len().checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(text, "    and {more} more");
    }
    text
}

fn field(change: &FieldChange) -> String {
    match change {
        FieldChange::Added(field) => format!("+ {}", whole(field)),
        FieldChange::Removed(field) => format!("- {}", whole(field)),
        FieldChange::Renamed { before, after } => {
            format!("{} is called {}", whole(before), after.name)
        }
        FieldChange::Changed { before, after } => {
            let mut parts = Vec::new();
            if before.offset != after.offset {
                parts.push(format!("{} -> {}", offset(before), offset(after)));
            }
            if before.ty != after.ty {
                parts.push(format!("{} -> {}", before.ty, after.ty));
            }
            if before.size != after.size || before.bitfield != after.bitfield {
                parts.push(format!("{} -> {}", size(before), size(after)));
            }
            format!("{}: {}", after.name, parts.join(", "))
        }
        _ => "it differs".to_owned(),
    }
}

fn whole(field: &DiffField) -> String {
    format!("{} {} at {}", field.ty, field.name, offset(field))
}

fn offset(field: &DiffField) -> String {
    match field.offset.0 % 8 {
        0 => format!("byte {}", field.offset.bytes()),
        bit => format!("byte {} bit {bit}", field.offset.bytes()),
    }
}

fn size(field: &DiffField) -> String {
    if field.bitfield {
        format!("{} bits", field.size)
    } else {
        format!("{} bytes", field.size.bytes())
    }
}

fn value(change: &ValueChange) -> String {
    match (change.before, change.after) {
        (Some(before), Some(after)) => {
            format!(
                "{}: {} -> {}",
                change.name,
                before.cast_signed(),
                after.cast_signed()
            )
        }
        (None, Some(after)) => format!("+ {} = {}", change.name, after.cast_signed()),
        (Some(before), None) => format!("- {} = {}", change.name, before.cast_signed()),
        (None, None) => change.name.clone(),
    }
}
