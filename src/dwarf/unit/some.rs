//! The pass over some of a unit's entries: the types that are asked for, and what they are made of.
//!
//! A type is taken whole, with all that is in it by value. Of a named type that is only pointed to just the name
//! is taken, as if the unit only declared it, unless it is asked for too.

use std::mem;

use crate::dwarf::names::NameRef;
use crate::dwarf::unit::collect::{Pass, Role, usual_type};
use crate::dwarf::unit::nodes::{Node, Ref, Target};
use crate::dwarf::unit::types::Shape;
use crate::error::Result;

/// How often the unit's bytes may be read over before it is better read as a whole. References into the
/// middle of entries would otherwise take quadratic time.
const MOST_TIMES: usize = 4;

/// What was taken of an entry's type so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Taken {
    Nothing,
    /// Its name, or what it points to.
    Behind,
    /// All that is in it.
    ByValue,
}

/// What was taken of each entry: two bits for each byte of the unit.
#[derive(Debug)]
struct TakenMap {
    words: Vec<u64>,
}

impl TakenMap {
    fn clear(&mut self, len: usize) {
        self.words.clear();
        self.words.resize(len / 32 + 1, 0);
    }

    /// Notes what is taken; answers what was before.
    fn raise(&mut self, die: u32, to: Taken) -> Taken {
        let Some(word) = self.words.get_mut(die as usize / 32) else {
            // Beyond the unit: there is nothing to take.
            return Taken::ByValue;
        };
        let shift = die % 32 * 2;
        let before = match *word >> shift & 3 {
            0 => Taken::Nothing,
            1 => Taken::Behind,
            _ => Taken::ByValue,
        };
        *word |= (to as u64) << shift;
        before
    }
}

/// Memory of the pass, kept from unit to unit.
#[derive(Debug)]
pub(crate) struct SomeMemory {
    taken: TakenMap,
    queue: Vec<(u32, Taken)>,
}

impl SomeMemory {
    pub const fn new() -> Self {
        Self {
            taken: TakenMap { words: Vec::new() },
            queue: Vec::new(),
        }
    }
}

impl Pass<'_, '_> {
    /// Takes the types at `start`, and those that are pointed to and that `also` asks for. Answers `false` where
    /// the unit had better be read as a whole; what was taken then means nothing.
    pub(super) fn some(
        &mut self,
        memory: &mut SomeMemory,
        start: &[u32],
        also: impl Fn(Shape, NameRef, u32) -> bool,
    ) -> Result<bool> {
        let len = self.unit.bytes.len();
        memory.taken.clear(len);
        memory.queue.clear();
        memory
            .queue
            .extend(start.iter().map(|&die| (die, Taken::ByValue)));
        self.first()?;
        if self.qualify {
            return Ok(false);
        }
        let mut read = 0usize;
        while let Some((die, how)) = memory.queue.pop() {
            if memory.taken.raise(die, how) >= how {
                continue;
            }
            let from = self.nodes.nodes.len();
            let how = self.one(die, how, &also)?;
            read = read.saturating_add(self.cursor.position().saturating_sub(die as usize));
            if read / MOST_TIMES > len {
                return Ok(false);
            }
            for number in from..self.nodes.nodes.len() {
                self.references(number, how, memory);
            }
        }
        Ok(self.later.is_empty())
    }

    /// Reads the unit's own entry.
    fn first(&mut self) -> Result<()> {
        let code = self.cursor.uleb()?;
        if let Some(plan) = self.abbrevs.get(code) {
            let plan = *plan;
            self.entry(&plan, 0)?;
        }
        Ok(())
    }

    /// Takes one type; answers how.
    fn one(
        &mut self,
        die: u32,
        how: Taken,
        also: impl Fn(Shape, NameRef, u32) -> bool,
    ) -> Result<Taken> {
        let abbrevs = self.abbrevs;
        self.cursor.seek(die as usize);
        let code = self.cursor.uleb()?;
        let Some(plan) = abbrevs.get(code) else {
            return Err(self
                .cursor
                .malformed(format!("no abbreviation has the code {code}")));
        };
        let mut how = how;
        let named = match usual_type(plan.entry) {
            Some((shape, _)) if shape.is_nominal() && how == Taken::Behind => Some(shape),
            _ => None,
        };
        if let Some(shape) = named {
            let start = self.cursor.position();
            self.read(plan)?;
            let name = self.name();
            if !name.is_none() {
                if !also(shape, name, die) {
                    let mut node = Node::new(die, shape);
                    node.declaration = true;
                    node.name = name;
                    self.nodes.push(node);
                    return Ok(how);
                }
                how = Taken::ByValue;
            }
            self.cursor.seek(start);
        }
        self.frames.clear();
        self.role = Role::Scope;
        self.aside = false;
        self.direct = false;
        self.take(plan, die as usize)?;
        while !self.frames.is_empty() && !self.cursor.is_at_end() {
            self.step()?;
        }
        while !self.frames.is_empty() {
            self.close();
        }
        Ok(how)
    }

    /// Asks for what a node refers to.
    fn references(&mut self, number: usize, how: Taken, memory: &mut SomeMemory) {
        let Some(&node) = self.nodes.nodes.get(number) else {
            return;
        };
        // Types inside of others are taken with them.
        memory.taken.raise(node.die, how);
        let behind = match node.shape {
            Shape::Pointer | Shape::Prototype => Taken::Behind,
            _ => how,
        };
        let mut ask = |reference: Ref| {
            if let Target::Unit(die) = reference.target() {
                memory.queue.push((die, behind));
            }
        };
        ask(node.ty);
        let parts = mem::take(&mut self.nodes.parts);
        let range = node.first as usize..(node.first as usize).saturating_add(node.count as usize);
        for part in parts.get(range).unwrap_or_default() {
            ask(part.ty);
        }
        self.nodes.parts = parts;
    }
}
