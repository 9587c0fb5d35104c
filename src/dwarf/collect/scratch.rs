//! The memory of a pass, kept from unit to unit, and what a pass notes apart from types.

use crate::dwarf::collect::code::{Code, UnitCode};
use crate::dwarf::collect::deferred::Deferred;
use crate::dwarf::collect::nodes::Ref;
use crate::dwarf::collect::types::Part;
use crate::dwarf::read::language::is_c;
use crate::dwarf::read::name::NameRef;
use crate::dwarf::read::{Attrs, Class};

/// The kind of children that an open DIE has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// DIEs of their own.
    Scope,
    /// Members.
    Composite,
    Enumerators,
    Dimensions,
    Parameters,
    /// Members of the composite type around: those of one variant of a Rust enumeration.
    Variant,
    /// Annotations of the part that was added last.
    Part,
    /// The arguments of a template's parameter pack.
    Pack,
}

/// The number of no node.
pub(super) const NO_NODE: u32 = u32::MAX;

/// An open DIE: one whose children are being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) role: Role,
    /// The number of the node that the parts among the children belong to.
    pub(super) owner: u32,
    /// The index of the owner's first part: in [`Scratch::pending`] if its parts are set aside, else in
    /// [`Nodes::parts`](super::nodes::Nodes::parts).
    pub(super) start: usize,
    /// Whether the owner's parts are set aside, because other types are declared among them.
    pub(super) aside: bool,
    /// Whether the owner's parts are the variants of a Rust enumeration.
    pub(super) is_variants: bool,
    /// Whether the owner's parts must be reversed: the dimensions of an array that is stored by columns.
    pub(super) is_reversed: bool,
    /// The qualified name of the enclosing scope; none at the top.
    pub(super) scope: NameRef,
    /// The number of the enclosing unnamed declaration, or template whose name lacks its arguments, whose name must
    /// prefix the scope's once it is known; else
    /// [`NO_NODE`].
    pub(super) stub: u32,
    /// Whether the DIE is inside a function.
    pub(super) local: bool,
}

impl Frame {
    /// The frame around a unit.
    pub(super) const OUTSIDE: Self = Self {
        role: Role::Scope,
        owner: NO_NODE,
        start: 0,
        aside: false,
        is_variants: false,
        is_reversed: false,
        scope: NameRef::NONE,
        stub: NO_NODE,
        local: false,
    };

    /// Returns whether parts among the children belong to a node of the frame's own.
    pub(super) const fn has_parts(&self) -> bool {
        !matches!(
            self.role,
            Role::Scope | Role::Variant | Role::Part | Role::Pack
        )
    }
}

/// The import of another unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Import {
    /// The number of the importing unit's file.
    pub file: u32,
    /// The offset of the importing unit.
    pub by: u32,
    /// The class of the reference to the imported unit.
    pub class: Class,
    /// The value of that reference.
    pub offset: u64,
}

/// A namespace with a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Namespace {
    /// The offset of its DIE, as that of a node.
    pub(super) die: u32,
    /// Its qualified name.
    pub(super) name: NameRef,
    /// The name of the enclosing scope.
    pub(super) scope: NameRef,
}

/// The memory of a pass.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(super) attrs: Attrs,
    pub(super) frames: Vec<Frame>,
    /// Parts that are set aside (see [`Pass`](super::pass::Pass)).
    pub(super) pending: Vec<Part<Ref>>,
    pub(super) deferred: Vec<Deferred>,
    pub(super) imports: Vec<Import>,
    pub(super) languages: Vec<(u32, u64)>,
    pub(super) codes: Vec<Code>,
    pub(super) origins: Vec<(u32, Ref)>,
    pub(super) unit_code: UnitCode,
}

impl Scratch {
    pub const fn new() -> Self {
        Self {
            attrs: Attrs::new(),
            frames: Vec::new(),
            pending: Vec::new(),
            deferred: Vec::new(),
            imports: Vec::new(),
            languages: Vec::new(),
            codes: Vec::new(),
            origins: Vec::new(),
            unit_code: UnitCode::NONE,
        }
    }

    /// Removes what earlier units left.
    pub fn clear(&mut self) {
        self.deferred.clear();
        self.imports.clear();
        self.languages.clear();
        self.codes.clear();
        self.origins.clear();
        self.unit_code = UnitCode::NONE;
    }

    /// Returns the units that units import.
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// Returns whether a unit imports others whose names depend on its language.
    pub fn imports_names(&self) -> bool {
        let mut languages = self.languages.iter();
        !self.imports.is_empty() && languages.any(|(_, language)| !is_c(*language))
    }

    /// Returns the offset and the language of each unit, in order; 0 for units that don't specify their language.
    pub fn languages(&self) -> &[(u32, u64)] {
        &self.languages
    }

    /// Returns the code of the functions that were found, if it was wanted, and what its lists count from.
    pub fn codes(&self) -> (&[Code], UnitCode) {
        (&self.codes, self.unit_code)
    }

    /// Returns the functions that other DIEs describe, if code was wanted: the offset of each DIE, in order, and the
    /// reference to the other one.
    pub fn origins(&self) -> &[(u32, Ref)] {
        &self.origins
    }

    /// Returns what was left to other DIEs.
    pub fn deferred(&self) -> &[Deferred] {
        &self.deferred
    }
}
