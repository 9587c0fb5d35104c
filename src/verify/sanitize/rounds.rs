//! Check, repair, and again, until the kernel accepts the BTF.

use std::collections::BTreeMap;

use crate::encode::encode;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, Kind, Remap};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::verify::features::KernelFeatures;
use crate::verify::finding::{Finding, Report};
use crate::verify::kernel::KernelVersion;
use crate::verify::options::VerifyOptions;
use crate::verify::rule::Rule;
use crate::verify::run::verify_with_cuts;
use crate::verify::sanitize::draft::Draft;
use crate::verify::sanitize::loss::Loss;
use crate::verify::sanitize::name_table::NameTable;
use crate::verify::sanitize::rename::Renaming;
use crate::verify::sanitize::repair::{Repair, cut};

/// The most rounds. A repair may bring up what only a further round finds: three are usual.
const ROUNDS: u32 = 64;
/// The findings that one round repairs. The rest is left to the next.
const FINDINGS: u32 = 100_000;
/// The most bytes of a name that a loss keeps.
const NAME: usize = 200;

/// Options for [`sanitize`].
///
/// ```
/// use btfkit::verify::{KernelVersion, SanitizeOptions};
/// let options = SanitizeOptions::new(KernelVersion::new(5, 4));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SanitizeOptions {
    /// What the kernel knows.
    pub features: KernelFeatures,
    /// Bounds on the result.
    pub limits: Limits,
}

impl SanitizeOptions {
    /// Returns the options for a version of the kernel.
    #[must_use]
    pub fn new(version: KernelVersion) -> Self {
        Self {
            features: KernelFeatures::of(version),
            limits: Limits::default(),
        }
    }

    /// Sets what the kernel knows.
    #[must_use]
    pub fn features(self, features: KernelFeatures) -> Self {
        Self { features, ..self }
    }

    /// Sets the bounds on the result.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// BTF that a kernel accepts, and how it differs from what it was made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sanitized {
    /// The types. Those of the old graph keep their ids; replacements that several types share come after them.
    pub graph: Btf,
    /// The new id of each type of the old graph: the same.
    pub types: Remap,
    /// The names that were changed. No type is lost by it.
    pub names: NameTable,
    /// The types that are not what they were, in the order of the repairs.
    pub lost: Vec<Loss>,
}

/// Makes BTF that a kernel accepts: [`verify`](crate::verify::verify()) finds nothing in the result.
///
/// Types of kinds that the kernel doesn't know become what libbpf makes of them, under the same ids. Names that are no
/// identifiers get one, each its own: [`Sanitized::names`] leads back. What else the kernel refuses is repaired, as small
/// as can be: a member that ends behind its structure's end becomes bytes, a chain of types too deep is cut.
/// [`Sanitized::lost`] lists every repair.
///
/// ```
/// use btfkit::graph::{GraphBuilder, Kind};
/// use btfkit::verify::{KernelVersion, SanitizeOptions, VerifyOptions, sanitize};
///
/// let mut builder = GraphBuilder::new();
/// builder.float("f64", 8)?;
/// builder.composite(Kind::Struct, "Vec<u8>", 24, &[])?;
/// let graph = builder.freeze()?;
///
/// let old = KernelVersion::new(5, 10);
/// let sanitized = sanitize(&graph, &SanitizeOptions::new(old))?;
/// assert!(sanitized.graph.verify(&VerifyOptions::new(old))?.is_ok());
/// assert!(sanitized.graph.find(Kind::Struct, "Vec_u8_").is_some());
/// assert_eq!(sanitized.names.original("Vec_u8_"), Some(&b"Vec<u8>"[..]));
/// assert_eq!(sanitized.lost.len(), 1); // FLOAT is unknown until 5.13.
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `Unsupported`, with the finding, where the BTF can't be repaired: it has more than 16 MiB, or no type; `Limit` beyond
/// [`Limits`].
pub fn sanitize(graph: &Btf, options: &SanitizeOptions) -> Result<Sanitized> {
    let mut verify = VerifyOptions::new(KernelVersion::LATEST)
        .features(options.features.clone())
        .endian(graph.endian())
        .findings(FINDINGS);
    verify.base = graph.base().cloned();
    let mut renaming = Renaming::new(graph, &options.features);
    let wide = options.features.wide_info;
    let mut draft = Draft::new(graph, &options.limits, wide, |builder, kind, name| {
        renaming.name(builder, kind, name)
    })?;
    let tags = tags(graph);
    let mut lost = Vec::new();
    let mut before = None;
    for _ in 0..ROUNDS {
        let made = draft.graph()?;
        let found = verify_with_cuts(&encode(&made)?, &verify);
        let (report, cuts) = &found;
        if report.is_ok() {
            return Ok(Sanitized {
                types: Remap::identity(graph.len()),
                names: renaming.table,
                graph: made,
                lost,
            });
        }
        // A round that changes nothing is the last.
        if before.as_ref() == Some(&found) {
            break;
        }
        let mut loses = |id: u32, part: Option<u32>, rule: Rule, became: &'static str| {
            lost.push(loss(graph, id, part, rule, became));
        };
        for &(rule, from, to) in cuts {
            loses(from, None, rule, cut(&mut draft, graph, (from, to))?);
        }
        for (id, findings) in by_type(report) {
            let mut repair = Repair {
                draft: &mut draft,
                graph,
                renaming: &mut renaming,
                tags: &tags,
                id,
            };
            for (part, rule, became) in repair.all(&findings)? {
                loses(id, part, rule, became);
            }
        }
        before = Some(found);
    }
    let first = before.as_ref().and_then(|(report, _)| report.first());
    let why = first.map_or(String::new(), ToString::to_string);
    let error = Error::new(
        ErrorKind::Unsupported,
        format!("this BTF can't be made acceptable: {why}"),
    );
    Err(match first.and_then(|first| first.type_id) {
        Some(id) => error.within(Place::Type(id)),
        None => error,
    })
}

/// Returns the findings about each type.
fn by_type(report: &Report) -> BTreeMap<u32, Vec<&Finding>> {
    let mut by_type: BTreeMap<u32, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(id) = finding.type_id {
            by_type.entry(id.get()).or_default().push(finding);
        }
    }
    by_type
}

/// Returns the declaration tags of each type.
fn tags(graph: &Btf) -> BTreeMap<u32, Vec<u32>> {
    let mut tags: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for ty in graph.own_types().filter(|ty| ty.kind() == Kind::DeclTag) {
        tags.entry(ty.size_word()).or_default().push(ty.id().get());
    }
    tags
}

fn loss(graph: &Btf, id: u32, part: Option<u32>, rule: Rule, became: &'static str) -> Loss {
    let type_id = TypeId::new(id);
    let ty = graph.ty(type_id);
    let name = ty.name().as_bytes();
    let name = name.get(..NAME).unwrap_or(name);
    Loss {
        type_id,
        kind: ty.kind(),
        name: String::from_utf8_lossy(name).into_owned(),
        part,
        rule,
        became,
    }
}
