//! Which types a function knows: those of the unit that defines it.

use crate::dwarf::convert::{Job, Worker};
use crate::dwarf::read::Abbrevs;
use crate::dwarf::sources::{Source, Unit};
use crate::dwarf::unit::collect::{Wants, collect};
use crate::dwarf::unit::nodes::Shape;
use crate::dwarf::unit::program::complete;
use crate::error::{Context, Error, ErrorKind, Result};

impl Job<'_> {
    /// The numbers of the units that define a function of this name.
    pub(super) fn units_of(&self, function: &str) -> Result<Vec<u32>> {
        if self.is_linked() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the program's units refer to each other, so that none of its types is one unit's own",
            ));
        }
        let found = self.on_threads(|units| {
            let mut worker = Worker::with(Abbrevs::new(true, false));
            let mut found = Vec::new();
            for (number, source, unit) in units {
                let defines = self
                    .defines(&mut worker, source, unit, function.as_bytes())
                    .within(|| source.place())
                    .map_err(|error| (number, error))?;
                if defines && let Ok(number) = u32::try_from(number) {
                    found.push(number);
                }
            }
            Ok(found)
        })?;
        let mut found: Vec<u32> = found.into_iter().flatten().collect();
        found.sort_unstable();
        if found.is_empty() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("the program has no function called {function}"),
            ));
        }
        Ok(found)
    }

    /// Whether a unit has the code of a function of this name.
    fn defines(
        &self,
        worker: &mut Worker,
        source: &Source<'_>,
        unit: Unit,
        function: &[u8],
    ) -> Result<bool> {
        worker.nodes.clear(unit.header.len);
        worker.memory.clear();
        let view = source.view(unit, 0);
        self.read_abbrevs(worker, &view, source.sections)?;
        let wants = Wants {
            functions: true,
            variables: false,
            ..self.wants()
        };
        let (memory, nodes) = (&mut worker.memory, &mut worker.nodes);
        collect(&view, &worker.abbrevs, &self.files, wants, memory, nodes)?;
        complete(
            nodes,
            memory.later(),
            &self.files,
            self.options.limits.depth,
        );
        let nodes = &worker.nodes;
        Ok(nodes.nodes.iter().any(|node| {
            node.shape == Shape::Function
                && !node.declaration
                && self.files.bytes(node.name, &nodes.made) == function
        }))
    }
}
