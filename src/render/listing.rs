//! The listing of types with bpftool's fields, in bpftool's order (`bpftool btf dump`). Text and JSON are two sinks of the
//! same listing.

use std::io;

use crate::graph::{Kind, Name, Type, View};

/// The output format of a listing.
pub(super) trait Sink {
    /// Starts a type.
    fn start(&mut self, ty: Type<'_>) -> io::Result<()>;
    /// Writes an unsigned number.
    fn number(&mut self, key: &str, value: u64) -> io::Result<()>;
    /// Writes a signed number.
    fn signed(&mut self, key: &str, value: i64) -> io::Result<()>;
    /// Writes a word that needs no escaping.
    fn word(&mut self, key: &str, value: &str) -> io::Result<()>;
    /// Starts a list of elements.
    fn list(&mut self, key: &str) -> io::Result<()>;
    /// Starts an element.
    fn element(&mut self) -> io::Result<()>;
    /// Writes the element's name; `None` if it has none.
    fn name(&mut self, name: Option<Name<'_>>) -> io::Result<()>;
    /// Writes the element's value, as text with C's suffix.
    fn value(&mut self, value: Value) -> io::Result<()>;
    /// Ends the element.
    fn end_element(&mut self) -> io::Result<()>;
    /// Ends the list.
    fn end_list(&mut self) -> io::Result<()>;
    /// Ends the type.
    fn end(&mut self) -> io::Result<()>;
    /// Writes a remark, which only the text has.
    fn remark(&mut self, remark: Remark<'_>) -> io::Result<()>;
}

/// An enumerator's value.
pub(super) struct Value {
    /// The bits, sign-extended or zero-extended to 64.
    pub bits: u64,
    pub signed: bool,
    /// Whether the enumeration is ENUM64.
    pub wide: bool,
}

/// A part of the listing that only the text has.
pub(super) enum Remark<'g> {
    /// The comma after a variable's type.
    Comma,
    /// The variable or function of a data section's entry.
    Of(Type<'g>),
}

/// Returns the name to print, or `None` if the string offset is 0, which is not the same as an empty string.
pub(super) fn name_of(ty: Type<'_>) -> Option<Name<'_>> {
    (ty.name_id().get() != 0).then(|| ty.name())
}

/// Lists one type.
pub(super) fn list(ty: Type<'_>, sink: &mut impl Sink) -> io::Result<()> {
    sink.start(ty)?;
    match ty.view() {
        View::Void | View::Unknown(_) => {}
        View::Int(int) => {
            sink.number("size", int.size.0)?;
            sink.number("bits_offset", int.offset.0)?;
            sink.number("nr_bits", int.bits.0)?;
            sink.word("encoding", &int.encoding.to_string())?;
        }
        View::Ptr(id)
        | View::Typedef(id)
        | View::Volatile(id)
        | View::Const(id)
        | View::Restrict(id)
        | View::TypeTag(id) => sink.number("type_id", u64::from(id.get()))?,
        View::Array(array) => {
            sink.number("type_id", u64::from(array.element_id.get()))?;
            sink.number("index_type_id", u64::from(array.index_id.get()))?;
            sink.number("nr_elems", u64::from(array.count))?;
        }
        View::Struct(composite) | View::Union(composite) => {
            sink.number("size", composite.size.0)?;
            members(composite, sink)?;
        }
        View::Enum(enumeration) => enumerators(enumeration, sink)?,
        View::Fwd(_) => {
            let kind = if ty.info().flag() { "union" } else { "struct" };
            sink.word("fwd_kind", kind)?;
        }
        View::Func(func) => {
            sink.number("type_id", u64::from(func.proto_id.get()))?;
            sink.word("linkage", &func.linkage.to_string())?;
        }
        View::FuncProto(proto) => {
            sink.number("ret_type_id", u64::from(proto.result_id.get()))?;
            params(proto, sink)?;
        }
        View::Var(var) => {
            sink.number("type_id", u64::from(var.type_id.get()))?;
            sink.remark(Remark::Comma)?;
            sink.word("linkage", &var.linkage.to_string())?;
        }
        View::Datasec(section) => {
            sink.number("size", section.size.0)?;
            variables(ty, section, sink)?;
        }
        View::Float(size) => sink.number("size", size.0)?,
        View::DeclTag(tag) => {
            sink.number("type_id", u64::from(tag.target_id.get()))?;
            // The component index is signed; -1 means none.
            let component = tag
                .component
                .map_or(-1, |index| i64::from(index.cast_signed()));
            sink.signed("component_idx", component)?;
        }
    }
    sink.end()
}

fn members(composite: crate::graph::Composite<'_>, sink: &mut impl Sink) -> io::Result<()> {
    sink.number("vlen", composite.len() as u64)?;
    sink.list("members")?;
    for member in composite.members() {
        sink.element()?;
        sink.name((member.name_id().get() != 0).then(|| member.name()))?;
        sink.number("type_id", u64::from(member.type_id.get()))?;
        sink.number("bits_offset", member.offset.0)?;
        if let Some(width) = member.bitfield {
            sink.number("bitfield_size", width.0)?;
        }
        sink.end_element()?;
    }
    sink.end_list()
}

fn enumerators(enumeration: crate::graph::Enum<'_>, sink: &mut impl Sink) -> io::Result<()> {
    let encoding = if enumeration.signedness.is_signed() {
        "SIGNED"
    } else {
        "UNSIGNED"
    };
    sink.word("encoding", encoding)?;
    sink.number("size", enumeration.size.0)?;
    sink.number("vlen", enumeration.len() as u64)?;
    sink.list("values")?;
    for enumerator in enumeration.enumerators() {
        sink.element()?;
        sink.name((enumerator.name_id().get() != 0).then(|| enumerator.name()))?;
        sink.value(Value {
            bits: enumerator.value,
            signed: enumeration.signedness.is_signed(),
            wide: enumeration.is_wide(),
        })?;
        sink.end_element()?;
    }
    sink.end_list()
}

fn params(proto: crate::graph::FuncProto<'_>, sink: &mut impl Sink) -> io::Result<()> {
    sink.number("vlen", proto.params().len() as u64)?;
    sink.list("params")?;
    for param in proto.params() {
        sink.element()?;
        sink.name((param.name_id().get() != 0).then(|| param.name()))?;
        sink.number("type_id", u64::from(param.type_id.get()))?;
        sink.end_element()?;
    }
    sink.end_list()
}

fn variables(
    ty: Type<'_>,
    section: crate::graph::Datasec<'_>,
    sink: &mut impl Sink,
) -> io::Result<()> {
    sink.number("vlen", section.entries().len() as u64)?;
    sink.list("vars")?;
    for entry in section.entries() {
        sink.element()?;
        sink.number("type_id", u64::from(entry.var_id.get()))?;
        sink.number("offset", entry.offset.0)?;
        sink.number("size", entry.size.0)?;
        sink.remark(Remark::Of(ty.graph().ty(entry.var_id)))?;
        sink.end_element()?;
    }
    sink.end_list()
}

/// Returns bpftool's name of a kind: kind 0, `void`, is `UNKNOWN`.
pub(super) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Void => "UNKNOWN",
        kind => kind.name(),
    }
}
