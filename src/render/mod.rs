//! Graph → text.
