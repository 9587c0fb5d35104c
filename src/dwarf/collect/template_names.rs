//! Composing the names of templates from their arguments, as clang spells them.

use std::collections::HashMap;
use std::io::Write as _;
use std::ops::Range;

use gimli::constants as dw;

use crate::dwarf::collect::deferred::Deferred;
use crate::dwarf::collect::nodes::{Argument, ArgumentValue, Node, Nodes, Ref, Target};
use crate::dwarf::collect::types::{Note, REFERENCE, RVALUE_REFERENCE, Shape};
use crate::dwarf::read::Class;
use crate::dwarf::read::name::Files;
use crate::limits::Limits;

/// The greatest depth of types in arguments, whatever the limits allow.
const MOST_DEPTH: u32 = 128;
/// The number of bytes of one name. Each type in an argument is spelled anew wherever it occurs, so a few nested types
/// could make a name of any size.
const MOST_NAME: usize = 64 << 10;
/// The number of bytes that a unit may spend on names that become too long: enough for 256 of them.
const MOST_WASTE: usize = 256 * MOST_NAME;

/// Composes the names that lack template arguments, and those of the types inside of templates and of unnamed
/// declarations (see [`Deferred::Inside`]). A name whose arguments can't be rebuilt or are too long remains without them.
pub(super) fn compose_names(
    nodes: &mut Nodes,
    deferred: &[Deferred],
    files: &Files<'_>,
    limits: &Limits,
) {
    let mut arguments = std::mem::take(&mut nodes.arguments);
    arguments.sort_by_key(|argument| argument.owner);
    let inside = deferred.iter().filter_map(|deferred| match *deferred {
        Deferred::Inside { node, stub } => Some((node, stub)),
        Deferred::Declared { .. } | Deferred::Code { .. } => None,
    });
    let inside: HashMap<u32, u32> = inside.collect();
    let mut starts: Vec<u32> = arguments.iter().map(|argument| argument.owner).collect();
    starts.extend(inside.keys());
    starts.sort_unstable();
    starts.dedup();
    let left = (limits.string_bytes as usize).saturating_sub(nodes.composed.len());
    let mut names = Names {
        nodes,
        files,
        arguments: &arguments,
        inside: &inside,
        whole: HashMap::new(),
        left,
        room: MOST_NAME,
        waste: MOST_WASTE,
        word: false,
    };
    let depth = limits.depth.min(MOST_DEPTH);
    for node in starts {
        if !names.settle(node, depth) {
            names.nodes.incomplete.push(node);
        }
    }
    nodes.arguments = arguments;
    nodes.arguments.clear();
}

/// The names of one unit, while they are composed.
struct Names<'n, 'a> {
    nodes: &'n mut Nodes,
    files: &'n Files<'a>,
    /// The arguments of all templates, in the order of the templates.
    arguments: &'n [Argument],
    /// The node that each of these nodes is in.
    inside: &'n HashMap<u32, u32>,
    /// Whether a name that was composed has all arguments; `false` while it is being composed.
    whole: HashMap<u32, bool>,
    /// The number of bytes that may still be composed.
    left: usize,
    /// The number of bytes by which the name that is being composed may still grow.
    room: usize,
    /// The number of bytes that may still be spent on names that become too long.
    waste: usize,
    /// Whether the text ends with a word, from which a `*` is separated.
    word: bool,
}

impl Names<'_, '_> {
    /// Returns the range of a node's arguments.
    fn range(&self, owner: u32) -> Range<usize> {
        let start = self.arguments.partition_point(|a| a.owner < owner);
        let end = self.arguments.partition_point(|a| a.owner <= owner);
        start..end
    }

    /// Composes a node's name, unless that is done. Returns whether the name is whole.
    fn settle(&mut self, node: u32, depth: u32) -> bool {
        if let Some(whole) = self.whole.get(&node) {
            return *whole;
        }
        let range = self.range(node);
        let stub = self.inside.get(&node).copied();
        if range.is_empty() && stub.is_none() {
            return true;
        }
        self.whole.insert(node, false);
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let Some(own) = self.nodes.get(node).map(|node| node.name) else {
            return false;
        };
        let mut whole = true;
        let mut text = Vec::new();
        if let Some(stub) = stub {
            let target = match self.range(stub).is_empty() {
                true => self
                    .nodes
                    .get(stub)
                    .and_then(|stub| self.nodes.follow(stub.ty)),
                false => Some(stub),
            };
            if let Some(target) = target {
                whole &= self.settle(target, depth);
                if self.push_name(target, &mut text).is_some() {
                    text.extend_from_slice(b"::");
                }
            }
        }
        text.extend_from_slice(self.files.bytes(own, &self.nodes.composed));
        let simple = text.len();
        if !range.is_empty() && self.push_bounded(range, &mut text, depth).is_none() {
            text.truncate(simple);
            whole = false;
        }
        let left = self.left.checked_sub(text.len());
        self.left = left.unwrap_or(0);
        if left.is_none() {
            return false;
        }
        let name = self.nodes.composed.push(&text);
        if let Some(node) = self.nodes.nodes.get_mut(node as usize) {
            node.name = name;
        }
        self.whole.insert(node, whole);
        whole
    }

    /// Adds the arguments of a template that has room of its own. The names of the types in them have theirs.
    fn push_bounded(&mut self, range: Range<usize>, text: &mut Vec<u8>, depth: u32) -> Option<()> {
        if self.waste == 0 {
            return None;
        }
        let outer = std::mem::replace(&mut self.room, MOST_NAME.saturating_sub(text.len()));
        let pushed = self.push_arguments(range, text, depth);
        if self.room == 0 {
            self.waste = self.waste.saturating_sub(MOST_NAME);
        }
        self.room = outer;
        pushed
    }

    /// Takes a number of bytes from those that may still be composed, in all and in this name.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        let (left, room) = (self.left.checked_sub(bytes), self.room.checked_sub(bytes));
        self.left = left.unwrap_or(0);
        self.room = room.unwrap_or(0);
        left.and(room).map(|_| ())
    }

    /// Adds bytes.
    fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
        self.spend(bytes.len())?;
        text.extend_from_slice(bytes);
        Some(())
    }

    /// Adds a node's name, which must not be empty.
    fn push_name(&mut self, node: u32, text: &mut Vec<u8>) -> Option<()> {
        let name = self.nodes.get(node)?.name;
        let bytes = self.files.bytes(name, &self.nodes.composed);
        if bytes.is_empty() {
            return None;
        }
        let len = bytes.len();
        text.extend_from_slice(bytes);
        self.word = true;
        self.spend(len)?;
        Some(())
    }

    /// Adds the arguments of a template, in angle brackets.
    fn push_arguments(
        &mut self,
        range: Range<usize>,
        text: &mut Vec<u8>,
        depth: u32,
    ) -> Option<()> {
        self.push(b"<", text)?;
        let mut is_first = true;
        for argument in self.arguments.get(range)? {
            if matches!(argument.value, ArgumentValue::Pack) {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                self.push(b", ", text)?;
            }
            match argument.value {
                ArgumentValue::Type(ty) => self.push_type(ty, text, depth)?,
                ArgumentValue::Constant(ty, class, value) => {
                    self.push_constant(ty, class, value, text, depth)?;
                }
                ArgumentValue::Template(name) => {
                    let name = self.files.bytes(name, &self.nodes.composed);
                    if name.is_empty() {
                        return None;
                    }
                    let len = name.len();
                    text.extend_from_slice(name);
                    self.spend(len)?;
                }
                ArgumentValue::Pack => {}
            }
        }
        if text.last() == Some(&b'>') {
            text.push(b' ');
        }
        self.push(b">", text)
    }

    /// Adds a constant argument.
    fn push_constant(
        &mut self,
        ty: Ref,
        class: Class,
        value: u64,
        text: &mut Vec<u8>,
        depth: u32,
    ) -> Option<()> {
        if !matches!(class, Class::Unsigned | Class::Signed) {
            return None;
        }
        let (number, node) = self.canonical(ty)?;
        self.spend(32)?;
        let signed = value.cast_signed();
        match node.shape {
            Shape::Enum => {
                text.push(b'(');
                self.push_type(ty, text, depth)?;
                text.push(b')');
                match class {
                    Class::Signed => write!(text, "{signed}").ok(),
                    _ => write!(text, "{value}").ok(),
                }
            }
            Shape::Base => {
                let name = self.nodes.get(number)?.name;
                match self.files.bytes(name, &self.nodes.composed) {
                    b"bool" => write!(text, "{}", value != 0).ok(),
                    b"short" => write!(text, "(short){signed}").ok(),
                    b"unsigned short" => write!(text, "(unsigned short){value}").ok(),
                    b"int" => write!(text, "{signed}").ok(),
                    b"long" => write!(text, "{signed}L").ok(),
                    b"long long" => write!(text, "{signed}LL").ok(),
                    b"unsigned int" => write!(text, "{value}U").ok(),
                    b"unsigned long" => write!(text, "{value}UL").ok(),
                    b"unsigned long long" => write!(text, "{value}ULL").ok(),
                    b"char" => push_character(value, text),
                    b"wchar_t" => {
                        text.push(b'L');
                        push_character(value, text)
                    }
                    b"char8_t" => {
                        text.extend_from_slice(b"u8");
                        push_character(value, text)
                    }
                    b"char16_t" => {
                        text.push(b'u');
                        push_character(value, text)
                    }
                    b"char32_t" => {
                        text.push(b'U');
                        push_character(value, text)
                    }
                    b"signed char" => {
                        text.extend_from_slice(b"(signed char)");
                        push_character(value, text)
                    }
                    b"unsigned char" => {
                        text.extend_from_slice(b"(unsigned char)");
                        push_character(value, text)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns the type behind aliases, typedefs and qualifiers.
    fn canonical(&self, mut ty: Ref) -> Option<(u32, Node)> {
        for _ in 0..MOST_DEPTH {
            let number = self.nodes.follow(ty)?;
            let node = *self.nodes.get(number)?;
            match node.shape {
                Shape::Alias | Shape::Typedef | Shape::Const | Shape::Volatile => ty = node.ty,
                _ => return Some((number, node)),
            }
        }
        None
    }

    /// Returns the type behind qualifiers, whether one is `const`, and whether one is `volatile`.
    fn unqualified(&self, mut ty: Ref) -> Option<(Ref, bool, bool)> {
        let (mut is_const, mut is_volatile) = (false, false);
        for _ in 0..MOST_DEPTH {
            match self.node(ty) {
                Some(node) if node.shape == Shape::Const => is_const = true,
                Some(node) if node.shape == Shape::Volatile => is_volatile = true,
                Some(node) if node.shape == Shape::Alias && !node.is_degraded() => {}
                _ => return Some((ty, is_const, is_volatile)),
            }
            ty = self.node(ty)?.ty;
        }
        None
    }

    fn node(&self, ty: Ref) -> Option<Node> {
        self.nodes.get(self.nodes.follow(ty)?).copied()
    }

    fn shape(&self, ty: Ref) -> Option<Shape> {
        self.node(ty).map(|node| node.shape)
    }

    /// Returns whether a declarator of the type needs parentheses: it is a function or an array.
    fn needs_parentheses(&self, ty: Ref) -> Option<bool> {
        let (ty, ..) = self.unqualified(ty)?;
        Some(matches!(
            self.shape(ty),
            Some(Shape::Prototype | Shape::Array)
        ))
    }

    /// Adds a type.
    fn push_type(&mut self, ty: Ref, text: &mut Vec<u8>, depth: u32) -> Option<()> {
        self.before(ty, text, depth)?;
        self.after(ty, false, text, depth)
    }

    /// Adds the part of a type that precedes its declarator.
    fn before(&mut self, ty: Ref, text: &mut Vec<u8>, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (bare, is_const, is_volatile) = self.unqualified(ty)?;
        if is_const || is_volatile {
            return self.qualified_before(bare, (is_const, is_volatile), text, depth);
        }
        if bare.target() == Target::Void {
            self.word = true;
            return self.push(b"void", text);
        }
        let number = self.nodes.follow(bare)?;
        let node = *self.nodes.get(number)?;
        match node.shape {
            Shape::Pointer if !node.name.is_none() => {
                self.word = true;
                self.push(b"std::nullptr_t", text)
            }
            Shape::Pointer | Shape::MemberPointer => {
                self.before(node.ty, text, depth)?;
                if self.word {
                    self.push(b" ", text)?;
                }
                if self.needs_parentheses(node.ty)? {
                    self.push(b"(", text)?;
                }
                if node.shape == Shape::MemberPointer {
                    let class = Ref::from_bits(node.byte_size());
                    self.push_type(class, text, depth)?;
                    self.push(b"::", text)?;
                }
                self.word = false;
                let symbol: &[u8] = match node.byte_size() {
                    _ if node.shape == Shape::MemberPointer => b"*",
                    REFERENCE => b"&",
                    RVALUE_REFERENCE => b"&&",
                    _ => b"*",
                };
                self.push(symbol, text)
            }
            Shape::Prototype => {
                self.before(node.ty, text, depth)?;
                if self.word {
                    self.push(b" ", text)?;
                }
                self.word = false;
                Some(())
            }
            Shape::Array => self.before(node.ty, text, depth),
            Shape::Restrict => {
                self.before(node.ty, text, depth)?;
                self.word = true;
                self.push(b"__restrict", text)
            }
            // Clang's name of a complex number is not that of its base type.
            Shape::Base if node.encoding() == u32::from(dw::DW_ATE_complex_float.0) => None,
            Shape::Base
            | Shape::Struct
            | Shape::Union
            | Shape::Enum
            | Shape::Typedef
            | Shape::Defined => {
                if !self.settle(number, depth) {
                    return None;
                }
                self.push_name(number, text)
            }
            Shape::Const
            | Shape::Volatile
            | Shape::Discriminant
            | Shape::Subrange
            | Shape::Function
            | Shape::Variable
            | Shape::TypeTag
            | Shape::DeclTag
            | Shape::Alias
            | Shape::Void => None,
        }
    }

    /// Adds the part of a qualified type that precedes its declarator. Qualifiers of a pointer follow it.
    fn qualified_before(
        &mut self,
        bare: Ref,
        (is_const, is_volatile): (bool, bool),
        text: &mut Vec<u8>,
        depth: u32,
    ) -> Option<()> {
        let mut element = bare;
        for _ in 0..MOST_DEPTH {
            match self.node(element) {
                Some(node) if node.shape == Shape::Array => element = node.ty,
                _ => break,
            }
        }
        let shape = self.shape(element);
        if let Some(restricted) = self.node(bare)
            && restricted.shape == Shape::Restrict
        {
            self.before(restricted.ty, text, depth)?;
            self.word = true;
            let qualifiers: &[u8] = match (is_const, is_volatile) {
                (true, true) => b"const volatile __restrict",
                (true, false) => b"const __restrict",
                (false, _) => b"volatile __restrict",
            };
            return self.push(qualifiers, text);
        }
        if shape == Some(Shape::Prototype) {
            return self.before(bare, text, depth);
        }
        let is_leading = !matches!(shape, Some(Shape::Pointer | Shape::MemberPointer));
        if !is_leading {
            self.before(bare, text, depth)?;
        }
        let qualifiers: &[u8] = match (is_const, is_volatile, is_leading) {
            (true, true, true) => b"const volatile ",
            (true, false, true) => b"const ",
            (_, _, true) => b"volatile ",
            (true, true, false) => b"const volatile",
            (true, false, false) => b"const",
            (_, _, false) => b"volatile",
        };
        self.push(qualifiers, text)?;
        if is_leading {
            return self.before(bare, text, depth);
        }
        self.word = true;
        Some(())
    }

    /// Adds the part of a type that follows its declarator. `is_method` tells that the first parameter is the object.
    fn after(&mut self, ty: Ref, is_method: bool, text: &mut Vec<u8>, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (bare, mut is_const, mut is_volatile) = self.unqualified(ty)?;
        let Some(node) = self.node(bare) else {
            return Some(());
        };
        match node.shape {
            Shape::Restrict => self.after(node.ty, false, text, depth),
            Shape::Pointer | Shape::MemberPointer if node.name.is_none() => {
                if self.needs_parentheses(node.ty)? {
                    self.push(b")", text)?;
                }
                self.after(node.ty, node.shape == Shape::MemberPointer, text, depth)
            }
            Shape::Prototype => {
                self.push(b"(", text)?;
                let skipped = u32::from(is_method);
                for index in skipped..node.count {
                    if index > skipped {
                        self.push(b", ", text)?;
                    }
                    let part = *self.nodes.parts_of(&node).get(index as usize)?;
                    if part.note == Note::Varargs {
                        self.push(b"...", text)?;
                    } else {
                        self.push_type(part.ty, text, depth)?;
                    }
                }
                self.push(b")", text)?;
                let object = self.nodes.parts_of(&node).first().filter(|_| is_method);
                if let Some(pointer) = object.and_then(|object| self.node(object.ty)) {
                    let (_, of_const, of_volatile) = self.unqualified(pointer.ty)?;
                    is_const |= of_const;
                    is_volatile |= of_volatile;
                }
                if is_const {
                    self.push(b" const", text)?;
                }
                if is_volatile {
                    self.push(b" volatile", text)?;
                }
                let number = self.nodes.follow(bare)?;
                let values = &self.nodes.for_values;
                let found = values.binary_search_by_key(&number, |(node, _)| *node);
                match found.ok().and_then(|index| values.get(index)) {
                    Some((_, true)) => self.push(b" &&", text)?,
                    Some((_, false)) => self.push(b" &", text)?,
                    None => {}
                }
                self.after(node.ty, false, text, depth)
            }
            Shape::Array => {
                for index in 0..node.count {
                    let part = *self.nodes.parts_of(&node).get(index as usize)?;
                    if part.note == Note::Unbounded {
                        return None;
                    }
                    self.spend(24)?;
                    match part.element_count() {
                        0 => text.extend_from_slice(b"[]"),
                        count => write!(text, "[{count}]").ok()?,
                    }
                }
                self.after(node.ty, false, text, depth)
            }
            _ => Some(()),
        }
    }
}

/// Adds a character constant.
fn push_character(value: u64, text: &mut Vec<u8>) -> Option<()> {
    // A negative character is written as its byte.
    let value = match value | 0xff {
        u64::MAX => value & 0xff,
        _ => value,
    };
    let escape = match value {
        0x07 => Some('a'),
        0x08 => Some('b'),
        0x09 => Some('t'),
        0x0a => Some('n'),
        0x0b => Some('v'),
        0x0c => Some('f'),
        0x0d => Some('r'),
        0x27 => Some('\''),
        0x5c => Some('\\'),
        _ => None,
    };
    match (escape, u8::try_from(value)) {
        (Some(escape), _) => write!(text, "'\\{escape}'").ok(),
        (None, Ok(byte @ 32..127)) => write!(text, "'{}'", char::from(byte)).ok(),
        (None, Ok(byte)) => write!(text, "'\\x{byte:02x}'").ok(),
        (None, Err(_)) if value <= 0xffff => write!(text, "'\\u{value:04x}'").ok(),
        (None, Err(_)) => write!(text, "'\\U{value:08x}'").ok(),
    }
}
