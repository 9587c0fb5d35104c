//! Graph → bytes.
