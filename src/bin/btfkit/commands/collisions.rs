//! Collisions of a merge as text.

use btfkit::merge::{Change, Collision, Merged};

/// The number of differences to print for one collision.
const MOST_LINES: usize = 8;

/// Returns the collisions, each with its differences.
pub fn listed(merged: &Merged, collisions: &[Collision]) -> String {
    let line = |collision: &Collision| {
        let lines = lines(&collision.change);
        format!("{}\n{lines}", sentence(merged, collision, "differs from"))
    };
    collisions.iter().map(line).collect()
}

/// Returns which two types collide: the second one, the verb, and the first one.
pub fn sentence(merged: &Merged, collision: &Collision, verb: &str) -> String {
    format!(
        "{}: {} in {} {verb} {} in {}",
        collision.change.title(),
        collision.other,
        merged.label(Some(collision.other_input)),
        collision.first,
        merged.label(collision.first_input),
    )
}

/// Returns the differences: a line for the type as a whole, for each field and for each enumerator. Beyond
/// [`MOST_LINES`] they are counted.
fn lines(change: &Change) -> String {
    let mut lines: Vec<String> = change.lines().collect();
    if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more"));
    }
    lines.iter().map(|line| format!("    {line}\n")).collect()
}
