//! A case for each rule, with the kernel's words.

use crate::mutate::Pieces;

/// A structure with fields that the kernel manages: a lock, a list of nodes, and the nodes.
pub fn managed() -> Vec<u8> {
    let mut pieces = Pieces {
        records: Vec::new(),
        strings: vec![0],
    };
    let [int, lock, head, node, owner, item, member, tag] = [
        &b"u64"[..],
        b"bpf_spin_lock",
        b"bpf_list_head",
        b"bpf_list_node",
        b"owner",
        b"item",
        b"link",
        b"contains:item:link",
    ]
    .map(|text| pieces.string(text));
    pieces.records = vec![
        vec![int, 1 << 24, 8, 64],
        vec![int, 1 << 24, 4, 32],
        vec![lock, 4 << 24 | 1, 4, member, 2, 0],
        vec![head, 4 << 24 | 2, 16, member, 1, 0, member, 1, 64],
        vec![node, 4 << 24 | 3, 24, member, 1, 0, member, 1, 64, member, 1, 128],
        vec![owner, 4 << 24 | 2, 24, member, 4, 0, member, 3, 128],
        vec![item, 4 << 24 | 2, 32, int, 1, 0, member, 5, 64],
        vec![tag, 17 << 24, 6, 0],
    ];
    pieces.raw()
}
