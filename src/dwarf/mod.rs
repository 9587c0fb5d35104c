//! DWARF → graph.
