//! The pass that collects only some of a unit's types.
//!
//! A type is taken whole, with all it contains by value. Of a named type that is only pointed to, the name is taken, as
//! if the unit only declared it; unless it is asked for too.

use std::mem;

use crate::dwarf::collect::nodes::{Node, Ref, Target};
use crate::dwarf::collect::pass::{Input, Pass, usual_type, with_pass};
use crate::dwarf::collect::scratch::{PartialScratch, Role, Taken};
use crate::dwarf::collect::types::Shape;
use crate::dwarf::read::name::NameRef;
use crate::error::Result;

/// The number of times that all the unit's bytes may be read before it is better read as a whole. Without a bound,
/// references into the middle of DIEs would take quadratic time.
const MOST_TIMES: usize = 4;

/// Collects the types of a unit at the offsets `start` with all they contain, and those they point to that `also` asks
/// for. Returns `false` if the unit has to be read as a whole instead; what was collected then means nothing.
///
/// # Errors
/// As [`collect`](super::pass::collect).
pub(crate) fn collect_partial(
    mut input: Input<'_, '_>,
    start: &[u32],
    also: impl Fn(Shape, NameRef, u32) -> bool,
) -> Result<bool> {
    let len = input.unit.header.len;
    let done = with_pass(&mut input, |pass, memory| pass.partial(memory, start, also))?;
    input.nodes.put_in_order(len);
    Ok(done)
}

impl Pass<'_, '_> {
    fn partial(
        &mut self,
        memory: &mut PartialScratch,
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
        Ok(self.deferred.is_empty())
    }

    /// Reads the unit's own DIE.
    fn first(&mut self) -> Result<()> {
        let code = self.cursor.uleb()?;
        if let Some(plan) = self.abbrevs.get(code) {
            let plan = *plan;
            self.entry(&plan, 0)?;
        }
        Ok(())
    }

    /// Takes the type at an offset. Returns how much was taken.
    fn one(
        &mut self,
        die: u32,
        how: Taken,
        also: impl Fn(Shape, NameRef, u32) -> bool,
    ) -> Result<Taken> {
        let abbrevs = self.abbrevs;
        self.cursor.seek(die as usize);
        let code = self.cursor.uleb()?;
        let plan = abbrevs.require(code, &self.cursor)?;
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

    /// Queues what a node refers to.
    fn references(&mut self, number: usize, how: Taken, memory: &mut PartialScratch) {
        let Some(&node) = self.nodes.nodes.get(number) else {
            return;
        };
        // A type nested in another is taken with it.
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
