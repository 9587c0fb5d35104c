//! The entry point: reads all units and emits the graph.

use crate::dwarf::distinct::table::{Distinct, Seen};
use crate::dwarf::driver::job::{Job, Joined, Read};
use crate::dwarf::emit::bind::bind;
use crate::dwarf::emit::datasec::with_sections;
use crate::dwarf::emit::graph::{Wanted, emit};
use crate::dwarf::emit::held::settle_held;
use crate::dwarf::options::ConvertOptions;
use crate::dwarf::report::Conversion;
use crate::dwarf::sections::Sections;
use crate::error::Result;
use crate::graph::{GraphBuilder, Name};
use crate::id::TypeId;

/// Converts the types of a program.
///
/// The graph contains every structure, union, enumeration, typedef and base type of the program (or those that
/// [`ConvertOptions::roots`] names) with all they refer to, each once; but typedefs of templates only if something refers
/// to them ([`ConvertOptions::all_typedefs`]). A type that BTF can't represent becomes the
/// nearest type of the same size and is listed in [`Conversion::degraded`]; so is a unit that can't be read, which is
/// skipped.
///
/// # Errors
/// `NoDebugInfo` if there are no units; `Malformed`, with the place, if none of them can be read; `Unsupported` if all
/// have a version of DWARF other than 2 to 5; `NotFound` if the program has no type of a root's name (but see
/// [`ConvertOptions::allow_missing_roots`]) or no function of the name in [`ConvertOptions::function`]; `Limit` beyond
/// [`Limits`](crate::Limits).
pub fn convert(sections: &Sections, options: &ConvertOptions) -> Result<Conversion> {
    let job = Job::new(sections, options)?;
    let function = options.function.as_deref();
    let function = function.map(|name| job.units_of(name)).transpose()?;
    let Read {
        threads,
        as_one,
        preferred,
    } = job.read(function.as_ref())?;
    let Joined {
        table,
        lists,
        skipped,
    } = job.join(threads)?;
    let preferred = match &function {
        Some(units) if !as_one => Job::preferred_apart(units, &lists),
        _ => preferred,
    };
    let name = |distinct: &Distinct| {
        let name = job.files.bytes(distinct.name, &table.composed);
        Name::new(name).to_string()
    };
    let mut binding = bind(&table, &lists, &preferred, &name)?;
    settle_held(&table, &job.files, &mut binding);
    let offsets = if as_one { vec![0] } else { job.unit_offsets() };
    let mut builder = GraphBuilder::with_limits(options.limits.clone());
    builder.set_endian(sections.endian);
    builder.set_pointer_width(sections.pointer_width);
    builder.set_inline_namespaces(&table.inline_namespaces);
    let emitted = emit(
        &table,
        &binding,
        &job.files,
        &offsets,
        builder,
        &Wanted {
            roots: &job.roots,
            all_typedefs: options.all_typedefs,
            most_types: options.limits.types,
            pointer_width: sections.pointer_width,
        },
    )?;
    let place = |(id, seen): (TypeId, Seen)| {
        let unit = offsets.get(seen.unit as usize).copied().unwrap_or(0);
        (id, unit.saturating_add(seen.die.into()))
    };
    let ids = &emitted.ids;
    let preferred = binding.preferred.iter();
    let preferred = preferred.filter_map(|variant| ids.get(*variant as usize).copied());
    let mut preferred: Vec<TypeId> = preferred.filter(|id| *id != TypeId::VOID).collect();
    preferred.sort_unstable();
    let mut degraded = skipped;
    degraded.extend(emitted.degraded);
    degraded.sort();
    let graph = with_sections(
        emitted.graph,
        emitted.variables,
        &sections.memory,
        &options.limits,
    )?;
    Ok(Conversion {
        graph,
        degraded,
        preferred,
        losses: emitted.losses,
        unused_typedefs: emitted.unused_typedefs,
        places: emitted.seen.into_iter().map(place).collect(),
    })
}
