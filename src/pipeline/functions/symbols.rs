//! Functions by the names of symbols.

use std::collections::BTreeMap;

use crate::elf::demangle::demangle;
use crate::elf::{Binding, FunctionSymbol, FunctionTable, ImportedFunction, SymbolKind};
use crate::pipeline::functions::function::{Function, FunctionKind};
use crate::pipeline::functions::names::{display_name, text};
use crate::query::function_name::{FunctionNames, Matches, Rank, split_part};

/// What the names that were asked for found: for each, how well, and what.
#[derive(Debug, Default)]
pub(super) struct Found<K> {
    /// By number of the name.
    found: BTreeMap<usize, (Option<Rank>, Vec<K>)>,
}

impl<K: Ord + Clone> Found<K> {
    pub fn new() -> Self {
        Self {
            found: BTreeMap::new(),
        }
    }

    /// Adds what matches. Better matches displace worse ones.
    pub fn add(&mut self, matches: Matches, item: &K) {
        for (number, rank) in matches {
            let (best, items) = self.found.entry(number).or_insert((None, Vec::new()));
            if best.is_some_and(|best| best < rank) {
                continue;
            }
            if best.is_some_and(|best| best > rank) {
                items.clear();
            }
            *best = Some(rank);
            items.push(item.clone());
        }
    }

    /// Returns how well the best match of a name matches.
    pub fn rank(&self, number: usize) -> Option<Rank> {
        self.found.get(&number).and_then(|(rank, _)| *rank)
    }

    /// Returns what a name found.
    pub fn items(&self, number: usize) -> &[K] {
        let found = self.found.get(&number);
        found.map(|(_, items)| &items[..]).unwrap_or_default()
    }

    /// Drops what a name found.
    pub fn clear(&mut self, number: usize) {
        self.found.remove(&number);
    }
}

/// What a symbol that was found is, by its number in its list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Hit {
    Defined(usize),
    Imported(usize),
}

/// Finds the symbols that the names mean.
pub(super) fn find(table: &FunctionTable, names: &FunctionNames) -> Found<Hit> {
    let mut found = Found::new();
    for (number, symbol) in table.iter().enumerate() {
        let version = symbol.version().map(|(version, _)| version.as_bytes());
        let matches = matches(names, symbol.name().as_bytes(), version);
        found.add(matches, &Hit::Defined(number));
    }
    for (number, import) in table.imports().iter().enumerate() {
        let version = import.version().map(|version| version.as_bytes());
        let matches = matches(names, import.name().as_bytes(), version);
        found.add(matches, &Hit::Imported(number));
    }
    found
}

fn matches(names: &FunctionNames, symbol: &[u8], version: Option<&[u8]>) -> Matches {
    let mut found = names.of_symbol(symbol, version);
    let (original, _) = split_part(symbol);
    let is_mangled = original.starts_with(b"_Z") || original.starts_with(b"_R");
    if !is_mangled {
        let name = text(original);
        found.extend(names.of_language(&name, &name));
    } else if names.may_be(original)
        && let Some(demangled) = demangle(original)
    {
        found.extend(names.of_language(&demangled.full, &demangled.name));
    }
    found.sort_unstable();
    found.dedup_by_key(|(number, _)| *number);
    found
}

/// Returns a function of which a symbol is known. `symbol` is the one that was asked for among those at its address.
pub(super) fn defined(table: &FunctionTable, symbol: &FunctionSymbol) -> Function {
    let name = symbol.name();
    let (original, suffix) = split_part(name.as_bytes());
    let is_alias = |other: &&FunctionSymbol| {
        other.name() != name
            && (other.kind() != SymbolKind::Untyped || other.binding() != Binding::Local)
    };
    let aliases = table.at(symbol.address()).iter().filter(is_alias);
    let mut aliases: Vec<String> = aliases.map(|alias| text(alias.name().as_bytes())).collect();
    aliases.dedup();
    Function {
        name: display_name(name.as_bytes()),
        symbol: Some(text(name.as_bytes())),
        version: symbol
            .version()
            .map(|(version, _)| text(version.as_bytes())),
        is_default_version: symbol.version().is_none_or(|(_, is_default)| is_default),
        aliases,
        part: (!suffix.is_empty()).then(|| (text(original), text(suffix))),
        kind: match symbol.kind() {
            SymbolKind::Ifunc => FunctionKind::Ifunc,
            SymbolKind::Function | SymbolKind::Untyped => FunctionKind::Code,
        },
        address: Some(symbol.address()),
        file_offset: symbol.file_offset(),
        size: Some(symbol.size().0).filter(|size| *size > 0),
        symbol_source: Some(symbol.source()),
        ..Function::empty()
    }
}

/// Returns a function that another file defines.
pub(super) fn imported(table: &FunctionTable, import: &ImportedFunction) -> Function {
    let stubs = import.stubs().iter();
    let libraries = match import.library() {
        Some(library) => vec![text(library.as_bytes())],
        None => table
            .libraries()
            .map(|library| text(library.as_bytes()))
            .collect(),
    };
    Function {
        name: display_name(import.name().as_bytes()),
        symbol: Some(text(import.name().as_bytes())),
        version: import.version().map(|version| text(version.as_bytes())),
        kind: FunctionKind::Imported,
        libraries,
        stubs: stubs
            .map(|address| (*address, table.file_offset(*address)))
            .collect(),
        ..Function::empty()
    }
}

impl Function {
    /// Returns a function of which nothing is known.
    pub(super) fn empty() -> Self {
        Self {
            asked: Vec::new(),
            name: String::new(),
            symbol: None,
            version: None,
            is_default_version: true,
            aliases: Vec::new(),
            part: None,
            kind: FunctionKind::Declared,
            address: None,
            file_offset: None,
            size: None,
            symbol_source: None,
            libraries: Vec::new(),
            stubs: Vec::new(),
            unit: None,
            declared_at: None,
            inlined: Vec::new(),
        }
    }
}
