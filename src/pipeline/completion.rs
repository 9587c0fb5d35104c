//! Classes that one file of a program only declares, and another one defines.
//!
//! A C++ compiler leaves the definition of a class with virtual functions to the file that has its first one: of
//! `class Mine : public Base` a program has only that it contains a `Base`, which a library defines. BTF of the program
//! alone has a forward declaration there, without members.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::merge::{self, Minimiser, Need};

/// Returns the names of the structures and unions that a graph's types contain by value and the graph only declares.
pub(super) fn declared_by_value(graph: &Btf) -> BTreeSet<String> {
    let members = graph.types().flat_map(|ty| ty.members());
    let forwards = members.filter_map(|member| forward_in(graph.ty(member.type_id)));
    let declared = forwards.filter(|forward| !is_defined(graph, forward.name().as_bytes()));
    let names = declared.map(|forward| forward.name().to_string_lossy().into_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Returns a type without typedefs and qualifiers; of an array its element.
fn element(ty: Type<'_>) -> Option<Type<'_>> {
    /// The number of dimensions of an array. BTF has one record for each.
    const MOST: usize = 32;
    let mut ty = ty.strip().ok()?;
    for _ in 0..MOST {
        match ty.as_array() {
            Some(array) => ty = array.element().strip().ok()?,
            None => return Some(ty),
        }
    }
    None
}

/// Returns the forward declaration that a member's type is, or an array of.
fn forward_in(ty: Type<'_>) -> Option<Type<'_>> {
    element(ty).filter(|ty| ty.kind() == Kind::Fwd)
}

/// Returns the definitions of a tag.
fn definitions<'g>(graph: &'g Btf, name: &[u8]) -> impl Iterator<Item = Type<'g>> {
    let is_definition = |ty: &Type<'_>| matches!(ty.kind(), Kind::Struct | Kind::Union);
    graph.named(name).filter(is_definition)
}

fn is_defined(graph: &Btf, name: &[u8]) -> bool {
    definitions(graph, name).next().is_some()
}

/// Completes what a graph contains by value and only declares, with the definition of the first of `others` that has
/// one. The graph's ids stay. Returns also the graph's types whose names the added types have as well: these come first.
///
/// # Errors
/// As [`merge::merge`].
pub(super) fn complete(graph: Btf, others: &[&Btf]) -> Result<(Btf, Vec<TypeId>)> {
    if others.is_empty() {
        return Ok((graph, Vec::new()));
    }
    let before = graph.types().len();
    let mut graph = graph;
    let mut tried = BTreeSet::new();
    loop {
        let missing = declared_by_value(&graph);
        let missing = missing
            .into_iter()
            .filter(|name| tried.insert(name.clone()));
        let mut needed = Minimiser::new();
        let mut any = false;
        for name in missing.collect::<Vec<_>>() {
            let with = others
                .iter()
                .find(|other| is_defined(other, name.as_bytes()));
            for ty in with
                .into_iter()
                .flat_map(|other| definitions(other, name.as_bytes()))
            {
                needed.need(ty, Need::Members)?;
                any = true;
            }
        }
        if !any {
            break;
        }
        let inputs = [
            merge::Input::new("program", graph),
            merge::Input::new("further", needed.build()?),
        ];
        graph = merge::merge(inputs, &merge::MergeOptions::new())?.graph;
    }
    if graph.types().len() == before {
        return Ok((graph, Vec::new()));
    }
    let is_new = |ty: &Type<'_>| ty.id().index() > before;
    let added: BTreeSet<&[u8]> = graph
        .types()
        .filter(is_new)
        .map(|ty| ty.name().as_bytes())
        .filter(|name| !name.is_empty())
        .collect();
    let own = graph.types().filter(|ty| !is_new(ty));
    let own = own.filter(|ty| added.contains(ty.name().as_bytes()));
    let own: Vec<TypeId> = own.map(|ty| ty.id()).collect();
    Ok((graph, own))
}
