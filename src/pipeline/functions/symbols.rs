//! Functions by the names of symbols.

use std::collections::{BTreeMap, HashMap};

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

    /// Returns what a name found, sorted.
    pub fn items(&self, number: usize) -> Vec<K> {
        let found = self.found.get(&number);
        let mut items = found.map(|(_, items)| items.clone()).unwrap_or_default();
        items.sort();
        items.dedup();
        items
    }
}

/// A function that was found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Key {
    /// It has code, at this address.
    Code(u64),
    /// Another file has its code: the number of the import.
    Imported(usize),
    /// It has no code, and only debug information describes it: what tells it from others.
    #[cfg_attr(not(feature = "dwarf"), expect(dead_code, reason = "there is none"))]
    Described(String),
}

/// The functions that symbols name.
#[derive(Debug)]
pub(super) struct Symbols {
    pub found: Found<Key>,
    /// Of each address, the symbol that was asked for.
    pub chosen: HashMap<u64, FunctionSymbol>,
}

/// Finds the symbols that the names mean.
pub(super) fn find(table: &FunctionTable, names: &FunctionNames) -> Symbols {
    let mut found = Found::new();
    let mut chosen: HashMap<u64, (Rank, FunctionSymbol)> = HashMap::new();
    for symbol in table.iter() {
        let version = symbol.version().map(|(version, _)| version.as_bytes());
        let matches = matches(names, symbol.name().as_bytes(), version);
        let Some(rank) = matches.iter().map(|(_, rank)| *rank).min() else {
            continue;
        };
        found.add(matches, &Key::Code(symbol.address()));
        let known = chosen.entry(symbol.address());
        let known = known.or_insert_with(|| (rank, symbol.clone()));
        if rank < known.0 {
            *known = (rank, symbol.clone());
        }
    }
    for (number, import) in table.imports().iter().enumerate() {
        let version = import.version().map(|version| version.as_bytes());
        let matches = matches(names, import.name().as_bytes(), version);
        found.add(matches, &Key::Imported(number));
    }
    let chosen = chosen.into_iter();
    Symbols {
        found,
        chosen: chosen
            .map(|(address, (_, symbol))| (address, symbol))
            .collect(),
    }
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

/// Returns a function without a symbol.
pub(super) fn nameless(table: &FunctionTable, address: u64) -> Function {
    Function {
        kind: FunctionKind::Code,
        address: Some(address),
        file_offset: table.file_offset(address),
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
            parameters: None,
            is_variadic: false,
            results: Vec::new(),
            result_address: None,
            inlined: Vec::new(),
        }
    }
}
