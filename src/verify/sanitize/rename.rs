//! Names that the kernel takes, one to one.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::Result;
use crate::graph::edges::each_name;
use crate::graph::{Btf, GraphBuilder, Kind};
use crate::id::StrId;
use crate::query::c_spelling;
use crate::verify::features::KernelFeatures;
use crate::verify::names::{identifier, section};
use crate::verify::sanitize::draft::NameOf;
use crate::verify::sanitize::name_table::NameTable;

/// The names of a graph and what becomes of them.
#[derive(Debug)]
pub(super) struct Renaming<'f> {
    features: &'f KernelFeatures,
    /// Names that are taken: those of the graph, and new ones.
    taken: HashSet<Vec<u8>>,
    /// New names by old ones.
    new: HashMap<Vec<u8>, Vec<u8>>,
    /// The number with which the last new name of each spelling ended.
    numbers: BTreeMap<Vec<u8>, u32>,
    pub table: NameTable,
}

/// What names of a place have to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// No name.
    Nothing,
    /// An identifier, or no name.
    MayIdentifier,
    /// An identifier.
    Identifier,
    /// An identifier with dots.
    Dotted,
    /// The name of a section.
    Section,
    /// Any name, or none.
    Any,
}

/// Returns what a name has to be.
fn need(kind: Kind, is_part: bool) -> Need {
    match kind {
        Kind::Void
        | Kind::Ptr
        | Kind::Array
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Unknown(_) => Need::Nothing,
        Kind::FuncProto if !is_part => Need::Nothing,
        Kind::Int | Kind::Float | Kind::DeclTag | Kind::TypeTag => Need::Any,
        Kind::Enum | Kind::Enum64 if is_part => Need::Identifier,
        Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::FuncProto => {
            Need::MayIdentifier
        }
        Kind::Fwd | Kind::Typedef | Kind::Func => Need::Identifier,
        Kind::Var => Need::Dotted,
        Kind::Datasec => Need::Section,
    }
}

impl<'f> Renaming<'f> {
    /// Takes note of all names of a graph.
    pub fn new(graph: &Btf, features: &'f KernelFeatures) -> Self {
        let mut taken = HashSet::new();
        for ty in graph.types() {
            // A name may be the end of a longer string, so that the string section alone doesn't tell.
            each_name(ty.record(), |offset| {
                let name = graph.string(StrId::new(offset)).as_bytes();
                if !name.is_empty() && !taken.contains(name) {
                    taken.insert(name.to_vec());
                }
            });
        }
        Self {
            features,
            taken,
            new: HashMap::new(),
            numbers: BTreeMap::new(),
            table: NameTable::default(),
        }
    }

    /// Returns the string of a name that the kernel takes.
    pub fn name(&mut self, builder: &mut GraphBuilder, kind: Kind, of: NameOf<'_>) -> Result<u32> {
        let need = need(kind, of.part.is_some());
        let text = of.text;
        let is_good = match need {
            Need::Nothing => return Ok(0),
            Need::Any => true,
            Need::MayIdentifier if text.is_empty() => true,
            Need::MayIdentifier | Need::Identifier => {
                identifier(text, self.features, false).is_ok()
            }
            Need::Dotted => identifier(text, self.features, true).is_ok(),
            Need::Section => section(text, self.features).is_ok(),
        };
        if is_good {
            return Ok(builder.intern(text)?.get());
        }
        let new = if text.is_empty() {
            self.for_nameless(of)
        } else {
            self.renamed(text)
        };
        Ok(builder.intern(new)?.get())
    }

    /// Returns the new name of an old one.
    pub fn renamed(&mut self, old: &[u8]) -> Vec<u8> {
        if let Some(new) = self.new.get(old) {
            return new.clone();
        }
        let new = self.fresh(&c_spelling(old));
        self.new.insert(old.to_vec(), new.clone());
        self.table
            .insert(String::from_utf8_lossy(&new).into_owned(), old.to_vec());
        new
    }

    /// Returns a name for what must have one.
    fn for_nameless(&mut self, of: NameOf<'_>) -> Vec<u8> {
        let name = match of.part {
            None => format!("anon_{}", of.id),
            Some(part) => format!("anon_{}_{part}", of.id),
        };
        let new = self.fresh(name.as_bytes());
        self.table
            .insert(String::from_utf8_lossy(&new).into_owned(), Vec::new());
        new
    }

    /// Returns a name like this one that isn't taken.
    pub fn fresh(&mut self, like: &[u8]) -> Vec<u8> {
        /// Room for a number behind a name.
        const NUMBER: usize = 12;
        let most = (self.features.name_len as usize).saturating_sub(NUMBER);
        let like = like.get(..most).unwrap_or(like);
        // Whatever the spelling made of it, the name starts with a letter or a bar.
        let like: Vec<u8> = match like.first() {
            None => b"_".to_vec(),
            Some(_) if identifier(like, self.features, false).is_ok() => like.to_vec(),
            Some(first) => {
                let start = first.is_ascii_digit().then_some(b'_');
                let rest = like.iter().map(|&byte| match byte {
                    b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => byte,
                    _ => b'_',
                });
                start.into_iter().chain(rest).collect()
            }
        };
        if self.taken.insert(like.clone()) {
            return like;
        }
        let number = self.numbers.entry(like.clone()).or_insert(1);
        loop {
            *number += 1;
            // Never three bars in a row, which would start a flavor.
            let bar = if like.ends_with(b"__") { "" } else { "_" };
            let mut name = like.clone();
            name.extend(format!("{bar}{number}").bytes());
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}
