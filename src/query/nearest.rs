//! The names nearest to one that isn't there.

use std::collections::BTreeSet;

use crate::graph::{Btf, Kind, Type};
use crate::query::{c_spelling, essential_name};

/// The most names that are returned.
const MOST: usize = 3;

/// The longest name that is compared letter by letter.
const LONGEST: usize = 128;

/// Returns the names nearest to `wanted`, the nearest first: names that end in it after a namespace, that differ in
/// template arguments, or in few letters.
pub(crate) fn nearest<'n>(
    wanted: &[u8],
    names: impl IntoIterator<Item = &'n [u8]>,
) -> Vec<&'n [u8]> {
    let wanted = wanted.trim_ascii();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for name in names {
        if name == wanted {
            continue;
        }
        if let Some(distance) = distance(wanted, name) {
            found.insert((distance, name.len(), name));
            if found.len() > MOST {
                found.pop_last();
            }
        }
    }
    found.into_iter().map(|(_, _, name)| name).collect()
}

/// Returns how far a name is from the wanted one; `None` if they have nothing to do with each other.
fn distance(wanted: &[u8], name: &[u8]) -> Option<usize> {
    if last_part(name) == wanted || name.strip_prefix(b"::") == Some(wanted) {
        return Some(0);
    }
    let spelled = c_spelling(name);
    let key = |text: &[u8]| {
        let end = text.iter().rposition(|byte| *byte != b'_');
        end.map_or(0, |end| end + 1)
    };
    let (spelled, asked) = (
        spelled.get(..key(&spelled)).unwrap_or_default(),
        c_spelling(wanted),
    );
    let asked = asked.get(..key(&asked)).unwrap_or_default();
    if spelled == asked
        || spelled
            .strip_suffix(asked)
            .is_some_and(|rest| rest.ends_with(b"__"))
    {
        return Some(0);
    }
    // Template arguments with defaults may be left out by people.
    let open = wanted
        .strip_suffix(b">")
        .map_or(wanted, <[u8]>::trim_ascii_end);
    if name
        .strip_prefix(open)
        .is_some_and(|rest| rest.starts_with(b","))
    {
        return Some(1);
    }
    let (bare, bare_name) = (without_arguments(wanted), without_arguments(name));
    if bare == bare_name || last_part(bare_name) == bare {
        return Some(1);
    }
    if last_part(bare_name) == last_part(bare) && last_part(bare).len() > 2 {
        return Some(2);
    }
    let most = (wanted.len() / 4).clamp(1, 4);
    if wanted.len() < 2 {
        return None;
    }
    let direct = edits(wanted, name, most);
    let last = edits(wanted, last_part(name), most);
    direct.into_iter().chain(last).min().map(|edits| edits + 1)
}

/// Returns the part of a name behind the last `::` or `.` that is outside of template arguments.
fn last_part(name: &[u8]) -> &[u8] {
    let (mut depth, mut start) = (0usize, 0);
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' | b')' | b']' => depth = depth.saturating_sub(1),
            b':' | b'.' if depth == 0 => start = at + 1,
            _ => {}
        }
    }
    name.get(start..).unwrap_or_default()
}

/// Returns a name without the template arguments at its end.
fn without_arguments(name: &[u8]) -> &[u8] {
    match name.iter().position(|byte| *byte == b'<') {
        Some(at) if at > 0 => name.get(..at).unwrap_or(name),
        _ => name,
    }
}

/// Returns the number of letters to insert, remove or replace, and of neighbours to swap; `None` if it is more than
/// `most`.
fn edits(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most || a.len().max(b.len()) > LONGEST {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (number, &letter) in a.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(number + 1);
        let mut last_b = None;
        for (at, &other) in b.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut cost = (get(&row, at) + usize::from(letter != other))
                .min(get(&row, at + 1) + 1)
                .min(get(&next, at) + 1);
            if last_a == Some(other) && last_b == Some(letter) && at > 0 {
                cost = cost.min(get(&before, at - 1) + 1);
            }
            next.push(cost);
            last_b = Some(other);
        }
        if next.iter().min().is_none_or(|least| *least > most + 1) {
            return None;
        }
        before = std::mem::replace(&mut row, next);
        last_a = Some(letter);
    }
    row.last().copied().filter(|edits| *edits <= most)
}

/// Returns the names of a structure's members that are nearest to one that it doesn't have.
pub(crate) fn nearest_members(ty: Type<'_>, wanted: &str) -> Vec<String> {
    let members = member_names(ty);
    let near = nearest(wanted.as_bytes(), members.iter().map(Vec::as_slice));
    near.into_iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// Returns the names of a structure's members, those of anonymous members too.
fn member_names(ty: Type<'_>) -> BTreeSet<Vec<u8>> {
    let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        if !seen.insert(ty.id()) || seen.len() > MOST_SEARCHED {
            continue;
        }
        for member in ty.members() {
            if !member.name().is_empty() {
                names.insert(member.name().as_bytes().to_vec());
            } else if let Ok(inner) = ty.graph().ty(member.type_id).strip() {
                open.push(inner);
            }
        }
    }
    names
}

/// The most anonymous members that are searched for a name.
const MOST_SEARCHED: usize = 256;

impl Btf {
    /// Returns the names of structures, unions, enumerations and typedefs that are nearest to one that isn't there,
    /// three at most, the nearest first.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, Kind};
    /// # let mut builder = GraphBuilder::new();
    /// builder.composite(Kind::Struct, "ns::Session", 8, &[])?;
    /// let graph = builder.freeze()?;
    /// assert_eq!(graph.nearest_names("Session"), ["ns::Session"]);
    /// assert_eq!(graph.nearest_names("ns::Sesion"), ["ns::Session"]);
    /// assert!(graph.nearest_names("socket").is_empty());
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    #[must_use]
    pub fn nearest_names(&self, wanted: impl AsRef<[u8]>) -> Vec<String> {
        let wanted = essential_name(wanted.as_ref());
        let mut names = BTreeSet::new();
        let mut level = Some(self);
        while let Some(graph) = level {
            for ty in graph.own_types() {
                if ty.kind().is_composite() || ty.kind().is_enum() || ty.kind() == Kind::Typedef {
                    names.insert(ty.name().as_bytes());
                }
            }
            level = graph.base();
        }
        names.remove(&b""[..]);
        nearest(wanted, names)
            .into_iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_mean() {
        let names: &[&[u8]] = &[
            b"ns::Bar",
            b"ns::Foo<long>",
            b"std::vector<int, std::allocator<int> >",
            b"session",
            b"connection",
        ];
        let of = |wanted: &str| {
            let found = nearest(wanted.as_bytes(), names.iter().copied());
            found
                .first()
                .map(|name| String::from_utf8_lossy(name).into_owned())
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(of("Bar"), some("ns::Bar"));
        assert_eq!(of("Foo<long>"), some("ns::Foo<long>"));
        assert_eq!(of("Foo"), some("ns::Foo<long>"));
        assert_eq!(of("Foo<int>"), some("ns::Foo<long>"));
        assert_eq!(of("ns__Ba"), None);
        assert_eq!(
            of("std::vector<int>"),
            some("std::vector<int, std::allocator<int> >")
        );
        assert_eq!(of("sesison"), some("session"));
        assert_eq!(of("conection"), some("connection"));
        assert_eq!(of("file"), None);
        assert_eq!(of(""), None);
    }
}
