//! What debug information adds to functions.

use std::collections::{HashMap, HashSet};

use crate::dwarf::{CopyFacts, Facts, FunctionFacts, Line, Sections, Standing, find_functions};
use crate::elf::FunctionTable;
use crate::elf::demangle::demangle;
use crate::error::Result;
use crate::pipeline::functions::function::{Function, FunctionKind, InlinedCopy, SourcePlace};
use crate::pipeline::functions::located::parameters;
use crate::pipeline::functions::names::display_name;
use crate::pipeline::functions::options::FunctionOptions;
use crate::pipeline::functions::symbols::{Found, Key, Symbols};
use crate::query::function_name::FunctionNames;

/// The functions that debug information describes.
#[derive(Debug, Default)]
pub(super) struct Debug {
    facts: Facts,
    /// The numbers of the descriptions of code, by address.
    by_address: HashMap<u64, Vec<usize>>,
    /// The numbers of all descriptions, by identity.
    by_identity: HashMap<String, Vec<usize>>,
    /// The numbers of the inlined copies, by identity.
    copies: HashMap<String, Vec<usize>>,
}

impl Debug {
    /// Finds the functions that the names or the symbols mean.
    pub fn new(
        table: &FunctionTable,
        names: &FunctionNames,
        symbols: &Symbols,
        sections: Option<&Sections>,
        options: &FunctionOptions,
    ) -> Result<Self> {
        let Some(sections) = sections else {
            return Ok(Self::default());
        };
        let mut addresses: Vec<u64> = symbols.chosen.keys().copied().collect();
        addresses.sort_unstable();
        let demangled = |name: &[u8]| demangle(name).map(|it| (it.full, it.name));
        let facts = find_functions(sections, names, &addresses, demangled, &options.limits)?;
        let mut debug = Self {
            facts,
            ..Self::default()
        };
        for (number, function) in debug.facts.functions.iter().enumerate() {
            if let Some(entry) = live(table, function) {
                debug.by_address.entry(entry).or_default().push(number);
            }
            let same = debug.by_identity.entry(function.identity.clone());
            same.or_default().push(number);
        }
        for (number, copy) in debug.facts.copies.iter().enumerate() {
            // What the linker dropped has no address, or one outside of the code.
            if copy.entry.is_some_and(|entry| table.is_code(entry)) {
                let same = debug.copies.entry(copy.identity.clone());
                same.or_default().push(number);
            }
        }
        Ok(debug)
    }

    /// Returns a note on what can't be read.
    pub fn note(&self) -> Option<String> {
        let unreadable = self.facts.unreadable;
        (unreadable > 0).then(|| {
            format!("{unreadable} units of its debug information can't be read; what they say is missing")
        })
    }

    /// Adds what was found by the names in the debug information.
    pub fn add(&self, table: &FunctionTable, found: &mut Found<Key>) {
        let functions = &self.facts.functions;
        let code: HashSet<&str> = functions
            .iter()
            .filter(|function| live(table, function).is_some())
            .map(|function| &*function.identity)
            .collect();
        let has_body = |function: &FunctionFacts| {
            function.standing != Standing::Declared || self.copies.contains_key(&function.identity)
        };
        for function in functions {
            let matches = function.matches.clone();
            match live(table, function) {
                Some(entry) => found.add(matches, &Key::Code(entry)),
                None if code.contains(&*function.identity) => {}
                None if has_body(function) => {
                    found.add(matches, &Key::Described(function.identity.clone()));
                }
                None => {}
            }
        }
        // A declaration is worth telling if there is nothing else.
        for function in functions {
            if function.standing == Standing::Declared {
                let mut matches = function.matches.clone();
                matches.retain(|(number, _)| found.items(*number).is_empty());
                found.add(matches, &Key::Described(function.identity.clone()));
            }
        }
    }

    /// Returns a function with what is known of it.
    pub fn complete(&self, table: &FunctionTable, key: &Key, function: Function) -> Function {
        let numbers = match key {
            Key::Code(address) => self.by_address.get(address),
            Key::Described(identity) => self.by_identity.get(identity),
            Key::Imported(_) => None,
        };
        let all = numbers.into_iter().flatten();
        let all: Vec<&FunctionFacts> = all
            .filter_map(|number| self.facts.functions.get(*number))
            .collect();
        let Some(facts) = all.iter().min_by_key(|facts| facts.standing) else {
            return function;
        };
        let is_cold = function
            .part
            .as_ref()
            .is_some_and(|(_, suffix)| suffix.contains(".cold"));
        if is_cold || function.kind == FunctionKind::Ifunc {
            return Function {
                unit: Some(facts.unit_name.clone()),
                ..function
            };
        }
        let mut function = function;
        if function.name.is_empty() {
            function.symbol = facts
                .linkage_name
                .as_ref()
                .map(|name| String::from_utf8_lossy(name).into_owned());
            function.name = match &facts.linkage_name {
                Some(name) => display_name(name),
                None => facts.name.clone(),
            };
        }
        function.unit = Some(facts.unit_name.clone()).filter(|name| !name.is_empty());
        function.declared_at = facts.declared_at.clone().map(place);
        if function.size.is_none()
            && let [(start, end)] = facts.ranges[..]
            && function.address == Some(start)
        {
            function.size = end.checked_sub(start);
        }
        function.inlined = self.inlined(table, key, &all);
        if let Key::Described(_) = key {
            function.kind = match facts.standing {
                _ if !function.inlined.is_empty() => FunctionKind::Inlined,
                Standing::Code => FunctionKind::Dropped,
                Standing::Abstract => FunctionKind::Inlined,
                Standing::Declared => FunctionKind::Declared,
            };
        }
        parameters(table, facts, &mut function);
        function
    }

    /// Returns the copies of a function. If several functions have its identity, those in its own units.
    fn inlined(
        &self,
        table: &FunctionTable,
        key: &Key,
        facts: &[&FunctionFacts],
    ) -> Vec<InlinedCopy> {
        let mut found = Vec::new();
        let identities: HashSet<&str> = facts.iter().map(|facts| &*facts.identity).collect();
        let own: HashSet<u32> = facts.iter().map(|facts| facts.unit).collect();
        for identity in identities {
            // The units with code of the same function elsewhere, and the lowest address of all.
            let same = self.by_identity.get(identity).into_iter().flatten();
            let others: Vec<(u32, u64)> = same
                .filter_map(|number| self.facts.functions.get(*number))
                .filter_map(|facts| Some((facts.unit, live(table, facts)?)))
                .collect();
            let first = others.iter().map(|(_, entry)| *entry).min();
            let is_first = match key {
                Key::Code(address) => first == Some(*address),
                Key::Imported(_) | Key::Described(_) => true,
            };
            let elsewhere: HashSet<u32> = others.iter().map(|(unit, _)| *unit).collect();
            let copies = self.copies.get(identity).into_iter().flatten();
            let copies = copies.filter_map(|number| self.facts.copies.get(*number));
            found.extend(
                copies
                    .filter(|copy| {
                        own.contains(&copy.unit) || (is_first && !elsewhere.contains(&copy.unit))
                    })
                    .map(|copy| inlined(table, copy)),
            );
        }
        let key = |copy: &InlinedCopy| (copy.address, copy.call_site.clone(), copy.caller.clone());
        found.sort_by_key(key);
        // Several units describe a function of which the linker keeps one.
        found.dedup_by(|a, b| key(a) == key(b));
        found
    }
}

/// Returns the address of a function's code, if it is in the program.
fn live(table: &FunctionTable, function: &FunctionFacts) -> Option<u64> {
    function.entry.filter(|entry| table.is_code(*entry))
}

fn inlined(table: &FunctionTable, copy: &CopyFacts) -> InlinedCopy {
    InlinedCopy {
        address: copy.entry,
        file_offset: copy.entry.and_then(|entry| table.file_offset(entry)),
        ranges: copy.ranges.clone(),
        caller: display_name(&copy.caller),
        within: copy.within.as_ref().map(|within| display_name(within)),
        call_site: copy.called_at.clone().map(place),
    }
}

fn place(line: Line) -> SourcePlace {
    SourcePlace {
        file: line.file,
        line: line.line,
    }
}
