//! The walk over types and bytes, with a stack of its own.

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Array, Composite, Int, IntEncoding, Type, View};
use crate::id::{Bits, ByteSize};
use crate::limits::Limits;
use crate::render::value::enumerators::{Called, called};
use crate::render::value::float::Float;
use crate::render::value::number::Number;
use crate::render::value::options::ValueOptions;
use crate::render::value::sink::{Scalar, Shape, Sink};
use crate::render::value::sink::{too_long, writer_failed};
use crate::render::value::variant::{TAG, living};
use crate::target::Endian;

/// The state of writing one value.
pub(super) struct Walk<'g, 'b, 'o, S> {
    ty: Type<'g>,
    size: ByteSize,
    bytes: &'b [u8],
    endian: Endian,
    options: &'o ValueOptions,
    sink: S,
    /// The values around the next one, the outermost first.
    open: Vec<Level<'g>>,
    /// The end of the last element of a flexible array.
    flexible_end: Option<u64>,
    /// Whether the bytes ended before a value did.
    is_truncated: bool,
    /// The values that may still be visited: a structure may be written as nothing.
    steps: u64,
}

/// A value with others in it.
enum Level<'g> {
    Composite(Members<'g>),
    Array(Elements<'g>),
}

/// A structure or union whose members are being written.
struct Members<'g> {
    composite: Composite<'g>,
    is_union: bool,
    shape: Shape,
    /// The first bit.
    start: u64,
    /// The index of the next member, and of the one behind the last.
    next: usize,
    end: usize,
    is_last: bool,
}

/// An array whose elements are being written.
struct Elements<'g> {
    /// The type of an element, without typedefs and qualifiers.
    element: Type<'g>,
    /// The first bit of the next element.
    at: u64,
    /// The number of bits of an element.
    step: u64,
    /// The elements that are left.
    left: u64,
}

/// A value that is to be written.
struct Item<'g> {
    /// The type, without typedefs and qualifiers.
    ty: Type<'g>,
    /// The first bit.
    at: u64,
    /// The width, if it is a bitfield.
    bitfield: Option<Bits>,
    /// Whether nothing is behind it, so that a flexible array has the bytes that remain.
    is_last: bool,
    /// Whether it is the discriminant of a Rust enumeration, which is no set of flags.
    is_tag: bool,
    shape: Shape,
}

impl<'g, 'b, 'o, S: Sink> Walk<'g, 'b, 'o, S> {
    pub fn new(ty: Type<'g>, bytes: &'b [u8], options: &'o ValueOptions, sink: S) -> Result<Self> {
        let ty = ty.as_var().map_or(ty, |var| var.ty());
        let bare = ty.strip()?;
        if bare.as_datasec().is_some() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "{} is a data section, which is no type of a value",
                    ty.name()
                ),
            )
            .within(Place::Type(ty.id())));
        }
        Ok(Self {
            ty: bare,
            size: ty.size()?,
            bytes,
            endian: ty.graph().endian(),
            options,
            sink,
            open: Vec::new(),
            flexible_end: None,
            is_truncated: false,
            steps: options.output,
        })
    }

    /// Returns the bytes that belong to the value.
    pub fn used(&self) -> ByteSize {
        let length = self.bytes.len() as u64;
        let end = self.flexible_end.unwrap_or(0).max(self.size.0);
        ByteSize(end.min(length))
    }

    /// Returns whether the bytes ended before a value did.
    pub const fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Writes the value.
    pub fn run(&mut self) -> Result<()> {
        self.value(Item {
            ty: self.ty,
            at: 0,
            bitfield: None,
            is_last: true,
            is_tag: false,
            shape: Shape::Structure,
        })?;
        while let Some(level) = self.open.last_mut() {
            self.steps = self.steps.checked_sub(1).ok_or_else(too_long)?;
            match level {
                Level::Composite(members) if members.next >= members.end => {
                    let shape = members.shape;
                    self.open.pop();
                    self.sink.close(shape).map_err(writer_failed)?;
                }
                Level::Array(elements) if elements.left == 0 => {
                    self.open.pop();
                    self.sink.close(Shape::List).map_err(writer_failed)?;
                }
                Level::Composite(_) => self.member()?,
                Level::Array(_) => self.element()?,
            }
        }
        Ok(())
    }

    fn member(&mut self) -> Result<()> {
        let Some(Level::Composite(members)) = self.open.last_mut() else {
            return Ok(());
        };
        let Some(member) = members.composite.member(members.next) else {
            members.next = members.end;
            return Ok(());
        };
        members.next += 1;
        let ty = member.ty().strip()?;
        let is_anonymous = member.name().is_empty() && ty.kind().is_composite();
        let item = Item {
            ty,
            at: members.start.saturating_add(member.offset.0),
            bitfield: member.bitfield,
            is_last: members.is_last
                && (members.is_union || members.next == members.composite.len()),
            is_tag: ty.kind().is_enum() && member.name() == TAG,
            shape: if is_anonymous {
                Shape::Anonymous
            } else {
                Shape::Structure
            },
        };
        let variants = ty.as_union().filter(|_| is_anonymous && !members.is_union);
        let living = variants.and_then(|union| {
            let (bytes, endian, start) = (self.bytes, self.endian, members.start);
            living(&members.composite, &union, |at, width| {
                Number::read(bytes, endian, start.checked_add(at)?, width, false)
            })
        });
        self.sink
            .member(member.name(), is_anonymous)
            .map_err(writer_failed)?;
        let depth = self.open.len();
        self.value(item)?;
        if let (Some(living), Some(Level::Composite(union))) = (living, self.open.get_mut(depth)) {
            union.next = living;
            union.end = living.saturating_add(1);
        }
        Ok(())
    }

    fn element(&mut self) -> Result<()> {
        let Some(Level::Array(elements)) = self.open.last_mut() else {
            return Ok(());
        };
        let item = Item {
            ty: elements.element,
            at: elements.at,
            bitfield: None,
            is_last: false,
            is_tag: false,
            shape: Shape::Structure,
        };
        elements.left -= 1;
        elements.at = elements.at.saturating_add(elements.step);
        if elements.step > 0 && is_beyond(item.at, self.bytes) {
            elements.left = 0;
            self.sink.element().map_err(writer_failed)?;
            return self.scalar(Scalar::Truncated);
        }
        self.sink.element().map_err(writer_failed)?;
        self.value(item)
    }

    /// Writes a value without others in it, or starts one that has some.
    fn value(&mut self, item: Item<'g>) -> Result<()> {
        let ty = item.ty;
        let width = |size: ByteSize| match item.bitfield {
            Some(width) => width.0,
            None => size.0.saturating_mul(8),
        };
        match ty.view() {
            View::Int(int) => self.int(ty, int, &item),
            View::Ptr(_) => {
                let size = ty.graph().pointer_width().bytes();
                self.number(item.at, width(size), false, Scalar::Pointer)
            }
            View::Enum(values) => {
                let is_signed = values.signedness.is_signed();
                let scalar = |number| match called(&values, number) {
                    Called::Flags | Called::Nothing if item.is_tag => Scalar::Number(number),
                    Called::Name(_) | Called::Flags | Called::Nothing => {
                        Scalar::Enum(values, number)
                    }
                };
                self.number(item.at, width(values.size), is_signed, scalar)
            }
            View::Float(size) => self.float(ty, size, &item),
            View::Struct(composite) => self.composite(composite, false, &item),
            View::Union(composite) => self.composite(composite, true, &item),
            View::Array(array) => self.array(array, &item),
            View::Void
            | View::Fwd(_)
            | View::Typedef(_)
            | View::Volatile(_)
            | View::Const(_)
            | View::Restrict(_)
            | View::Func(_)
            | View::FuncProto(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::DeclTag(_)
            | View::TypeTag(_)
            | View::Unknown(_) => self.scalar(Scalar::NoValue),
        }
    }

    fn int(&mut self, ty: Type<'g>, int: Int, item: &Item<'_>) -> Result<()> {
        let whole = int.size.0.saturating_mul(8);
        // An integer of fewer bits than its storage is a bitfield of before 2018.
        let is_part = int.bits.0 > 0 && int.offset.0.saturating_add(int.bits.0) <= whole;
        let (at, width) = match item.bitfield {
            Some(width) => (item.at, width.0),
            None if is_part => (item.at.saturating_add(int.offset.0), int.bits.0),
            None => (item.at, whole),
        };
        let is_char = width == 8 && item.bitfield.is_none() && is_char(ty, int);
        let scalar = if int.encoding.0 & IntEncoding::BOOL.0 != 0 {
            Scalar::Bool
        } else if is_char {
            Scalar::Char
        } else {
            Scalar::Number
        };
        self.number(at, width, int.encoding.is_signed(), scalar)
    }

    /// Writes a number, or its bytes if it is too wide for one.
    fn number(
        &mut self,
        at: u64,
        width: u64,
        is_signed: bool,
        scalar: impl FnOnce(Number) -> Scalar<'g, 'b>,
    ) -> Result<()> {
        let number = Number::read(self.bytes, self.endian, at, width, is_signed);
        let scalar = match number {
            Some(number) => scalar(number),
            None => match self.slice(at, width.div_ceil(8)) {
                Some(bytes) if width > 128 => Scalar::Bytes(bytes),
                _ => Scalar::Truncated,
            },
        };
        self.scalar(scalar)
    }

    fn float(&mut self, ty: Type<'g>, size: ByteSize, item: &Item<'_>) -> Result<()> {
        let scalar = match self.slice(item.at, size.0) {
            Some(_) if item.bitfield.is_some() => Scalar::NoValue,
            None => Scalar::Truncated,
            Some(bytes) => {
                let name = ty.name().as_bytes();
                match Float::decode(bytes, self.endian, name, self.options.long_double) {
                    Some(float) => Scalar::Float(float),
                    None => Scalar::Bytes(bytes),
                }
            }
        };
        self.scalar(scalar)
    }

    fn composite(
        &mut self,
        composite: Composite<'g>,
        is_union: bool,
        item: &Item<'g>,
    ) -> Result<()> {
        if composite.size.0 > 0 && is_beyond(item.at, self.bytes) {
            return match item.shape {
                // The members of an anonymous one would stand for themselves.
                Shape::Anonymous => self.open_composite(composite, is_union, item),
                Shape::Structure | Shape::List => self.scalar(Scalar::Truncated),
            };
        }
        self.open_composite(composite, is_union, item)
    }

    fn open_composite(
        &mut self,
        composite: Composite<'g>,
        is_union: bool,
        item: &Item<'g>,
    ) -> Result<()> {
        self.push(
            Level::Composite(Members {
                composite,
                is_union,
                shape: item.shape,
                start: item.at,
                next: 0,
                end: composite.len(),
                is_last: item.is_last,
            }),
            item,
        )?;
        self.sink.open(item.shape).map_err(writer_failed)
    }

    fn array(&mut self, array: Array<'g>, item: &Item<'g>) -> Result<()> {
        let element = array.element().strip()?;
        let size = element.size().map_or(0, |size| size.0);
        let mut count = u64::from(array.count);
        let is_flexible = count == 0 && item.is_last && size > 0;
        if is_flexible {
            let rest = (self.bytes.len() as u64).saturating_sub(item.at / 8);
            count = rest / size;
            let end = (item.at / 8).saturating_add(count.saturating_mul(size));
            self.flexible_end = self.flexible_end.max(Some(end));
        }
        if let Some(int) = element.as_int()
            && int.size.0 == 1
            && item.at.is_multiple_of(8)
            && is_char(element, int)
        {
            let text = self.text(item.at, count);
            return self.scalar(text);
        }
        self.push(
            Level::Array(Elements {
                element,
                at: item.at,
                step: size.saturating_mul(8),
                left: count,
            }),
            item,
        )?;
        self.sink.open(Shape::List).map_err(writer_failed)
    }

    /// Returns the text in an array of characters: it ends before the first NUL.
    fn text(&self, at: u64, count: u64) -> Scalar<'g, 'b> {
        let start = usize::try_from(at / 8).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(start..).unwrap_or_default();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let there = bytes.get(..count).unwrap_or(bytes);
        match memchr::memchr(0, there) {
            Some(end) => Scalar::Text(there.get(..end).unwrap_or(there)),
            None if there.len() < count => Scalar::Truncated,
            None => Scalar::Text(there),
        }
    }

    fn push(&mut self, level: Level<'g>, item: &Item<'_>) -> Result<()> {
        if self.open.len() >= Limits::default().depth as usize {
            return Err(Error::limit("structures nest deeper than Limits::depth")
                .within(Place::Type(item.ty.id())));
        }
        self.open.push(level);
        Ok(())
    }

    fn scalar(&mut self, scalar: Scalar<'_, '_>) -> Result<()> {
        self.is_truncated |= matches!(scalar, Scalar::Truncated);
        self.sink.scalar(scalar).map_err(writer_failed)
    }

    /// Returns the bytes of a value; `None` where they end before.
    fn slice(&self, at: u64, size: u64) -> Option<&'b [u8]> {
        let start = usize::try_from(at / 8).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        self.bytes.get(start..end)
    }
}

/// Returns whether an integer is a character: by its encoding or its name, because `signed char` and `int8_t` are numbers.
fn is_char(ty: Type<'_>, int: Int) -> bool {
    let is_bool = int.encoding.0 & IntEncoding::BOOL.0 != 0;
    let is_char = int.encoding.0 & IntEncoding::CHAR.0 != 0;
    int.size.0 == 1 && !is_bool && (is_char || ty.name() == "char")
}

/// Returns whether a bit lies behind the last byte.
fn is_beyond(at: u64, bytes: &[u8]) -> bool {
    at / 8 >= bytes.len() as u64
}
