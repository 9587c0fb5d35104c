//! The name of every type in the text.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::graph::{Btf, Kind, Type, View};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::render::names::{NameSpaces, Names, Taken, unique};
use crate::render::rust::ident;
use crate::render::rust::scalar::{self, FLOATS, Scalar};

/// The longest name that is made of a structure's and a field's.
const LONGEST: usize = 200;

/// The names of types.
#[derive(Debug)]
pub(super) struct Naming<'g> {
    names: Names<'g>,
    /// All names in use: those of types and of constants.
    pub taken: Taken<'g>,
    /// The names of types that have none themselves.
    given: HashMap<TypeId, Box<[u8]>, FixedState>,
    /// The typedefs that aren't written: what they name has their name.
    through: HashSet<TypeId, FixedState>,
    /// The types that have the name of a typedef, by it.
    titles: HashMap<TypeId, TypeId, FixedState>,
}

impl<'g> Naming<'g> {
    /// Names the types of these ids, which are sorted.
    pub fn new(graph: &'g Btf, ids: &[TypeId]) -> Self {
        let mut spaces = NameSpaces::default();
        let helpers = FLOATS.iter().map(|(_, name, _)| *name);
        for name in ident::reserved().chain(helpers) {
            spaces.tags.insert(Cow::Borrowed(name.as_bytes()), 1);
        }
        let mut names = Names::new(graph);
        let is_typedef = |id: &TypeId| graph.ty(*id).kind() == Kind::Typedef;
        let tags = ids.iter().copied().filter(|id| !is_typedef(id));
        names.assign(tags, &mut spaces);
        let mut this = Self {
            names,
            taken: Taken::default(),
            given: HashMap::default(),
            through: HashSet::default(),
            titles: HashMap::default(),
        };
        let mut titled = HashSet::<TypeId, FixedState>::default();
        for id in ids.iter().copied().filter(is_typedef) {
            let ty = graph.ty(id);
            if is_the_same(ty) {
                this.through.insert(id);
            } else if let Some(target) = nameless_target(ty)
                && titled.insert(target)
            {
                this.titles.insert(id, target);
            }
        }
        // Rust has one space for both.
        spaces.others = std::mem::take(&mut spaces.tags);
        let through = &this.through;
        let typedefs = ids.iter().copied().filter(is_typedef);
        let typedefs = typedefs.filter(|id| !through.contains(id));
        this.names.assign(typedefs, &mut spaces);
        for (id, target) in &this.titles {
            let name = this.names.get(graph.ty(*id)).into();
            this.given.insert(*target, name);
        }
        this.through.extend(this.titles.keys());
        this.taken = spaces.others;
        this
    }

    /// Returns the name of a type; `None` for one that has none yet.
    pub fn get(&self, ty: Type<'g>) -> Option<&[u8]> {
        if ty.name().is_empty() {
            return self.given.get(&ty.id()).map(|name| &**name);
        }
        Some(self.names.get(ty))
    }

    /// Returns whether a type is written with another name than its own.
    pub fn is_given(&self, id: TypeId) -> bool {
        self.names.is_given(id)
    }

    /// Returns whether a typedef isn't written.
    pub fn is_through(&self, id: TypeId) -> bool {
        self.through.contains(&id)
    }

    /// Returns the type without a name that has the name of this typedef.
    pub fn titled(&self, id: TypeId) -> Option<TypeId> {
        self.titles.get(&id).copied()
    }

    /// Names a type after the structure and field that it is in.
    pub fn name_after(&mut self, id: TypeId, owner: &[u8], field: &[u8]) {
        let mut name = [owner, b"__", field].concat();
        if name.len() > LONGEST {
            name = format!("anon_{}", id.get()).into_bytes();
        }
        let name = unique(&mut self.taken, name.into());
        self.given.insert(id, name.into());
    }
}

/// Returns whether a typedef gives a type the name that it has: `typedef struct foo foo`, `typedef unsigned char u8`.
fn is_the_same(ty: Type<'_>) -> bool {
    let Ok(target) = ty.strip() else { return false };
    let own = match target.view() {
        View::Int(int) => scalar::int(int),
        View::Float(size) => scalar::float(size),
        View::Struct(_) | View::Union(_) | View::Enum(_) | View::Fwd(_) => {
            return target.name() == ty.name();
        }
        View::Void
        | View::Ptr(_)
        | View::Array(_)
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
        | View::Unknown(_) => return false,
    };
    matches!(own, Scalar::Own(name) if ty.name() == name)
}

/// Returns the structure, union or enumeration without a name that a typedef names directly.
fn nameless_target(ty: Type<'_>) -> Option<TypeId> {
    let mut ty = ty.referent()?;
    for _ in 0..=Limits::CHAIN {
        if is_qualifier(ty.kind()) {
            ty = ty.referent()?;
            continue;
        }
        let nameless = ty.name().is_empty() && (ty.kind().is_composite() || ty.kind().is_enum());
        return nameless.then_some(ty.id());
    }
    None
}

/// Returns whether a kind is a qualifier or tag, which Rust doesn't write.
pub(super) const fn is_qualifier(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag
    )
}
