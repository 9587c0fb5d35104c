//! Files that the tests of this folder share.

use bytes::Bytes;

use crate::support::read;
use crate::support::tools::kernel_btf;

pub const SERVERS: [&str; 4] = [
    "layouts/server1.gcc-dwarf4",
    "layouts/server2.clang-dwarf5",
    "layouts/server3.gcc-dwarf5",
    "layouts/server4.clang-dwarf4",
];

/// The bytes of a file of `testdata/`.
pub fn testdata(name: &str) -> Bytes {
    read(name).into()
}

/// The running kernel's BTF, or a skip.
pub fn kernel() -> Option<Bytes> {
    kernel_btf().map(Bytes::from)
}
