//! The pass over a unit's entries: finds its types.
//!
//! Every entry is read once, in order. Types become [nodes](super::nodes), what belongs to them becomes their
//! parts, and everything else is gone over. Function bodies are not jumped over: types can be declared in
//! them; inlined bodies are, since their types are in the function they came from.

use crate::dwarf::names::{Files, NameRef, NameSection};
use crate::dwarf::read::{
    Abbrevs, Attrs, Class, Cursor, Entry, Fast, FastEntry, Header, Plan, Slot, attrs, index,
};
use crate::dwarf::unit::member;
use crate::dwarf::unit::nodes::{Link, Node, Nodes, Note, Part, Ref, Shape};
use crate::dwarf::{language, report::Reason};
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
    /// The file's names by number, from where the unit's (or package's) part starts.
    pub str_offsets: &'a [u8],
}

/// What to look for.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Wants {
    pub functions: bool,
    pub variables: bool,
    /// How deep entries may be nested.
    pub depth: u32,
}

/// What is inside an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// Other entries.
    Scope,
    /// Members.
    Composite,
    Enumerators,
    Dimensions,
    Parameters,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    role: Role,
    /// The node that the parts inside belong to.
    owner: u32,
    /// Where its parts start: among the settled ones, or among those set aside.
    start: usize,
    /// Whether its parts are set aside, because there are other types among them.
    aside: bool,
    /// The qualified name of what is around, with NUL; none at the top.
    scope: NameRef,
    local: bool,
}

/// Memory of the pass, kept from unit to unit.
#[derive(Debug)]
pub(crate) struct Memory {
    attrs: Attrs,
    frames: Vec<Frame>,
    pending: Vec<Part>,
}

impl Memory {
    pub const fn new() -> Self {
        Self {
            attrs: Attrs::new(),
            frames: Vec::new(),
            pending: Vec::new(),
        }
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
    nodes.clear(unit.header.len);
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
        nodes,
        str_offsets_base: 0,
        qualify: false,
        lower_bound: 0,
        role: Role::Scope,
        aside: false,
        direct: false,
    };
    pass.run().map_err(|error| {
        if error.places().is_empty() {
            error.within(Place::Die(pass.cursor.offset()))
        } else {
            error
        }
    })
}

struct Pass<'a, 'p> {
    unit: &'p UnitView<'a>,
    abbrevs: &'p Abbrevs,
    files: &'p Files<'a>,
    wants: Wants,
    cursor: Cursor<'a>,
    attrs: &'p mut Attrs,
    frames: &'p mut Vec<Frame>,
    pending: &'p mut Vec<Part>,
    nodes: &'p mut Nodes,
    str_offsets_base: u64,
    /// Whether names get the names of what is around them.
    qualify: bool,
    /// Where arrays start that don't say it.
    lower_bound: u64,
    /// The innermost frame's.
    role: Role,
    aside: bool,
    /// Whether an open node's parts are not set aside.
    direct: bool,
}

/// What the types that come in the usual shape are, and what is inside of them.
#[inline]
const fn usual_type(entry: Entry) -> Option<(Shape, Role)> {
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

const OUTSIDE: Frame = Frame {
    role: Role::Scope,
    owner: u32::MAX,
    start: 0,
    aside: false,
    scope: NameRef::NONE,
    local: false,
};

impl Pass<'_, '_> {
    fn run(&mut self) -> Result<()> {
        let abbrevs = self.abbrevs;
        while !self.cursor.is_at_end() {
            let die = self.cursor.position();
            let code = self.cursor.uleb()?;
            if code == 0 {
                if self.close() {
                    break;
                }
                continue;
            }
            let Some(plan) = abbrevs.get(code) else {
                return Err(self
                    .cursor
                    .malformed(format!("no abbreviation has the code {code}")));
            };
            if let Some(fast) = &plan.fast
                && self.usual(plan, fast, die)?
            {
                continue;
            }
            let frame = self.entry(plan, u32::try_from(die).unwrap_or(u32::MAX))?;
            if plan.has_children {
                match frame {
                    Some(frame) => self.open(frame)?,
                    None => self.skip_children()?,
                }
            } else if let Some(frame) = frame {
                self.settle(frame);
            }
        }
        // A unit that ends without the NULs of its open entries.
        while !self.close() {}
        Ok(())
    }

    /// Takes an entry of the usual shape; answers whether it was one.
    #[inline]
    fn usual(&mut self, plan: &Plan, fast: &Fast, die: usize) -> Result<bool> {
        let is_part = match (plan.entry, self.role) {
            (Entry::Member, Role::Composite)
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
            ty: entry.ty.map_or(Ref::VOID, Ref::unit),
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
            }
            Entry::Enumerator if entry.signed && entry.number.cast_signed() < 0 => self.negative(),
            Entry::Subrange => {
                part.ty = Ref::VOID;
                if entry.slot == Some(Slot::UpperBound) {
                    part.value = entry.number.wrapping_sub(self.lower_bound).wrapping_add(1);
                }
            }
            _ => {}
        }
        self.part(part);
        Ok(true)
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
        let owner = self.nodes.push(Node {
            die: u32::try_from(die).unwrap_or(u32::MAX),
            shape,
            declaration: entry.declaration,
            name: self.name_of(entry.name),
            size,
            ty: entry.ty.map_or(Ref::VOID, Ref::unit),
            aux: 0,
            first: 0,
            count: 0,
        });
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
            scope: NameRef::NONE,
            local: false,
        })
    }

    /// Adds a part to the innermost open node.
    #[inline]
    fn part(&mut self, part: Part) {
        if self.aside {
            self.pending.push(part);
        } else {
            self.nodes.parts.push(part);
        }
    }

    #[cold]
    fn negative(&mut self) {
        let owner = self.top().owner;
        if let Some(node) = self.nodes.nodes.get_mut(owner as usize) {
            node.aux = 1;
        }
    }

    fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(OUTSIDE)
    }

    fn open(&mut self, frame: Frame) -> Result<()> {
        if self.frames.len() >= self.wants.depth as usize {
            return Err(Error::limit("entries are nested deeper than Limits::depth")
                .within(Place::Die(self.cursor.offset())));
        }
        self.role = frame.role;
        self.aside = frame.aside;
        self.direct |= frame.role != Role::Scope && !frame.aside;
        self.frames.push(frame);
        Ok(())
    }

    /// Ends the innermost open entry; answers whether it was the last.
    fn close(&mut self) -> bool {
        if let Some(frame) = self.frames.pop() {
            self.settle(frame);
        }
        let top = self.top();
        self.role = top.role;
        self.aside = top.aside;
        self.frames.is_empty()
    }

    /// Gives a node the parts found inside of it.
    fn settle(&mut self, frame: Frame) {
        if frame.role == Role::Scope {
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
    }

    /// Sets the parts of the open node aside, since another node comes among them: a node's parts stand
    /// together in the end.
    fn set_aside(&mut self) {
        let open = self.frames.iter_mut().rev();
        let open = open.into_iter().find(|frame| frame.role != Role::Scope);
        if let Some(frame) = open.filter(|frame| !frame.aside) {
            let start = self.pending.len();
            self.pending.extend(self.nodes.parts.drain(frame.start..));
            frame.start = start;
            frame.aside = true;
        }
        self.direct = false;
        self.aside = self.top().aside;
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
    fn read(&mut self, plan: &Plan) -> Result<()> {
        self.attrs.read(&mut self.cursor, self.abbrevs, plan)
    }

    #[inline]
    fn skip(&mut self, plan: &Plan) -> Result<()> {
        attrs::skip(&mut self.cursor, self.abbrevs, plan)
    }

    /// Takes one entry; answers what is inside, or `None` where that is of no interest.
    fn entry(&mut self, plan: &Plan, die: u32) -> Result<Option<Frame>> {
        let around = self.top();
        let scope = Frame {
            role: Role::Scope,
            ..around
        };
        match plan.entry {
            Entry::Member if around.role == Role::Composite => {
                self.read(plan)?;
                self.member();
                return Ok(Some(scope));
            }
            Entry::Enumerator if around.role == Role::Enumerators => {
                self.read(plan)?;
                self.enumerator();
                return Ok(Some(scope));
            }
            Entry::Parameter | Entry::Varargs if around.role == Role::Parameters => {
                self.read(plan)?;
                let part = Part {
                    name: self.name(),
                    ty: self.ty(Slot::Type),
                    note: if plan.entry == Entry::Varargs {
                        Note::Varargs
                    } else {
                        Note::None
                    },
                    ..Part::default()
                };
                self.part(part);
                return Ok(Some(scope));
            }
            Entry::Subrange if around.role == Role::Dimensions => {
                self.read(plan)?;
                self.dimension();
                return Ok(Some(scope));
            }
            Entry::Nothing => {
                if plan.has_children {
                    self.read(plan)?;
                } else {
                    self.skip(plan)?;
                }
                return Ok(None);
            }
            Entry::Scope
            | Entry::Member
            | Entry::Enumerator
            | Entry::Parameter
            | Entry::Varargs
            | Entry::ImportedUnit
            | Entry::Inheritance
            | Entry::VariantPart
            | Entry::Variant
            | Entry::Annotation => {
                self.skip(plan)?;
                return Ok(Some(scope));
            }
            Entry::Unit => {
                self.read(plan)?;
                self.unit();
                return Ok(Some(scope));
            }
            Entry::Namespace => {
                self.read(plan)?;
                let name = self.name();
                let scope_name = self.qualified(around.scope, name, b"(anonymous namespace)");
                return Ok(Some(Frame {
                    scope: scope_name,
                    ..scope
                }));
            }
            Entry::Function | Entry::Variable => {
                self.skip(plan)?;
                return Ok(Some(Frame {
                    local: true,
                    ..scope
                }));
            }
            _ => {}
        }
        self.read(plan)?;
        self.type_entry(plan.entry, die, around)
    }

    fn unit(&mut self) {
        let language = self.attrs.number(Slot::Language).unwrap_or(0);
        self.qualify = !language::is_c(language);
        self.lower_bound = language::lower_bound(language);
        self.str_offsets_base = self.attrs.number(Slot::StrOffsetsBase).unwrap_or(0);
        if let (Class::List, base) = self.attrs.get(Slot::StrOffsetsBase) {
            self.str_offsets_base = base;
        }
    }

    fn type_entry(&mut self, entry: Entry, die: u32, around: Frame) -> Result<Option<Frame>> {
        let (shape, role) = match entry {
            Entry::Base => (Shape::Base, Role::Scope),
            Entry::Reference => (Shape::Pointer, Role::Scope),
            Entry::Atomic | Entry::Transparent | Entry::Subrange => (Shape::Alias, Role::Scope),
            other => usual_type(other).unwrap_or((Shape::Void, Role::Scope)),
        };
        let mut node = Node {
            die,
            shape,
            declaration: self.attrs.flag(Slot::Declaration),
            name: self.name(),
            size: self.attrs.number(Slot::ByteSize).unwrap_or(0),
            ty: self.ty(Slot::Type),
            aux: 0,
            first: 0,
            count: 0,
        };
        match entry {
            Entry::Base => {
                node.aux = self.small(Slot::Encoding);
                if node.size == 0 {
                    let bits = self.attrs.number(Slot::BitSize).unwrap_or(0);
                    node.size = bits.div_ceil(8);
                }
            }
            Entry::Atomic => node.aux = Reason::Atomic as u32,
            Entry::UnknownType => node.aux = 1,
            _ => {}
        }
        let mut scope = around.scope;
        if self.qualify && !node.name.is_none() && node.shape != Shape::Base {
            if !around.scope.is_none() {
                node.name = self.qualified(around.scope, node.name, b"");
            }
            scope = node.name;
        }
        let owner = self.nodes.push(node);
        if role != Role::Scope && self.direct {
            self.set_aside();
        }
        Ok(Some(Frame {
            role,
            owner,
            start: self.nodes.parts.len(),
            aside: false,
            scope,
            local: around.local,
        }))
    }

    fn small(&self, slot: Slot) -> u32 {
        u32::try_from(self.attrs.number(slot).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    #[inline]
    fn member(&mut self) {
        if let Some(mut part) = member::part(self.attrs, self.unit.bytes, self.unit.endian) {
            part.name = self.name();
            part.ty = self.ty(Slot::Type);
            self.nodes.old_bitfields |= part.note == Note::NeedsStorage;
            self.part(part);
        }
    }

    fn enumerator(&mut self) {
        let (class, value) = self.attrs.get(Slot::ConstValue);
        let value = match class {
            Class::Unsigned | Class::Signed => value,
            _ => 0,
        };
        if class == Class::Signed && value.cast_signed() < 0 {
            self.negative();
        }
        let part = Part {
            name: self.name(),
            value,
            ..Part::default()
        };
        self.part(part);
    }

    fn dimension(&mut self) {
        let count = match self.attrs.get(Slot::Count) {
            (Class::Absent, _) => match self.attrs.get(Slot::UpperBound) {
                (Class::Absent, _) => Some(0),
                (Class::Unsigned | Class::Signed, upper) => {
                    let lower = self
                        .attrs
                        .number(Slot::LowerBound)
                        .unwrap_or(self.lower_bound);
                    // An upper bound of −1 says that there is no element.
                    Some(upper.wrapping_sub(lower).wrapping_add(1))
                }
                _ => None,
            },
            (Class::Unsigned | Class::Signed, count) => Some(count),
            _ => None,
        };
        self.part(Part {
            value: count.unwrap_or(0),
            note: if count.is_none() {
                Note::Unbounded
            } else {
                Note::None
            },
            ..Part::default()
        });
    }

    /// The entry's name.
    fn name(&self) -> NameRef {
        self.name_of(self.attrs.get(Slot::Name))
    }

    #[inline]
    fn name_of(&self, name: (Class, u64)) -> NameRef {
        let unit = self.unit;
        match name {
            (Class::Str, offset) => NameRef::new(unit.file, NameSection::Str, offset),
            (Class::String, start) => {
                NameRef::new(unit.file, unit.section, unit.header.offset + start)
            }
            (Class::Strx, number) => self.numbered_name(number),
            (Class::LineStr, offset) => NameRef::new(unit.file, NameSection::LineStr, offset),
            (Class::AltStr, offset) => NameRef::new(unit.alt, NameSection::Str, offset),
            _ => NameRef::NONE,
        }
    }

    fn numbered_name(&self, number: u64) -> NameRef {
        let wide = self.unit.header.encoding.wide;
        let place = number
            .checked_mul(if wide { 8 } else { 4 })
            .and_then(|place| place.checked_add(self.str_offsets_base));
        let mut cursor = Cursor::new(self.unit.str_offsets, self.unit.endian, 0);
        cursor.seek(index(place.unwrap_or(u64::MAX)));
        match cursor.section_offset(wide) {
            Ok(offset) => NameRef::new(self.unit.file, NameSection::Str, offset),
            Err(_) => NameRef::NONE,
        }
    }

    /// `scope::name` as a name of its own.
    fn qualified(&mut self, scope: NameRef, name: NameRef, nameless: &[u8]) -> NameRef {
        if !self.qualify {
            return NameRef::NONE;
        }
        let start = self.nodes.made.len();
        let mut whole = Vec::new();
        if !scope.is_none() {
            whole.extend_from_slice(self.files.bytes(scope, &self.nodes.made));
            whole.extend_from_slice(b"::");
        }
        if name.is_none() {
            whole.extend_from_slice(nameless);
        } else {
            whole.extend_from_slice(self.files.bytes(name, &self.nodes.made));
        }
        whole.push(0);
        self.nodes.made.extend_from_slice(&whole);
        NameRef::new(0, NameSection::Made, start as u64)
    }

    /// The type an attribute refers to.
    #[inline]
    fn ty(&mut self, slot: Slot) -> Ref {
        match self.attrs.get(slot) {
            (Class::UnitRef, offset) => match u32::try_from(offset) {
                Ok(offset) => Ref::unit(offset),
                Err(_) => Ref::unit(u32::MAX),
            },
            (Class::Absent, _) => Ref::VOID,
            (class, value) => self.outside(class, value),
        }
    }

    #[cold]
    fn outside(&mut self, class: Class, value: u64) -> Ref {
        let header = self.unit.header;
        let link = match class {
            Class::InfoRef => {
                // Often enough it is within the unit after all.
                let inside = value.checked_sub(header.offset);
                if let Some(Ok(inside)) = inside.map(u32::try_from)
                    && inside < header.len
                    && self.unit.section == NameSection::Info
                {
                    return Ref::unit(inside);
                }
                Link::Info(value)
            }
            Class::Signature => Link::Signature(value),
            Class::AltRef => Link::Alt(value),
            _ => return Ref::VOID,
        };
        let number = u32::try_from(self.nodes.links.len()).unwrap_or(u32::MAX);
        self.nodes.links.push(link);
        Ref::link(number)
    }
}
