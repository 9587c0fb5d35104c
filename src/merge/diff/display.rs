//! Differences as text.

use std::fmt;

use crate::graph::Kind;
use crate::merge::diff::change::{Change, ValueChange};
use crate::merge::diff::field::{DiffField, FieldChange};

/// Returns a type's name after the word for its kind, which distinguishes `struct file` from `function file`.
///
/// ```
/// use btfkit::graph::Kind;
/// assert_eq!(btfkit::merge::title(Kind::Enum64, "state"), "enum state");
/// ```
#[must_use]
pub fn title(kind: Kind, name: impl AsRef<[u8]>) -> String {
    let word = match kind {
        Kind::Int => "integer",
        Kind::Float => "float",
        kind => word(kind),
    };
    format!("{word} {}", String::from_utf8_lossy(name.as_ref()))
}

/// Returns the C keyword of a kind of type, or the plain word for it.
pub(super) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Struct => "struct",
        Kind::Union => "union",
        Kind::Enum | Kind::Enum64 => "enum",
        Kind::Typedef => "typedef",
        Kind::Func => "function",
        Kind::Var => "variable",
        other => other.name(),
    }
}

impl Change {
    /// Returns the type's name after the word for its kind, such as `struct file`.
    #[must_use]
    pub fn title(&self) -> String {
        title(self.kind, &self.name)
    }

    /// Returns the differences, each as one line of text: first that of the type as a whole, then those of its fields
    /// and of its enumerators.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let whole = self
            .whole
            .iter()
            .map(|(before, after)| format!("{before} -> {after}"));
        let fields = self.fields.iter().map(FieldChange::to_string);
        let values = self.values.iter().map(ValueChange::to_string);
        whole.chain(fields).chain(values)
    }
}

/// Writes the title, and below it each difference on an indented line.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        self.lines().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(field) => write!(f, "+ {field}"),
            Self::Removed(field) => write!(f, "- {field}"),
            Self::Renamed { before, after } => write!(f, "{before} is called {}", after.name),
            Self::Changed { before, after } => {
                let mut parts = Vec::new();
                if self.is_moved() {
                    parts.push(format!("{} -> {}", offset(before), offset(after)));
                }
                if self.is_retyped() {
                    parts.push(format!("{} -> {}", before.ty, after.ty));
                }
                if self.is_resized() || before.bitfield != after.bitfield {
                    parts.push(format!("{} -> {}", size(before), size(after)));
                }
                write!(f, "{}: {}", after.name, parts.join(", "))
            }
        }
    }
}

/// Writes type, name and offset: `int c at byte 4`.
impl fmt::Display for DiffField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.ty, self.name, offset(self))
    }
}

impl fmt::Display for ValueChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match (
            self.before.map(u64::cast_signed),
            self.after.map(u64::cast_signed),
        ) {
            (Some(before), Some(after)) => write!(f, "{name}: {before} -> {after}"),
            (None, Some(after)) => write!(f, "+ {name} = {after}"),
            (Some(before), None) => write!(f, "- {name} = {before}"),
            (None, None) => f.write_str(name),
        }
    }
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
