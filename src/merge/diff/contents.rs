//! The contents of a type: its fields and enumerators, including those of unnamed types in it.

use std::collections::BTreeMap;

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, Enum, Kind, Member, Type, View};
use crate::id::{Bits, TypeId};
use crate::limits::Limits;
use crate::merge::diff::field::{DiffField, Located};
use crate::merge::diff::spell::spell;
use crate::query::bit_extent;

/// The maximal number of steps for one type, beside one for each of its members. The largest type of a kernel has 600
/// fields.
const STEPS: usize = 1 << 16;

/// The number of steps for each word of the graphs' records. Real types need one or two.
const STEPS_A_WORD: usize = 32;

/// The number of bytes of text that count as one step.
const BYTES_A_STEP: usize = 64;

/// The remaining steps. They bound the work, since unnamed types can double with each level.
pub(super) struct Steps {
    /// The steps left for all types.
    total: usize,
    /// The steps left for the current type.
    left: usize,
}

impl Steps {
    pub fn new(graphs: [&Btf; 2]) -> Self {
        let words = |graph: &Btf| graph.types().map(|ty| ty.record_words().len()).sum();
        let words = graphs.map(words).into_iter().fold(0, usize::saturating_add);
        Self {
            total: STEPS.saturating_add(words.saturating_mul(STEPS_A_WORD)),
            left: 0,
        }
    }

    /// Returns the steps for comparing only two types.
    pub fn of_one() -> Self {
        Self {
            total: usize::MAX,
            left: 0,
        }
    }

    fn begin(&mut self, ty: Type<'_>) {
        self.left = STEPS.saturating_add(ty.record_words().len());
    }

    /// Takes a step that creates a text of the given length.
    fn take(&mut self, bytes: usize) -> Result<()> {
        let steps = 1 + bytes / BYTES_A_STEP;
        match (self.left.checked_sub(steps), self.total.checked_sub(steps)) {
            (Some(left), Some(total)) => {
                (self.left, self.total) = (left, total);
                Ok(())
            }
            _ => Err(Error::limit(
                "unnamed types occur in it too often or are too large",
            )),
        }
    }
}

/// The fields and enumerators of a type.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub fields: Vec<Located>,
    pub values: BTreeMap<String, u64>,
}

/// An occurrence of a type in the root type: its path and offset.
#[derive(Clone, Default)]
struct Occurrence {
    path: String,
    offset: u64,
    within: String,
    /// Whether the type is not contained by value, so that no field has its size.
    behind: bool,
}

impl Occurrence {
    /// Returns the occurrence of an array's element, a pointed-to type or a parameter.
    fn behind(&self, path: String, step: &str, offset: u64) -> Self {
        Self {
            path,
            offset,
            within: format!("{}{}{step}", self.within, self.offset),
            behind: true,
        }
    }

    /// Returns the number of bytes of text.
    fn text_len(&self) -> usize {
        self.path.len().saturating_add(self.within.len())
    }

    /// Returns the prefix of the names of members and enumerators.
    fn prefix(&self) -> String {
        let path = &self.path;
        if path.is_empty() || path.ends_with('.') || path.ends_with("->") {
            path.clone()
        } else {
            format!("{path}.")
        }
    }
}

enum Task {
    /// Visit the type of a member, of an array's elements and so on.
    Type(TypeId, Occurrence),
    /// Visit the members of a structure or union from this index on. The open tasks of this kind contain the current type.
    Members(TypeId, usize, Occurrence),
}

struct Walk<'g, 's> {
    graph: &'g Btf,
    depth: usize,
    steps: &'s mut Steps,
    open: Vec<Task>,
    found: Contents,
}

/// Returns the fields in order, each followed by those of the unnamed types that it has or refers to. Unnamed members are
/// replaced by the members of their type. Named types are not followed: they are compared by themselves.
///
/// # Errors
/// `Limit`, with the type, for too many steps or levels.
pub(super) fn walk(ty: Type<'_>, limits: &Limits, steps: &mut Steps) -> Result<Contents> {
    steps.begin(ty);
    let mut walk = Walk {
        graph: ty.graph(),
        depth: limits.depth as usize,
        steps,
        open: Vec::new(),
        found: Contents::default(),
    };
    walk.run(ty)
        .map_err(|error| error.within(Place::Type(ty.id())))?;
    Ok(walk.found)
}

impl<'g> Walk<'g, '_> {
    fn run(&mut self, root: Type<'g>) -> Result<()> {
        match root.kind() {
            Kind::Typedef | Kind::Func | Kind::Var => {
                self.open.extend(
                    root.referent_id()
                        .map(|to| Task::Type(to, Occurrence::default())),
                );
            }
            Kind::Void
            | Kind::Int
            | Kind::Ptr
            | Kind::Array
            | Kind::Struct
            | Kind::Union
            | Kind::Enum
            | Kind::Fwd
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::FuncProto
            | Kind::Datasec
            | Kind::Float
            | Kind::DeclTag
            | Kind::TypeTag
            | Kind::Enum64
            | Kind::Unknown(_) => self.contents(root, Occurrence::default())?,
        }
        while let Some(task) = self.open.pop() {
            match task {
                Task::Type(id, occurrence) => self.ty(self.graph.ty(id), occurrence)?,
                Task::Members(id, next, occurrence) => {
                    let (View::Struct(composite) | View::Union(composite)) =
                        self.graph.ty(id).view()
                    else {
                        continue;
                    };
                    if let Some(member) = composite.member(next) {
                        let inner = self.member(&member, &occurrence)?;
                        self.open.push(Task::Members(id, next + 1, occurrence));
                        self.open.push(Task::Type(member.type_id, inner));
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds a member, and returns the occurrence of its type.
    fn member(&mut self, member: &Member<'g>, occurrence: &Occurrence) -> Result<Occurrence> {
        let path = occurrence.path.clone() + &member.name().to_string_lossy();
        let (at, width) = bit_extent(self.graph, member, member.offset);
        let offset = occurrence.offset.saturating_add(at.0);
        let inner = Occurrence {
            path,
            offset,
            within: occurrence.within.clone(),
            behind: false,
        };
        self.steps.take(inner.text_len())?;
        let to = self.graph.ty(member.type_id);
        if !member.name().is_empty() || !is_nameless(to) {
            self.add_field(inner.path.clone(), &inner, to, width)?;
        }
        Ok(inner)
    }

    /// Adds a field.
    fn add_field(
        &mut self,
        name: String,
        occurrence: &Occurrence,
        ty: Type<'g>,
        width: Option<Bits>,
    ) -> Result<()> {
        let size = ty.size().ok().and_then(crate::ByteSize::bits);
        let text = spell(ty)?;
        self.steps.take(text.len())?;
        self.found.fields.push(Located {
            field: DiffField {
                name,
                offset: Bits(occurrence.offset),
                size: width.or(size).unwrap_or_default(),
                bitfield: width.is_some(),
                ty: text,
            },
            within: occurrence.within.clone(),
        });
        Ok(())
    }

    /// Follows a type at an occurrence, up to named types.
    fn ty(&mut self, ty: Type<'g>, occurrence: Occurrence) -> Result<()> {
        self.steps.take(occurrence.text_len())?;
        match ty.view() {
            View::Const(to) | View::Volatile(to) | View::Restrict(to) | View::TypeTag(to) => {
                self.open.push(Task::Type(to, occurrence));
            }
            View::Ptr(to) => {
                let inner = occurrence.behind(format!("{}->", occurrence.path), "*", 0);
                self.open.push(Task::Type(to, inner));
            }
            View::Array(array) => {
                let inner =
                    occurrence.behind(format!("{}[]", occurrence.path), "[]", occurrence.offset);
                self.open.push(Task::Type(array.element_id, inner));
            }
            View::FuncProto(proto) => {
                // A pointer to a function is called like the function.
                let path = occurrence
                    .path
                    .strip_suffix("->")
                    .unwrap_or(&occurrence.path);
                let first = self.open.len();
                let result = occurrence.behind(format!("{path}()"), "()", 0);
                self.open.push(Task::Type(proto.result_id, result));
                for (index, param) in proto.params().enumerate() {
                    let name = match param.name().is_empty() {
                        true => index.to_string(),
                        false => param.name().to_string_lossy().into_owned(),
                    };
                    let inner =
                        occurrence.behind(format!("{path}({name})"), &format!("({index})"), 0);
                    self.steps.take(inner.text_len())?;
                    self.open.push(Task::Type(param.type_id, inner));
                }
                if let Some(tasks) = self.open.get_mut(first..) {
                    tasks.reverse();
                }
            }
            View::Struct(_) | View::Union(_) | View::Enum(_) if ty.name().is_empty() => {
                if occurrence.behind {
                    let name = match occurrence.path.strip_suffix("->") {
                        Some(pointer) => format!("*{pointer}"),
                        None => occurrence.path.clone(),
                    };
                    self.add_field(name, &occurrence, ty, None)?;
                }
                self.contents(ty, occurrence)?;
            }
            View::Void
            | View::Int(_)
            | View::Struct(_)
            | View::Union(_)
            | View::Enum(_)
            | View::Fwd(_)
            | View::Typedef(_)
            | View::Func(_)
            | View::Var(_)
            | View::Datasec(_)
            | View::Float(_)
            | View::DeclTag(_)
            | View::Unknown(_) => {}
        }
        Ok(())
    }

    /// Starts with the members of a structure or union, or adds the values of an enumeration.
    fn contents(&mut self, ty: Type<'g>, mut occurrence: Occurrence) -> Result<()> {
        occurrence.path = occurrence.prefix();
        if let Some(values) = ty.as_enum() {
            return self.values(&values, &occurrence);
        }
        let mut depth = 0;
        for task in &self.open {
            if let Task::Members(id, ..) = task {
                depth += 1;
                if *id == ty.id() {
                    // It refers to itself: its members are being visited already.
                    return Ok(());
                }
            }
        }
        if depth >= self.depth {
            return Err(Error::limit("unnamed types nest too deeply"));
        }
        self.open.push(Task::Members(ty.id(), 0, occurrence));
        Ok(())
    }

    fn values(&mut self, values: &Enum<'g>, occurrence: &Occurrence) -> Result<()> {
        for value in values.enumerators() {
            let name = occurrence.path.clone() + &value.name().to_string_lossy();
            self.steps.take(name.len())?;
            self.found.values.insert(name, value.value);
        }
        Ok(())
    }
}

/// Returns whether a type is an unnamed structure or union, qualified or not.
fn is_nameless(ty: Type<'_>) -> bool {
    let inner = ty.strip_qualifiers().unwrap_or(ty);
    inner.kind().is_composite() && inner.name().is_empty()
}
