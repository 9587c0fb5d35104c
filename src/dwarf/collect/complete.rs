//! Completes types: what a DIE leaves to another one is filled in when all DIEs were read.

use std::collections::HashMap;

use crate::dwarf::collect::deferred::Deferred;
use crate::dwarf::collect::nodes::{Nodes, Ref};
use crate::dwarf::collect::template_names::compose_names;
use crate::dwarf::collect::types::Shape;
use crate::dwarf::read::name::Files;
use crate::limits::Limits;

/// Fills in what DIEs left to others. Names are nested `Limits::depth` levels at most.
pub(crate) fn complete(
    nodes: &mut Nodes,
    deferred: &[Deferred],
    files: &Files<'_>,
    limits: &Limits,
) {
    if nodes.arguments.is_empty() {
        place_inside(nodes, deferred, files, limits.depth);
    } else {
        compose_names(nodes, deferred, files, limits);
    }
    // Twice, since a DIE may leave its name to one that leaves it to a declaration.
    for deferred in deferred.iter().chain(deferred) {
        match *deferred {
            Deferred::Inside { .. } => {}
            Deferred::Code { of } => {
                if let Some(node) = nodes.follow(of)
                    && let Some(node) = nodes.nodes.get_mut(node as usize)
                    && node.shape == Shape::Function
                {
                    node.declaration = false;
                }
            }
            Deferred::Declared { node, by } => {
                let declared = nodes.follow(by).and_then(|by| nodes.get(by)).copied();
                let node = nodes.nodes.get_mut(node as usize);
                let (Some(declared), Some(node)) = (declared, node) else {
                    continue;
                };
                // The name of a type is qualified at its declaration, which may come behind.
                let is_type = node.shape.is_nominal() && !declared.name.is_none();
                if node.name.is_none() || is_type {
                    node.name = declared.name;
                }
                if node.ty == Ref::VOID {
                    node.ty = declared.ty;
                }
                node.join_linkage(&declared);
            }
        }
    }
}

/// Prefixes the names of types inside unnamed declarations (see [`Deferred::Inside`]).
fn place_inside(nodes: &mut Nodes, deferred: &[Deferred], files: &Files<'_>, depth: u32) {
    let inside = deferred.iter().filter_map(|deferred| match *deferred {
        Deferred::Inside { node, stub } => Some((node, stub)),
        _ => None,
    });
    let mut open: HashMap<u32, u32> = inside.clone().collect();
    let mut levels: HashMap<u32, u32> = HashMap::new();
    let mut path = Vec::new();
    for (start, _) in inside {
        // What a declaration refers to may be inside of another one. Each node is taken once, so that this ends.
        let mut next = Some(start);
        while let Some(node) = next
            && let Some(stub) = open.remove(&node)
        {
            let target = nodes.get(stub).and_then(|stub| nodes.follow(stub.ty));
            path.push((node, target));
            next = target;
        }
        while let Some((node, target)) = path.pop() {
            let around = target.and_then(|target| nodes.get(target));
            let (Some(target), Some(around)) = (target, around.map(|around| around.name)) else {
                continue;
            };
            // Each level makes the name longer.
            let level = levels
                .get(&target)
                .map_or(1, |level| level.saturating_add(1));
            if around.is_none() || level > depth {
                continue;
            }
            levels.insert(node, level);
            let Some(own) = nodes.get(node).map(|node| node.name) else {
                continue;
            };
            let name = files.qualified(around, own, b"", &mut nodes.composed);
            if let Some(node) = nodes.nodes.get_mut(node as usize) {
                node.name = name;
            }
        }
    }
}
