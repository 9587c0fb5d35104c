//! Bytes → graph: raw BTF of either byte order, split BTF, `.BTF.ext`.
