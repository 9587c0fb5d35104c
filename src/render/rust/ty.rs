//! Types as they are written in fields, parameters and typedefs.

use crate::error::{Error, Place, Result};
use crate::graph::{FuncProto, Kind, Type, View};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::render::rust::naming::is_qualifier;
use crate::render::rust::note::NoteKind;
use crate::render::rust::scalar::{self, FLOATS, Scalar};
use crate::render::rust::writer::Writer;
use crate::target::PointerWidth;

/// Prototypes in prototypes that are written out. Deeper ones have no parameters.
const DEPTH: u32 = 8;

const VOID: &str = "::core::ffi::c_void";

/// What follows a type.
enum Behind {
    Count(u64),
    Text(&'static str),
}

impl<'g> Writer<'g, '_> {
    /// Writes a type.
    ///
    /// # Errors
    /// `Limit` for a chain of types that is too long, or too long a text.
    pub fn ty(&mut self, id: TypeId) -> Result<()> {
        self.ty_at(id, 0)
    }

    /// Writes a function's type, which is no pointer: for a typedef.
    pub fn bare_function(&mut self, proto: FuncProto<'g>) -> Result<()> {
        self.function(proto, 0)?;
        if let Some(result) = result(proto) {
            self.push(" -> ");
            self.ty_at(result.id(), 1)?;
        }
        Ok(())
    }

    fn ty_at(&mut self, id: TypeId, depth: u32) -> Result<()> {
        let mut behind = Vec::new();
        let mut ty = self.graph.ty(id);
        for _ in 0..=Limits::CHAIN {
            match self.link(ty, depth, &mut behind)? {
                Some(next) => ty = next,
                None => {
                    while let Some(text) = behind.pop() {
                        match text {
                            Behind::Count(count) => self.push(&format!("; {count}]")),
                            Behind::Text(text) => self.push(text),
                        }
                    }
                    return Ok(());
                }
            }
        }
        Err(Error::limit("the chain of types has more than 256 links").within(Place::Type(id)))
    }

    /// Writes what a type has in front of the next one in its chain, and returns that; the whole type if it is the last.
    fn link(
        &mut self,
        ty: Type<'g>,
        depth: u32,
        behind: &mut Vec<Behind>,
    ) -> Result<Option<Type<'g>>> {
        match ty.view() {
            View::Const(to) | View::Volatile(to) | View::Restrict(to) | View::TypeTag(to) => {
                return Ok(Some(self.graph.ty(to)));
            }
            View::Typedef(to) if ty.name().is_empty() || self.naming.is_through(ty.id()) => {
                return Ok(Some(self.graph.ty(to)));
            }
            View::Array(array) => {
                self.push("[");
                behind.push(Behind::Count(u64::from(array.count)));
                return Ok(Some(array.element()));
            }
            View::Ptr(_) => return self.pointer(ty),
            View::FuncProto(proto) => {
                self.push("Option<");
                behind.push(Behind::Text(">"));
                self.function(proto, depth)?;
                if let Some(result) = result(proto) {
                    self.push(" -> ");
                    return Ok(Some(result));
                }
            }
            View::Int(int) => self.scalar(ty, scalar::int(int)),
            View::Float(size) => self.scalar(ty, scalar::float(size)),
            View::Enum(enumeration) if !matches!(enumeration.size.0, 1 | 2 | 4 | 8) => {
                self.scalar(ty, Scalar::Bytes(enumeration.size.0));
            }
            View::Fwd(_) if ty.name().is_empty() => self.push(VOID),
            View::Struct(_) | View::Union(_) | View::Enum(_) | View::Fwd(_) | View::Typedef(_) => {
                self.named(ty)
            }
            View::Void
            | View::Func(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::DeclTag(_)
            | View::Unknown(_) => self.push(VOID),
        }
        Ok(None)
    }

    /// Writes a pointer without what it points to, and returns that.
    fn pointer(&mut self, ty: Type<'g>) -> Result<Option<Type<'g>>> {
        if self.graph.pointer_width() == PointerWidth::Four {
            self.push("u32");
            return Ok(None);
        }
        if self.untyped.contains(&ty.id()) {
            let owner = self.graph.ty(self.owner);
            self.note_once(owner, NoteKind::Untyped);
            self.push("*mut ");
            self.push(VOID);
            return Ok(None);
        }
        let Some(mut to) = ty.referent() else {
            return Ok(None);
        };
        let mut is_const = false;
        for _ in 0..=Limits::CHAIN {
            if !is_qualifier(to.kind()) {
                break;
            }
            is_const |= to.kind() == Kind::Const;
            to = to.referent().unwrap_or(to);
        }
        let is_function = to.strip().is_ok_and(|end| end.kind() == Kind::FuncProto);
        if is_function && to.kind() == Kind::Typedef && !to.name().is_empty() {
            self.push("Option<");
            self.named(to);
            self.push(">");
            return Ok(None);
        }
        if !is_function {
            self.push(if is_const { "*const " } else { "*mut " });
        }
        Ok(Some(to))
    }

    fn scalar(&mut self, ty: Type<'g>, scalar: Scalar) {
        match scalar {
            Scalar::Own(name) => self.push(name),
            Scalar::Bytes(count) => {
                self.note_once(ty, NoteKind::Bytes);
                self.push(&format!("[u8; {count}]"));
            }
            Scalar::Float(size) => {
                self.note_once(ty, NoteKind::Bytes);
                self.floats |= 1 << size;
                let named = FLOATS.iter().find(|(of, ..)| *of == size);
                self.push(named.map_or(VOID, |(_, name, _)| *name));
            }
        }
    }

    /// Writes the name of a type. One that has none gets one, and is written later.
    pub fn named(&mut self, ty: Type<'g>) {
        if self.naming.get(ty).is_none() {
            self.naming
                .name_after(ty.id(), &self.owner_name, &self.field_name);
            self.queue.push_back(ty.id());
        }
        let name = crate::render::rust::ident::written(self.naming.get(ty).unwrap_or_default());
        self.push(&name);
    }

    /// Writes a function's type up to its result.
    fn function(&mut self, proto: FuncProto<'g>, depth: u32) -> Result<()> {
        self.push("unsafe extern \"C\" fn(");
        let count = proto.params().len();
        if depth < DEPTH {
            for (number, param) in proto.params().enumerate() {
                self.check()?;
                if number > 0 {
                    self.push(", ");
                }
                if param.type_id.is_void() && number + 1 == count {
                    self.push(if number > 0 { "..." } else { "" });
                    break;
                }
                self.ty_at(param.type_id, depth + 1)?;
            }
        }
        self.push(")");
        Ok(())
    }
}

/// Returns the type that a function returns; `None` for `void`.
fn result(proto: FuncProto<'_>) -> Option<Type<'_>> {
    let result = proto.result();
    let is_void = result.strip().is_ok_and(|end| end.kind() == Kind::Void);
    (!is_void).then_some(result)
}
