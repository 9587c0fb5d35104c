//! Properties of types in debug information besides their layout: where they are declared, and the
//! names of those that weren't converted.

#[cfg(feature = "dwarf")]
use std::collections::HashMap;
use std::fmt;
#[cfg(feature = "dwarf")]
use std::sync::{Mutex, OnceLock};

#[cfg(feature = "dwarf")]
use crate::dwarf::{self, Conversion, Reason, Sections, TypeLoss};
#[cfg(feature = "dwarf")]
use crate::graph::Btf;
use crate::id::TypeId;

/// The use that a relocation makes of a type on its way.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "dwarf"),
    expect(dead_code, reason = "only DWARF loses something")
)]
pub(super) enum Use<'a> {
    /// The offset of the member with this name.
    Member(&'a str),
    /// The offset of an element.
    Element,
    /// The stored value.
    Value,
    /// The size.
    Size,
    /// The absence of a member.
    Absence,
}

#[cfg(feature = "dwarf")]
impl Use<'_> {
    /// Returns whether the use can't rely on the type's BTF, for what was lost of it.
    fn is_spoiled_by(self, loss: &TypeLoss) -> bool {
        match (self, loss.reason) {
            (
                Self::Member(member),
                Reason::MemberTooLong | Reason::Overlap | Reason::Enumerator,
            ) => loss.member == member,
            (Self::Element, reason) => matches!(
                reason,
                Reason::PackedArray | Reason::ArraySize | Reason::Elsewhere
            ),
            (Self::Value, reason) => matches!(reason, Reason::ByteOrder | Reason::Bias),
            (Self::Size, reason) => matches!(reason, Reason::UnknownSize | Reason::Size),
            // Another file may define what the type's own one only declares: the graph tells.
            (Self::Absence, Reason::DeclaredMember) => false,
            (Self::Absence, reason) => reason.hides_members(),
            (Self::Member(_), _) => false,
        }
    }
}

/// The debug information that a target's types were converted from.
#[cfg(feature = "dwarf")]
pub(super) struct Declared {
    sections: Sections,
    conversion: Conversion,
    options: dwarf::ConvertOptions,
    /// The functions that choose types, as far as they were asked for.
    functions: Mutex<HashMap<TypeId, Option<String>>>,
    /// All types, converted only if names are looked for.
    all: OnceLock<Option<Btf>>,
}

#[cfg(feature = "dwarf")]
impl Declared {
    pub fn new(sections: Sections, conversion: Conversion, options: dwarf::ConvertOptions) -> Self {
        Self {
            sections,
            conversion,
            options,
            functions: Mutex::default(),
            all: OnceLock::new(),
        }
    }

    /// Returns the file and line where a type is declared, or the unit that has it.
    pub fn place(&self, id: TypeId) -> Option<String> {
        let origin = self.conversion.origin(&self.sections, id)?;
        let place = match (origin.file, origin.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file,
            (None, _) => return Some(origin.unit),
        };
        // A header is the same for all units that differ in a macro.
        Some(if place.contains(&origin.unit) {
            place
        } else {
            format!("{place} in {}", origin.unit)
        })
    }

    /// Returns the name of a function whose unit has this definition of a type, to choose it by.
    pub fn function(&self, id: TypeId) -> Option<String> {
        // Optional programs may be ambiguous by the hundred, and each search goes through all units.
        if let Ok(known) = self.functions.lock()
            && let Some(function) = known.get(&id)
        {
            return function.clone();
        }
        let limits = &self.options.limits;
        let function = self.conversion.function_beside(&self.sections, id, limits);
        if let Ok(mut known) = self.functions.lock() {
            known.insert(id, function.clone());
        }
        function
    }

    /// Returns what was lost of a type that spoils a use of it.
    pub fn loss(&self, id: TypeId, used: Use<'_>) -> Option<String> {
        let mut losses = self.conversion.losses(id).iter();
        let loss = losses.find(|loss| used.is_spoiled_by(loss))?;
        Some(match loss.member.as_str() {
            "" => loss.reason.to_string(),
            member => format!("{member}: {}", loss.reason),
        })
    }

    /// Returns the first unit that can't be read, and why.
    pub fn unreadable_unit(&self) -> Option<String> {
        let mut degraded = self.conversion.degraded.iter();
        let unit = degraded.find(|degraded| degraded.reason == Reason::UnreadableUnit)?;
        Some(unit.to_string())
    }

    /// Returns the program's names that are nearest to one that it doesn't have.
    pub fn nearest(&self, name: &str) -> Vec<String> {
        if self.options.roots.is_all() {
            return self.conversion.graph.nearest_names(name);
        }
        let all = self.all.get_or_init(|| {
            let options = dwarf::ConvertOptions {
                limits: self.options.limits.clone(),
                all_typedefs: true,
                ..dwarf::ConvertOptions::default()
            };
            let converted = dwarf::convert(&self.sections, &options).ok()?;
            Some(converted.graph)
        });
        all.as_ref()
            .map_or_else(Vec::new, |all| all.nearest_names(name))
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared").finish_non_exhaustive()
    }
}

/// The same without DWARF: there is none.
#[cfg(not(feature = "dwarf"))]
pub(super) enum Declared {}

#[cfg(not(feature = "dwarf"))]
impl Declared {
    pub fn place(&self, _: TypeId) -> Option<String> {
        match *self {}
    }

    pub fn function(&self, _: TypeId) -> Option<String> {
        match *self {}
    }

    pub fn loss(&self, _: TypeId, _: Use<'_>) -> Option<String> {
        match *self {}
    }

    pub fn unreadable_unit(&self) -> Option<String> {
        match *self {}
    }

    pub fn nearest(&self, _: &str) -> Vec<String> {
        match *self {}
    }
}
