//! Sizes and alignments of types under the rules of C, which Rust's `repr(C)` shares.

use crate::graph::{Btf, Type, View};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::target::PointerWidth;

/// The size and alignment of a type, in bytes.
///
/// On machines with pointers of four bytes, compilers disagree on the alignment of wider numbers (4 on i386, 8 on Arm),
/// and BTF doesn't tell the machine. There, `low` and `high` differ. A layout is written so that both give the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Extent {
    pub size: u64,
    /// The smallest alignment that a compiler may use.
    pub low: u64,
    /// The largest alignment that a compiler may use.
    pub high: u64,
}

impl Extent {
    /// Returns the extent of bytes without meaning.
    pub(super) const fn bytes(size: u64) -> Self {
        Self {
            size,
            low: 1,
            high: 1,
        }
    }

    fn scalar(size: u64, pointer: PointerWidth) -> Self {
        let wide = pointer == PointerWidth::Four && size > 4;
        Self {
            size,
            low: if wide { 4 } else { size },
            high: size,
        }
    }
}

/// What is known of a structure or union once its members are: its alignment as it will be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// The binary logarithms of the alignments, as in [`Extent`].
    pub low: u8,
    pub high: u8,
    /// Whether the attribute `packed` is needed.
    pub packed: bool,
    /// Whether the members, written in order without anything between them, have their offsets, and end at the size.
    pub plain: bool,
}

impl Shape {
    /// The shape of a structure whose members are not known yet.
    pub(super) const UNKNOWN: Self = Self {
        low: 0,
        high: 0,
        packed: false,
        plain: false,
    };
}

/// The shapes of a graph's structures and unions by id.
#[derive(Debug)]
pub(super) struct Shapes<'g> {
    graph: &'g Btf,
    pointer: PointerWidth,
    by_id: Vec<Shape>,
}

impl<'g> Shapes<'g> {
    pub(super) fn new(graph: &'g Btf) -> Self {
        Self {
            graph,
            pointer: graph.pointer_width(),
            by_id: vec![Shape::UNKNOWN; graph.len() + 1],
        }
    }

    pub(super) fn get(&self, id: TypeId) -> Shape {
        self.by_id
            .get(id.index())
            .copied()
            .unwrap_or(Shape::UNKNOWN)
    }

    pub(super) fn set(&mut self, id: TypeId, shape: Shape) {
        if let Some(entry) = self.by_id.get_mut(id.index()) {
            *entry = shape;
        }
    }

    /// Returns the extent of a type; `None` for one without a size, and beyond 64 bits. The shapes of the structures in
    /// it must be known.
    pub(super) fn extent(&self, id: TypeId) -> Option<Extent> {
        let mut ty = self.graph.ty(id);
        let mut count = 1u64;
        for _ in 0..=Limits::CHAIN {
            let one = match ty.view() {
                View::Int(int) => match int.size.0 {
                    size @ (1 | 2 | 4 | 8 | 16) => Extent::scalar(size, self.pointer),
                    size => Extent::bytes(size),
                },
                View::Float(size) => match size.0 {
                    size @ (2 | 4 | 8 | 16) => Extent::scalar(size, self.pointer),
                    12 => Extent {
                        size: 12,
                        low: 4,
                        high: 4,
                    },
                    size => Extent::bytes(size),
                },
                View::Enum(enumeration) => match enumeration.size.0 {
                    size @ (1 | 2 | 4 | 8) => Extent::scalar(size, self.pointer),
                    size => Extent::bytes(size),
                },
                View::Ptr(_) => {
                    let size = self.pointer.bytes().0;
                    Extent {
                        size,
                        low: size,
                        high: size,
                    }
                }
                View::Struct(composite) | View::Union(composite) => {
                    let shape = self.get(ty.id());
                    Extent {
                        size: composite.size.0,
                        low: 1 << shape.low,
                        high: 1 << shape.high,
                    }
                }
                View::Array(array) => {
                    count = count.checked_mul(u64::from(array.count))?;
                    ty = array.element();
                    continue;
                }
                View::Typedef(next)
                | View::Volatile(next)
                | View::Const(next)
                | View::Restrict(next)
                | View::TypeTag(next) => {
                    ty = self.graph.ty(next);
                    continue;
                }
                View::Void
                | View::Fwd(_)
                | View::Func(_)
                | View::FuncProto(_)
                | View::Var(_)
                | View::Datasec(_)
                | View::DeclTag(_)
                | View::Unknown(_) => return None,
            };
            return Some(Extent {
                size: one.size.checked_mul(count)?,
                ..one
            });
        }
        None
    }

    /// Returns the size in bytes of a bitfield's type; `None` where C has no bitfields of the type.
    pub(super) fn bitfield_unit(&self, id: TypeId) -> Option<u64> {
        let ty = self.graph.ty(id).strip().ok()?;
        match ty.view() {
            View::Int(int) => Some(int.size.0),
            View::Enum(enumeration) => Some(enumeration.size.0),
            View::Void
            | View::Ptr(_)
            | View::Array(_)
            | View::Struct(_)
            | View::Union(_)
            | View::Fwd(_)
            | View::Typedef(_)
            | View::Volatile(_)
            | View::Const(_)
            | View::Restrict(_)
            | View::Func(_)
            | View::FuncProto(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::Float(_)
            | View::DeclTag(_)
            | View::TypeTag(_)
            | View::Unknown(_) => None,
        }
        .filter(|size| matches!(size, 1 | 2 | 4 | 8 | 16))
    }

    pub(super) fn graph(&self) -> &'g Btf {
        self.graph
    }
}

/// Returns the composite that a member without a name stands for: its fields count as the outer structure's own.
pub(super) fn inlined(ty: Type<'_>) -> Option<Type<'_>> {
    ty.strip().ok().filter(|ty| ty.kind().is_composite())
}
