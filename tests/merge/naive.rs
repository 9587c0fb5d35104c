//! How many types there must be after deduplication, found the slow and obvious way.

use std::collections::{BTreeMap, BTreeSet};

use btfkit::graph::{Btf, Kind};

use crate::check::{declares, is_forward, shallow, tag};

/// Moore's algorithm: types start in classes by what they say of themselves, and classes are split by the
/// classes of what is referred to, until nothing changes. A forward declaration counts as the complete type
/// of its tag as long as all complete types of the tag are in one class.
pub fn classes(graph: &Btf, sections: bool) -> usize {
    let count = graph.len() + 1;
    let ty = |id: usize| graph.ty(btfkit::TypeId::new(u32::try_from(id).unwrap()));
    let says: Vec<_> = (0..count)
        .map(|id| {
            let (mut says, _) = shallow(ty(id));
            if !sections && matches!(ty(id).kind(), Kind::Var | Kind::Datasec) {
                says += &format!(" {id}");
            }
            says
        })
        .collect();
    let mut class = number(says.iter());
    loop {
        let stands_for: Vec<usize> = (0..count)
            .map(|id| {
                if !is_forward(ty(id)) || tag(ty(id)).is_none() {
                    return id;
                }
                let complete: Vec<usize> = (0..count)
                    .filter(|&other| !is_forward(ty(other)) && tag(ty(other)) == tag(ty(id)))
                    .collect();
                let classes: BTreeSet<_> = complete.iter().map(|&id| class[id]).collect();
                match complete.first() {
                    Some(&first) if classes.len() == 1 && declares(ty(id), ty(first)) => first,
                    _ => id,
                }
            })
            .collect();
        let keys: Vec<_> = (0..count)
            .map(|id| {
                let refers = shallow(ty(id)).1;
                let refers: Vec<_> = refers
                    .iter()
                    .map(|to| {
                        let to = stands_for[to.get() as usize];
                        (is_forward(ty(to)), class[to])
                    })
                    .collect();
                (class[id], refers)
            })
            .collect();
        let next = number(keys.iter());
        if next == class {
            let standing = (1..count).filter(|&id| stands_for[id] == id);
            return standing.map(|id| class[id]).collect::<BTreeSet<_>>().len();
        }
        class = next;
    }
}

/// Numbers keys by first occurrence.
fn number<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    keys.map(|key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    })
    .collect()
}
