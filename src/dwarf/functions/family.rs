//! Which DIEs describe the functions that were asked for.

use std::collections::{HashMap, HashSet};

use crate::dwarf::functions::scan::Scan;
use crate::dwarf::functions::units::Die;
use crate::query::function_name::Matches;

/// The DIEs of the functions that were asked for: declarations, abstract ones, and those with code.
#[derive(Debug, Default)]
pub(super) struct Family {
    /// All of them. A copy that refers to one of these is a copy of a function that was asked for.
    pub members: HashSet<Die>,
    /// Those that were asked for themselves, or that complete one that was, by the names they answer to.
    pub wanted: HashMap<Die, Matches>,
}

impl Family {
    /// Finds the DIEs that the seeds belong to.
    pub fn of(scans: &[Scan]) -> Self {
        let mut family = Self::default();
        let up: HashMap<Die, Die> = scans
            .iter()
            .flat_map(|scan| scan.links.iter().copied())
            .collect();
        for seed in scans.iter().flat_map(|scan| &scan.seeds) {
            family.wanted.insert(seed.die, seed.matches.clone());
        }
        // What completes a DIE that has one of the names has it, too.
        let mut open: Vec<Die> = Vec::new();
        let mut down: HashMap<Die, Vec<Die>> = HashMap::new();
        for (die, origin) in &up {
            down.entry(*origin).or_default().push(*die);
        }
        open.extend(
            family
                .wanted
                .iter()
                .filter(|(_, matches)| !matches.is_empty())
                .map(|(die, _)| *die),
        );
        open.sort_unstable();
        while let Some(die) = open.pop() {
            let matches = family.wanted.get(&die).cloned().unwrap_or_default();
            for below in down.get(&die).into_iter().flatten() {
                let known = family.wanted.entry(*below).or_default();
                let len = known.len();
                known.extend(matches.iter().copied());
                known.sort_unstable();
                known.dedup_by_key(|(number, _)| *number);
                if known.len() > len {
                    open.push(*below);
                }
            }
        }
        // What it completes describes it, too.
        for die in family.wanted.keys() {
            let mut next = Some(*die);
            while let Some(die) = next
                && family.members.insert(die)
            {
                next = up.get(&die).copied();
            }
        }
        family
    }
}
