//! DWARF → BTF.

#[path = "../support/mod.rs"]
mod support;

mod compilers;
mod enumerations;
mod function;
mod gdb;
mod held;
mod hostile;
mod inline_namespaces;
mod languages;
mod layouts;
mod machines;
mod members;
mod names;
mod origins;
mod packaging;
mod roots;
mod tags;
mod templates;
mod threads;
mod typedefs;
