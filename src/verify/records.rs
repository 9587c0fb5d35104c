//! The first pass: each record by itself. (`btf_check_all_metas`.)

use crate::graph::Kind;
use crate::verify::check::{Check, Fault};
use crate::verify::finding::ENOTSUPP;
use crate::verify::input::{HEAD, Input, MAX_TYPE, Record, is_id};
use crate::verify::log::Line;
use crate::verify::names::{NameFault, section};
use crate::verify::rule::Rule;

/// The number of words that every record starts with.
const HEAD_WORDS: u32 = 3;

/// Checks every record and notes where each starts. Returns whether all types are known.
pub(super) fn check_records(check: &mut Check<'_>, section_len: usize) -> bool {
    let mut at = 0u32;
    let mut id = check.input.first_id;
    while (at as usize) * 4 < section_len {
        let left = section_len - (at as usize) * 4;
        let Some(words) = check_record(check, id, at, left) else {
            return false;
        };
        // The kernel drops types beyond the highest id without a word.
        if id < MAX_TYPE {
            check.input.starts.push(at);
        }
        at += words;
        id += 1;
    }
    true
}

/// Checks a record of which this many bytes are left, and returns its length in words if it is known.
fn check_record(check: &mut Check<'_>, id: u32, at: u32, left: usize) -> Option<u32> {
    let Some(record) = check.input.record_at(at).filter(|_| left >= HEAD * 4) else {
        let message = format!("[{id}] meta_left:{left} meta_needed:12");
        let fault = Fault::bare(Rule::RecordLength, &message);
        check.fail(Some((id, None)), None, fault);
        return None;
    };
    let (info, features) = (record.info, check.input.features);
    let ty = Some((id, Some(record)));
    if info & !features.info_mask() != 0 {
        let message = format!("[{id}] Invalid btf_info:{info:x}");
        check.fail(ty, None, Fault::bare(Rule::InfoBits, &message));
    }
    let number = (info >> 24) & 0x7f;
    if number > features.last_kind() || number == 0 {
        let message = format!("[{id}] Invalid kind:{number}");
        check.fail(ty, None, Fault::bare(Rule::Kind, &message));
    }
    if !check.input.has_name(record.name) {
        let message = format!("[{id}] Invalid name_offset:{}", record.name);
        check.fail(ty, None, Fault::bare(Rule::NameOffset, &message));
    }
    let shape = record.kind().shape()?;
    let words = u32::from(shape.extra) + u32::from(shape.elem) * record.vlen;
    let (left, needed) = (left - HEAD * 4, words as usize * 4);
    if left < needed {
        let message = format!("meta_left:{left} meta_needed:{needed}");
        let fault = Fault::of_type(Rule::RecordLength, &message).at(Line::Basic);
        check.fail(ty, None, fault);
        return None;
    }
    let record = Record {
        rest: record.rest.get(..words as usize)?,
        ..record
    };
    One { check, id, record }.kind();
    Some(HEAD_WORDS + words)
}

/// One record, whose length was checked.
struct One<'c, 'a> {
    check: &'c mut Check<'a>,
    id: u32,
    record: Record<'a>,
}

impl<'a> One<'_, 'a> {
    fn kind(&mut self) {
        match self.record.kind() {
            Kind::Void | Kind::Unknown(_) => {}
            Kind::Int => self.int(),
            Kind::Ptr
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag => self.reference(),
            Kind::Array => self.array(),
            Kind::Struct | Kind::Union => self.composite(),
            Kind::Enum | Kind::Enum64 => self.enumeration(),
            Kind::Fwd => self.forward(),
            Kind::Func => self.function(),
            Kind::FuncProto => self.prototype(),
            Kind::Var => self.variable(),
            Kind::Datasec => self.datasec(),
            Kind::Float => self.float(),
            Kind::DeclTag => self.decl_tag(),
        }
    }

    fn input(&self) -> &Input<'a> {
        &self.check.input
    }

    fn fail(&mut self, fault: Fault<'_>) {
        self.check
            .fail(Some((self.id, Some(self.record))), None, fault);
    }

    fn fail_type(&mut self, rule: Rule, message: &str) {
        self.fail(Fault::of_type(rule, message));
    }

    fn fail_reference(&mut self, rule: Rule, message: &str) {
        self.check.bad_references.push(self.id);
        self.fail_type(rule, message);
    }

    fn no_vlen(&mut self) {
        if self.record.vlen != 0 {
            self.fail_type(Rule::Vlen, "vlen != 0");
        }
    }

    fn no_flag(&mut self) {
        if self.record.flag() {
            self.fail_type(Rule::KindFlag, "Invalid btf_info kind_flag");
        }
    }

    /// Checks that the record has no name, which only anonymous kinds are asked for.
    fn no_name(&mut self) {
        if self.record.name != 0 {
            self.fail_type(Rule::Name, "Invalid name");
        }
    }

    /// Returns what is wrong with an identifier.
    fn fault_of(&mut self, offset: u32, dots: bool) -> Result<(), NameFault> {
        self.check.name_fault(offset, dots)
    }

    fn needs_name(&mut self, dots: bool) {
        if let Err(fault) = self.fault_of(self.record.name, dots) {
            self.fail(Fault::of_type(Rule::Name, "Invalid name").name(fault));
        }
    }

    fn may_have_name(&mut self) {
        if self.record.name != 0 {
            self.needs_name(false);
        }
    }

    fn int(&mut self) {
        self.no_vlen();
        self.no_flag();
        let data = self.record.word(0);
        if data >> 28 != 0 {
            let message = format!("Invalid int_data:{data:x}");
            let fault = Fault::of_type(Rule::IntEncoding, &message).at(Line::Basic);
            self.fail(fault);
        }
        let [encoding, offset, _, bits] = data.to_be_bytes();
        let bits = u32::from(offset) + u32::from(bits);
        if bits > 128 {
            self.fail_type(Rule::IntBits, "nr_bits exceeds 128");
        } else if bits.div_ceil(8) > self.record.third {
            self.fail_type(Rule::IntBits, "nr_bits exceeds type_size");
        }
        if !matches!(encoding & 0x0f, 0 | 1 | 2 | 4) {
            let fault = Fault::of_type(Rule::IntEncoding, "Unsupported encoding");
            self.fail(fault.errno(ENOTSUPP));
        }
    }

    fn reference(&mut self) {
        self.no_vlen();
        let kind = self.record.kind();
        let may_flag = kind == Kind::TypeTag && self.input().features.tag_attributes;
        if !may_flag {
            self.no_flag();
        }
        if !is_id(self.record.third) {
            self.fail_reference(Rule::TypeId, "Invalid type_id");
        }
        if kind == Kind::Typedef {
            self.needs_name(false);
        } else if kind == Kind::TypeTag {
            if self.has_empty_name() {
                self.fail_type(Rule::TagValue, "Invalid name");
            }
        } else {
            self.no_name();
        }
    }

    /// Returns whether the text of a tag is empty.
    fn has_empty_name(&self) -> bool {
        let name = self.input().name(self.record.name);
        name.is_some_and(<[u8]>::is_empty)
    }

    fn forward(&mut self) {
        self.no_vlen();
        if self.record.third != 0 {
            self.fail_type(Rule::FwdType, "type != 0");
        }
        self.needs_name(false);
    }

    fn array(&mut self) {
        self.no_name();
        self.no_vlen();
        self.no_flag();
        if self.record.third != 0 {
            self.fail_type(Rule::ArraySize, "size != 0");
        }
        let is_good = |id: u32| id != 0 && is_id(id);
        if !is_good(self.record.word(0)) {
            self.fail_reference(Rule::ArrayElement, "Invalid elem");
        }
        if !is_good(self.record.word(1)) {
            self.fail_reference(Rule::ArrayIndex, "Invalid index");
        }
    }

    fn fail_member(&mut self, index: u32, [name, ty, _]: [u32; 3], fault: Fault<'_>) {
        let fault = fault.at(Line::Member(index, ty));
        let ty = Some((self.id, Some(self.record)));
        self.check.fail(ty, Some((index, name)), fault);
    }

    fn composite(&mut self) {
        self.may_have_name();
        let is_union = self.record.kind() == Kind::Union;
        let size = self.record.third;
        let mut last = 0;
        for (index, member) in (0u32..).zip(self.record.triples()) {
            let [name, ty, word] = member;
            let (offset, _) = self.record.offset_and_width(word);
            let fault = if !self.input().has_name(name) {
                let message = format!("Invalid member name_offset:{name}");
                let fault = Fault::of_type(Rule::NameOffset, &message);
                self.fail_member(index, member, fault);
                continue;
            } else if name != 0
                && let Err(fault) = self.fault_of(name, false)
            {
                Fault::of_type(Rule::MemberName, "Invalid name").name(fault)
            } else if ty == 0 || !is_id(ty) {
                self.check.bad_references.push(self.id);
                Fault::of_type(Rule::MemberType, "Invalid type_id")
            } else if is_union && offset != 0 {
                Fault::of_type(Rule::MemberOffset, "Invalid member bits_offset")
            } else if last > offset {
                Fault::of_type(Rule::MemberOrder, "Invalid member bits_offset")
            } else if offset.div_ceil(8) > size {
                Fault::of_type(
                    Rule::MemberStart,
                    "Member bits_offset exceeds its struct size",
                )
            } else {
                last = offset;
                continue;
            };
            self.fail_member(index, member, fault);
            last = offset.max(last);
        }
    }

    fn enumeration(&mut self) {
        let features = self.input().features;
        let wide = self.record.kind() == Kind::Enum64;
        if !wide && !features.enum64 {
            self.no_flag();
        }
        let size = self.record.third;
        let is_good = if features.enum_sizes {
            size <= 8 && size.is_power_of_two()
        } else {
            size == 4
        };
        if !is_good {
            self.fail_type(Rule::EnumSize, "Unexpected size");
        }
        self.may_have_name();
        let words = if wide { 3 } else { 2 };
        for (index, words) in (0u32..).zip(self.record.rest.chunks_exact(words)) {
            let name = words.first().map_or(0, |word| u32::from_ne_bytes(*word));
            let ty = Some((self.id, Some(self.record)));
            if !self.input().has_name(name) {
                let message = format!("\tInvalid name_offset:{name}");
                let fault = Fault::bare(Rule::NameOffset, &message);
                self.check.fail(ty, Some((index, name)), fault);
            } else if let Err(fault) = self.fault_of(name, false) {
                let fault = Fault::of_type(Rule::EnumeratorName, "Invalid name").name(fault);
                self.check.fail(ty, Some((index, name)), fault);
            }
        }
    }

    fn function(&mut self) {
        self.needs_name(false);
        if !self.input().features.func_linkage {
            self.no_vlen();
        } else if self.record.vlen > 1 {
            self.fail_type(Rule::FuncLinkage, "Invalid func linkage");
        }
        self.no_flag();
    }

    fn prototype(&mut self) {
        self.no_name();
        self.no_flag();
    }

    fn variable(&mut self) {
        self.no_vlen();
        self.no_flag();
        self.needs_name(true);
        if self.record.third == 0 || !is_id(self.record.third) {
            self.fail_reference(Rule::TypeId, "Invalid type_id");
        }
        if self.record.word(0) > 1 {
            self.fail_type(Rule::VarLinkage, "Linkage not supported");
        }
    }

    fn datasec(&mut self) {
        let size = self.record.third;
        if self.record.vlen == 0 && !self.input().features.empty_datasec {
            self.fail_type(Rule::DatasecEntry, "vlen == 0");
        }
        if size == 0 {
            self.fail_type(Rule::DatasecSize, "size == 0");
        }
        self.no_flag();
        let fault = match self.input().name(self.record.name) {
            _ if self.record.name == 0 => Err(NameFault::Missing),
            Some(name) => section(name, self.input().features),
            None => Ok(()),
        };
        if let Err(fault) = fault {
            self.fail(Fault::of_type(Rule::Name, "Invalid name").name(fault));
        }
        let (mut last, mut sum) = (0u32, 0u64);
        for (index, [ty, offset, entry]) in (0u32..).zip(self.record.triples()) {
            // The kernel adds in 32 bits, too.
            let end = offset.wrapping_add(entry);
            let message = if ty == 0 || !is_id(ty) {
                self.check.bad_references.push(self.id);
                "Invalid type_id"
            } else if offset < last || offset >= size {
                "Invalid offset"
            } else if entry == 0 || entry > size {
                "Invalid size"
            } else if end > size {
                "Invalid offset+size"
            } else {
                last = end;
                sum += u64::from(entry);
                continue;
            };
            last = end.max(last);
            let fault = Fault::of_type(Rule::DatasecEntry, message).at(Line::Entry(index));
            let ty = Some((self.id, Some(self.record)));
            self.check.fail(ty, Some((index, 0)), fault);
        }
        if u64::from(size) < sum {
            self.fail_type(Rule::DatasecSize, "Invalid btf_info size");
        }
    }

    fn float(&mut self) {
        self.no_vlen();
        self.no_flag();
        if !matches!(self.record.third, 2 | 4 | 8 | 12 | 16) {
            self.fail_type(Rule::FloatSize, "Invalid type_size");
        }
    }

    fn decl_tag(&mut self) {
        if self.has_empty_name() {
            self.fail_type(Rule::TagValue, "Invalid value");
        }
        self.no_vlen();
        if !self.input().features.tag_attributes {
            self.no_flag();
        }
        if self.record.word(0).cast_signed() < -1 {
            self.fail_type(Rule::TagComponent, "Invalid component_idx");
        }
    }
}
