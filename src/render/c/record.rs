//! Structures and unions with their members, those without a name in place.

use crate::error::{Error, Place, Result};
use crate::graph::{Kind, Member, Type};
use crate::id::TypeId;
use crate::query::{bit_extent, written_spelling};
use crate::render::c::note::NoteKind;
use crate::render::c::writer::Writer;
use crate::render::fields::{Lost, Step, collect, is_bare, lane, lanes, outline, place};

/// A structure or union that is being written.
#[derive(Debug)]
pub(super) struct Frame<'g> {
    ty: Type<'g>,
    /// The offset in bits from the start of the item; `None` where no check can reach the structure.
    at: Option<u64>,
    /// The length of the path to it.
    path: usize,
    /// The name space of its members.
    scope: u64,
    /// The fields of the structure, in [`Writer::fields`].
    first_field: usize,
    events: Vec<Event>,
    /// The next event, or the next member of a structure whose members are written in order.
    next: usize,
    /// Whether members are written in order.
    in_order: bool,
    depth: usize,
    /// The number of braces open inside the structure's own.
    braces: usize,
    /// An alignment that its fields don't give it.
    aligned: Option<u64>,
    /// The member that the structure is the type of.
    owner: Option<(TypeId, Box<[u8]>)>,
}

/// What is written next.
#[derive(Clone, Copy, Debug)]
enum Event {
    Pad(u64, u64),
    /// The field with this index, and whether it is behind another brace.
    Field(usize),
    OpenUnion,
    OpenPart,
    ClosePart,
    CloseUnion,
}

impl<'g> Writer<'g, '_> {
    /// Writes a structure or union with its members, without the `;`.
    ///
    /// # Errors
    /// `Limit` for structures nested too deep, and for too long a text.
    pub fn record(&mut self, ty: Type<'g>) -> Result<()> {
        self.scope.clear();
        self.pads = 0;
        self.scopes = 0;
        self.path.clear();
        let bottom = self.frames.len();
        self.open(ty, Some(0), 0, None)?;
        while self.frames.len() > bottom {
            self.check()?;
            let Some(frame) = self.frames.last_mut() else {
                break;
            };
            let next = frame.next;
            frame.next += 1;
            if frame.in_order {
                match frame.ty.member_at(next) {
                    Some(member) => self.member_in_order(member)?,
                    None => self.close()?,
                }
            } else {
                match frame.events.get(next).copied() {
                    Some(event) => self.event(event)?,
                    None => self.close()?,
                }
            }
        }
        Ok(())
    }

    /// Starts a structure: its keyword, tag and brace.
    fn open(
        &mut self,
        ty: Type<'g>,
        at: Option<u64>,
        scope: u64,
        owner: Option<(TypeId, Box<[u8]>)>,
    ) -> Result<()> {
        if self.frames.len() >= self.limits.depth as usize {
            return Err(Error::limit("structures nest deeper than Limits::depth")
                .within(Place::Type(ty.id())));
        }
        let is_item = self.frames.is_empty();
        let depth = self.frames.last().map_or(0, |frame| frame.inside());
        if is_item && !ty.name().is_empty() {
            self.named(ty);
        } else {
            self.push(if ty.kind() == Kind::Union {
                "union"
            } else {
                "struct"
            });
        }
        self.push(" {\n");
        self.uses.records = true;
        let mut frame = Frame {
            ty,
            at,
            path: self.path.len(),
            scope,
            first_field: self.fields.len(),
            events: Vec::new(),
            next: 0,
            in_order: true,
            depth,
            braces: 0,
            aligned: None,
            owner,
        };
        if !self.shapes.get(ty.id()).plain || !self.names_are_new(ty, scope) {
            frame.in_order = false;
            collect(self.shapes, ty, &mut self.fields)?;
            self.hide(frame.first_field, scope);
            (frame.events, frame.aligned) = self.plan(ty, frame.first_field);
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Adds the names of members to a scope. If one is there already, none is added.
    fn names_are_new(&mut self, ty: Type<'g>, scope: u64) -> bool {
        let names = || {
            let names = ty.members().map(|member| member.name().as_bytes());
            names.filter(|name| !name.is_empty())
        };
        for (count, name) in names().enumerate() {
            let (_, is_new) = self.scope.add(scope, &written_spelling(name));
            if !is_new {
                for name in names().take(count) {
                    let (key, _) = self.scope.add(scope, &written_spelling(name));
                    self.scope.remove(key);
                }
                return false;
            }
        }
        true
    }

    /// Marks the fields whose names are in use. Of several, the one stays that relocation finds.
    fn hide(&mut self, first: usize, scope: u64) {
        let fields = self.fields.get_mut(first..).unwrap_or_default();
        let mut ranked: Vec<&mut _> = fields.iter_mut().collect();
        ranked.sort_unstable_by_key(|field| field.rank);
        for field in ranked {
            let name = field.member.name().as_bytes();
            if !name.is_empty() {
                let (_, is_new) = self.scope.add(scope, &written_spelling(name));
                if !is_new {
                    field.lost.get_or_insert(Lost::Hidden);
                }
            }
        }
    }

    /// Plans a structure: its fields, and what is between them. Returns also the alignment that its fields don't give it.
    fn plan(&self, ty: Type<'g>, first: usize) -> (Vec<Event>, Option<u64>) {
        let fields = self.fields.get(first..).unwrap_or_default();
        let shape = self.shapes.get(ty.id());
        let is_union = ty.kind() == Kind::Union;
        let count = lanes(fields);
        let lost = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.lost.is_some());
        let mut events: Vec<Event> = lost.map(|(index, _)| Event::Field(first + index)).collect();
        let in_union = !is_union && count > 1;
        if in_union {
            events.push(Event::OpenUnion);
        }
        for number in 0..count {
            // A union's parts are its fields.
            let (part, skipped) = if is_union {
                (fields.get(number..=number).unwrap_or_default(), number)
            } else {
                (fields, 0)
            };
            let written = part
                .iter()
                .enumerate()
                .filter(|(_, field)| field.lane == number && field.lost.is_none());
            let mut indices = written.clone().map(|(index, _)| first + skipped + index);
            let mut ahead = written.map(|(_, field)| field);
            let bare = match (ahead.next(), ahead.next()) {
                (None, _) => continue,
                (Some(only), None) => is_bare(only),
                (Some(_), Some(_)) => false,
            };
            let in_part = (is_union || in_union) && !bare;
            if in_part {
                events.push(Event::OpenPart);
            }
            place(lane(part, number), shape.packed, |step| {
                events.extend(match step {
                    Step::Pad(from, to) => Some(Event::Pad(from, to)),
                    Step::Field => indices.next().map(Event::Field),
                });
            });
            if in_part {
                events.push(Event::ClosePart);
            }
        }
        if in_union {
            events.push(Event::CloseUnion);
        }
        let outline = outline(ty, fields, shape.packed);
        let high = 1u64 << shape.high;
        let missing = (outline.high < high).then_some(high);
        let size = u64::from(ty.size_word());
        if outline.size() != Some(size) {
            let end = match outline.size() {
                _ if is_union => 0,
                Some(end) if in_union => end * 8,
                _ => outline.end,
            };
            events.push(Event::Pad(end, size.saturating_mul(8)));
        }
        (events, missing)
    }

    /// Writes a member of a structure whose members are written in order.
    fn member_in_order(&mut self, member: Member<'g>) -> Result<()> {
        let (start, width) = bit_extent(self.graph, &member, member.offset);
        if member.name().is_empty() && width.is_some() {
            return Ok(());
        }
        self.member(member, start.0, width.map(|width| width.0))
    }

    fn event(&mut self, event: Event) -> Result<()> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        let packed = self.shapes.get(frame.ty.id()).packed;
        if matches!(event, Event::CloseUnion | Event::ClosePart) {
            frame.braces = frame.braces.saturating_sub(1);
        }
        let depth = frame.inside();
        if matches!(event, Event::OpenUnion | Event::OpenPart) {
            frame.braces += 1;
        }
        match event {
            Event::Pad(from, to) => self.pad(from, to, depth),
            Event::OpenUnion => {
                self.indent(depth);
                self.push("union {\n");
            }
            Event::OpenPart => {
                self.indent(depth);
                self.push("struct {\n");
            }
            Event::CloseUnion | Event::ClosePart => {
                self.indent(depth);
                self.push(if packed {
                    "} __attribute__((packed));\n"
                } else {
                    "};\n"
                });
            }
            Event::Field(index) => {
                let Some(field) = self.fields.get(index).copied() else {
                    return Ok(());
                };
                match field.lost {
                    Some(lost) => self.lost(field.member, lost, depth),
                    None => self.member(field.member, field.start, field.width)?,
                }
            }
        }
        Ok(())
    }

    /// Writes a comment in place of a field.
    fn lost(&mut self, member: Member<'g>, lost: Lost, depth: usize) {
        let owner = self
            .frames
            .last()
            .map_or(TypeId::VOID, |frame| frame.ty.id());
        self.note(owner, member.name().as_bytes(), NoteKind::Left(lost));
        self.indent(depth);
        self.push("/* ");
        self.comment_text(member.name().as_bytes());
        self.push(": left out, since ");
        self.push(lost.text());
        self.push(" */\n");
    }

    /// Writes a member.
    fn member(&mut self, member: Member<'g>, start: u64, width: Option<u64>) -> Result<()> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let (depth, scope, owner) = (frame.inside(), frame.scope, frame.ty.id());
        let at = frame.at.map(|at| at + start);
        let path = frame.path;
        self.path.truncate(path);
        self.indent(depth);
        let name = written_spelling(member.name().as_bytes());
        if name.is_empty() {
            // The type may be one with a name, whose fields are written in place.
            if let Some(inner) = crate::render::extent::inlined(member.ty()) {
                return self.open(inner, at, scope, Some((TypeId::VOID, Box::default())));
            }
            return Ok(());
        }
        let body = self.declaration(member.type_id, &name, depth)?;
        self.note_untyped(owner, member.type_id, member.name().as_bytes());
        if let Some(body) = body {
            self.scopes += 1;
            let scope = self.scopes;
            let mut inside = at;
            if self.asserts {
                self.check_offset(&name, at);
                self.path_to(&name);
                if self.step_into(member.type_id)?.is_none() {
                    inside = None;
                }
            }
            return self.open(body, inside, scope, Some((member.type_id, name.into())));
        }
        match width {
            Some(width) => {
                self.push(" : ");
                self.number(width);
            }
            None if self.asserts => self.check_offset(&name, at),
            None => {}
        }
        self.push(";\n");
        Ok(())
    }

    fn path_to(&mut self, name: &[u8]) {
        if !self.path.is_empty() {
            self.path.push(b'.');
        }
        self.path.extend_from_slice(name);
    }

    /// Adds the check of a member's offset. `@` stands for the type, which is known later.
    fn check_offset(&mut self, name: &[u8], at: Option<u64>) {
        let Some(at) = at else { return };
        let before = self.path.len();
        self.path_to(name);
        let out = std::mem::take(&mut self.out);
        self.out = std::mem::take(&mut self.checks);
        self.push("_Static_assert(__builtin_offsetof(@, ");
        let path = std::mem::take(&mut self.path);
        self.out.extend_from_slice(&path);
        self.push(") == ");
        self.number(at / 8);
        self.push(", \"offset of ");
        self.out.extend_from_slice(&path);
        self.push("\");\n");
        self.path = path;
        self.checks = std::mem::replace(&mut self.out, out);
        self.path.truncate(before);
    }

    /// Writes what fills bits without a field: bytes, and bits up to the first of them and from the last.
    fn pad(&mut self, from: u64, to: u64, depth: usize) {
        let first = from.next_multiple_of(8).min(to);
        let last = (to / 8 * 8).max(first);
        self.pad_bits(first - from, depth);
        if last > first {
            let scope = self.frames.last().map_or(0, |frame| frame.scope);
            let name = loop {
                let name = format!("__pad{}", self.pads);
                self.pads += 1;
                if self.scope.add(scope, name.as_bytes()).1 {
                    break name;
                }
            };
            self.indent(depth);
            self.push("unsigned char ");
            self.push(&name);
            self.out.push(b'[');
            self.number((last - first) / 8);
            self.push("];\n");
        }
        self.pad_bits(to - last, depth);
    }

    fn pad_bits(&mut self, count: u64, depth: usize) {
        if count > 0 {
            self.indent(depth);
            self.push("unsigned char : ");
            self.number(count);
            self.push(";\n");
        }
    }

    /// Ends a structure, and the member that it is the type of.
    fn close(&mut self) -> Result<()> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        self.fields.truncate(frame.first_field);
        self.indent(frame.depth);
        self.out.push(b'}');
        if self.shapes.get(frame.ty.id()).packed {
            self.push(" __attribute__((packed))");
        }
        if let Some(aligned) = frame.aligned {
            self.push(" __attribute__((aligned(");
            self.number(aligned);
            self.push(")))");
        }
        if let Some((id, name)) = frame.owner {
            if !name.is_empty() {
                self.behind_body(id, &name)?;
            }
            self.push(";\n");
        }
        Ok(())
    }
}

impl Frame<'_> {
    /// Returns the depth of its members.
    const fn inside(&self) -> usize {
        self.depth + self.braces + 1
    }
}
