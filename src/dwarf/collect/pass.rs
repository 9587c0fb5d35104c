//! The pass over a unit's DIEs.
//!
//! Every DIE is read once, in order. Types become [nodes](super::nodes), what belongs to them becomes their parts, and
//! everything else is skipped. Function bodies are not jumped over, since types can be declared in them; inlined bodies
//! are, since their types are in the function they came from.

use std::cell::Cell;

use crate::dwarf::collect::code::{Code, UnitCode};
use crate::dwarf::collect::deferred::Deferred;
use crate::dwarf::collect::nodes::{Node, Nodes, Ref};
use crate::dwarf::collect::scratch::{Frame, Import, NO_NODE, Namespace, Role, Scratch};
use crate::dwarf::collect::types::{POINTER_OF_OTHER_WIDTH, Part, Shape};
use crate::dwarf::collect::variants::Variants;
use crate::dwarf::read::name::{Files, NameRef, NameSection};
use crate::dwarf::read::{
    Abbrevs, Attrs, Class, Cursor, Entry, Fast, FastEntry, Header, Plan, Slot, attrs, index,
};
use crate::error::{Error, Place, Result};
use crate::target::Endian;

/// A unit to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitView<'a> {
    pub header: Header,
    /// The unit's bytes, with the header.
    pub bytes: &'a [u8],
    pub endian: Endian,
    /// The number of the unit's file.
    pub file: u32,
    /// The number of the alternate file.
    pub alt: u32,
    /// The section that contains the unit.
    pub section: NameSection,
    /// Whether the unit is a split unit.
    pub is_split: bool,
    /// The language of a unit that doesn't specify its own; 0 if that isn't known either.
    pub language: u64,
    /// The number that is added to offsets of DIEs, if several units are read as one.
    pub base: u32,
    /// The file's string offsets, from the start of the unit's (or package's) part.
    pub str_offsets: &'a [u8],
    /// The file's addresses, from the start of the unit's part.
    pub addr: &'a [u8],
}

/// The types that a pass collects, and its bounds.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Wants {
    pub functions: bool,
    pub variables: bool,
    /// Whether to note the code of functions.
    pub codes: bool,
    /// The greatest depth of nested DIEs.
    pub depth: u32,
    /// The greatest number of types and parts.
    pub entries: u32,
    /// The greatest number of bytes of composed names.
    pub composed: u32,
}

/// The input of a pass over a unit, and the places of its results.
pub(crate) struct Input<'p, 'a> {
    pub unit: &'p UnitView<'a>,
    pub abbrevs: &'p Abbrevs,
    pub files: &'p Files<'a>,
    pub wants: Wants,
    pub scratch: &'p mut Scratch,
    pub nodes: &'p mut Nodes,
}

/// Collects the types of a unit.
///
/// # Errors
/// `Malformed` if the DIEs can't be read; `Limit` beyond the bounds of `Wants`.
pub(crate) fn collect(input: Input<'_, '_>) -> Result<()> {
    let Input {
        unit,
        abbrevs,
        files,
        wants,
        scratch,
        nodes,
    } = input;
    scratch.frames.clear();
    scratch.pending.clear();
    let mut cursor = Cursor::new(unit.bytes, unit.endian, unit.header.offset);
    cursor.seek(unit.header.entries as usize);
    let mut pass = Pass {
        unit,
        abbrevs,
        files,
        wants,
        cursor,
        attrs: &mut scratch.attrs,
        frames: &mut scratch.frames,
        pending: &mut scratch.pending,
        deferred: &mut scratch.deferred,
        imports: &mut scratch.imports,
        languages: &mut scratch.languages,
        codes: &mut scratch.codes,
        origins: &mut scratch.origins,
        unit_code: &mut scratch.unit_code,
        nodes,
        str_offsets_base: 0,
        addr_base: 0,
        qualify: false,
        nests: false,
        templates: false,
        named_typedefs: false,
        lower_bound: 0,
        column_major: false,
        may_overlap: false,
        is_rust: false,
        role: Role::Scope,
        aside: false,
        direct: false,
        str_len: files.str_len(unit.file),
        unreadable: Cell::new(None),
        variants: Variants::default(),
        namespaces: Vec::new(),
        template: (NO_NODE, false),
    };
    pass.run().map_err(|error| {
        if error.places().is_empty() {
            error.within(Place::Die(pass.cursor.offset()))
        } else {
            error
        }
    })
}

/// A pass over a unit's DIEs.
///
/// A node's parts stand together in [`Nodes::parts`]. They are put there as they are found, until another type with
/// parts is declared among them; then they are *set aside*:
///
/// ```text
/// struct A {          nodes.parts            pending             frames
///   int x;            x                                          A
///   struct B {        –                      x                   A (aside), B
///     int y;          y                      x                   A (aside), B
///   };                y          (B: 0..1)   x                   A (aside)
///   int z;            y                      x z                 A (aside)
/// };                  y x z      (A: 1..3)                       –
/// ```
///
/// `direct` is set while an open node's parts are in `nodes.parts`; only then does another node have to set parts
/// aside. `aside` tells where a part found now goes; it is the field of the innermost frame that has parts.
pub(super) struct Pass<'a, 'p> {
    pub(super) unit: &'p UnitView<'a>,
    pub(super) abbrevs: &'p Abbrevs,
    pub(super) files: &'p Files<'a>,
    pub(super) wants: Wants,
    pub(super) cursor: Cursor<'a>,
    /// The attributes of the current DIE.
    pub(super) attrs: &'p mut Attrs,
    /// The open DIEs, the innermost last.
    pub(super) frames: &'p mut Vec<Frame>,
    /// The parts that are set aside.
    pub(super) pending: &'p mut Vec<Part<Ref>>,
    pub(super) deferred: &'p mut Vec<Deferred>,
    pub(super) imports: &'p mut Vec<Import>,
    pub(super) languages: &'p mut Vec<(u32, u64)>,
    pub(super) codes: &'p mut Vec<Code>,
    pub(super) origins: &'p mut Vec<(u32, Ref)>,
    pub(super) unit_code: &'p mut UnitCode,
    pub(super) nodes: &'p mut Nodes,
    /// The offset of the unit's part of `.debug_str_offsets`.
    pub(super) str_offsets_base: u64,
    /// The offset of the unit's part of `.debug_addr`.
    pub(super) addr_base: u64,
    /// Whether names are qualified with those of the enclosing scopes.
    pub(super) qualify: bool,
    /// Whether types may be declared inside of others.
    pub(super) nests: bool,
    /// Whether names may lack template arguments.
    pub(super) templates: bool,
    /// Whether typedefs can be part of cycles.
    pub(super) named_typedefs: bool,
    /// The lower bound of arrays that don't specify it.
    pub(super) lower_bound: u64,
    /// Whether arrays are stored by columns, unless they specify their order.
    pub(super) column_major: bool,
    /// Whether a structure's members may overlap.
    pub(super) may_overlap: bool,
    /// Whether the language is Rust.
    pub(super) is_rust: bool,
    /// The role of the innermost frame.
    pub(super) role: Role,
    /// Whether a part found now is set aside.
    pub(super) aside: bool,
    /// Whether the parts of an open node are not set aside.
    pub(super) direct: bool,
    /// The size of the file's `.debug_str` up to the end of its last string.
    pub(super) str_len: u64,
    /// The first name that can't be read: the offset of its DIE, and the name's offset.
    pub(super) unreadable: Cell<Option<(u64, u64)>>,
    pub(super) variants: Variants,
    /// The namespaces found so far, in the order of their DIEs.
    pub(super) namespaces: Vec<Namespace>,
    /// The node whose template parameters were found last, and whether its name lacks their arguments.
    pub(super) template: (u32, bool),
}

/// Returns the shape of a type whose DIEs come in the usual shape, and the role of its children.
#[inline]
pub(super) const fn usual_type(entry: Entry) -> Option<(Shape, Role)> {
    Some(match entry {
        Entry::Pointer => (Shape::Pointer, Role::Scope),
        Entry::Const => (Shape::Const, Role::Scope),
        Entry::Volatile => (Shape::Volatile, Role::Scope),
        Entry::Restrict => (Shape::Restrict, Role::Scope),
        Entry::Typedef => (Shape::Typedef, Role::Scope),
        Entry::Struct => (Shape::Struct, Role::Composite),
        Entry::Union => (Shape::Union, Role::Composite),
        Entry::Enum => (Shape::Enum, Role::Enumerators),
        Entry::Array => (Shape::Array, Role::Dimensions),
        Entry::Prototype => (Shape::Prototype, Role::Parameters),
        _ => return None,
    })
}

/// Turns a pointer that is not as wide as the program's pointers into an integer.
#[cold]
pub(super) fn pointer_to_integer(node: &mut Node) {
    node.shape = Shape::Base;
    node.set_encoding(POINTER_OF_OTHER_WIDTH);
    node.ty = Ref::VOID;
}

impl Pass<'_, '_> {
    fn run(&mut self) -> Result<()> {
        while !self.cursor.is_at_end() {
            if self.step()? {
                break;
            }
        }
        // The unit may end without the NULs of its open DIEs.
        while !self.close() {}
        match self.unreadable.get() {
            None => Ok(()),
            Some((die, name)) => Err(Error::malformed(format!(
                "the name of a DIE is at byte {name:#x} of a string section that ends before the name does"
            ))
            .within(Place::Die(die))),
        }
    }

    /// Takes the next DIE, or the end of a DIE's children. Returns whether the last open DIE ended.
    #[inline(always)]
    fn step(&mut self) -> Result<bool> {
        let die = self.cursor.position();
        let code = self.cursor.uleb()?;
        if code == 0 {
            return Ok(self.close());
        }
        let abbrevs = self.abbrevs;
        let plan = abbrevs.require(code, &self.cursor)?;
        self.take(plan, die)?;
        if self.nodes.parts.len() + self.nodes.nodes.len() > self.wants.entries as usize {
            return Err(
                Error::limit("there are more types and members than Limits::entries")
                    .within(Place::Die(self.cursor.offset())),
            );
        }
        if self.nodes.composed.len() > self.wants.composed as usize {
            return Err(
                Error::limit("qualified names have more bytes than Limits::string_bytes")
                    .within(Place::Die(self.cursor.offset())),
            );
        }
        Ok(false)
    }

    /// Takes the DIE whose abbreviation code was just read.
    #[inline(always)]
    fn take(&mut self, plan: &Plan, die: usize) -> Result<()> {
        if let Some(fast) = &plan.fast
            && self.usual(plan, fast, die)?
        {
            return Ok(());
        }
        let frame = self.entry(plan, self.place(die))?;
        if plan.has_children {
            match frame {
                Some(frame) => self.open(frame)?,
                None => self.skip_children()?,
            }
        } else if let Some(frame) = frame {
            self.settle(frame);
        }
        Ok(())
    }

    /// Takes a DIE of the usual shape. Returns `false` if it has another shape; nothing is taken then.
    #[inline]
    fn usual(&mut self, plan: &Plan, fast: &Fast, die: usize) -> Result<bool> {
        let is_part = match (plan.entry, self.role) {
            (Entry::Member, Role::Composite | Role::Variant)
            | (Entry::Enumerator, Role::Enumerators)
            | (Entry::Parameter, Role::Parameters)
            | (Entry::Subrange, Role::Dimensions) => !plan.has_children,
            _ => false,
        };
        let ty = usual_type(plan.entry);
        if !is_part && (ty.is_none() || self.qualify) {
            return Ok(false);
        }
        let entry = fast.read(&mut self.cursor)?;
        if let Some((shape, role)) = ty.filter(|_| !is_part) {
            self.usual_node(&entry, shape, role, die, plan.has_children)?;
            return Ok(true);
        }
        let name = self.name_of(entry.name);
        let part = match plan.entry {
            Entry::Member => {
                if entry.declaration || entry.number >> 56 != 0 {
                    self.cursor.seek(die);
                    self.cursor.uleb()?;
                    return Ok(false);
                }
                let part = Part::member(name, self.within(entry.ty), entry.number * 8);
                if self.qualify && self.is_discriminant() {
                    self.discriminant(part, self.place(die));
                    return Ok(true);
                }
                if self.role == Role::Variant {
                    self.variant_member(part);
                }
                part
            }
            Entry::Enumerator => {
                if entry.signed && entry.number.cast_signed() < 0 {
                    self.negative();
                }
                Part::enumerator(name, Ref::VOID, entry.number)
            }
            Entry::Subrange => Part::dimension(
                Ref::VOID,
                match entry.slot {
                    Some(Slot::UpperBound) => {
                        entry.number.wrapping_sub(self.lower_bound).wrapping_add(1)
                    }
                    _ => entry.number,
                },
            ),
            _ => Part::parameter(name, self.within(entry.ty)),
        };
        self.part(part);
        Ok(true)
    }

    /// Returns the offset of a DIE from the start of the unit, or across all units if they are read as one.
    #[inline]
    pub(super) fn place(&self, die: usize) -> u32 {
        u32::try_from(die).map_or(u32::MAX, |die| self.unit.base.saturating_add(die))
    }

    /// Returns a reference to a DIE of this unit.
    #[inline]
    fn within(&self, entry: Option<u32>) -> Ref {
        entry.map_or(Ref::VOID, |entry| {
            Ref::unit(self.unit.base.saturating_add(entry))
        })
    }

    /// Adds the node of a type of the usual shape.
    #[inline]
    fn usual_node(
        &mut self,
        entry: &FastEntry,
        shape: Shape,
        role: Role,
        die: usize,
        has_children: bool,
    ) -> Result<()> {
        let size = match entry.slot {
            Some(Slot::ByteSize) => entry.number,
            _ => 0,
        };
        let mut node = Node::new(self.place(die), shape);
        node.declaration = entry.declaration;
        node.name = self.name_of(entry.name);
        node.set_byte_size(size);
        node.ty = self.within(entry.ty);
        if shape == Shape::Pointer && self.is_other_width(size) {
            pointer_to_integer(&mut node);
        }
        self.size_by_type(&mut node, entry.slot == Some(Slot::ByteSize));
        let owner = self.nodes.push(node);
        if !has_children {
            return Ok(());
        }
        if role != Role::Scope && self.direct {
            self.set_aside();
        }
        self.open(Frame {
            role,
            owner,
            start: self.nodes.parts.len(),
            aside: false,
            is_variants: false,
            is_reversed: false,
            scope: NameRef::NONE,
            stub: NO_NODE,
            local: false,
        })
    }

    /// Notes that the size of a structure or union is missing or no constant. It, or that of an enumeration, may be the
    /// size of the type that it is stored as.
    #[inline]
    pub(super) fn size_by_type(&mut self, node: &mut Node, has_size: bool) {
        if has_size || node.declaration {
            return;
        }
        match node.shape {
            Shape::Struct | Shape::Union => node.set_unsized(true),
            Shape::Enum => {}
            _ => return,
        }
        self.nodes.incomplete_layouts |= node.ty != Ref::VOID;
    }

    /// Returns whether a pointer that specifies this size is not as wide as the program's pointers.
    #[inline]
    pub(super) fn is_other_width(&self, size: u64) -> bool {
        size != 0 && size != u64::from(self.unit.header.encoding.address_size)
    }

    /// Adds a part to the innermost open node.
    #[inline]
    pub(super) fn part(&mut self, part: Part<Ref>) {
        if self.aside {
            self.pending.push(part);
        } else {
            self.nodes.parts.push(part);
        }
    }

    /// Notes that the innermost open enumeration has a negative enumerator.
    #[cold]
    pub(super) fn negative(&mut self) {
        let owner = self.top().owner;
        if let Some(node) = self.nodes.nodes.get_mut(owner as usize) {
            node.set_signed();
        }
    }

    /// Returns the innermost frame.
    pub(super) fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame::OUTSIDE)
    }

    /// Opens a DIE.
    fn open(&mut self, frame: Frame) -> Result<()> {
        if self.frames.len() >= self.wants.depth as usize {
            return Err(Error::limit("DIEs are nested deeper than Limits::depth")
                .within(Place::Die(self.cursor.offset())));
        }
        self.role = frame.role;
        self.direct |= frame.has_parts() && !frame.aside;
        if frame.role != Role::Variant {
            self.aside = frame.aside;
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Closes the innermost open DIE. Returns whether none is open any more.
    fn close(&mut self) -> bool {
        if let Some(frame) = self.frames.pop() {
            self.settle(frame);
        }
        self.role = self.top().role;
        self.aside = self.innermost().aside;
        self.frames.is_empty()
    }

    /// Gives a node the parts found among its children.
    fn settle(&mut self, frame: Frame) {
        if !frame.has_parts() {
            return;
        }
        let mut first = frame.start;
        self.direct &= frame.aside;
        if frame.aside {
            first = self.nodes.parts.len();
            self.nodes.parts.extend(self.pending.drain(frame.start..));
        }
        let count = self.nodes.parts.len().saturating_sub(first);
        if frame.is_reversed {
            self.nodes
                .parts
                .get_mut(first..)
                .unwrap_or_default()
                .reverse();
        }
        if let Some(node) = self.nodes.nodes.get_mut(frame.owner as usize) {
            node.first = u32::try_from(first).unwrap_or(u32::MAX);
            node.count = u32::try_from(count).unwrap_or(0);
        }
        if frame.is_variants {
            self.settle_discriminant(frame.owner);
        }
    }

    /// Sets the parts of the innermost open node aside.
    pub(super) fn set_aside(&mut self) {
        let open = self.frames.iter_mut().rev();
        let open = open.into_iter().find(|frame| frame.has_parts());
        if let Some(frame) = open.filter(|frame| !frame.aside) {
            let start = self.pending.len();
            self.pending.extend(self.nodes.parts.drain(frame.start..));
            frame.start = start;
            frame.aside = true;
        }
        self.direct = false;
        self.aside = self.innermost().aside;
    }

    /// Returns the number of parts that the innermost open node has so far.
    pub(super) fn open_parts(&self) -> usize {
        let open = self.frames.iter().rfind(|frame| frame.has_parts());
        let Some(open) = open else { return 0 };
        let len = if open.aside {
            self.pending.len()
        } else {
            self.nodes.parts.len()
        };
        len.saturating_sub(open.start)
    }

    /// Returns the frame that parts found now belong to.
    fn innermost(&self) -> Frame {
        let mut frames = self.frames.iter().rev();
        let frame = frames.find(|frame| frame.role != Role::Variant);
        frame.copied().unwrap_or(Frame::OUTSIDE)
    }

    /// Skips the children of a DIE.
    fn skip_children(&mut self) -> Result<()> {
        if self.attrs.get(Slot::Sibling).0 == Class::UnitRef {
            let sibling = index(self.attrs.get(Slot::Sibling).1);
            // Following one that leads backwards would never end.
            if sibling > self.cursor.position() {
                self.cursor.seek(sibling);
                return Ok(());
            }
        }
        let mut depth = 1u32;
        while depth > 0 && !self.cursor.is_at_end() {
            let code = self.cursor.uleb()?;
            if code == 0 {
                depth -= 1;
                continue;
            }
            let plan = self.abbrevs.require(code, &self.cursor)?;
            attrs::skip(&mut self.cursor, self.abbrevs, plan)?;
            depth = depth.saturating_add(plan.has_children.into());
        }
        Ok(())
    }

    /// Reads the attributes of the current DIE.
    #[inline]
    pub(super) fn read(&mut self, plan: &Plan) -> Result<()> {
        self.attrs.read(&mut self.cursor, self.abbrevs, plan)
    }

    /// Skips the attributes of the current DIE.
    #[inline]
    pub(super) fn skip(&mut self, plan: &Plan) -> Result<()> {
        attrs::skip(&mut self.cursor, self.abbrevs, plan)
    }
}
