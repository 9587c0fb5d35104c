//! Compacting a graph to its canonical types: records move together and type ids are rewritten.

use bytes::BytesMut;

use crate::error::Result;
use crate::graph::{Btf, Kind, Parts, Remap, Word, edges, unknown};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::nodes::{at, count, set};

/// Keeps a graph's canonical types and those whose id is below `keep`, in order, and redirects all references to
/// canonical types. Records only move towards lower offsets, so that a graph with no other handle is rewritten in place.
pub(super) fn compact(
    graph: Btf,
    canonical: &[u32],
    keep: u32,
    limits: &Limits,
) -> Result<(Btf, Remap)> {
    let first = graph.first_id().get();
    let end = first + count(graph.own_len());
    let stays = |node: u32| node < keep || at(canonical, node) == node;
    if (first..end).any(|node| !stays(node)) {
        // The references of an opaque record are unknown. It can stay only if every type keeps its id.
        let is_opaque = |kind| matches!(kind, Kind::Unknown(_));
        let mut types = graph.own_types().skip_while(|ty| ty.id().get() < keep);
        if let Some(ty) = types.find(|ty| is_opaque(ty.kind())) {
            return Err(unknown(ty.id(), ty.kind().number()));
        }
    }
    // The new id of each node that stays. Those of the base don't change.
    let mut new_ids: Vec<u32> = (0..end).collect();
    let mut next = first;
    for node in first..end {
        if stays(node) {
            set(&mut new_ids, node, next);
            next += 1;
        }
    }
    let successor = |node: u32| at(&new_ids, at(canonical, node));
    let own = |node: u32| {
        if node < keep || node < first {
            node
        } else {
            successor(node)
        }
    };
    let remap: Remap = (0..end).map(|node| TypeId::new(own(node))).collect();
    let (parts, offsets) = graph.into_parts();
    let mut types = match parts.types.try_into_mut() {
        Ok(types) => types,
        Err(shared) => BytesMut::from(&shared[..]),
    };
    let len = squeeze(
        types.as_chunks_mut::<4>().0,
        &offsets,
        first,
        stays,
        successor,
    );
    types.truncate(len * 4);
    drop(offsets);
    let parts = Parts {
        types: types.freeze(),
        ..parts
    };
    Ok((Btf::prove(parts, limits)?, remap))
}

/// Moves the records that stay together and rewrites their type ids. Returns the number of words left.
fn squeeze(
    words: &mut [Word],
    offsets: &[u32],
    first: u32,
    stays: impl Fn(u32) -> bool,
    successor: impl Fn(u32) -> u32,
) -> usize {
    let mut to = 0;
    for (node, (&start, &end)) in (first..).zip(offsets.iter().zip(offsets.iter().skip(1))) {
        let (start, end) = (start as usize, end as usize);
        if !stays(node) || end > words.len() {
            continue;
        }
        if to < start {
            words.copy_within(start..end, to);
        }
        let len = end - start;
        if let Some(record) = words.get_mut(to..to + len) {
            let Ok(()) = edges::rewrite::<std::convert::Infallible>(
                record,
                |id| Ok(TypeId::new(successor(id.get()))),
                Ok,
            );
        }
        to += len;
    }
    to
}
