//! The check from start to end.

use std::borrow::Cow;

use crate::encode::encode;
use crate::error::Result;
use crate::graph::{Btf, Word};
use crate::verify::check::Check;
use crate::verify::finding::Report;
use crate::verify::header::{Sections, sections};
use crate::verify::input::Input;
use crate::verify::names::GoodNames;
use crate::verify::options::VerifyOptions;
use crate::verify::records::check_records;
use crate::verify::resolve::check_types;
use crate::verify::rule::Rule;
use crate::verify::special::check_special_fields;
use crate::verify::tag_order::check_tag_order;

/// Checks raw BTF as the kernel does when it is loaded. Whatever the bytes are, the result is a report.
///
/// The first finding is the kernel's. The check goes on behind it, as far as the rest can be made sense of, and leaves
/// out what only follows from an earlier finding. It takes time and memory linear in the input, of which the kernel takes
/// 16 MiB.
///
/// Two things only the running kernel knows are left out: how many BTFs it has room for, and whether it knows a type that
/// a `kptr` tag names.
///
/// ```
/// use btfkit::graph::{GraphBuilder, IntEncoding, Kind};
/// use btfkit::verify::{KernelVersion, Rule, VerifyOptions, verify};
///
/// let mut builder = GraphBuilder::new();
/// builder.int("int", 4, IntEncoding::SIGNED)?;
/// builder.composite(Kind::Struct, "Vec<u8>", 24, &[])?;
/// let raw = builder.freeze()?.encode()?;
///
/// let report = verify(&raw, &VerifyOptions::new(KernelVersion::LATEST));
/// let first = report.first().unwrap();
/// assert_eq!(first.rule, Rule::Name);
/// assert_eq!(first.message.as_deref(), Some("Invalid name"));
/// # Ok::<(), btfkit::Error>(())
/// ```
#[must_use]
pub fn verify(data: &[u8], options: &VerifyOptions) -> Report {
    verify_with_cuts(data, options).0
}

/// Checks as [`verify`] does. Returns also the references at which it gave up, as too deep or as a loop.
pub(super) fn verify_with_cuts(
    data: &[u8],
    options: &VerifyOptions,
) -> (Report, Vec<(Rule, u32, u32)>) {
    let mut check = Check {
        input: Input {
            words: &[],
            strings: &[],
            base: options.base.as_ref(),
            first_id: options.base.as_ref().map_or(1, Btf::end_id),
            first_str: options.base.as_ref().map_or(0, Btf::end_str),
            features: &options.features,
            starts: Vec::new(),
        },
        options,
        report: Report::default(),
        second: false,
        bad_references: Vec::new(),
        good_names: GoodNames::default(),
        cuts: Vec::new(),
    };
    let Some(found) = sections(&mut check, data) else {
        return (check.report, check.cuts);
    };
    let words = words(found, options);
    check_sections(check, found, &words)
}

impl Btf {
    /// Checks the graph as the kernel checks it when it is loaded, encoded as [`Btf::encode`] does.
    ///
    /// # Errors
    /// As [`Btf::encode`].
    pub fn verify(&self, options: &VerifyOptions) -> Result<Report> {
        let options = match self.base() {
            Some(base) if options.base.is_none() => options.clone().base(base),
            Some(_) | None => options.clone(),
        };
        Ok(verify(&encode(self)?, &options))
    }
}

/// Returns the records in this machine's byte order.
fn words<'d>(found: Sections<'d>, options: &VerifyOptions) -> Cow<'d, [Word]> {
    let (words, _) = found.types.as_chunks::<4>();
    if options.endian.is_host() {
        return Cow::Borrowed(words);
    }
    let swapped = words.iter().map(|word| options.endian.u32(*word));
    Cow::Owned(swapped.map(u32::to_ne_bytes).collect())
}

fn check_sections<'a>(
    check: Check<'a>,
    found: Sections<'a>,
    words: &'a [Word],
) -> (Report, Vec<(Rule, u32, u32)>) {
    let mut check = Check {
        input: Input {
            words,
            strings: found.strings,
            starts: Vec::with_capacity(words.len() / 8),
            ..check.input
        },
        good_names: GoodNames::new(found.strings.len()),
        ..check
    };
    let is_whole = check_records(&mut check, found.types.len());
    if !is_whole {
        return (check.report, check.cuts);
    }
    // The kernel resolves the types of its modules when they are used, if ever.
    if check.options.base.is_none() {
        check_types(&mut check);
    }
    if check.options.features.tag_order {
        check_tag_order(&mut check);
    }
    let is_checked = check.options.features.special_fields && check.options.base.is_none();
    if is_checked && check.report.is_ok() {
        check_special_fields(&mut check);
    }
    (check.report, check.cuts)
}
