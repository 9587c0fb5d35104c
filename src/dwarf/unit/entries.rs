//! What each kind of entry means to the pass.

use gimli::constants as dw;

use crate::dwarf::base::{BIASED, CHARACTERS, OPAQUE, OTHER_ENDIAN};
use crate::dwarf::language;
use crate::dwarf::names::{NameRef, NameSection};
use crate::dwarf::read::{Class, Cursor, Entry, Plan, Slot, index};
use crate::dwarf::unit::collect::{Frame, NO_NODE, Pass, Role, no_pointer, usual_type};
use crate::dwarf::unit::member;
use crate::dwarf::unit::memory::Import;
use crate::dwarf::unit::nodes::{ELSEWHERE, Link, Node, Note, Part, Ref, Shape};
use crate::dwarf::unit::program::Later;
use crate::error::Result;
use crate::target::Endian;

impl Pass<'_, '_> {
    /// Takes one entry; answers what is inside, or `None` where that is of no interest.
    pub(super) fn entry(&mut self, plan: &Plan, die: u32) -> Result<Option<Frame>> {
        let around = self.top();
        let scope = Frame {
            role: Role::Scope,
            ..around
        };
        match plan.entry {
            Entry::Member if matches!(around.role, Role::Composite | Role::Variant) => {
                self.read(plan)?;
                self.member(die);
                return Ok(Some(Frame {
                    role: Role::Part,
                    ..around
                }));
            }
            Entry::Inheritance if around.role == Role::Composite => {
                self.read(plan)?;
                self.base();
                return Ok(Some(scope));
            }
            Entry::VariantPart if around.role == Role::Composite => {
                self.skip(plan)?;
                return Ok(Some(self.variant_part(die, around)));
            }
            Entry::Variant if around.role == Role::Composite => {
                self.read(plan)?;
                self.variant = match self.attrs.get(Slot::DiscrValue) {
                    value @ (Class::Unsigned | Class::Signed, _) => Some(value),
                    _ => None,
                };
                return Ok(Some(Frame {
                    role: Role::Variant,
                    ..around
                }));
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
                return Ok(Some(Frame {
                    role: Role::Part,
                    ..around
                }));
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
            | Entry::Inheritance
            | Entry::VariantPart
            | Entry::Variant => {
                self.skip(plan)?;
                return Ok(Some(scope));
            }
            Entry::Annotation => {
                self.tag_entry(plan, die, around)?;
                return Ok(Some(scope));
            }
            Entry::ImportedUnit => {
                self.read(plan)?;
                let (class, offset) = self.attrs.get(Slot::Import);
                self.imports.push(Import {
                    file: self.unit.file,
                    by: self.unit.base,
                    class,
                    offset,
                });
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
            Entry::Function => return Ok(Some(self.function(plan, die, around)?)),
            Entry::Variable => {
                let owner = self.variable(plan, die, around)?;
                return Ok(Some(Frame { owner, ..scope }));
            }
            _ => {}
        }
        self.read(plan)?;
        self.type_entry(plan.entry, die, around)
    }

    pub(super) fn unit(&mut self) {
        let said = self.attrs.number(Slot::Language);
        self.languages.push((self.unit.base, said.unwrap_or(0)));
        let language = said.unwrap_or(self.unit.language);
        self.qualify = !language::is_c(language);
        // What doesn't say its language may be a part of any, made by dwz.
        self.nests = self.qualify || language == 0;
        self.named_typedefs = language::is_go(language);
        self.lower_bound = language::lower_bound(language);
        // A split unit's numbers count from behind the header of its table (DWARF 5, section 7.26).
        let behind_header = match self.unit.header.encoding {
            encoding if !self.unit.is_split || encoding.version < 5 => 0,
            encoding if encoding.wide => 16,
            _ => 8,
        };
        let base = self.attrs.number(Slot::StrOffsetsBase);
        self.str_offsets_base = base.unwrap_or(behind_header);
        if let (Class::List, base) = self.attrs.get(Slot::StrOffsetsBase) {
            self.str_offsets_base = base;
        }
        if let (Class::List, base) = self.attrs.get(Slot::AddrBase) {
            self.addr_base = base;
        }
        self.unit_code.addr_base = self.addr_base;
        self.unit_code.low = self.code_address().unwrap_or(0);
        if let (Class::List, base) = self.attrs.get(Slot::RnglistsBase) {
            self.unit_code.rnglists_base = base;
        }
    }

    fn type_entry(&mut self, entry: Entry, die: u32, around: Frame) -> Result<Option<Frame>> {
        let (shape, role) = match entry {
            Entry::Base => (Shape::Base, Role::Scope),
            Entry::Reference => (Shape::Pointer, Role::Scope),
            Entry::MemberPointer => (Shape::MemberPointer, Role::Scope),
            Entry::Unspecified if self.is_null_pointer() => (Shape::Pointer, Role::Scope),
            Entry::Typedef if self.named_typedefs && self.attrs.has(Slot::Name) => {
                (Shape::Defined, Role::Scope)
            }
            Entry::Subrange if self.attrs.number(Slot::ByteSize).unwrap_or(0) > 0 => {
                (Shape::Subrange, Role::Scope)
            }
            Entry::Atomic | Entry::Transparent | Entry::Subrange => (Shape::Alias, Role::Scope),
            Entry::UnknownType | Entry::FixedString => (self.unknown_type(), Role::Scope),
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
                let other = match self.unit.endian {
                    Endian::Little => dw::DW_END_big,
                    Endian::Big => dw::DW_END_little,
                };
                if self.attrs.number(Slot::Endianity) == Some(other.0.into()) {
                    node.aux |= OTHER_ENDIAN;
                }
                if self.attrs.has(Slot::Bias) {
                    node.aux |= BIASED;
                }
            }
            Entry::Pointer | Entry::Reference if self.is_other_width(node.size) => {
                no_pointer(&mut node);
            }
            Entry::Atomic => node.aux = 1,
            Entry::Array => node.aux = self.stride(),
            Entry::Subrange if node.shape == Shape::Subrange => {
                node.aux = self.attrs.has(Slot::Bias).into();
            }
            Entry::FixedString if node.shape == Shape::Base => node.aux = CHARACTERS,
            Entry::UnknownType if node.shape == Shape::Base => node.aux = OPAQUE,
            Entry::UnknownType | Entry::FixedString if node.shape == Shape::Array => {
                node.aux = ELSEWHERE;
            }
            Entry::UnknownType | Entry::FixedString if node.shape == Shape::Void => node.aux = 1,
            _ => {}
        }
        if self.attrs.has(Slot::Signature) {
            // The whole type is in a unit of its own.
            node.shape = Shape::Alias;
            node.aux = 0;
            node.ty = self.ty(Slot::Signature);
        }
        let by = self.attrs.has(Slot::Specification);
        let by = by.then(|| self.ty(Slot::Specification));
        let (scope, stub) = self.qualify_node(&mut node, by, around);
        let owner = self.nodes.push(node);
        if let Some(by) = by {
            self.later.push(Later::Declared { node: owner, by });
        }
        self.inside(&node, owner, around);
        let stub = if stub { owner } else { around.stub };
        if role != Role::Scope && self.direct {
            self.set_aside();
        }
        Ok(Some(Frame {
            role,
            owner,
            start: self.nodes.parts.len(),
            aside: false,
            is_variants: false,
            scope,
            stub,
            local: around.local,
        }))
    }

    /// What a type of a tag without a meaning here becomes, so that nothing behind it moves: bytes of its size; what
    /// it refers to, where it changes that; nothing, where not even that is given.
    fn unknown_type(&self) -> Shape {
        if self.attrs.has(Slot::DataLocation) {
            Shape::Array
        } else if self.attrs.number(Slot::ByteSize).unwrap_or(0) > 0 {
            Shape::Base
        } else if self.attrs.has(Slot::Type) {
            Shape::Alias
        } else {
            Shape::Void
        }
    }

    /// The distance of two elements of an array in bits, where the entry gives it; 0 where they stand end to end.
    fn stride(&self) -> u32 {
        if self.attrs.has(Slot::DataLocation) {
            return ELSEWHERE;
        }
        let bits = match self.attrs.number(Slot::BitStride) {
            Some(bits) => bits,
            None => self
                .attrs
                .number(Slot::ByteStride)
                .unwrap_or(0)
                .saturating_mul(8),
        };
        u32::try_from(bits).map_or(ELSEWHERE - 1, |bits| bits.min(ELSEWHERE - 1))
    }

    /// Gives a node its qualified name; answers the scope of what is inside, and whether the node itself is to be
    /// named before that.
    #[inline]
    fn qualify_node(&mut self, node: &mut Node, by: Option<Ref>, around: Frame) -> (NameRef, bool) {
        if !self.qualify || node.shape == Shape::Base {
            return (around.scope, false);
        }
        // gcc puts the definition in a type unit beside the namespace that has the declaration.
        let declared = by.and_then(|by| self.nodes.get(self.nodes.follow(by)?));
        if let Some(declared) = declared.filter(|declared| !declared.name.is_none()) {
            node.name = declared.name;
            return (node.name, false);
        }
        if node.name.is_none() {
            // clang puts it into a declaration without a name, which the signature says.
            let is_stub = node.shape == Shape::Alias && self.attrs.has(Slot::Signature);
            let scope = if is_stub { NameRef::NONE } else { around.scope };
            return (scope, is_stub);
        }
        if !around.scope.is_none() {
            node.name = self.qualified(around.scope, node.name, b"");
        }
        (node.name, false)
    }

    /// Notes that a node's name lacks that of a nameless stand-in around it.
    #[inline]
    pub(super) fn inside(&mut self, node: &Node, number: u32, around: Frame) {
        if around.stub != NO_NODE && !node.name.is_none() && node.shape != Shape::Base {
            self.later.push(Later::Inside {
                node: number,
                stub: around.stub,
            });
        }
    }

    /// Whether the entry is the type of `nullptr`, which is a pointer to nothing.
    fn is_null_pointer(&self) -> bool {
        let name = self.files.bytes(self.name(), &self.nodes.made);
        matches!(name, b"decltype(nullptr)" | b"typeof (nullptr)")
    }

    fn small(&self, slot: Slot) -> u32 {
        u32::try_from(self.attrs.number(slot).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    #[inline]
    fn member(&mut self, die: u32) {
        if let Some(mut part) = member::part(self.attrs, self.unit.bytes, self.unit.endian) {
            part.name = self.name();
            part.ty = self.ty(Slot::Type);
            self.nodes.old_bitfields |= part.note == Note::NeedsStorage;
            if self.is_tag() {
                self.tag(part, die);
            } else {
                if self.role == Role::Variant {
                    self.variant_member(part);
                }
                self.part(part);
            }
        }
    }

    /// A base class of C++: a member without a name, so that its members are found in the derived class.
    fn base(&mut self) {
        let Some(mut part) = member::part(self.attrs, self.unit.bytes, self.unit.endian) else {
            return;
        };
        if self.attrs.number(Slot::Virtuality).unwrap_or(0) != 0 {
            part.note = Note::Virtual;
        }
        part.ty = self.ty(Slot::Type);
        self.part(part);
    }

    /// The variants of an enumeration of Rust: a union without a name, of one member for each.
    fn variant_part(&mut self, die: u32, around: Frame) -> Frame {
        self.part(Part {
            ty: Ref::unit(die),
            ..Part::default()
        });
        if self.direct {
            self.set_aside();
        }
        let size = self.nodes.get(around.owner).map_or(0, |node| node.size);
        let owner = self.nodes.push(Node {
            die,
            shape: Shape::Union,
            declaration: false,
            name: NameRef::NONE,
            size,
            ty: Ref::VOID,
            aux: 0,
            first: 0,
            count: 0,
        });
        Frame {
            role: Role::Composite,
            owner,
            start: self.nodes.parts.len(),
            aside: false,
            is_variants: true,
            ..around
        }
    }

    /// Whether a member found now is the tag of variants: it stands beside them, not in one.
    pub(super) fn is_tag(&self) -> bool {
        let top = self.top();
        // One a union: a second member beside the variants is no tag.
        self.role == Role::Composite
            && top.is_variants
            && !self.tags.iter().any(|(_, union)| *union == top.owner)
    }

    /// Adds the tag of variants: a member of the enumeration itself, which is set aside.
    pub(super) fn tag(&mut self, mut part: Part, die: u32) {
        part.ty = self.tag_type(part.ty, die);
        if part.name.is_none() {
            let start = self.nodes.made.len() as u64;
            self.nodes.made.extend_from_slice(b"__tag\0");
            part.name = NameRef::new(0, NameSection::Made, start);
        }
        // The tag belongs to the node around the union: before the union's parts, where those are set aside, too.
        match self.frames.last_mut() {
            Some(union) if union.aside => {
                self.pending
                    .insert(union.start.min(self.pending.len()), part);
                union.start += 1;
            }
            _ => self.pending.push(part),
        }
    }

    /// Adds the type of a tag of variants, an enumeration of their names, which follow.
    fn tag_type(&mut self, ty: Ref, die: u32) -> Ref {
        let top = self.top();
        let start = self.nodes.made.len() as u64;
        self.nodes.made.extend_from_slice(b"__tag\0");
        let name = NameRef::new(0, NameSection::Made, start);
        let name = self.qualified(top.scope, name, b"");
        if self.direct {
            self.set_aside();
        }
        let tag = self.nodes.push(Node {
            die,
            shape: Shape::Tag,
            declaration: false,
            name,
            size: 0,
            ty,
            aux: 0,
            first: 0,
            count: 0,
        });
        self.tags.push((tag, top.owner));
        Ref::unit(die)
    }

    /// Notes the name of a variant, which is that of its member, with the value that the tag has for it.
    #[cold]
    pub(super) fn variant_member(&mut self, member: Part) {
        if let Some((class, value)) = self.variant.take() {
            let owner = self.top().owner;
            let part = Part {
                name: member.name,
                value,
                ..Part::default()
            };
            if class == Class::Signed
                && value.cast_signed() < 0
                && let Some((tag, _)) = self.tags.iter().find(|(_, union)| *union == owner)
                && let Some(tag) = self.nodes.nodes.get_mut(*tag as usize)
            {
                tag.aux = 1;
            }
            self.variants.push((owner, part));
        }
    }

    /// Gives the tag of a union of variants their names and values.
    pub(super) fn settle_tag(&mut self, union: u32) {
        let first = self.nodes.parts.len();
        let from = self.variants.iter().position(|(of, _)| *of == union);
        let variants = self.variants.split_off(from.unwrap_or(self.variants.len()));
        let Some(at) = self.tags.iter().position(|(_, of)| *of == union) else {
            return;
        };
        let (tag, _) = self.tags.swap_remove(at);
        self.nodes
            .parts
            .extend(variants.into_iter().map(|(_, part)| part));
        let count = self.nodes.parts.len() - first;
        if let Some(node) = self.nodes.nodes.get_mut(tag as usize) {
            node.first = u32::try_from(first).unwrap_or(u32::MAX);
            node.count = u32::try_from(count).unwrap_or(0);
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
        // A distance said of a dimension is that of the array, where it has no other dimension.
        let stride = self.stride();
        let owner = self.top().owner;
        if stride != 0
            && stride != ELSEWHERE
            && let Some(array) = self.nodes.nodes.get_mut(owner as usize)
            && array.aux == 0
        {
            array.aux = stride;
        }
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
    pub(super) fn name(&self) -> NameRef {
        self.name_of(self.attrs.get(Slot::Name))
    }

    #[inline]
    pub(super) fn name_of(&self, name: (Class, u64)) -> NameRef {
        let unit = self.unit;
        match name {
            (Class::Str, offset) if offset < self.str_len => {
                NameRef::new(unit.file, NameSection::Str, offset)
            }
            (Class::String, start) => {
                NameRef::new(unit.file, unit.section, unit.header.offset + start)
            }
            (Class::Strx, number) => self.numbered_name(number),
            (Class::LineStr, offset) => self.readable(
                NameRef::new(unit.file, NameSection::LineStr, offset),
                offset,
            ),
            (Class::AltStr, offset) => {
                self.readable(NameRef::new(unit.alt, NameSection::Str, offset), offset)
            }
            (Class::Str, offset) => self.unreadable(offset),
            _ => NameRef::NONE,
        }
    }

    /// Returns a name if its section has the whole of it.
    fn readable(&self, name: NameRef, offset: u64) -> NameRef {
        if memchr::memchr(0, self.files.tail(name, &[])).is_none() {
            return self.unreadable(offset);
        }
        name
    }

    /// Notes that a name can't be read.
    #[cold]
    fn unreadable(&self, offset: u64) -> NameRef {
        if self.unreadable.get().is_none() {
            self.unreadable.set(Some((self.cursor.offset(), offset)));
        }
        NameRef::NONE
    }

    fn numbered_name(&self, number: u64) -> NameRef {
        let wide = self.unit.header.encoding.wide;
        let place = number
            .checked_mul(if wide { 8 } else { 4 })
            .and_then(|place| place.checked_add(self.str_offsets_base));
        let mut cursor = Cursor::new(self.unit.str_offsets, self.unit.endian, 0);
        cursor.seek(index(place.unwrap_or(u64::MAX)));
        match cursor.section_offset(wide) {
            Ok(offset) if offset < self.str_len => {
                NameRef::new(self.unit.file, NameSection::Str, offset)
            }
            Ok(offset) => self.unreadable(offset),
            Err(_) => self.unreadable(number),
        }
    }

    /// `scope::name` as a name of its own.
    pub(super) fn qualified(&mut self, scope: NameRef, name: NameRef, nameless: &[u8]) -> NameRef {
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
    pub(super) fn ty(&mut self, slot: Slot) -> Ref {
        match self.attrs.get(slot) {
            (Class::UnitRef, offset) => match u32::try_from(offset) {
                Ok(offset) => Ref::unit(self.unit.base.saturating_add(offset)),
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
                    return Ref::unit(self.unit.base.saturating_add(inside));
                }
                Link::Info {
                    file: self.unit.file,
                    offset: value,
                }
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
