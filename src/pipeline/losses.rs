//! Relocations that rest on types of which the conversion of debug information lost something.

use std::collections::HashSet;

use crate::ByteSize;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Btf, Kind, Type};
use crate::id::TypeId;
use crate::pipeline::declared::Use;
use crate::pipeline::load::Loaded;
use crate::pipeline::loaded_target::LoadedTarget;
use crate::query::{Field, types_on_path};
use crate::relocate::{
    Candidate, Fixup, Mismatch, Outcome, Record, RelocationKind, Report, Resolution, Role, Subject,
};

/// The most types that are searched for what hides a member.
const MOST_SEARCHED: usize = 1_000;

/// Adds to each record the loss for which its outcome can't be trusted. The records are those of the resolution's
/// fix-ups, in order.
pub(super) fn add_losses(report: &mut Report, resolution: &Resolution, loaded: &[LoadedTarget]) {
    for (record, fixup) in report.records.iter_mut().zip(&resolution.fixups) {
        let choice = resolution.choices.get(&fixup.relo.type_id);
        let number = choice.and_then(|choice| choice.target);
        let target = number.and_then(|number| loaded.get(number));
        if record.unreachable {
            continue;
        }
        record.untrusted = match (record.outcome, target) {
            (Outcome::Set { .. }, Some(target)) if target.sources.iter().any(Option::is_some) => {
                spoiled(fixup, target)
            }
            (Outcome::Absent { .. } | Outcome::NoMatch, Some(target)) => hidden(fixup, target),
            (Outcome::Absent { .. } | Outcome::NoMatch, None) => unread(record, loaded),
            _ => None,
        };
    }
}

/// Returns why a value that was found can't be trusted.
fn spoiled(fixup: &Fixup, target: &LoadedTarget) -> Option<String> {
    let (kind, candidate) = (fixup.kind?, *fixup.matched.first()?);
    let root = target.target.graph_of(candidate).ty(candidate.id);
    match kind.subject() {
        Subject::Type => match kind {
            RelocationKind::TypeSize => target.loss(candidate, root.strip().ok()?.id(), Use::Size),
            _ => None,
        },
        Subject::Enumerator => {
            let enumeration = root.strip().ok()?;
            let values = enumeration.as_enum()?;
            let index = *fixup.target_steps.first()? as usize;
            let name = values.enumerator(index)?.name().to_string_lossy();
            target.loss(candidate, enumeration.id(), Use::Member(&name))
        }
        Subject::Field if kind == RelocationKind::FieldExists => None,
        Subject::Field => spoiled_field(kind, root, fixup, target),
    }
}

/// Returns why the value of a field that was found can't be trusted.
fn spoiled_field(
    kind: RelocationKind,
    root: Type<'_>,
    fixup: &Fixup,
    target: &LoadedTarget,
) -> Option<String> {
    let candidate = *fixup.matched.first()?;
    let mut ty = root;
    for &index in fixup.target_steps.iter().skip(1) {
        ty = ty.strip().ok()?;
        if let Some(member) = ty.member_at(index as usize) {
            let name = member.name().to_string_lossy();
            if let Some(loss) = target.loss(candidate, ty.id(), Use::Member(&name)) {
                return Some(loss);
            }
            ty = member.ty();
        } else {
            if let Some(loss) = target.loss(candidate, ty.id(), Use::Element) {
                return Some(loss);
            }
            ty = ty.as_array()?.element();
        }
    }
    let last = ty.strip().ok()?.id();
    let used = match kind {
        RelocationKind::FieldByteSize => Use::Size,
        _ => Use::Value,
    };
    target.loss(candidate, last, used)
}

/// Returns why a field or enumerator that was not found may be there.
fn hidden(fixup: &Fixup, target: &LoadedTarget) -> Option<String> {
    fixup.rejected.iter().find_map(|(candidate, mismatch)| {
        let within = match *mismatch {
            Mismatch::NoMember { within, .. } => within,
            Mismatch::NotComposite { found, .. }
            | Mismatch::OnlyDeclared { found, .. }
            | Mismatch::MemberType { found, .. } => found,
            Mismatch::NoEnumerator | Mismatch::Incompatible | Mismatch::Differs => candidate.id,
            Mismatch::NotArray { .. }
            | Mismatch::OutOfBounds { .. }
            | Mismatch::NotEnum
            | Mismatch::Pruned => return None,
        };
        let graph = target.target.graph_of(*candidate);
        hidden_in(graph, within, |id, used| target.loss(*candidate, id, used))
    })
}

/// Returns why a member that a type seems not to have may be there: the type, or an unnamed member of it, is only
/// declared, or lost members.
fn hidden_in(
    graph: &Btf,
    within: TypeId,
    loss: impl Fn(TypeId, Use<'_>) -> Option<String>,
) -> Option<String> {
    let mut open = vec![within];
    let mut searched = HashSet::new();
    while let Some(id) = open.pop() {
        let ty = graph.ty(id).strip().ok()?;
        if searched.len() > MOST_SEARCHED || !searched.insert(ty.id()) {
            continue;
        }
        let name = || ty.name().to_string_lossy().into_owned();
        let is_empty_enum = ty
            .as_enum()
            .is_some_and(|values| values.enumerators().next().is_none());
        if ty.kind() == Kind::Fwd || is_empty_enum {
            return Some(format!(
                "{} is only declared; a further --target of the same label adds the file that defines it",
                name()
            ));
        }
        if let Some(loss) = loss(ty.id(), Use::Absence) {
            return Some(match ty.name().is_empty() {
                true => loss,
                false => format!("{}: {loss}", name()),
            });
        }
        let unnamed = ty.members().filter(|member| member.name().is_empty());
        open.extend(unnamed.map(|member| member.type_id));
    }
    None
}

/// Returns why a type that no target has may be there: a program only declares it, or has units that can't be read.
fn unread(record: &Record, loaded: &[LoadedTarget]) -> Option<String> {
    if let Some(label) = record.declared_in.first() {
        return Some(format!(
            "{label} only declares it; --target {label}=FILE adds the file that defines it"
        ));
    }
    let mut programs = loaded.iter().filter(|l| l.target.role == Role::User);
    programs.find_map(|program| {
        let gap = program.missing.first().cloned();
        gap.or_else(|| {
            let mut sources = program.sources.iter().flatten();
            sources.find_map(|source| source.unreadable_unit())
        })
        .map(|gap| format!("not all of {} was read: {gap}", program.target.label))
    })
}

impl Loaded {
    /// Returns the size of a type as [`Btf::size_of_preferred`] does, and why it can't be trusted, if the debug
    /// information lacks it.
    ///
    /// # Errors
    /// As [`Btf::size_of_named`].
    pub fn size_of(&self, name: impl AsRef<[u8]>) -> Result<(ByteSize, Option<String>)> {
        let name = name.as_ref();
        let size = self.graph.size_of_preferred(name, &self.preferred)?;
        let doubt = self.declared.as_ref().and_then(|declared| {
            let preferred = |ty: &Type<'_>| self.preferred.binary_search(&ty.id()).is_ok();
            let any = self.graph.named(name).any(|ty| preferred(&ty));
            let mut named = self.graph.named(name).filter(|ty| !any || preferred(ty));
            named.find_map(|ty| declared.loss(behind_arrays(ty)?.id(), Use::Size))
        });
        Ok((size, doubt))
    }

    /// Returns the field at a path as [`Btf::preferred_field`] does, and why its offset or size can't be trusted, if the
    /// debug information contradicts itself there or lacks the size. The error for a member that isn't there says so if it may be hidden.
    ///
    /// # Errors
    /// As [`Btf::field`]; `Unsupported` for elements of an array that are not end to end.
    pub fn field(
        &self,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<(Field<'_>, Option<String>)> {
        let (name, path) = (name.as_ref(), path.as_ref());
        let field = self.graph.preferred_field(name, path, &self.preferred);
        let Some(declared) = &self.declared else {
            return field.map(|field| (field, None));
        };
        let visited = types_on_path(&self.graph, (name, path), &self.preferred)?;
        match field {
            Ok(field) => {
                let mut types = visited.iter().flatten();
                let element = types.find_map(|(ty, member)| match member {
                    Some(_) => None,
                    None => declared.loss(ty.id(), Use::Element),
                });
                if let Some(why) = element {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        format!("the element has no offset: {why}"),
                    ));
                }
                let member = visited.iter().flatten().find_map(|(ty, member)| {
                    let member = String::from_utf8_lossy((*member)?);
                    declared.loss(ty.id(), Use::Member(&member))
                });
                let size = || declared.loss(behind_arrays(field.ty)?.id(), Use::Size);
                let doubt = member.or_else(size);
                Ok((field, doubt))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let hidden = visited.iter().find_map(|visited| {
                    let (last, _) = visited.last()?;
                    hidden_in(&self.graph, last.id(), |id, used| declared.loss(id, used))
                });
                Err(match hidden {
                    None => error,
                    Some(why) => Error::new(
                        ErrorKind::NotFound,
                        format!("{}; it may be hidden: {why}", error.message()),
                    )
                    .within_all(error.places()),
                })
            }
            Err(error) => Err(error),
        }
    }
}

/// Returns the type of the elements of an array, or of arrays of arrays; for another type the type itself. Typedefs and
/// qualifiers are stripped.
fn behind_arrays(ty: Type<'_>) -> Option<Type<'_>> {
    let mut ty = ty.strip().ok()?;
    for _ in 0..MOST_SEARCHED {
        match ty.as_array() {
            Some(array) => ty = array.element().strip().ok()?,
            None => return Some(ty),
        }
    }
    None
}

impl LoadedTarget {
    /// Returns what was lost of a type of the candidate's graph that spoils a use of it.
    fn loss(&self, candidate: Candidate, id: TypeId, used: Use<'_>) -> Option<String> {
        let source = match candidate.module {
            None => self.sources.first(),
            Some(module) => self.sources.get(module + 1),
        };
        source?.as_ref()?.loss(id, used)
    }
}
