//! What becomes of the findings of one round.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::graph::{Btf, Info, Kind};
use crate::verify::finding::Finding;
use crate::verify::rule::Rule;
use crate::verify::sanitize::draft::{Draft, info, kind};
use crate::verify::sanitize::members::{repair_entries, repair_member, size_of, sort_members};
use crate::verify::sanitize::rename::Renaming;
use crate::verify::sanitize::replace::{constant, datasec, integer, replace_kind, structure};

/// What a repair did: the part it changed, and what the type became.
pub(super) type Repaired = (Option<u32>, Rule, &'static str);

/// The repairs of one type.
pub(super) struct Repair<'r, 'f> {
    pub draft: &'r mut Draft,
    /// The graph as it was.
    pub graph: &'r Btf,
    pub renaming: &'r mut Renaming<'f>,
    /// The declaration tags of each type.
    pub tags: &'r BTreeMap<u32, Vec<u32>>,
    pub id: u32,
}

impl Repair<'_, '_> {
    /// Repairs what one round found about the type.
    pub fn all(&mut self, findings: &[&Finding]) -> Result<Vec<Repaired>> {
        let has = |rule: Rule| findings.iter().any(|finding| finding.rule == rule);
        let sorts = [Rule::MemberOrder, Rule::MemberOffset].into_iter();
        if let Some(rule) = sorts.into_iter().find(|rule| has(*rule)) {
            return Ok(vec![(
                None,
                rule,
                sort_members(self.draft, self.id, self.tags),
            )]);
        }
        // What replaces the whole type leaves nothing else to repair.
        if let Some(rule) = [Rule::Kind, Rule::InfoBits]
            .into_iter()
            .find(|rule| has(*rule))
        {
            return Ok(vec![(None, rule, replace_kind(self.draft, self.id)?)]);
        }
        if has(Rule::DatasecEntry) {
            return self.entries(findings);
        }
        let mut done = Vec::new();
        for finding in findings {
            let part = finding.part.as_ref().map(|part| part.index);
            if let Some(became) = self.one(finding, part)? {
                done.push((part, finding.rule, became));
            }
        }
        Ok(done)
    }

    fn record(&self) -> Vec<u32> {
        self.draft.get(self.id).unwrap_or_default().to_vec()
    }

    fn set_word(&mut self, at: usize, word: u32) {
        self.draft.set_word(self.id, at, word);
    }

    fn set_info(&mut self, vlen: u32, flag: bool) {
        let kind = kind(&self.record());
        self.set_word(1, Info::new(kind, vlen, flag).word());
    }

    fn entries(&mut self, findings: &[&Finding]) -> Result<Vec<Repaired>> {
        let of_entries = findings.iter().filter(|f| f.rule == Rule::DatasecEntry);
        let wrong: Vec<u32> = of_entries
            .filter_map(|finding| finding.part.as_ref().map(|part| part.index))
            .collect();
        if wrong.is_empty() {
            let became = self.datasec()?;
            return Ok(vec![(None, Rule::DatasecEntry, became)]);
        }
        let became = repair_entries(self.draft, self.id, &wrong);
        let entries = wrong.into_iter();
        Ok(entries
            .map(|index| (Some(index), Rule::DatasecEntry, became))
            .collect())
    }

    /// Makes a data section that the kernel can't have a structure.
    fn datasec(&mut self) -> Result<&'static str> {
        let record = self.record();
        let old = self
            .draft
            .strings
            .string(crate::StrId::new(record.first().copied().unwrap_or(0)));
        let old = old.as_bytes().to_vec();
        let new = self.renaming.renamed(&old);
        let name = self.draft.strings.intern(new)?.get();
        datasec(self.draft, self.id, name);
        Ok("it became a structure")
    }

    fn one(&mut self, finding: &Finding, part: Option<u32>) -> Result<Option<&'static str>> {
        let record = self.record();
        let third = record.get(2).copied().unwrap_or(0);
        Ok(Some(match finding.rule {
            Rule::Vlen if kind(&record) == Kind::Func => {
                self.set_info(0, false);
                "its linkage is not kept"
            }
            Rule::Vlen => {
                self.set_info(0, info(&record).flag());
                "its number of elements became 0"
            }
            Rule::KindFlag => self.flag(&record, third),
            Rule::FuncLinkage => {
                self.set_info(1, false);
                "it became global"
            }
            Rule::VarLinkage => {
                self.set_word(3, 1);
                "it became global"
            }
            Rule::TypeId | Rule::Unresolved => self.reference(&record)?,
            Rule::FuncProto => return self.function(&record, third),
            Rule::IntBits | Rule::IntEncoding => self.int(&record, third),
            Rule::FwdType | Rule::ArraySize => {
                self.set_word(2, 0);
                "the word is 0"
            }
            Rule::FloatSize => {
                structure(self.draft, self.id, third);
                "it became an anonymous structure of its size"
            }
            Rule::EnumSize if matches!(third, 1 | 2 | 8) || third > 8 => {
                replace_kind(self.draft, self.id)?
            }
            Rule::EnumSize => {
                self.set_word(2, 4);
                "it has four bytes"
            }
            Rule::ArrayElement => {
                let size = size_of(self.graph, record.get(3).copied().unwrap_or(0));
                let element = self.draft.structure(size);
                self.set_word(3, element);
                "its elements became anonymous structures"
            }
            Rule::ArrayIndex => {
                let index = self.draft.integer(4, "index")?;
                self.set_word(4, index);
                "its index became an integer"
            }
            Rule::ArrayOverflow => {
                self.set_word(5, 0);
                "it has no elements"
            }
            Rule::MemberType
            | Rule::MemberStart
            | Rule::MemberEnd
            | Rule::MemberAlignment
            | Rule::MemberBits => {
                let index = part.unwrap_or(0);
                repair_member(self.draft, self.graph, self.id, index, finding.rule)?
            }
            Rule::DatasecSize => {
                let (entries, _) = record.get(3..).unwrap_or_default().as_chunks::<3>();
                let ends = entries.iter().map(|[_, at, size]| at.saturating_add(*size));
                self.set_word(2, ends.max().unwrap_or(0).max(1));
                "it has the size of its variables, or one byte"
            }
            Rule::TagValue if kind(&record) == Kind::TypeTag => {
                constant(self.draft, self.id, third);
                "it became const"
            }
            Rule::TagValue | Rule::TagComponent => {
                integer(self.draft, self.id, &record);
                "it became an integer that nothing refers to"
            }
            Rule::Result => {
                self.set_word(2, 0);
                "its result became void"
            }
            Rule::Argument => {
                let empty = self.draft.structure(0);
                self.set_word(3 + part.unwrap_or(0) as usize * 2 + 1, empty);
                "the parameter's type became an empty structure"
            }
            Rule::ChainLength => {
                let ty = self.graph.ty(crate::TypeId::new(self.id));
                let end = ty.strip().map_or(0, |end| end.id().get());
                self.set_word(2, end);
                "it refers to the end of the chain"
            }
            Rule::TagOrder => return Ok(self.tag_order()),
            Rule::SpecialField => return self.special(),
            // These are repaired before, or can't be.
            _ => return Ok(None),
        }))
    }

    fn flag(&mut self, record: &[u32], third: u32) -> &'static str {
        let old = kind(record);
        if old == Kind::TypeTag {
            constant(self.draft, self.id, third);
            return "it became const";
        }
        if old == Kind::DeclTag {
            integer(self.draft, self.id, record);
            return "it became an integer that nothing refers to";
        }
        self.set_info(info(record).vlen(), false);
        if old == Kind::Enum {
            "the sign of its values is not kept"
        } else {
            "the flag is not kept"
        }
    }

    /// A type that refers to one it can't refer to.
    fn reference(&mut self, record: &[u32]) -> Result<&'static str> {
        let kind = kind(record);
        if kind == Kind::DeclTag {
            integer(self.draft, self.id, record);
            return Ok("it became an integer that nothing refers to");
        }
        if kind == Kind::Var {
            let byte = self.draft.structure(0);
            self.set_word(2, byte);
            return Ok("its type became an empty structure");
        }
        if kind == Kind::Array {
            structure(self.draft, self.id, size_of(self.graph, self.id));
            return Ok("it became an anonymous structure of its size");
        }
        self.set_word(2, 0);
        Ok("it refers to void")
    }

    /// A function without a prototype, or with nameless parameters.
    fn function(&mut self, record: &[u32], proto: u32) -> Result<Option<&'static str>> {
        if self.draft.kind(proto) != Kind::FuncProto {
            let name = record.first().copied().unwrap_or(0);
            let info = Info::new(Kind::Typedef, 0, false).word();
            self.draft.set(self.id, vec![name, info, 0]);
            return Ok(Some("it became a typedef of void"));
        }
        let Some(mut words) = self.draft.get(proto).map(<[u32]>::to_vec) else {
            return Ok(None);
        };
        let (params, _) = words.get_mut(3..).unwrap_or_default().as_chunks_mut::<2>();
        for (index, [name, ty]) in params.iter_mut().enumerate() {
            if *name == 0 && *ty != 0 {
                *name = self.draft.strings.intern(format!("arg{index}"))?.get();
            }
        }
        self.draft.set(proto, words);
        // A name for what had none loses nothing.
        Ok(None)
    }

    fn int(&mut self, record: &[u32], size: u32) -> &'static str {
        let [encoding, offset, _, bits] = record.get(3).copied().unwrap_or(0).to_be_bytes();
        let most = size.min(16) * 8;
        let encoding = match encoding {
            good @ (0 | 1 | 2 | 4) => good,
            several if several & 4 != 0 => 4,
            several => several & 1,
        };
        let fits = u32::from(offset) + u32::from(bits) <= most;
        let (offset, bits) = if fits {
            (u32::from(offset), u32::from(bits))
        } else {
            (0, u32::from(bits).min(most))
        };
        self.set_word(3, u32::from(encoding) << 24 | offset << 16 | bits);
        "its bits and encoding are those that fit"
    }

    /// The first tag behind a qualifier or typedef becomes one.
    fn tag_order(&mut self) -> Option<&'static str> {
        let (mut id, mut in_tags) = (self.id, true);
        for _ in 0..64 {
            let is_tag = self.draft.kind(id) == Kind::TypeTag;
            if is_tag && !in_tags {
                let next = self.draft.word(id, 2);
                constant(self.draft, id, next);
                return Some("the tag behind it became const");
            }
            in_tags &= is_tag;
            if !self.draft.kind(id).is_modifier() {
                break;
            }
            id = self.draft.word(id, 2);
        }
        None
    }

    /// Renames all structures that the kernel manages, and drops the tags that make pointers the kernel's.
    fn special(&mut self) -> Result<Option<&'static str>> {
        const NAMES: &[&[u8]] = &[
            b"bpf_spin_lock",
            b"bpf_res_spin_lock",
            b"bpf_list_head",
            b"bpf_list_node",
            b"bpf_rb_root",
            b"bpf_rb_node",
            b"bpf_refcount",
        ];
        const TAGS: &[&[u8]] = &[b"kptr", b"kptr_untrusted", b"percpu_kptr", b"uptr"];
        for id in self.draft.ids() {
            let kind = self.draft.kind(id);
            if kind != Kind::Struct && kind != Kind::TypeTag {
                continue;
            }
            let name = crate::StrId::new(self.draft.word(id, 0));
            let name = self.draft.strings.string(name).as_bytes().to_vec();
            if kind == Kind::Struct && NAMES.contains(&&*name) {
                let new = self.renaming.renamed(&name);
                let new = self.draft.strings.intern(new)?.get();
                self.draft.set_word(id, 0, new);
            } else if kind == Kind::TypeTag && TAGS.contains(&&*name) {
                let next = self.draft.word(id, 2);
                constant(self.draft, id, next);
            }
        }
        Ok(Some(
            "the structures of the fields that the kernel manages have other names",
        ))
    }
}

/// Cuts a reference that makes a chain of types too deep, or a circle.
pub(super) fn cut(draft: &mut Draft, graph: &Btf, (from, to): (u32, u32)) -> Result<&'static str> {
    let Some(mut record) = draft.get(from).map(<[u32]>::to_vec) else {
        return Ok("it stays");
    };
    let old = kind(&record);
    if old == Kind::Ptr {
        draft.set_word(from, 2, 0);
        return Ok("it refers to void");
    }
    if old == Kind::DeclTag {
        integer(draft, from, &record);
        return Ok("it became an integer that nothing refers to");
    }
    let instead = draft.structure(size_of(graph, to));
    if old == Kind::Array {
        if let Some(element) = record.get_mut(3).filter(|element| **element == to) {
            *element = instead;
        }
    } else if old.is_composite() {
        let members = record
            .get_mut(3..)
            .unwrap_or_default()
            .as_chunks_mut::<3>()
            .0;
        for [_, ty, _] in members.iter_mut().filter(|[_, ty, _]| *ty == to) {
            *ty = instead;
        }
    } else if let Some(word) = record.get_mut(2) {
        // A variable may have come to `to` by way of qualifiers.
        *word = instead;
    }
    if old == Kind::Array && record.get(4) == Some(&to) {
        let index = draft.integer(4, "index")?;
        if let Some(word) = record.get_mut(4) {
            *word = index;
        }
    }
    draft.set(from, record);
    Ok("what it contains became an anonymous structure of the same size")
}
