//! What a type is made of: its fields and values, with those of types without a name in it.

use std::collections::BTreeMap;

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, Enum, Kind, Member, Type, View};
use crate::id::{Bits, TypeId};
use crate::limits::Limits;
use crate::merge::diff::fields::DiffField;
use crate::merge::diff::spell::spell;
use crate::query::bit_extent;

/// Steps of one type at the most, beside those that its own members take. The largest of a kernel has 600 fields.
const STEPS: usize = 1 << 16;

/// Steps for each word of the graphs' records; real types take one or two.
const STEPS_A_WORD: usize = 32;

/// Bytes of text that count as one step.
const BYTES_A_STEP: usize = 64;

/// How many steps there may still be: types without a name can double with each level, and be many.
pub(super) struct Steps {
    /// For all types.
    total: usize,
    /// For the one at hand.
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

    /// For comparing two types alone.
    pub fn of_one() -> Self {
        Self {
            total: usize::MAX,
            left: 0,
        }
    }

    fn begin(&mut self, ty: Type<'_>) {
        self.left = STEPS.saturating_add(ty.record_words().len());
    }

    /// Takes a step that makes a text of this length.
    fn take(&mut self, bytes: usize) -> Result<()> {
        let steps = 1 + bytes / BYTES_A_STEP;
        match (self.left.checked_sub(steps), self.total.checked_sub(steps)) {
            (Some(left), Some(total)) => {
                (self.left, self.total) = (left, total);
                Ok(())
            }
            _ => Err(Error::limit(
                "types without a name are in it too often, or hold too much",
            )),
        }
    }
}

/// What a type is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub fields: Vec<Located>,
    pub values: BTreeMap<String, u64>,
}

/// A field and what its offset counts in: empty for the type itself, else the way to what is pointed to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub field: DiffField,
    pub within: String,
}

/// Where a type is met.
#[derive(Clone, Default)]
struct Spot {
    path: String,
    offset: u64,
    within: String,
    /// Whether it is not there by value, so that no field has its size.
    behind: bool,
}

impl Spot {
    /// What an array's elements, a pointer's aim or a parameter is met at.
    fn behind(&self, path: String, step: &str, offset: u64) -> Self {
        Self {
            path,
            offset,
            within: format!("{}{}{step}", self.within, self.offset),
            behind: true,
        }
    }

    fn text(&self) -> usize {
        self.path.len().saturating_add(self.within.len())
    }

    /// What the names of members and enumerators follow.
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
    /// A type that a member, an array and so on is of.
    Type(TypeId, Spot),
    /// The members of a structure or union from this one on. Those that are open hold the one at hand.
    Members(TypeId, usize, Spot),
}

struct Walk<'g, 's> {
    graph: &'g Btf,
    depth: usize,
    steps: &'s mut Steps,
    open: Vec<Task>,
    found: Contents,
}

/// The fields in order, each followed by those of a type without a name that it is of, holds or leads to.
/// Members without a name are replaced by those of their type; what has a name is looked at by that name.
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
                self.open
                    .extend(root.referent().map(|to| Task::Type(to, Spot::default())));
            }
            _ => self.contents(root, Spot::default())?,
        }
        while let Some(task) = self.open.pop() {
            match task {
                Task::Type(id, spot) => self.ty(self.graph.ty(id), spot)?,
                Task::Members(id, next, spot) => {
                    let (View::Struct(composite) | View::Union(composite)) =
                        self.graph.ty(id).view()
                    else {
                        continue;
                    };
                    if let Some(member) = composite.member(next) {
                        let inner = self.member(&member, &spot)?;
                        self.open.push(Task::Members(id, next + 1, spot));
                        self.open.push(Task::Type(member.ty, inner));
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes a member; where its type is met.
    fn member(&mut self, member: &Member<'g>, spot: &Spot) -> Result<Spot> {
        let path = spot.path.clone() + &member.name().to_string_lossy();
        let (at, width) = bit_extent(self.graph, member, member.offset);
        let offset = spot.offset.saturating_add(at.0);
        let inner = Spot {
            path,
            offset,
            within: spot.within.clone(),
            behind: false,
        };
        self.steps.take(inner.text())?;
        let to = self.graph.ty(member.ty);
        if !member.name().is_empty() || !is_nameless(to) {
            let width = width.map(|width| Bits(width.into()));
            self.note(inner.path.clone(), &inner, to, width)?;
        }
        Ok(inner)
    }

    fn note(&mut self, name: String, spot: &Spot, ty: Type<'g>, width: Option<Bits>) -> Result<()> {
        let size = ty.size().ok().and_then(crate::ByteSize::bits);
        let text = spell(ty)?;
        self.steps.take(text.len())?;
        self.found.fields.push(Located {
            field: DiffField {
                name,
                offset: Bits(spot.offset),
                size: width.or(size).unwrap_or_default(),
                bitfield: width.is_some(),
                ty: text,
            },
            within: spot.within.clone(),
        });
        Ok(())
    }

    /// Goes on from a type that is met at a spot, if it has no name.
    fn ty(&mut self, ty: Type<'g>, spot: Spot) -> Result<()> {
        self.steps.take(spot.text())?;
        match ty.view() {
            View::Const(to) | View::Volatile(to) | View::Restrict(to) | View::TypeTag(to) => {
                self.open.push(Task::Type(to, spot));
            }
            View::Ptr(to) => {
                let inner = spot.behind(format!("{}->", spot.path), "*", 0);
                self.open.push(Task::Type(to, inner));
            }
            View::Array(array) => {
                let inner = spot.behind(format!("{}[]", spot.path), "[]", spot.offset);
                self.open.push(Task::Type(array.element, inner));
            }
            View::FuncProto(proto) => {
                // A pointer to a function is called as the function is.
                let path = spot.path.strip_suffix("->").unwrap_or(&spot.path);
                let first = self.open.len();
                let result = spot.behind(format!("{path}()"), "()", 0);
                self.open.push(Task::Type(proto.result, result));
                for (place, param) in proto.params().enumerate() {
                    let name = match param.name().is_empty() {
                        true => place.to_string(),
                        false => param.name().to_string_lossy().into_owned(),
                    };
                    let inner = spot.behind(format!("{path}({name})"), &format!("({place})"), 0);
                    self.steps.take(inner.text())?;
                    self.open.push(Task::Type(param.ty, inner));
                }
                if let Some(tasks) = self.open.get_mut(first..) {
                    tasks.reverse();
                }
            }
            _ if is_nameless(ty) || (ty.kind().is_enum() && ty.name().is_empty()) => {
                if spot.behind {
                    let name = match spot.path.strip_suffix("->") {
                        Some(pointer) => format!("*{pointer}"),
                        None => spot.path.clone(),
                    };
                    self.note(name, &spot, ty, None)?;
                }
                self.contents(ty, spot)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Opens a structure or union, and notes the values of an enumeration.
    fn contents(&mut self, ty: Type<'g>, mut spot: Spot) -> Result<()> {
        spot.path = spot.prefix();
        if let Some(values) = ty.as_enum() {
            return self.values(&values, &spot);
        }
        let mut depth = 0;
        for task in &self.open {
            if let Task::Members(id, ..) = task {
                depth += 1;
                if *id == ty.id() {
                    // It holds a pointer to itself: what it is made of is being said already.
                    return Ok(());
                }
            }
        }
        if depth >= self.depth {
            return Err(Error::limit("types without a name nest too deep"));
        }
        self.open.push(Task::Members(ty.id(), 0, spot));
        Ok(())
    }

    fn values(&mut self, values: &Enum<'g>, spot: &Spot) -> Result<()> {
        for value in values.enumerators() {
            let name = spot.path.clone() + &value.name().to_string_lossy();
            self.steps.take(name.len())?;
            self.found.values.insert(name, value.value);
        }
        Ok(())
    }
}

/// Whether a type is a structure or union without a name, qualified or not.
fn is_nameless(ty: Type<'_>) -> bool {
    let inner = ty.strip_qualifiers().unwrap_or(ty);
    inner.kind().is_composite() && inner.name().is_empty()
}
