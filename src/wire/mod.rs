//! The headers of `.BTF` and `.BTF.ext`, and the records of `.BTF.ext`, as bytes: the parser, the encoder and
//! the ELF rewriter take every offset and size from here.
//!
//! Both headers start with the same [`Preamble`]. What follows differs: [`BtfHeader`], [`ExtHeader`].
//! (Kernel documentation, "BPF Type Format", sections 2 and 4; `struct btf_header`, `struct btf_ext_header`.)

mod btf_header;
mod ext_header;
mod preamble;
mod record;

pub(crate) use btf_header::BtfHeader;
pub(crate) use ext_header::{ExtHeader, Extent, SECTION_HEADER_LEN, SectionHeader, WORD_LEN};
pub(crate) use preamble::{Preamble, malformed, word};
pub(crate) use record::Record;
