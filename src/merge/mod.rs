//! Merging graphs.
