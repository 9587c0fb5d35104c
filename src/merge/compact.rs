//! From classes to a graph: canonical records move up, ids are rewritten, the rest goes.

use bytes::BytesMut;

use crate::error::Result;
use crate::graph::{Btf, Kind, Parts, Remap, Word, edges, unknown};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::merge::nodes::{at, count, set};

/// Keeps a graph's canonical types and those whose id is below `keep`, in order, and lets all references
/// go to canonical ones. Records only ever move down, so that a graph nobody else holds is rewritten in
/// its own memory.
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
        // What an opaque record refers to is not known. It can only stay where all it may refer to stays.
        let is_opaque = |kind| matches!(kind, Kind::Unknown(_));
        let mut types = graph.own_types().skip_while(|ty| ty.id().get() < keep);
        if let Some(ty) = types.find(|ty| is_opaque(ty.kind())) {
            return Err(unknown(ty.id(), ty.kind().number()));
        }
    }
    // Where each node that stays goes. The base's stay where they are.
    let mut places: Vec<u32> = (0..end).collect();
    let mut next = first;
    for node in first..end {
        if stays(node) {
            set(&mut places, node, next);
            next += 1;
        }
    }
    let successor = |node: u32| at(&places, at(canonical, node));
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

/// Moves the records that stay together and rewrites their ids. Tells how many words there are now.
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
