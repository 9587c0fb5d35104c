//! What the comparisons share: each peer behind the same call, object files written by hand, and the
//! generator of random programs and targets.

pub mod aya;
pub mod case;
pub mod differ;
pub mod elf;
pub mod generate;
pub mod libbpf;
pub mod ours;
pub mod random;
pub mod shown;
pub mod speed;
pub mod types;
