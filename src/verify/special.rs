//! The fields that the kernel manages: locks, lists, trees, counters and pointers to its own objects.
//! (`btf_parse_struct_metas`, `btf_check_and_fixup_fields`.)
//!
//! The kernel refuses them without a word. It looks for a structure of a field's name, then for structures that have a
//! member of that type, and then for all managed fields inside those.

use std::collections::BTreeMap;

use crate::graph::Kind;
use crate::verify::check::{Check, Fault};
use crate::verify::features::KernelFeatures;
use crate::verify::finding::{E2BIG, EEXIST, EFAULT, EINVAL, ELOOP, ENOENT};
use crate::verify::input::{Input, Record};
use crate::verify::rule::Rule;

/// The most managed fields of one structure (`BTF_FIELDS_MAX`).
const MOST_FIELDS: usize = 11;
/// The deepest nesting (`MAX_RESOLVE_DEPTH`).
const DEPTH: u32 = 32;
/// The most steps of the search inside one structure. The kernel has no bound of its own: nested structures of two equal
/// members each double its work, level by level.
const STEPS: u32 = 1 << 20;

/// A kind of managed field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    SpinLock,
    ResSpinLock,
    ListHead,
    ListNode,
    RbRoot,
    RbNode,
    Refcount,
    /// A pointer with the tag `kptr`, `kptr_untrusted` or `percpu_kptr`.
    Kptr,
}

impl Field {
    const ALL: [Self; 7] = [
        Self::SpinLock,
        Self::ResSpinLock,
        Self::ListHead,
        Self::ListNode,
        Self::RbRoot,
        Self::RbNode,
        Self::Refcount,
    ];

    /// Returns the name of the field's type.
    const fn name(self) -> &'static [u8] {
        match self {
            Self::SpinLock => b"bpf_spin_lock",
            Self::ResSpinLock => b"bpf_res_spin_lock",
            Self::ListHead => b"bpf_list_head",
            Self::ListNode => b"bpf_list_node",
            Self::RbRoot => b"bpf_rb_root",
            Self::RbNode => b"bpf_rb_node",
            Self::Refcount => b"bpf_refcount",
            Self::Kptr => b"",
        }
    }

    /// Returns the size and the alignment in bytes.
    const fn size(self) -> (u32, u32) {
        match self {
            Self::SpinLock | Self::ResSpinLock | Self::Refcount => (4, 4),
            Self::ListHead | Self::RbRoot => (16, 8),
            Self::ListNode => (24, 8),
            Self::RbNode => (32, 8),
            Self::Kptr => (8, 8),
        }
    }

    /// Returns whether a structure may have one only.
    const fn is_unique(self) -> bool {
        matches!(self, Self::SpinLock | Self::ResSpinLock)
    }

    const fn is_root(self) -> bool {
        matches!(self, Self::ListHead | Self::RbRoot)
    }

    const fn is_node(self) -> bool {
        matches!(self, Self::ListNode | Self::RbNode)
    }

    /// Returns whether an array of structures may have the field.
    const fn repeats(self) -> bool {
        matches!(self, Self::Kptr | Self::ListHead | Self::RbRoot)
    }

    /// Returns whether the kernel knows the field.
    const fn is_known(self, features: &KernelFeatures) -> bool {
        match self {
            Self::SpinLock | Self::ListHead | Self::ListNode => true,
            Self::RbRoot | Self::RbNode => features.rb_fields,
            Self::Refcount => features.refcount_fields,
            Self::ResSpinLock => features.res_spin_lock,
            Self::Kptr => features.kptr_fields,
        }
    }

    /// Returns whether the kernel looks for structures with the field.
    fn is_wanted(self, features: &KernelFeatures) -> bool {
        self != Self::ResSpinLock && self.is_known(features)
    }
}

/// A field that was found.
#[derive(Clone, Copy, Debug)]
struct Found<'a> {
    field: Field,
    offset: u32,
    /// For a root: the structure of its elements, and the name of the member that links them.
    elements: Option<(u32, &'a [u8])>,
}

/// The number of an error, or no error.
type Outcome<T> = Result<T, u32>;

/// Checks all structures that have managed fields.
pub(super) fn check_special_fields(check: &mut Check<'_>) {
    let wrong = {
        let mut search = Search::new(&check.input);
        search.all().err()
    };
    if let Some((id, errno)) = wrong {
        let record = check.input.record(id);
        let fault = Fault::bare(Rule::SpecialField, "").errno(errno);
        check.fail(Some((id, record)), None, fault);
    }
}

struct Search<'i, 'a> {
    input: &'i Input<'a>,
    /// The tags of each type, in the order of their ids.
    tags: BTreeMap<u32, Vec<u32>>,
    steps: u32,
}

impl<'i, 'a> Search<'i, 'a> {
    fn new(input: &'i Input<'a>) -> Self {
        Self {
            input,
            tags: BTreeMap::new(),
            steps: 0,
        }
    }

    fn name(&self, record: Record<'_>) -> &'a [u8] {
        if record.name == 0 {
            return b"(anon)";
        }
        self.input.name(record.name).unwrap_or_default()
    }

    fn records(&self) -> impl Iterator<Item = (u32, Record<'a>)> + use<'i, 'a> {
        let input = self.input;
        (1..input.end_id()).filter_map(move |id| Some((id, input.record(id)?)))
    }

    /// Returns the first structure with a name.
    fn structure(&self, name: &[u8]) -> Option<u32> {
        self.records()
            .find(|(_, record)| {
                record.kind() == Kind::Struct
                    && self.input.name(record.name).unwrap_or_default() == name
            })
            .map(|(id, _)| id)
    }

    /// Checks every structure. An error has the structure's id.
    fn all(&mut self) -> Result<(), (u32, u32)> {
        let features = self.input.features;
        let mut wanted: Vec<u32> = self.wanted_structures();
        if features.kptr_fields {
            wanted.extend(
                self.records()
                    .filter(|&(_, record)| matches!(self.kptr(record), Ok(true)))
                    .map(|(id, _)| id),
            );
        }
        if wanted.is_empty() {
            return Ok(());
        }
        wanted.sort_unstable();
        for (id, record) in self.records() {
            if record.kind() == Kind::DeclTag {
                self.tags.entry(record.third).or_default().push(id);
            }
        }
        let mut known: BTreeMap<u32, Vec<Found<'a>>> = BTreeMap::new();
        for (id, record) in self.records() {
            let has = |[_, ty, _]: [u32; 3]| wanted.binary_search(&ty).is_ok();
            if record.kind() != Kind::Struct || !record.triples().any(has) {
                continue;
            }
            self.steps = 0;
            let fields = self
                .fields(id, record, MOST_FIELDS, 0)
                .map_err(|errno| (id, errno))?;
            // The kernel takes a structure without any for a fault of its own.
            if fields.is_empty() {
                return Err((id, EFAULT));
            }
            self.check_fields(record, &fields)
                .map_err(|errno| (id, errno))?;
            known.insert(id, fields);
        }
        for (&id, fields) in &known {
            owners(fields, &known).map_err(|errno| (id, errno))?;
        }
        Ok(())
    }

    /// Returns the first structure of each name that the kernel looks for.
    fn wanted_structures(&self) -> Vec<u32> {
        let features = self.input.features;
        let fields = Field::ALL.iter().filter(|field| field.is_wanted(features));
        let names: Vec<&[u8]> = fields.map(|field| field.name()).collect();
        let mut found: Vec<Option<u32>> = vec![None; names.len()];
        for (id, record) in self.records() {
            if record.kind() != Kind::Struct {
                continue;
            }
            let name = self.input.name(record.name).unwrap_or_default();
            if !name.starts_with(b"bpf_") {
                continue;
            }
            let place = names.iter().position(|other| *other == name);
            if let Some(first @ None) = place.and_then(|place| found.get_mut(place)) {
                *first = Some(id);
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Returns whether a type is a pointer to a kernel's object. (`btf_find_kptr`.)
    fn kptr(&self, record: Record<'_>) -> Outcome<bool> {
        let follow = |record: Record<'_>| self.input.record(record.third);
        let mut ty = Some(record);
        if record.kind() == Kind::Volatile {
            ty = follow(record);
        }
        let Some(pointer) = ty.filter(|ty| ty.kind() == Kind::Ptr) else {
            return Ok(false);
        };
        let is_tag = |record: &Record<'_>| record.kind() == Kind::TypeTag;
        let Some(tag) = follow(pointer).filter(|tag| is_tag(tag) && !tag.flag()) else {
            return Ok(false);
        };
        if follow(tag).is_some_and(|next| is_tag(&next)) {
            return Err(EINVAL);
        }
        let is_kptr = match self.name(tag) {
            b"kptr_untrusted" | b"kptr" | b"percpu_kptr" => true,
            b"uptr" => false,
            _ => return Err(EINVAL),
        };
        if !is_kptr {
            return Ok(false);
        }
        let mut base = follow(tag);
        while let Some(modifier) = base.filter(|base| base.kind().is_modifier()) {
            base = follow(modifier);
        }
        match base {
            Some(base) if base.kind() == Kind::Struct => Ok(true),
            Some(_) | None => Err(EINVAL),
        }
    }

    /// Returns the fields of a structure, those of nested ones included. (`btf_find_struct_field`.)
    fn fields(
        &mut self,
        id: u32,
        record: Record<'a>,
        room: usize,
        level: u32,
    ) -> Outcome<Vec<Found<'a>>> {
        let mut found: Vec<Found<'a>> = Vec::new();
        let mut seen = [false; 2];
        for (index, [_, ty, word]) in (0u32..).zip(record.triples()) {
            self.steps += 1;
            if self.steps > STEPS {
                return Err(E2BIG);
            }
            let (offset, _) = record.offset_and_width(word);
            if !offset.is_multiple_of(8) {
                return Err(EINVAL);
            }
            let member = Member {
                of: id,
                index,
                offset: offset / 8,
                ty,
            };
            let more = self.field(member, room - found.len(), level, &mut seen)?;
            found.extend(more);
        }
        Ok(found)
    }

    /// Returns the fields in one member. (`btf_find_field_one`.)
    fn field(
        &mut self,
        member: Member,
        room: usize,
        level: u32,
        seen: &mut [bool; 2],
    ) -> Outcome<Vec<Found<'a>>> {
        let (mut id, mut count, mut depth) = (member.ty, 1u32, 0);
        let mut record = self.input.record(id).ok_or(EINVAL)?;
        while record.kind() == Kind::Array {
            if depth == DEPTH {
                return Err(E2BIG);
            }
            depth += 1;
            count = count.wrapping_mul(record.word(2));
            id = record.word(0);
            record = self.input.record(id).ok_or(EINVAL)?;
        }
        if depth == DEPTH {
            return Err(E2BIG);
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let Some(field) = self.field_type(record, seen)? else {
            if record.kind() != Kind::Struct {
                return Ok(Vec::new());
            }
            if level + 1 >= DEPTH {
                return Err(E2BIG);
            }
            let mut found = self.fields(id, record, room, level + 1)?;
            for field in &mut found {
                field.offset = field.offset.wrapping_add(member.offset);
            }
            return repeat(found, count, record.third, room);
        };
        let (size, align) = field.size();
        if !member.offset.is_multiple_of(align) {
            return Ok(Vec::new());
        }
        let mut found = Found {
            field,
            offset: member.offset,
            elements: None,
        };
        let is_found = match field {
            Field::Kptr => self.kptr(record)?,
            Field::ListHead | Field::RbRoot => {
                let is_root = record.kind() == Kind::Struct && record.third == size;
                if is_root {
                    found.elements = Some(self.elements(member)?);
                }
                is_root
            }
            Field::SpinLock
            | Field::ResSpinLock
            | Field::ListNode
            | Field::RbNode
            | Field::Refcount => record.kind() == Kind::Struct && record.third == size,
        };
        if !is_found {
            return Ok(Vec::new());
        }
        if room == 0 {
            return Err(E2BIG);
        }
        repeat(vec![found], count, size, room)
    }

    /// Returns which field a type is, by its name. (`btf_get_field_type`.)
    fn field_type(&self, record: Record<'_>, seen: &mut [bool; 2]) -> Outcome<Option<Field>> {
        let features = self.input.features;
        let name = self.name(record);
        let named = Field::ALL
            .into_iter()
            .find(|field| field.is_known(features) && field.name() == name);
        if let Some(field) = named {
            if field.is_unique() {
                let [spin, res] = seen;
                let seen = if field == Field::SpinLock { spin } else { res };
                if std::mem::replace(seen, true) {
                    return Err(E2BIG);
                }
            }
            return Ok(Some(field));
        }
        let may_be_kptr = features.kptr_fields && record.kind() != Kind::Struct;
        Ok(may_be_kptr.then_some(Field::Kptr))
    }

    /// Returns what a root's tag `contains:STRUCT:MEMBER` names. (`btf_find_graph_root`.)
    fn elements(&self, member: Member) -> Outcome<(u32, &'a [u8])> {
        const KEY: &[u8] = b"contains:";
        let ids = self.tags.get(&member.of).map_or(&[][..], Vec::as_slice);
        let mut values = ids.iter().filter_map(|&id| {
            let tag = self.input.record(id)?;
            let is_here = tag.word(0) == member.index;
            is_here.then(|| self.name(tag).strip_prefix(KEY)).flatten()
        });
        let value = values.next().ok_or(EINVAL)?;
        if values.next().is_some() {
            return Err(EINVAL);
        }
        let colon = memchr::memchr(b':', value).ok_or(EINVAL)?;
        let (name, link) = value.split_at_checked(colon).ok_or(EINVAL)?;
        let structure = self.structure(name).ok_or(ENOENT)?;
        match link.get(1..) {
            Some(link) if !link.is_empty() => Ok((structure, link)),
            Some(_) | None => Err(EINVAL),
        }
    }

    /// Checks the fields of a structure against each other. (`btf_parse_fields`.)
    fn check_fields(&self, record: Record<'_>, fields: &[Found<'_>]) -> Outcome<()> {
        let mut next = 0u32;
        for found in fields {
            let (size, _) = found.field.size();
            let end = found.offset.wrapping_add(size);
            if end > record.third {
                return Err(EFAULT);
            }
            if found.offset < next {
                return Err(EEXIST);
            }
            next = end;
            if let Some(elements) = found.elements {
                self.check_link(found.field, elements)?;
            }
        }
        let has = |field: Field| fields.iter().any(|found| found.field == field);
        let has_root = fields.iter().any(|found| found.field.is_root());
        let (spin, res) = (has(Field::SpinLock), has(Field::ResSpinLock));
        let shares_node = !has(Field::Refcount) && has(Field::ListNode) && has(Field::RbNode);
        if (spin && res) || (has_root && !spin && !res) || shares_node {
            return Err(EINVAL);
        }
        Ok(())
    }

    /// Checks that a root's elements have the member that links them. (`btf_parse_graph_root`.)
    fn check_link(&self, root: Field, (id, link): (u32, &[u8])) -> Outcome<()> {
        let node = if root == Field::ListHead {
            Field::ListNode
        } else {
            Field::RbNode
        };
        let record = self.input.record(id).ok_or(EINVAL)?;
        let mut is_found = false;
        for [name, ty, word] in record.triples() {
            let name = match name {
                0 => b"(anon)",
                name => self.input.name(name).unwrap_or_default(),
            };
            if name != link {
                continue;
            }
            let member = self.input.record(ty).ok_or(EINVAL)?;
            // The kernel takes the kind flag of the member's type, not of the structure.
            let (offset, _) = member.offset_and_width(word);
            let is_good = !is_found
                && member.kind() == Kind::Struct
                && self.name(member) == node.name()
                && offset.is_multiple_of(64);
            if !is_good {
                return Err(EINVAL);
            }
            is_found = true;
        }
        if is_found { Ok(()) } else { Err(ENOENT) }
    }
}

/// A member of a structure.
#[derive(Clone, Copy)]
struct Member {
    of: u32,
    index: u32,
    /// The offset in bytes.
    offset: u32,
    ty: u32,
}

/// Returns the fields of all elements of an array. (`btf_repeat_fields`.)
fn repeat<'a>(
    found: Vec<Found<'a>>,
    count: u32,
    size: u32,
    room: usize,
) -> Outcome<Vec<Found<'a>>> {
    if count <= 1 || found.is_empty() {
        return Ok(found);
    }
    if found.iter().any(|found| !found.field.repeats()) {
        return Err(EINVAL);
    }
    // The kernel multiplies in 32 bits.
    let fields = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let all = fields.wrapping_mul(count) as usize;
    if all > room {
        return Err(E2BIG);
    }
    let mut repeated = Vec::with_capacity(all);
    for element in 0..count {
        for found in &found {
            if repeated.len() > MOST_FIELDS {
                return Err(E2BIG);
            }
            repeated.push(Found {
                offset: found.offset.wrapping_add(element.wrapping_mul(size)),
                ..*found
            });
        }
    }
    Ok(repeated)
}

/// Checks that no structure owns one that owns others in turn. (`btf_check_and_fixup_fields`.)
fn owners(fields: &[Found<'_>], known: &BTreeMap<u32, Vec<Found<'_>>>) -> Outcome<()> {
    let is_node = fields.iter().any(|found| found.field.is_node());
    for found in fields {
        let Some((id, _)) = found.elements.filter(|_| found.field.is_root()) else {
            continue;
        };
        let elements = known.get(&id).ok_or(EFAULT)?;
        if is_node && elements.iter().any(|found| found.field.is_root()) {
            return Err(ELOOP);
        }
    }
    Ok(())
}
