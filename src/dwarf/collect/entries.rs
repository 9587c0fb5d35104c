//! The meaning of each kind of DIE to the pass.

use gimli::constants as dw;

use crate::dwarf::collect::deferred::Deferred;
use crate::dwarf::collect::member;
use crate::dwarf::collect::nodes::{Link, Node, Ref};
use crate::dwarf::collect::pass::{Pass, pointer_to_integer, usual_type};
use crate::dwarf::collect::scratch::{Frame, Import, NO_NODE, Role};
use crate::dwarf::collect::types::{
    BIASED, CHARACTERS, ELSEWHERE, Note, OPAQUE, OTHER_ENDIAN, Part, REFERENCE, RVALUE_REFERENCE,
    Shape,
};
use crate::dwarf::read::language;
use crate::dwarf::read::name::{NameRef, NameSection};
use crate::dwarf::read::{Class, Cursor, Entry, Plan, Slot, index};
use crate::error::Result;
use crate::target::Endian;

impl Pass<'_, '_> {
    /// Takes one DIE. Returns the frame of its children, or `None` if they are of no interest.
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
                self.variants.value = match self.attrs.get(Slot::DiscrValue) {
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
                let mut part = Part::parameter(self.name(), self.ty(Slot::Type));
                if plan.entry == Entry::Varargs {
                    part.note = Note::Varargs;
                }
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
            Entry::TemplateType
            | Entry::TemplateValue
            | Entry::TemplateTemplate
            | Entry::TemplatePack => return self.template_parameter(plan, around),
            Entry::Other => {
                self.read(plan)?;
                if self.attrs.number(Slot::ByteSize).unwrap_or(0) == 0 {
                    return Ok(Some(scope));
                }
                return self.type_entry(Entry::UnknownType, die, around);
            }
            Entry::Annotation => {
                self.annotation(plan, die, around)?;
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
            Entry::Namespace => return Ok(Some(self.namespace(plan, die, around)?)),
            Entry::ImportedModule => {
                self.imported_module(plan, around)?;
                return Ok(None);
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

    /// Takes the unit's own DIE: its language, and the offsets of its parts of other sections.
    pub(super) fn unit(&mut self) {
        let specified = self.attrs.number(Slot::Language);
        self.languages
            .push((self.unit.base, specified.unwrap_or(0)));
        let language = specified.unwrap_or(self.unit.language);
        self.qualify = !language::is_c(language);
        // A unit that doesn't specify its language may be a part of any other, made by dwz.
        self.nests = self.qualify || language == 0;
        self.templates = language::is_cpp(language);
        self.named_typedefs = language::is_go(language);
        self.lower_bound = language::lower_bound(language);
        self.column_major = language::is_fortran(language);
        self.may_overlap = language::has_overlapping_members(language);
        self.is_rust = language::is_rust(language);
        // A split unit's numbers count from behind the header of its table (DWARF 5, section 7.26).
        let default = match self.unit.is_split {
            true => self.unit.header.encoding.table_header(),
            false => 0,
        };
        let base = self.attrs.number(Slot::StrOffsetsBase);
        self.str_offsets_base = base.unwrap_or(default);
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

    /// Takes a type whose attributes were read.
    fn type_entry(&mut self, entry: Entry, die: u32, around: Frame) -> Result<Option<Frame>> {
        let (shape, role) = self.shape(entry);
        let mut node = Node::new(die, shape);
        node.declaration = self.attrs.flag(Slot::Declaration);
        node.name = self.name();
        if self.templates && matches!(node.shape, Shape::Struct | Shape::Union) {
            node.name = self.without_mangling(node.name);
        }
        node.set_byte_size(self.attrs.number(Slot::ByteSize).unwrap_or(0));
        node.ty = self.ty(Slot::Type);
        self.set_details(entry, &mut node);
        self.size_by_type(&mut node, self.attrs.number(Slot::ByteSize).is_some());
        if self.may_overlap && node.shape == Shape::Struct {
            node.set_overlapping();
        }
        if entry == Entry::MemberPointer {
            node.set_byte_size(self.ty(Slot::ContainingType).bits());
        }
        if self.attrs.has(Slot::Signature) {
            // The definition is in a type unit.
            node.shape = Shape::Alias;
            node.set_degraded(false);
            node.ty = self.ty(Slot::Signature);
        }
        let by = self.attrs.has(Slot::Specification);
        let by = by.then(|| self.ty(Slot::Specification));
        let (scope, stub) = self.qualify_node(&mut node, by, around);
        let owner = self.nodes.push(node);
        if entry == Entry::Base
            && let Some(width) = self.attrs.number(Slot::BitSize)
        {
            let width = u16::try_from(width).unwrap_or(u16::MAX);
            self.nodes.widths.push((owner, width));
        }
        if entry == Entry::Prototype {
            let is_for_rvalues = self.attrs.flag(Slot::ForRvalues);
            if is_for_rvalues || self.attrs.flag(Slot::ForLvalues) {
                self.nodes.for_values.push((owner, is_for_rvalues));
            }
        }
        if let Some(by) = by {
            self.deferred.push(Deferred::Declared { node: owner, by });
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
            is_reversed: role == Role::Dimensions && self.is_column_major(),
            scope,
            stub,
            local: around.local,
        }))
    }

    /// Returns the shape of a type, and the role of its children.
    fn shape(&self, entry: Entry) -> (Shape, Role) {
        match entry {
            Entry::Base => (Shape::Base, Role::Scope),
            Entry::Reference | Entry::RvalueReference => (Shape::Pointer, Role::Scope),
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
        }
    }

    /// Sets the encoding, stride or flag that a type of this kind has.
    fn set_details(&self, entry: Entry, node: &mut Node) {
        match entry {
            Entry::Base => {
                node.set_encoding(self.small(Slot::Encoding));
                if node.byte_size() == 0 {
                    let bits = self.attrs.number(Slot::BitSize).unwrap_or(0);
                    node.set_byte_size(bits.div_ceil(8));
                }
                let other = match self.unit.endian {
                    Endian::Little => dw::DW_END_big,
                    Endian::Big => dw::DW_END_little,
                };
                let mut encoding = node.encoding();
                if self.attrs.number(Slot::Endianity) == Some(other.0.into()) {
                    encoding |= OTHER_ENDIAN;
                }
                if self.attrs.has(Slot::Bias) {
                    encoding |= BIASED;
                }
                node.set_encoding(encoding);
            }
            Entry::Pointer | Entry::Reference | Entry::RvalueReference
                if self.is_other_width(node.byte_size()) =>
            {
                pointer_to_integer(node);
            }
            // The size of a pointer is no part of its content; the names of templates tell references from pointers.
            Entry::Reference => node.set_byte_size(REFERENCE),
            Entry::RvalueReference => node.set_byte_size(RVALUE_REFERENCE),
            Entry::Atomic => node.set_degraded(true),
            Entry::Array => node.set_stride(self.stride()),
            Entry::Subrange if node.shape == Shape::Subrange => {
                node.set_biased(self.attrs.has(Slot::Bias));
            }
            Entry::FixedString if node.shape == Shape::Base => node.set_encoding(CHARACTERS),
            Entry::UnknownType if node.shape == Shape::Base => node.set_encoding(OPAQUE),
            Entry::UnknownType | Entry::FixedString if node.shape == Shape::Array => {
                node.set_stride(ELSEWHERE);
            }
            Entry::UnknownType | Entry::FixedString if node.shape == Shape::Void => {
                node.set_degraded(true);
            }
            _ => {}
        }
    }

    /// Returns the shape of a type of unknown tag. So that no member moves, it becomes bytes of its size; without a
    /// size, the type it refers to; else nothing.
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

    /// Returns whether an array is stored by columns.
    fn is_column_major(&self) -> bool {
        match self.attrs.number(Slot::Ordering) {
            Some(order) => order == u64::from(dw::DW_ORD_col_major.0),
            None => self.column_major,
        }
    }

    /// Returns the distance of two elements of an array in bits; 0 if they are end to end.
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

    /// Gives a node its qualified name. Returns the scope of its children, and whether the children's names must be
    /// prefixed with the name of what the node refers to.
    #[inline]
    fn qualify_node(&mut self, node: &mut Node, by: Option<Ref>, around: Frame) -> (NameRef, bool) {
        if !self.qualify || node.shape == Shape::Base {
            return (around.scope, false);
        }
        // In a type unit gcc puts the definition beside the namespace, which has the declaration.
        let declared = by.and_then(|by| self.nodes.get(self.nodes.follow(by)?));
        if let Some(declared) = declared.filter(|declared| !declared.name.is_none()) {
            node.name = declared.name;
            return (node.name, false);
        }
        if node.name.is_none() {
            // In a type unit clang puts it into an unnamed declaration, whose signature leads to the named one.
            let is_stub = node.shape == Shape::Alias && self.attrs.has(Slot::Signature);
            let scope = if is_stub { NameRef::NONE } else { around.scope };
            return (scope, is_stub);
        }
        if !around.scope.is_none() {
            node.name = self.qualified(around.scope, node.name, b"");
        }
        (node.name, false)
    }

    /// Notes that a node's name must be prefixed with that of an enclosing unnamed declaration.
    #[inline]
    pub(super) fn inside(&mut self, node: &Node, number: u32, around: Frame) {
        if around.stub != NO_NODE && !node.name.is_none() && node.shape != Shape::Base {
            self.deferred.push(Deferred::Inside {
                node: number,
                stub: around.stub,
            });
        }
    }

    /// Returns whether the DIE is the type of `nullptr`, which is a pointer to `void`.
    fn is_null_pointer(&self) -> bool {
        let name = self.files.bytes(self.name(), &self.nodes.composed);
        matches!(name, b"decltype(nullptr)" | b"typeof (nullptr)")
    }

    /// Returns a number cut to 32 bits.
    fn small(&self, slot: Slot) -> u32 {
        u32::try_from(self.attrs.number(slot).unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// Takes a member.
    #[inline]
    fn member(&mut self, die: u32) {
        if let Some(mut part) = member::part(self.attrs, self.unit.bytes, self.unit.endian) {
            part.name = self.name();
            part.ty = self.ty(Slot::Type);
            if self.is_rust && self.attrs.number(Slot::Alignment) == Some(1) {
                part.note = match part.note {
                    Note::None => Note::MayBeItem,
                    note => note,
                };
            }
            self.nodes.incomplete_layouts |= matches!(
                part.note,
                Note::NeedsStorage | Note::NeedsWidth | Note::MayBeItem
            );
            if self.is_discriminant() {
                self.discriminant(part, die);
            } else {
                if self.role == Role::Variant {
                    self.variant_member(part);
                }
                self.part(part);
            }
        }
    }

    /// Takes a C++ base class: an unnamed member, so that its members are found in the derived class.
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

    /// Takes an enumerator.
    fn enumerator(&mut self) {
        let (class, value) = self.attrs.get(Slot::ConstValue);
        let value = match class {
            Class::Unsigned | Class::Signed => value,
            _ => 0,
        };
        if class == Class::Signed && value.cast_signed() < 0 {
            self.negative();
        }
        self.part(Part::enumerator(self.name(), Ref::VOID, value));
    }

    /// Takes a dimension of an array.
    fn dimension(&mut self) {
        let count = match self.attrs.get(Slot::Count) {
            (Class::Absent, _) => match self.attrs.get(Slot::UpperBound) {
                (Class::Absent, _) => Some(0),
                (Class::Unsigned | Class::Signed, upper) => {
                    let lower = self
                        .attrs
                        .number(Slot::LowerBound)
                        .unwrap_or(self.lower_bound);
                    // With an upper bound of −1 there is no element.
                    Some(upper.wrapping_sub(lower).wrapping_add(1))
                }
                _ => None,
            },
            (Class::Unsigned | Class::Signed, count) => Some(count),
            _ => None,
        };
        // A stride of a dimension is that of the array, if the array has no other.
        let stride = self.stride();
        let owner = self.top().owner;
        let mut part = Part::dimension(Ref::VOID, count.unwrap_or(0));
        if stride != 0
            && stride != ELSEWHERE
            && let Some(array) = self.nodes.nodes.get_mut(owner as usize)
            && array.stride() == 0
        {
            array.set_stride(stride);
            part.note = Note::Strided;
        }
        if count.is_none() {
            part.note = Note::Unbounded;
        }
        self.part(part);
    }

    /// Returns the DIE's name.
    pub(super) fn name(&self) -> NameRef {
        self.name_of(self.attrs.get(Slot::Name))
    }

    /// Returns the name that an attribute has.
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
            (Class::LineStr, offset) if offset < self.files.line_str_len(unit.file) => {
                NameRef::new(unit.file, NameSection::LineStr, offset)
            }
            (Class::AltStr, offset) if offset < self.files.str_len(unit.alt) => {
                NameRef::new(unit.alt, NameSection::Str, offset)
            }
            (Class::Str | Class::LineStr | Class::AltStr, offset) => self.unreadable(offset),
            _ => NameRef::NONE,
        }
    }

    /// Notes that a name can't be read.
    #[cold]
    fn unreadable(&self, offset: u64) -> NameRef {
        if self.unreadable.get().is_none() {
            self.unreadable.set(Some((self.cursor.offset(), offset)));
        }
        NameRef::NONE
    }

    /// Returns the name with this number in `.debug_str_offsets`.
    fn numbered_name(&self, number: u64) -> NameRef {
        let encoding = self.unit.header.encoding;
        let place = number
            .checked_mul(encoding.offset_size().into())
            .and_then(|place| place.checked_add(self.str_offsets_base));
        let mut cursor = Cursor::new(self.unit.str_offsets, self.unit.endian, 0);
        cursor.seek(index(place.unwrap_or(u64::MAX)));
        match cursor.section_offset(encoding.wide) {
            Ok(offset) if offset < self.str_len => {
                NameRef::new(self.unit.file, NameSection::Str, offset)
            }
            Ok(offset) => self.unreadable(offset),
            Err(_) => self.unreadable(number),
        }
    }

    /// Returns `scope::name`, or `scope::nameless` if there is no name; no name in a unit whose names are not
    /// qualified.
    pub(super) fn qualified(&mut self, scope: NameRef, name: NameRef, nameless: &[u8]) -> NameRef {
        if !self.qualify {
            return NameRef::NONE;
        }
        self.files
            .qualified(scope, name, nameless, &mut self.nodes.composed)
    }

    /// Returns the type that an attribute refers to.
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

    /// Returns a reference that is not by offset in the unit.
    #[cold]
    fn outside(&mut self, class: Class, value: u64) -> Ref {
        let header = self.unit.header;
        let link = match class {
            Class::InfoRef => {
                // It may be within the unit nevertheless.
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
