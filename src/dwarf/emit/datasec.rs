//! Sections of variables.

use crate::dwarf::sections::MemorySection;
use crate::error::Result;
use crate::graph::{Btf, GraphBuilder};
use crate::id::TypeId;
use crate::limits::Limits;

/// Adds a DATASEC for each section of the program's memory that contains variables. `variables` are their addresses and
/// ids.
///
/// # Errors
/// `Limit` beyond the builder's limits.
pub(crate) fn with_sections(
    graph: Btf,
    mut variables: Vec<(u64, TypeId)>,
    memory: &[MemorySection],
    limits: &Limits,
) -> Result<Btf> {
    variables.sort_unstable();
    variables.dedup_by_key(|(address, _)| *address);
    let mut builder = GraphBuilder::resume_with_limits(&graph, limits.clone());
    let mut added = false;
    for section in memory {
        let start = variables.partition_point(|(address, _)| *address < section.address);
        let end = section.address.saturating_add(section.size);
        let mut entries = Vec::new();
        for &(address, id) in variables.get(start..).unwrap_or_default() {
            if address >= end {
                break;
            }
            let size = graph.ty(id).size().map_or(0, |size| size.0);
            let offset = u32::try_from(address - section.address);
            if let (Ok(offset), Ok(size)) = (offset, u32::try_from(size)) {
                entries.push((id, offset, size));
            }
        }
        if !entries.is_empty() {
            let size = u32::try_from(section.size).unwrap_or(u32::MAX);
            builder.datasec(&section.name, size, &entries)?;
            added = true;
        }
    }
    if added { builder.freeze() } else { Ok(graph) }
}
