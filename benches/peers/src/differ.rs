//! Whether libbpf and btfkit agree about a case, and where they don't, whether the difference is one of
//! those that btfkit means to make.
//!
//! A named difference isn't believed, it is shown: the case is changed into one that says the same without
//! the thing the two read differently, and libbpf must do with that what btfkit did with the case itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use btfkit::Endian;
use btfkit::pipeline::TargetFile;

use crate::case::{Case, Record, TYPE_ID_TARGET};
use crate::libbpf::{self, Program};
use crate::ours;
use crate::shown;
use crate::types::{Def, Id, Types};

/// A difference that is meant to be. (See the documentation of `btfkit::relocate`.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Named {
    /// Unsigned 32-bit enumerators of 2³¹ and more keep their value.
    LargeEnumerator,
    /// Arrays match whether or not their dimensions are flattened.
    Flattened,
    /// Shifts follow the target's byte order.
    ByteOrder,
    /// Candidates are pruned before anything is computed.
    Pruning,
}

/// Counts of what was compared.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Objects both accepted, with the same code.
    pub accepted: u64,
    /// Objects both refused.
    pub refused: u64,
    /// Relocations in accepted objects.
    pub relocations: u64,
    /// Relocations both refused, each alone responsible for its object's refusal.
    pub refused_relocations: u64,
    /// Named differences, shown to be such.
    pub named: BTreeMap<Vec<Named>, u64>,
    /// What libbpf did with the relocations of accepted objects.
    pub poisoned: u64,
    /// Why libbpf refused, by what it says, and in how many objects it poisoned for a load's width.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Objects whose user-program answers were checked, too.
    pub user: u64,
}

/// A place for the target's BTF, as libbpf reads it from a file.
#[derive(Debug)]
pub struct Differ {
    path: PathBuf,
    pub tally: Tally,
}

/// The programs that come out, or why none do.
pub type Answer = Result<Vec<Program>, String>;

impl Default for Differ {
    fn default() -> Self {
        let name = format!("btfkit-peers-{}.btf", std::process::id());
        let shared = PathBuf::from("/dev/shm");
        let folder = if shared.is_dir() {
            shared
        } else {
            std::env::temp_dir()
        };
        libbpf::keep_log();
        Self {
            path: folder.join(name),
            tally: Tally::default(),
        }
    }
}

impl Drop for Differ {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Differ {
    /// Compares a case: the whole object and, as long as it is refused, the object without the relocation
    /// it is refused for.
    ///
    /// # Errors
    /// What differs and has no name.
    pub fn check(&mut self, case: &Case) -> Result<(), String> {
        let mut records = case.records.clone();
        loop {
            if self.compare(case, &records)? {
                return Ok(());
            }
            // The first relocation that libbpf refuses: it goes through them one after the other.
            let mut first = 0;
            let mut last = records.len();
            while first < last {
                let middle = (first + last) / 2;
                match self.libbpf(case, &case.local, &case.target, &records[..=middle]) {
                    Ok(_) => first = middle + 1,
                    Err(_) => last = middle,
                }
            }
            if first == records.len() {
                return Err("libbpf refuses the whole, and no part of it".into());
            }
            if !self.compare(case, &records[..first])? {
                return Err("what libbpf accepted it now refuses".into());
            }
            self.compare(case, &records[..=first])?;
            self.tally.refused_relocations += 1;
            records.remove(first);
        }
    }

    /// Compares an object with these records. Says whether libbpf accepts it.
    fn compare(&mut self, case: &Case, records: &[Record]) -> Result<bool, String> {
        let libbpf = self.libbpf(case, &case.local, &case.target, records);
        let ours = self.ours(case, records);
        let accepted = libbpf.is_ok();
        match (&libbpf, &ours) {
            (Ok(a), Ok(b)) if a == b => {
                self.tally.accepted += 1;
                self.tally.relocations += records.len() as u64;
                self.tally.poisoned += a
                    .iter()
                    .flat_map(|program| program.code.chunks_exact(8))
                    .filter(|insn| insn[4..8] == [0x10, 0x23, 0xad, 0x0b])
                    .count() as u64;
                self.check_user(case, records, b)?;
                return Ok(true);
            }
            (Err(log), Err(_)) => {
                self.tally.refused += 1;
                *self.tally.reasons.entry(reason(log)).or_default() += 1;
                return Ok(false);
            }
            _ => {}
        }
        match self.name(case, records, &ours) {
            Some(names) => {
                *self.tally.named.entry(names).or_default() += 1;
                Ok(accepted)
            }
            None => Err(describe(case, records, &libbpf, &ours)),
        }
    }

    /// The named differences by which ours is right, if it is.
    fn name(&self, case: &Case, records: &[Record], ours: &Answer) -> Option<Vec<Named>> {
        let all = [Named::LargeEnumerator, Named::Flattened, Named::ByteOrder];
        // The smallest set of changes that will do.
        let mut sets: Vec<u32> = (0..8).collect();
        sets.sort_by_key(|set| set.count_ones());
        for prune in [false, true] {
            for set in &sets {
                let (mut local, mut target) = (case.local.clone(), case.target.clone());
                let mut names: Vec<Named> = Vec::new();
                for (bit, name) in all.iter().enumerate() {
                    if set >> bit & 1 != 0 {
                        names.push(*name);
                        match name {
                            Named::LargeEnumerator => {
                                widen(&mut local);
                                widen(&mut target);
                            }
                            Named::Flattened => unflatten(&local, &mut target),
                            Named::ByteOrder => mirror(&mut target),
                            Named::Pruning => {}
                        }
                    }
                }
                if !prune {
                    let same = |libbpf: Answer| match (libbpf, ours) {
                        (Ok(a), Ok(b)) => a == *b,
                        (Err(_), Err(_)) => true,
                        _ => false,
                    };
                    if !names.is_empty() && same(self.libbpf(case, &local, &target, records)) {
                        return Some(names);
                    }
                    continue;
                }
                names.push(Named::Pruning);
                let Ok(ours) = ours else {
                    continue;
                };
                // Offsets last: candidates that differ in nothing but a load's width are one to libbpf.
                let (offsets, mut others): (Vec<Record>, Vec<Record>) =
                    records.iter().cloned().partition(|record| record.kind == 0);
                others.extend(offsets);
                for records in [records, &others] {
                    if self.in_some_order(case, &local, &target, records).as_ref() == Some(ours) {
                        return Some(names);
                    }
                }
            }
        }
        None
    }

    /// What libbpf makes of the records with those it refuses put off until others have pruned.
    fn in_some_order(
        &self,
        case: &Case,
        local: &Types,
        target: &Types,
        records: &[Record],
    ) -> Option<Vec<Program>> {
        let mut records = records.to_vec();
        for _ in 0..records.len() {
            if let Ok(programs) = self.libbpf(case, local, target, &records) {
                return Some(programs);
            }
            let refused = (0..records.len()).find(|last| {
                self.libbpf(case, local, target, &records[..=*last])
                    .is_err()
            })?;
            let record = records.remove(refused);
            records.push(record);
        }
        self.libbpf(case, local, target, &records).ok()
    }

    fn libbpf(&self, case: &Case, local: &Types, target: &Types, records: &[Record]) -> Answer {
        std::fs::write(&self.path, case.btf_of(target)).expect("the temporary folder is writable");
        let object = case.object_with(local, records);
        match libbpf::relocate(&object, Some(&self.path)) {
            Ok(programs) => Ok(shown::blanked(programs, &object).expect("the object is ours")),
            Err(refusal) if refusal.log.contains("failed to perform CO-RE relocations") => {
                Err(refusal.log)
            }
            Err(refusal) => panic!("libbpf fails for another reason: {refusal:?}"),
        }
    }

    fn ours(&self, case: &Case, records: &[Record]) -> Answer {
        ours_against(case, records, TargetFile::kernel(case.target_btf()))
    }

    /// Against a user program everything is as against a kernel, but TYPE_ID_TARGET, which is poison.
    fn check_user(
        &mut self,
        case: &Case,
        records: &[Record],
        kernel: &[Program],
    ) -> Result<(), String> {
        // What the name says is the kernel's a user program doesn't answer.
        let kernels = |record: &Record| {
            let root = case.local.0.get(record.root as usize);
            root.is_some_and(|root| root.name().ends_with("___kernel"))
        };
        // Nor can what is poison be patched again.
        let again = |(number, a): (usize, &Record)| {
            let same = |b: &Record| (a.section, a.at) == (b.section, b.at);
            records[..number].iter().any(same)
        };
        if !records.iter().any(|record| record.kind == TYPE_ID_TARGET)
            || records.iter().any(kernels)
            || records.iter().enumerate().any(again)
        {
            return Ok(());
        }
        self.tally.user += 1;
        let user = ours_against(case, records, TargetFile::user("app", case.target_btf()))
            .map_err(|error| format!("refused against a user program: {error}"))?;
        for (a, b) in kernel.iter().zip(&user) {
            let differs = a.code.chunks_exact(8).zip(b.code.chunks_exact(8));
            for (a, b) in differs {
                if a != b && b != [0x85, 0, 0, 0, 0x10, 0x23, 0xad, 0x0b] {
                    return Err(format!(
                        "against a user program {b:02x?} comes out, where a kernel gives {a:02x?}\n{}",
                        describe(case, records, &Ok(kernel.to_vec()), &Ok(user.clone()))
                    ));
                }
            }
        }
        Ok(())
    }
}

fn ours_against(case: &Case, records: &[Record], target: TargetFile) -> Answer {
    let relocated = ours::relocate(case.object(records), target);
    shown::programs(&relocated.map_err(|error| error.to_string())?.object)
}

/// Unsigned enumerations as ENUM64, whose values libbpf doesn't extend; size and all else stay.
fn widen(types: &mut Types) {
    for def in &mut types.0 {
        if let Def::Enumeration(it) = def
            && !it.signed
        {
            it.wide = true;
        }
    }
}

fn dimensions(types: &Types, ty: Id) -> (Vec<u32>, Id) {
    let (mut counts, mut ty) = (Vec::new(), types.strip(ty));
    while let Def::Array(element, count) = types.0[ty] {
        counts.push(count);
        ty = types.strip(element);
    }
    (counts, ty)
}

/// Members of the target get the dimensions that the local member of their name has, where those come to
/// the same number of elements. Members' names are unique in a generated program.
fn unflatten(local: &Types, target: &mut Types) {
    let mut wanted = BTreeMap::new();
    for def in &local.0 {
        if let Def::Composite(it) = def {
            for member in &it.members {
                let (counts, _) = dimensions(local, member.ty);
                if !counts.is_empty() {
                    wanted.insert(member.name.clone(), counts);
                }
            }
        }
    }
    for id in 1..target.0.len() {
        let Some(mut it) = target.composite(id).cloned() else {
            continue;
        };
        for member in &mut it.members {
            let Some(counts) = wanted.get(&member.name) else {
                continue;
            };
            let (found, mut element) = dimensions(target, member.ty);
            let product = |counts: &[u32]| counts.iter().product::<u32>();
            let one = found.len() == 1 || counts.len() == 1;
            if one
                && !found.is_empty()
                && found.len() != counts.len()
                && product(&found) == product(counts)
                && product(counts) > 0
            {
                for count in counts.iter().rev() {
                    element = target.add(Def::Array(element, *count));
                }
                member.ty = element;
            }
        }
        target.0[id] = Def::Composite(it);
    }
}

/// Bitfields at the other end of their storage: what the little-endian formula says of these, the
/// big-endian one says of those in the target.
fn mirror(target: &mut Types) {
    for id in 1..target.0.len() {
        let Some(mut it) = target.composite(id).cloned() else {
            continue;
        };
        for member in &mut it.members {
            let (Some(bits), Some((mut size, _))) = (member.bits, target.size(member.ty)) else {
                continue;
            };
            let (bit, bits) = (u64::from(member.offset), u64::from(bits));
            let mut offset = bit / 8 / size * size;
            while size < 8 && bit + bits > (offset + size) * 8 {
                size *= 2;
                offset = bit / 8 / size * size;
            }
            // One that no load can take in is refused by both, wherever it is.
            if let Some(start) = (size * 8).checked_sub(bits + (bit - offset * 8)) {
                member.offset = (offset * 8 + start) as u32;
            }
        }
        target.0[id] = Def::Composite(it);
    }
}

/// What libbpf says when it refuses, and how it is counted.
const REASONS: [(&str, &str); 12] = [
    ("field offset ambiguity", "ambiguous: the bit"),
    ("relocation decision ambiguity", "ambiguous: the value"),
    ("value too big", "the offset doesn't fit"),
    ("unexpected mem size", "the width isn't the field's"),
    ("invalid new mem size", "no width to load it by"),
    (
        "can't be satisfied for bitfield",
        "a bitfield across 8 bytes",
    ),
    ("can't be applied to array access", "asks about an element"),
    ("unexpected form", "another 64-bit load"),
    ("unexpected insn", "another value in the instruction"),
    ("unrecognized", "an instruction or kind that isn't known"),
    (
        "target candidate search failed",
        "a root type without a name",
    ),
    ("parsing [", "the accessor"),
];

fn reason(log: &str) -> &'static str {
    let found = REASONS.iter().find(|(text, _)| log.contains(text));
    found.map_or("types that can't be computed with", |(_, reason)| *reason)
}

/// Who accepts and who refuses, and the instructions that differ.
pub fn differences(libbpf: &Answer, ours: &Answer) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let answer = |answer: &Answer| match answer {
        Ok(_) => "accepts".to_owned(),
        Err(log) => format!("refuses: {log}"),
    };
    let _ = writeln!(text, "libbpf {}\nbtfkit {}", answer(libbpf), answer(ours));
    if let (Ok(a), Ok(b)) = (libbpf, ours) {
        for (a, b) in a.iter().zip(b) {
            for (number, (x, y)) in a.code.chunks(8).zip(b.code.chunks(8)).enumerate() {
                if x != y {
                    let _ = writeln!(text, "{}:{number}: libbpf {x:02x?} btfkit {y:02x?}", a.name);
                }
            }
            if a.code.len() != b.code.len() {
                let _ = writeln!(
                    text,
                    "{}: {} and {} bytes",
                    a.name,
                    a.code.len(),
                    b.code.len()
                );
            }
        }
    }
    text
}

fn describe(case: &Case, records: &[Record], libbpf: &Answer, ours: &Answer) -> String {
    use std::fmt::Write;
    let mut text = differences(libbpf, ours);
    let order = if case.endian == Endian::Big {
        "big"
    } else {
        "little"
    };
    let _ = writeln!(text, "{order}-endian, {:?}; records:", case.traits);
    for (number, record) in records.iter().enumerate() {
        let code = &case.codes[record.section];
        let at = record.at as usize;
        let insn = code.code.get(at..at + 8).unwrap_or_default();
        let root = case
            .local
            .0
            .get(record.root as usize)
            .map_or("?", Def::name);
        let _ = writeln!(
            text,
            "  #{number} {}+{at} kind {} [{}] {root} {:?}: {insn:02x?}",
            code.name, record.kind, record.root, record.access
        );
    }
    text
}
