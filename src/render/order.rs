//! The declarations that a text in C needs, each behind those it needs itself.

use std::collections::HashSet;

use foldhash::fast::FixedState;

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, Kind, Type, View};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::render::extent::Shapes;
use crate::render::fields::{Field, collect, shape};

/// A declaration of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    /// A structure or union is declared, without its members.
    Forward(TypeId),
    /// A named structure or union, an enumeration or a typedef is defined.
    Define(TypeId),
}

/// Declarations in order, and what was learnt on the way.
#[derive(Debug)]
pub(super) struct Order<'g> {
    pub items: Vec<Item>,
    pub shapes: Shapes<'g>,
    /// Pointers whose type can't be declared before them: a pointer to an array of the structure that it is in.
    pub untyped: HashSet<TypeId, FixedState>,
}

/// How far a type is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    Open,
    Done,
}

/// What is known of a type.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// As a type whose size is needed.
    value: State,
    /// As a type whose name is needed.
    name: State,
    forward: bool,
}

/// A step of the walk.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The type must be complete. The second id is the named structure it is written in.
    Complete(TypeId, TypeId),
    /// The type's name must be declared.
    Name(TypeId, TypeId),
    /// The types that a complete type needs are complete.
    Completed(TypeId),
    /// The names that a type needs are declared.
    Named(TypeId),
    /// What follows is behind this pointer, and can be done without.
    Behind(TypeId),
}

struct Walk<'g> {
    graph: &'g Btf,
    order: Order<'g>,
    progress: Vec<Progress>,
    open: Vec<Step>,
    fields: Vec<Field<'g>>,
    /// Steps that may still be taken back. Types that point to each other in circles that C can't write are rare.
    undo: usize,
}

/// Orders the declarations of `roots` and of everything that they need. A type behind a pointer is only declared.
///
/// # Errors
/// `Malformed` for types that contain themselves; `Limit` for chains of types longer than [`Limits::chain`]'s default.
pub(super) fn order<'g>(
    graph: &'g Btf,
    roots: impl IntoIterator<Item = TypeId>,
) -> Result<Order<'g>> {
    let new = Progress {
        value: State::New,
        name: State::New,
        forward: false,
    };
    let mut walk = Walk {
        graph,
        order: Order {
            items: Vec::new(),
            shapes: Shapes::new(graph),
            untyped: HashSet::default(),
        },
        progress: vec![new; graph.len() + 1],
        open: Vec::new(),
        fields: Vec::new(),
        undo: graph.len().saturating_mul(8).saturating_add(1 << 16),
    };
    // Enumerations without a name that nothing refers to come last: by then it is known.
    let mut nameless = Vec::new();
    for root in roots {
        let ty = graph.ty(root);
        match ty.kind() {
            Kind::Struct | Kind::Union if ty.name().is_empty() => continue,
            Kind::Enum | Kind::Enum64 if ty.name().is_empty() => {
                nameless.push(root);
                continue;
            }
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 => {
                walk.open.push(Step::Complete(root, TypeId::VOID));
            }
            Kind::Typedef | Kind::Fwd if ty.name().is_empty() => continue,
            Kind::Typedef => walk.open.push(Step::Name(root, TypeId::VOID)),
            Kind::Fwd => walk.forward(root),
            Kind::Void
            | Kind::Int
            | Kind::Ptr
            | Kind::Array
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::Func
            | Kind::FuncProto
            | Kind::Var
            | Kind::Datasec
            | Kind::Float
            | Kind::DeclTag
            | Kind::TypeTag
            | Kind::Unknown(_) => continue,
        }
        walk.run()?;
    }
    for id in nameless {
        if walk.progress(id).value == State::New {
            walk.order.items.push(Item::Define(id));
        }
    }
    Ok(walk.order)
}

impl<'g> Walk<'g> {
    fn run(&mut self) -> Result<()> {
        while let Some(step) = self.open.pop() {
            match step {
                Step::Complete(id, unit) => self.complete(self.graph.ty(id), unit)?,
                Step::Name(id, unit) => self.name(self.graph.ty(id), unit)?,
                Step::Completed(id) => self.completed(self.graph.ty(id))?,
                Step::Named(id) => {
                    self.progress_mut(id, |progress| progress.name = State::Done);
                    let ty = self.graph.ty(id);
                    if ty.kind() == Kind::Typedef && !ty.name().is_empty() {
                        self.order.items.push(Item::Define(id));
                    }
                }
                Step::Behind(_) => {}
            }
        }
        Ok(())
    }

    fn progress(&self, id: TypeId) -> Progress {
        let done = Progress {
            value: State::Done,
            name: State::Done,
            forward: true,
        };
        self.progress.get(id.index()).copied().unwrap_or(done)
    }

    fn progress_mut(&mut self, id: TypeId, set: impl FnOnce(&mut Progress)) {
        if let Some(progress) = self.progress.get_mut(id.index()) {
            set(progress);
        }
    }

    /// Declares a structure or union that isn't defined yet.
    fn forward(&mut self, id: TypeId) {
        if self.graph.ty(id).name().is_empty() {
            return;
        }
        let progress = self.progress(id);
        if !progress.forward && progress.value != State::Done {
            self.progress_mut(id, |progress| progress.forward = true);
            self.order.items.push(Item::Forward(id));
        }
    }

    /// Makes a type complete: first those whose size it needs.
    fn complete(&mut self, ty: Type<'g>, unit: TypeId) -> Result<()> {
        let id = ty.id();
        match self.progress(id).value {
            State::Done => return Ok(()),
            State::Open => return self.circle(ty, Step::Completed(id)),
            State::New => {}
        }
        match ty.view() {
            View::Ptr(_) | View::FuncProto(_) | View::Fwd(_) => return self.name(ty, unit),
            View::Void
            | View::Int(_)
            | View::Float(_)
            | View::Func(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::DeclTag(_)
            | View::Unknown(_) => return Ok(()),
            View::Enum(_) => {
                self.progress_mut(id, |progress| progress.value = State::Done);
                if !ty.name().is_empty() {
                    self.order.items.push(Item::Define(id));
                }
                return Ok(());
            }
            View::Struct(composite) | View::Union(composite) => {
                self.begin(id);
                let unit = if ty.name().is_empty() { unit } else { id };
                let members = composite.members();
                let from = self.open.len();
                self.open
                    .extend(members.map(|member| Step::Complete(member.type_id, unit)));
                self.open.get_mut(from..).unwrap_or_default().reverse();
            }
            View::Array(array) => {
                self.begin(id);
                self.open.push(Step::Complete(array.element_id, unit));
            }
            View::Typedef(to) => {
                self.begin(id);
                self.open.push(Step::Complete(to, unit));
                self.open.push(Step::Name(id, unit));
            }
            View::Volatile(to) | View::Const(to) | View::Restrict(to) | View::TypeTag(to) => {
                self.begin(id);
                self.open.push(Step::Complete(to, unit));
            }
        }
        Ok(())
    }

    fn begin(&mut self, id: TypeId) {
        self.progress_mut(id, |progress| progress.value = State::Open);
        self.open.push(Step::Completed(id));
    }

    /// Notes the shape of a structure whose members are complete, and puts a named one in its place.
    fn completed(&mut self, ty: Type<'g>) -> Result<()> {
        self.progress_mut(ty.id(), |progress| progress.value = State::Done);
        if ty.kind().is_composite() {
            self.fields.clear();
            let in_order = collect(&self.order.shapes, ty, &mut self.fields)?;
            let mut shape = shape(ty, &self.fields);
            shape.plain &= in_order;
            self.order.shapes.set(ty.id(), shape);
            if !ty.name().is_empty() {
                self.order.items.push(Item::Define(ty.id()));
            }
        }
        Ok(())
    }

    /// Declares the name of a type. Arrays and structures without a name have none, and must be complete.
    fn name(&mut self, ty: Type<'g>, unit: TypeId) -> Result<()> {
        let id = ty.id();
        match ty.view() {
            View::Struct(_) | View::Union(_) if ty.name().is_empty() => {
                return self.complete(ty, unit);
            }
            View::Struct(_) | View::Union(_) | View::Fwd(_) => {
                if id != unit {
                    self.forward(id);
                }
                return Ok(());
            }
            View::Enum(_) | View::Array(_) => return self.complete(ty, unit),
            View::Ptr(to) => {
                if let Some(to) = self.simple_pointee(ty, to)? {
                    return self.name(to, unit);
                }
            }
            View::Void
            | View::Int(_)
            | View::Float(_)
            | View::Func(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::DeclTag(_)
            | View::Unknown(_) => return Ok(()),
            View::Typedef(_)
            | View::Volatile(_)
            | View::Const(_)
            | View::Restrict(_)
            | View::TypeTag(_)
            | View::FuncProto(_) => {}
        }
        match self.progress(id).name {
            State::Done => return Ok(()),
            State::Open => return self.circle(ty, Step::Named(id)),
            State::New => {}
        }
        self.progress_mut(id, |progress| progress.name = State::Open);
        self.open.push(Step::Named(id));
        match ty.view() {
            View::Ptr(to) => {
                if self.undo == 0 {
                    self.order.untyped.insert(id);
                    return Ok(());
                }
                self.open.push(Step::Behind(id));
                self.open.push(Step::Name(to, TypeId::VOID));
            }
            View::FuncProto(proto) => {
                let from = self.open.len();
                self.open.push(Step::Name(proto.result_id, TypeId::VOID));
                let params = proto.params();
                self.open
                    .extend(params.map(|param| Step::Name(param.type_id, TypeId::VOID)));
                self.open.get_mut(from..).unwrap_or_default().reverse();
            }
            View::Typedef(to)
            | View::Volatile(to)
            | View::Const(to)
            | View::Restrict(to)
            | View::TypeTag(to) => {
                self.open.push(Step::Name(to, TypeId::VOID));
            }
            View::Void
            | View::Int(_)
            | View::Float(_)
            | View::Struct(_)
            | View::Union(_)
            | View::Enum(_)
            | View::Fwd(_)
            | View::Array(_)
            | View::Func(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::DeclTag(_)
            | View::Unknown(_) => {}
        }
        Ok(())
    }

    /// Returns the type that a pointer leads to if its name can be declared at once.
    fn simple_pointee(&self, pointer: Type<'g>, to: TypeId) -> Result<Option<Type<'g>>> {
        let mut ty = self.graph.ty(to);
        for _ in 0..=Limits::CHAIN {
            match ty.kind() {
                Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag => {
                    ty = ty.referent().unwrap_or(ty);
                }
                Kind::Struct | Kind::Union | Kind::Fwd => {
                    return Ok((!ty.name().is_empty()).then_some(ty));
                }
                Kind::Void | Kind::Int | Kind::Float => return Ok(Some(ty)),
                Kind::Ptr
                | Kind::Array
                | Kind::Enum
                | Kind::Enum64
                | Kind::Typedef
                | Kind::Func
                | Kind::FuncProto
                | Kind::Var
                | Kind::Datasec
                | Kind::DeclTag
                | Kind::Unknown(_) => return Ok(None),
            }
        }
        Err(endless(pointer))
    }

    /// Resolves a circle that ends in `ty`: takes back the steps behind the last pointer on it, which is then written
    /// without the type that it points to.
    ///
    /// # Errors
    /// `Malformed` where there is no pointer on the circle.
    fn circle(&mut self, ty: Type<'g>, end: Step) -> Result<()> {
        let mut at = self.open.len();
        while let Some(step) = at.checked_sub(1).and_then(|at| self.open.get(at)).copied() {
            at -= 1;
            self.undo = self.undo.saturating_sub(1);
            match step {
                Step::Behind(pointer) => {
                    self.order.untyped.insert(pointer);
                    self.open.truncate(at);
                    return Ok(());
                }
                Step::Completed(id) | Step::Named(id) if is_same(step, end) => {
                    return Err(endless(self.graph.ty(id)));
                }
                Step::Completed(id) => {
                    self.progress_mut(id, |progress| progress.value = State::New);
                }
                Step::Named(id) => self.progress_mut(id, |progress| progress.name = State::New),
                Step::Complete(..) | Step::Name(..) => {}
            }
        }
        Err(endless(ty))
    }
}

fn is_same(a: Step, b: Step) -> bool {
    match (a, b) {
        (Step::Completed(a), Step::Completed(b)) | (Step::Named(a), Step::Named(b)) => a == b,
        _ => false,
    }
}

/// Returns the error for a type that contains itself.
fn endless(ty: Type<'_>) -> Error {
    Error::malformed("the type contains itself, so no text can declare it")
        .within(Place::Type(ty.id()))
}
