//! Merging and deduplicating: cases by hand, random graphs against an independent checker, real BTF.

#[path = "../support/mod.rs"]
mod support;

mod anonymous;
mod build;
mod cases;
mod check;
mod collide;
mod distilled;
mod libbpf;
mod linked;
mod naive;
mod namespaces;
mod random;
mod real;
mod resolved;
