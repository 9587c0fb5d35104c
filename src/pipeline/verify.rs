//! The kernel's verdict on the types of a file.

use std::io::{self, Write};
use std::path::Path;

use bytes::Bytes;

#[cfg(feature = "dwarf")]
use crate::debuginfo::Search;
use crate::elf::{Elf, has_btf, is_elf};
use crate::error::Result;
use crate::graph::Btf;
use crate::parse::{ParseOptions, parse_with};
use crate::pipeline::load::{is_split, load, load_path, running_kernel, unpacked};
use crate::pipeline::options::LoadOptions;
use crate::pipeline::target::{KERNEL_FILE, is_kernel_path};
use crate::render::json_string;
use crate::verify::{self, Finding, Report, VerifyOptions};

/// Checks the types of a file as the kernel does ([`verify`](verify::verify())): raw BTF or the `.BTF` of an ELF file byte
/// for byte, and otherwise the BTF that [`load`](super::load()) makes of the file.
///
/// BTF that doesn't parse is a finding, not an error. [`LoadOptions::base`] is the base of split BTF only.
///
/// ```
/// use btfkit::pipeline::{LoadOptions, verify};
/// use btfkit::verify::{KernelVersion, VerifyOptions};
/// # use btfkit::graph::{GraphBuilder, IntEncoding};
/// # let mut builder = GraphBuilder::new();
/// # builder.int("int", 4, IntEncoding::SIGNED)?;
/// # let bytes = builder.freeze()?.encode()?;
/// let options = VerifyOptions::new(KernelVersion::new(6, 18));
/// assert!(verify(bytes, &LoadOptions::new(), &options)?.is_ok());
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// As [`load`](super::load()) where the file is no BTF and has none.
pub fn verify(
    bytes: impl Into<Bytes>,
    load_options: &LoadOptions,
    options: &VerifyOptions,
) -> Result<Report> {
    let bytes = unpacked(bytes.into(), &load_options.limits)?;
    match raw_btf(&bytes, load_options)? {
        Some(raw) => Ok(verdict(
            &raw.types,
            raw.base.as_ref(),
            load_options,
            options,
        )),
        None => load(bytes, load_options)?.graph.verify(options),
    }
}

/// Checks the types of a file as [`verify`](verify()) does, and finds debug information in other files, as
/// [`load_path`](super::load_path) does.
///
/// # Errors
/// As [`verify`](verify()), and `Io` if the file can't be read.
pub fn verify_path(
    path: impl AsRef<Path>,
    load_options: &LoadOptions,
    options: &VerifyOptions,
) -> Result<Report> {
    let path = path.as_ref();
    if load_options.base.is_none() && is_kernel_path(path) && path != Path::new(KERNEL_FILE) {
        let load_options = load_options.clone().base(running_kernel(load_options)?);
        return verify(read(path, &load_options)?, &load_options, options);
    }
    let bytes = unpacked(read(path, load_options)?, &load_options.limits)?;
    match raw_btf(&bytes, load_options)? {
        Some(raw) => Ok(verdict(
            &raw.types,
            raw.base.as_ref(),
            load_options,
            options,
        )),
        None => load_path(path, load_options)?.graph.verify(options),
    }
}

#[cfg(feature = "dwarf")]
fn read(path: &Path, options: &LoadOptions) -> Result<Bytes> {
    let default = Search::new();
    let search = options.search.as_ref().unwrap_or(&default);
    Ok(search.read(path, &options.limits)?)
}

#[cfg(not(feature = "dwarf"))]
fn read(path: &Path, _: &LoadOptions) -> Result<Bytes> {
    Ok(std::fs::read(path)?.into())
}

/// BTF as a file has it.
struct Raw {
    types: Bytes,
    /// The base that the file has itself.
    base: Option<Btf>,
}

/// Returns a file's BTF; `None` for an ELF file without, or one whose DWARF is asked for.
fn raw_btf(bytes: &Bytes, options: &LoadOptions) -> Result<Option<Raw>> {
    if !is_elf(bytes) {
        return Ok(Some(Raw {
            types: bytes.clone(),
            base: None,
        }));
    }
    let elf = Elf::parse(bytes.clone())?;
    let Some(section) = elf.find(".BTF").filter(|_| has_btf(&elf) && !options.dwarf) else {
        return Ok(None);
    };
    let base = match elf.find(".BTF.base") {
        Some(base) => {
            let limits = ParseOptions::new().limits(options.limits.clone());
            Some(parse_with(elf.data(base, &options.limits)?, &limits)?)
        }
        None => None,
    };
    Ok(Some(Raw {
        types: elf.data(section, &options.limits)?,
        base,
    }))
}

fn verdict(
    types: &[u8],
    own_base: Option<&Btf>,
    load_options: &LoadOptions,
    options: &VerifyOptions,
) -> Report {
    let base = own_base.or(load_options.base.as_ref());
    match base.filter(|_| is_split(types)) {
        Some(base) => verify::verify(types, &options.clone().base(base)),
        None => verify::verify(types, options),
    }
}

/// Writes the reports on files as one line of JSON. The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "files": [{ "file": string, "ok": boolean,
///     "findings": [{
///       "id": number | null, "kind": string | null, "name": string,
///       "part": { "index": number, "name": string } | null,
///       "rule": string,                       "member-order" and so on
///       "what": string, "detail": string | null, "advice": string,
///       "kernel": string | null,              the kernel's words
///       "errno": number }],
///     "omitted": number }] }
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn write_findings<'r>(
    reports: impl IntoIterator<Item = (&'r str, &'r Report)>,
    out: &mut impl Write,
) -> Result<()> {
    out.write_all(b"{\"schema\":1,\"files\":[")?;
    for (index, (file, report)) in reports.into_iter().enumerate() {
        out.write_all(if index > 0 {
            b",{\"file\":"
        } else {
            b"{\"file\":"
        })?;
        json_string(out, file)?;
        write!(out, ",\"ok\":{},\"findings\":[", report.is_ok())?;
        for (index, finding) in report.findings.iter().enumerate() {
            if index > 0 {
                out.write_all(b",")?;
            }
            write_finding(finding, out)?;
        }
        write!(out, "],\"omitted\":{}}}", report.omitted)?;
    }
    out.write_all(b"]}\n")?;
    Ok(())
}

fn write_finding(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let id = finding
        .type_id
        .map_or("null".to_owned(), |id| id.get().to_string());
    write!(out, "{{\"id\":{id},\"kind\":")?;
    optional(finding.kind.map(|kind| kind.to_string()).as_deref(), out)?;
    out.write_all(b",\"name\":")?;
    json_string(out, &finding.name)?;
    out.write_all(b",\"part\":")?;
    match &finding.part {
        Some(part) => {
            write!(out, "{{\"index\":{},\"name\":", part.index)?;
            json_string(out, &part.name)?;
            out.write_all(b"}")?;
        }
        None => out.write_all(b"null")?,
    }
    write!(out, ",\"rule\":\"{}\",\"what\":", finding.rule.code())?;
    json_string(out, finding.rule.what())?;
    out.write_all(b",\"detail\":")?;
    optional(finding.detail.as_deref(), out)?;
    out.write_all(b",\"advice\":")?;
    json_string(out, finding.rule.advice())?;
    out.write_all(b",\"kernel\":")?;
    optional(finding.message.as_deref(), out)?;
    write!(out, ",\"errno\":{}}}", finding.errno)
}

fn optional(text: Option<&str>, out: &mut impl Write) -> io::Result<()> {
    match text {
        Some(text) => json_string(out, text),
        None => out.write_all(b"null"),
    }
}
