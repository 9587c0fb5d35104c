//! The pass over a unit's entries: finds its types.
//!
//! Every entry is read once, in order. Types become [nodes](super::nodes), what belongs to them becomes their
//! parts, and everything else is gone over. Function bodies are not jumped over: types can be declared in
//! them; inlined bodies are, since their types are in the function they came from.

use std::cell::Cell;

use crate::dwarf::base::POINTER_OF_OTHER_WIDTH;
use crate::dwarf::names::{Files, NameRef, NameSection};
use crate::dwarf::read::{
    Abbrevs, Attrs, Class, Cursor, Entry, Fast, FastEntry, Header, Plan, Slot, attrs, index,
};
use crate::dwarf::unit::memory::{Import, Memory};
use crate::dwarf::unit::nodes::{Node, Nodes, Part, Ref, Shape};
use crate::dwarf::unit::program::{Code, Later, UnitCode};
use crate::error::{Error, Place, Result};
use crate::target::Endian;

/// A unit to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitView<'a> {
    pub header: Header,
    /// The unit's bytes, the header's included.
    pub bytes: &'a [u8],
    pub endian: Endian,
    /// The number of its file.
    pub file: u32,
    /// The number of the alternate file.
    pub alt: u32,
    /// Which section it stands in.
    pub section: NameSection,
    /// Whether it is a split unit.
    pub is_split: bool,
    /// Its language, if it doesn't say one; 0 where that isn't known either.
    pub language: u64,
    /// What is added to the places of entries, where several units are taken for one.
    pub base: u32,
    /// The file's names by number, from where the unit's (or package's) part starts.
    pub str_offsets: &'a [u8],
    /// The file's addresses by number.
    pub addr: &'a [u8],
}

/// What to look for.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Wants {
    pub functions: bool,
    pub variables: bool,
    /// Whether to note where the code of functions is.
    pub codes: bool,
    /// How deep entries may be nested.
    pub depth: u32,
    /// How many types and parts there may be.
    pub entries: u32,
    /// How many bytes names may have that are made from others.
    pub made: u32,
}

/// What is inside an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Other entries.
    Scope,
    /// Members.
    Composite,
    Enumerators,
    Dimensions,
    Parameters,
    /// Members of the composite type around: those of one variant of an enumeration of Rust.
    Variant,
    /// What belongs to the part that was added last: a tag.
    Part,
}

/// The number of no node.
pub(super) const NO_NODE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) role: Role,
    /// The node that the parts inside belong to.
    pub(super) owner: u32,
    /// Where its parts start: among the settled ones, or among those set aside.
    pub(super) start: usize,
    /// Whether its parts are set aside, because there are other types among them.
    pub(super) aside: bool,
    /// Whether its parts are the variants of an enumeration of Rust.
    pub(super) is_variants: bool,
    /// The qualified name of what is around, with NUL; none at the top.
    pub(super) scope: NameRef,
    /// The nameless stand-in around, whose name comes before the scope's once it is known; else [`NO_NODE`].
    pub(super) stub: u32,
    pub(super) local: bool,
}

impl Frame {
    /// Whether parts inside belong to a node of the frame's own.
    const fn has_parts(&self) -> bool {
        !matches!(self.role, Role::Scope | Role::Variant | Role::Part)
    }
}

/// Finds the types of a unit.
///
/// # Errors
/// `Malformed` where the entries are no entries; `Limit` where they are nested deeper than allowed.
pub(crate) fn collect(
    unit: &UnitView<'_>,
    abbrevs: &Abbrevs,
    files: &Files<'_>,
    wants: Wants,
    memory: &mut Memory,
    nodes: &mut Nodes,
) -> Result<()> {
    memory.frames.clear();
    memory.pending.clear();
    let mut cursor = Cursor::new(unit.bytes, unit.endian, unit.header.offset);
    cursor.seek(unit.header.entries as usize);
    let mut pass = Pass {
        unit,
        abbrevs,
        files,
        wants,
        cursor,
        attrs: &mut memory.attrs,
        frames: &mut memory.frames,
        pending: &mut memory.pending,
        later: &mut memory.later,
        imports: &mut memory.imports,
        languages: &mut memory.languages,
        codes: &mut memory.codes,
        unit_code: &mut memory.unit_code,
        nodes,
        str_offsets_base: 0,
        addr_base: 0,
        qualify: false,
        nests: false,
        named_typedefs: false,
        lower_bound: 0,
        role: Role::Scope,
        aside: false,
        direct: false,
        str_len: files.str_len(unit.file),
        unreadable: Cell::new(None),
        variant: None,
        tags: Vec::new(),
        variants: Vec::new(),
    };
    pass.run().map_err(|error| {
        if error.places().is_empty() {
            error.within(Place::Die(pass.cursor.offset()))
        } else {
            error
        }
    })
}

pub(super) struct Pass<'a, 'p> {
    pub(super) unit: &'p UnitView<'a>,
    pub(super) abbrevs: &'p Abbrevs,
    pub(super) files: &'p Files<'a>,
    pub(super) wants: Wants,
    pub(super) cursor: Cursor<'a>,
    pub(super) attrs: &'p mut Attrs,
    pub(super) frames: &'p mut Vec<Frame>,
    pub(super) pending: &'p mut Vec<Part>,
    pub(super) later: &'p mut Vec<Later>,
    pub(super) imports: &'p mut Vec<Import>,
    pub(super) languages: &'p mut Vec<(u32, u64)>,
    pub(super) codes: &'p mut Vec<Code>,
    pub(super) unit_code: &'p mut UnitCode,
    pub(super) nodes: &'p mut Nodes,
    pub(super) str_offsets_base: u64,
    pub(super) addr_base: u64,
    /// Whether names get the names of what is around them.
    pub(super) qualify: bool,
    /// Whether types may be declared inside of others.
    pub(super) nests: bool,
    /// Whether typedefs can be parts of cycles.
    pub(super) named_typedefs: bool,
    /// Where arrays start that don't say it.
    pub(super) lower_bound: u64,
    /// The innermost frame's.
    pub(super) role: Role,
    pub(super) aside: bool,
    /// Whether an open node's parts are not set aside.
    pub(super) direct: bool,
    /// The bytes of the file's `.debug_str`.
    pub(super) str_len: u64,
    /// A name that can't be read: where its entry is, and the offset of the name.
    pub(super) unreadable: Cell<Option<(u64, u64)>>,
    /// The value of the tag for the variant of Rust that is being read.
    pub(super) variant: Option<(Class, u64)>,
    /// The nodes of tags, and the nodes of the unions of variants that they belong to.
    pub(super) tags: Vec<(u32, u32)>,
    /// The variants found so far, with the nodes of their unions.
    pub(super) variants: Vec<(u32, Part)>,
}

/// What the types that come in the usual shape are, and what is inside of them.
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

/// Makes a pointer that BTF can't say a number, which it is.
#[cold]
pub(super) fn no_pointer(node: &mut Node) {
    node.shape = Shape::Base;
    node.aux = POINTER_OF_OTHER_WIDTH;
    node.ty = Ref::VOID;
}

const OUTSIDE: Frame = Frame {
    role: Role::Scope,
    owner: u32::MAX,
    start: 0,
    aside: false,
    is_variants: false,
    scope: NameRef::NONE,
    stub: NO_NODE,
    local: false,
};

impl Pass<'_, '_> {
    fn run(&mut self) -> Result<()> {
        while !self.cursor.is_at_end() {
            if self.step()? {
                break;
            }
        }
        // A unit that ends without the NULs of its open entries.
        while !self.close() {}
        match self.unreadable.get() {
            None => Ok(()),
            Some((die, name)) => Err(Error::malformed(format!(
                "the name of an entry is at byte {name:#x} of a string section that ends before the name does"
            ))
            .within(Place::Die(die))),
        }
    }

    /// Takes the next entry, or the end of those inside of one; answers whether that was the last end.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Result<bool> {
        let die = self.cursor.position();
        let code = self.cursor.uleb()?;
        if code == 0 {
            return Ok(self.close());
        }
        let abbrevs = self.abbrevs;
        let Some(plan) = abbrevs.get(code) else {
            return Err(self
                .cursor
                .malformed(format!("no abbreviation has the code {code}")));
        };
        self.take(plan, die)?;
        if self.nodes.parts.len() + self.nodes.nodes.len() > self.wants.entries as usize {
            return Err(Error::limit(
                "there are more types and members at once than Limits::entries",
            )
            .within(Place::Die(self.cursor.offset())));
        }
        if self.nodes.made.len() > self.wants.made as usize {
            return Err(
                Error::limit("qualified names have more bytes than Limits::string_bytes")
                    .within(Place::Die(self.cursor.offset())),
            );
        }
        Ok(false)
    }

    /// Takes the entry whose abbreviation code was just read.
    #[inline(always)]
    pub(super) fn take(&mut self, plan: &Plan, die: usize) -> Result<()> {
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

    /// Takes an entry of the usual shape; answers whether it was one.
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
        let mut part = Part {
            name: self.name_of(entry.name),
            ty: self.within(entry.ty),
            value: entry.number,
            ..Part::default()
        };
        match plan.entry {
            Entry::Member => {
                if entry.declaration || entry.number >> 56 != 0 {
                    self.cursor.seek(die);
                    self.cursor.uleb()?;
                    return Ok(false);
                }
                part.value *= 8;
                if self.qualify && self.is_tag() {
                    self.tag(part, self.place(die));
                    return Ok(true);
                }
                if self.role == Role::Variant {
                    self.variant_member(part);
                }
            }
            Entry::Enumerator if entry.signed && entry.number.cast_signed() < 0 => self.negative(),
            Entry::Subrange => {
                part.ty = Ref::VOID;
                part.name = NameRef::NONE;
                if entry.slot == Some(Slot::UpperBound) {
                    part.value = entry.number.wrapping_sub(self.lower_bound).wrapping_add(1);
                }
            }
            _ => {}
        }
        self.part(part);
        Ok(true)
    }

    /// The place of an entry.
    #[inline]
    pub(super) fn place(&self, die: usize) -> u32 {
        u32::try_from(die).map_or(u32::MAX, |die| self.unit.base.saturating_add(die))
    }

    /// A reference within the unit.
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
        let mut node = Node {
            die: self.place(die),
            shape,
            declaration: entry.declaration,
            name: self.name_of(entry.name),
            size,
            ty: self.within(entry.ty),
            aux: 0,
            first: 0,
            count: 0,
        };
        if shape == Shape::Pointer && self.is_other_width(size) {
            no_pointer(&mut node);
        }
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
            scope: NameRef::NONE,
            stub: NO_NODE,
            local: false,
        })
    }

    /// Whether a pointer of this size, if it has one, is not as wide as the program's.
    #[inline]
    pub(super) fn is_other_width(&self, size: u64) -> bool {
        size != 0 && size != u64::from(self.unit.header.encoding.address_size)
    }

    /// Adds a part to the innermost open node.
    #[inline]
    pub(super) fn part(&mut self, part: Part) {
        if self.aside {
            self.pending.push(part);
        } else {
            self.nodes.parts.push(part);
        }
    }

    #[cold]
    pub(super) fn negative(&mut self) {
        let owner = self.top().owner;
        if let Some(node) = self.nodes.nodes.get_mut(owner as usize) {
            node.aux = 1;
        }
    }

    pub(super) fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(OUTSIDE)
    }

    fn open(&mut self, frame: Frame) -> Result<()> {
        if self.frames.len() >= self.wants.depth as usize {
            return Err(Error::limit("entries are nested deeper than Limits::depth")
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

    /// Ends the innermost open entry; answers whether it was the last.
    pub(super) fn close(&mut self) -> bool {
        if let Some(frame) = self.frames.pop() {
            self.settle(frame);
        }
        self.role = self.top().role;
        self.aside = self.innermost().aside;
        self.frames.is_empty()
    }

    /// Gives a node the parts found inside of it.
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
        if let Some(node) = self.nodes.nodes.get_mut(frame.owner as usize) {
            node.first = u32::try_from(first).unwrap_or(u32::MAX);
            node.count = u32::try_from(count).unwrap_or(0);
        }
        if frame.is_variants {
            self.settle_tag(frame.owner);
        }
    }

    /// Sets the parts of the open node aside, since another node comes among them: a node's parts stand
    /// together in the end.
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

    /// How many parts the innermost open node has so far.
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

    /// The frame that parts found now belong to.
    fn innermost(&self) -> Frame {
        let mut frames = self.frames.iter().rev();
        let frame = frames.find(|frame| frame.role != Role::Variant);
        frame.copied().unwrap_or(OUTSIDE)
    }

    /// Goes over everything inside an entry.
    fn skip_children(&mut self) -> Result<()> {
        if self.attrs.get(Slot::Sibling).0 == Class::UnitRef {
            let sibling = index(self.attrs.get(Slot::Sibling).1);
            // One that goes backwards would never end.
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
            let Some(plan) = self.abbrevs.get(code) else {
                return Err(self
                    .cursor
                    .malformed(format!("no abbreviation has the code {code}")));
            };
            attrs::skip(&mut self.cursor, self.abbrevs, plan)?;
            depth = depth.saturating_add(plan.has_children.into());
        }
        Ok(())
    }

    #[inline]
    pub(super) fn read(&mut self, plan: &Plan) -> Result<()> {
        self.attrs.read(&mut self.cursor, self.abbrevs, plan)
    }

    #[inline]
    pub(super) fn skip(&mut self, plan: &Plan) -> Result<()> {
        attrs::skip(&mut self.cursor, self.abbrevs, plan)
    }
}
