//! The kernel's log about a finding, byte for byte.

use crate::graph::Kind;
use crate::verify::input::{Input, Record};

/// The most bytes that one call of the kernel's printing function writes (`BPF_VERIFIER_TMP_LOG_SIZE`).
const CALL: usize = 1023;
/// The most bytes of a log that are kept. A prototype with all parameters that fit has 64 MB of names.
const MOST: usize = 1 << 20;

/// Which line of the log a message ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// A line without a type.
    Bare,
    /// A line with the type and the words of its record.
    Type,
    /// A line with the type only.
    Basic,
    /// The line of a member, with the type that is shown as its own.
    Member(u32, u32),
    /// The line of an entry of a data section.
    Entry(u32),
}

/// The log in the making.
pub(super) struct Log<'a> {
    pub input: &'a Input<'a>,
    pub out: Vec<u8>,
}

impl Log<'_> {
    /// Appends what one call prints.
    fn call(&mut self, parts: &[&[u8]]) {
        let mut room = CALL.min(MOST.saturating_sub(self.out.len()));
        for part in parts {
            let part = part.get(..room).unwrap_or(part);
            self.out.extend_from_slice(part);
            room -= part.len();
        }
    }

    fn text(&mut self, text: &str) {
        self.call(&[text.as_bytes()]);
    }

    fn name(&self, offset: u32) -> &[u8] {
        if offset == 0 {
            return b"(anon)";
        }
        self.input.name(offset).unwrap_or(b"(invalid-name-offset)")
    }

    /// Appends the line of a type.
    pub fn ty(&mut self, id: u32, record: Record<'_>, details: bool, message: &str) {
        let start = format!("[{id}] {} ", record.kind().name());
        let space: &[u8] = if details { b" " } else { b"" };
        let name = self.name(record.name).to_vec();
        self.call(&[start.as_bytes(), &name, space]);
        if details {
            self.details(record);
        }
        self.message(message);
    }

    fn message(&mut self, message: &str) {
        if !message.is_empty() {
            self.text(" ");
            self.text(message);
        }
        self.text("\n");
    }

    fn details(&mut self, record: Record<'_>) {
        let Record { third, vlen, .. } = record;
        match record.kind() {
            Kind::Void | Kind::Unknown(_) => {}
            Kind::Int => {
                let [encoding, offset, _, bits] = record.word(0).to_be_bytes();
                let encoding = match encoding & 0x0f {
                    0 => "(none)",
                    1 => "SIGNED",
                    2 => "CHAR",
                    4 => "BOOL",
                    _ => "UNKN",
                };
                self.text(&format!(
                    "size={third} bits_offset={offset} nr_bits={bits} encoding={encoding}"
                ));
            }
            Kind::Ptr
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag
            | Kind::Func => self.text(&format!("type_id={third}")),
            Kind::Array => self.text(&format!(
                "type_id={} index_type_id={} nr_elems={}",
                record.word(0),
                record.word(1),
                record.word(2)
            )),
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Datasec => {
                self.text(&format!("size={third} vlen={vlen}"));
            }
            Kind::Fwd => self.text(if record.flag() { "union" } else { "struct" }),
            Kind::FuncProto => self.prototype(record),
            Kind::Var => self.text(&format!("type_id={third} linkage={}", record.word(0))),
            Kind::Float => self.text(&format!("size={third}")),
            Kind::DeclTag => self.text(&format!(
                "type={third} component_idx={}",
                record.word(0).cast_signed()
            )),
        }
    }

    fn prototype(&mut self, record: Record<'_>) {
        self.text(&format!("return={} args=(", record.third));
        let last = record.pairs().len().saturating_sub(1);
        if record.vlen == 0 {
            self.text("void");
        } else if record.vlen == 1 && record.word(1) == 0 {
            self.text("vararg");
        } else {
            for (index, [name, ty]) in record.pairs().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                if index == last && index > 0 && ty == 0 {
                    self.text(", vararg");
                    continue;
                }
                let start = format!("{comma}{ty} ");
                let name = self.name(name).to_vec();
                self.call(&[start.as_bytes(), &name]);
            }
        }
        self.text(")");
    }

    /// Appends the line of a member.
    pub fn member(&mut self, of: Record<'_>, index: u32, shown_type: u32, message: &str) {
        let [name, _, word] = of.triple(index).unwrap_or_default();
        let name = self.name(name).to_vec();
        let (offset, width) = of.offset_and_width(word);
        let rest = if of.flag() {
            format!(" type_id={shown_type} bitfield_size={width} bits_offset={offset}")
        } else {
            format!(" type_id={shown_type} bits_offset={offset}")
        };
        self.call(&[b"\t", &name, rest.as_bytes()]);
        self.message(message);
    }

    /// Appends the line of an entry of a data section.
    pub fn entry(&mut self, of: Record<'_>, index: u32, message: &str) {
        let [ty, offset, size] = of.triple(index).unwrap_or_default();
        self.text(&format!("\t type_id={ty} offset={offset} size={size}"));
        self.message(message);
    }
}
