//! The outcome of reading units one by one.

/// The outcome of reading units one by one. Whoever reads a unit has to pass `NeedsLinked` on.
#[must_use]
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// The units' types, as far as they were asked for.
    Done(T),
    /// A unit refers to another one: all units must be read as one.
    NeedsLinked,
}
