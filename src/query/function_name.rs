//! The names that people ask for functions by: symbols, names as the language writes them, and patterns.

use std::collections::HashMap;

/// The suffixes that compilers add to the name of a part or a copy of a function.
const SUFFIXES: &[&str] = &[
    ".cold",
    ".constprop.",
    ".isra.",
    ".part.",
    ".lto_priv.",
    ".llvm.",
];

/// With more names than this, every mangled name is demangled, since looking for each takes longer.
const FILTERED: usize = 8;

/// Identifiers that mangled names abbreviate (Itanium C++ ABI, section 5.1.10).
const ABBREVIATED: &[&str] = &[
    "std",
    "allocator",
    "basic_string",
    "string",
    "istream",
    "ostream",
    "iostream",
    "operator",
    "anonymous",
    "namespace",
];

/// Splits a symbol's name into that of the function and what compilers added for a part or a copy of it.
pub(crate) fn split_part(name: &[u8]) -> (&[u8], &[u8]) {
    let cuts = SUFFIXES
        .iter()
        .filter_map(|suffix| memchr::memmem::find(name, suffix.as_bytes()));
    let cut = cuts.min().filter(|cut| *cut > 0).unwrap_or(name.len());
    name.split_at_checked(cut).unwrap_or((name, b""))
}

/// How well a name matches one that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rank {
    /// It is that name.
    Exact,
    /// It ends in that name behind a namespace, or is that name without template arguments.
    Loose,
}

/// The names that were asked for.
#[derive(Clone, Debug)]
pub(crate) struct FunctionNames {
    asked: Vec<Asked>,
    /// The numbers of the names that are no patterns, by the whole name without spaces.
    whole: HashMap<Vec<u8>, Vec<usize>>,
    /// The numbers of the names that are no patterns, by their last parts.
    last: HashMap<Vec<u8>, Vec<usize>>,
    patterns: Vec<usize>,
}

/// A name that was asked for.
#[derive(Clone, Debug)]
struct Asked {
    /// The name as it was given.
    text: String,
    /// The name without spaces and version.
    whole: Vec<u8>,
    version: Option<Vec<u8>>,
    /// The name without template arguments and parameters.
    bare: Vec<u8>,
    /// A word that must be in the mangled name; empty if there is none.
    word: Vec<u8>,
}

/// The matches of one name: the number of the name that was asked for, and how well it matches.
pub(crate) type Matches = Vec<(usize, Rank)>;

impl FunctionNames {
    /// Takes the names that are asked for. A `*` matches any text.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut this = Self {
            asked: Vec::new(),
            whole: HashMap::new(),
            last: HashMap::new(),
            patterns: Vec::new(),
        };
        for (number, name) in names.into_iter().enumerate() {
            let asked = Asked::new(name.as_ref());
            if is_pattern(&asked.whole) {
                this.patterns.push(number);
            } else {
                let whole = this.whole.entry(asked.whole.clone()).or_default();
                whole.push(number);
                let last = last_part(&asked.bare).to_vec();
                this.last.entry(last).or_default().push(number);
            }
            this.asked.push(asked);
        }
        this
    }

    /// Returns the names, as they were given.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.asked.iter().map(|asked| &*asked.text)
    }

    /// Returns the matches of a symbol's name, also by the function that it is a part of.
    pub fn of_symbol(&self, name: &[u8], version: Option<&[u8]>) -> Matches {
        let mut found = Vec::new();
        let (original, _) = split_part(name);
        for name in [Some(name), (original != name).then_some(original)] {
            let numbers = name.and_then(|name| self.whole.get(name));
            found.extend(numbers.into_iter().flatten().filter_map(|number| {
                let asked = self.asked.get(*number)?.version.as_deref();
                (asked.is_none() || asked == version).then_some((*number, Rank::Exact))
            }));
        }
        found.extend(self.by_pattern(name));
        found
    }

    /// Returns the matches of a name as the language writes it: `full` with the parameters, if they are known, and
    /// `name` without.
    pub fn of_language(&self, full: &str, name: &str) -> Matches {
        let (full, name) = (without_spaces(full), without_spaces(name));
        let mut found: Matches = Vec::new();
        let both = [Some(&full), (name != full).then_some(&name)];
        for name in both.into_iter().flatten() {
            let numbers = self.whole.get(name).into_iter().flatten();
            found.extend(numbers.map(|number| (*number, Rank::Exact)));
            found.extend(self.by_pattern(name));
        }
        let bare = without_arguments(&name);
        let numbers = self.last.get(last_part(&bare)).into_iter().flatten();
        found.extend(numbers.filter_map(|number| {
            let asked = &self.asked.get(*number)?.bare;
            let rest = bare.strip_suffix(&asked[..])?;
            let is_end = rest.is_empty() || rest.ends_with(b"::") || rest.ends_with(b".");
            is_end.then_some((*number, Rank::Loose))
        }));
        found.sort_unstable();
        found.dedup_by_key(|(number, _)| *number);
        found
    }

    /// Returns whether a mangled name may be one of the names as its language writes it.
    pub fn may_be(&self, mangled: &[u8]) -> bool {
        self.asked.len() > FILTERED
            || self
                .asked
                .iter()
                .any(|asked| memchr::memmem::find(mangled, &asked.word).is_some())
    }

    /// Returns whether a function whose last part is `name` may be one of the names, whatever it is in.
    #[cfg_attr(
        not(feature = "dwarf"),
        expect(dead_code, reason = "only debug information needs it")
    )]
    pub fn may_end_in(&self, name: &[u8]) -> bool {
        if !self.patterns.is_empty() {
            return true;
        }
        let spaced = memchr::memchr(b' ', name).is_some();
        let spaceless = spaced.then(|| name.iter().copied().filter(|byte| *byte != b' ').collect());
        let name: &[u8] = spaceless.as_ref().map_or(name, |name: &Vec<u8>| name);
        self.whole.contains_key(name) || self.last.contains_key(last_part(&without_arguments(name)))
    }

    fn by_pattern(&self, name: &[u8]) -> impl Iterator<Item = (usize, Rank)> {
        let matching = self.patterns.iter().filter(move |number| {
            let asked = self.asked.get(**number);
            asked.is_some_and(|asked| matches(&asked.whole, name))
        });
        matching.map(|number| (*number, Rank::Exact))
    }
}

impl Asked {
    fn new(text: &str) -> Self {
        let spaceless = without_spaces(text);
        let at = memchr::memchr(b'@', &spaceless).filter(|at| *at > 0);
        let (whole, version) = match at.and_then(|at| spaceless.split_at_checked(at)) {
            Some((name, version)) => {
                let version = version.iter().copied().skip_while(|byte| *byte == b'@');
                (name.to_vec(), Some(version.collect()))
            }
            None => (spaceless, None),
        };
        let bare = without_arguments(without_parameters(&whole));
        Self {
            text: text.to_owned(),
            version,
            word: word(without_parameters(&whole)),
            bare,
            whole,
        }
    }
}

/// Returns the longest word of a name that its mangled form contains as it is.
fn word(name: &[u8]) -> Vec<u8> {
    let bare = without_arguments(name);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let words = bare.split(|byte| !is_word(byte));
    let words = words.filter(|word| {
        let operator = word.starts_with(b"operator");
        !operator && !ABBREVIATED.iter().any(|known| known.as_bytes() == *word)
    });
    words
        .max_by_key(|word| word.len())
        .unwrap_or_default()
        .to_vec()
}

/// Returns whether a name has a `*` that stands for any text. The one of Go's `main.(*Server).handle` doesn't, and
/// neither does that of `operator*`.
fn is_pattern(name: &[u8]) -> bool {
    (0..name.len()).any(|at| is_star(name, at))
}

fn is_star(pattern: &[u8], at: usize) -> bool {
    let before = pattern.get(..at).unwrap_or_default();
    pattern.get(at) == Some(&b'*') && !before.ends_with(b"(") && !before.ends_with(b"operator")
}

/// Returns whether a name matches a pattern.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // The last star, and the end of what it stands for.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        if is_star(pattern, at) {
            star = Some((at, from));
            at += 1;
        } else if pattern.get(at).is_some() && pattern.get(at) == name.get(from) {
            at += 1;
            from += 1;
        } else if let Some((back, end)) = star {
            at = back + 1;
            from = end + 1;
            star = Some((back, end + 1));
        } else {
            return false;
        }
    }
    (at..pattern.len()).all(|at| is_star(pattern, at))
}

fn without_spaces(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect()
}

/// Returns a name without the parameters at its end, and what follows them: `const`, `&`.
fn without_parameters(name: &[u8]) -> &[u8] {
    let mut end = name;
    for qualifier in [&b"&&"[..], b"&", b"const", b"volatile"] {
        end = end.strip_suffix(qualifier).unwrap_or(end);
    }
    if !end.ends_with(b")") {
        return name;
    }
    let mut depth = 0usize;
    for (at, byte) in end.iter().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return match end.get(..at) {
                Some(rest) if !rest.is_empty() => rest,
                _ => name,
            };
        }
    }
    name
}

/// Returns a name without template arguments. The brackets of operators stay.
fn without_arguments(name: &[u8]) -> Vec<u8> {
    let mut bare = Vec::with_capacity(name.len());
    let mut depth = 0usize;
    for &byte in name {
        match byte {
            b'<' | b'>' if depth == 0 && is_operator(&bare) => bare.push(byte),
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(byte),
            _ => {}
        }
    }
    bare
}

/// Returns whether a name ends in an operator that a bracket may continue.
fn is_operator(name: &[u8]) -> bool {
    let ends = [
        &b"operator"[..],
        b"operator<",
        b"operator>",
        b"operator-",
        b"operator<=",
    ];
    ends.iter().any(|end| name.ends_with(end))
}

/// Returns the part of a name behind the last `::` or `.`.
fn last_part(name: &[u8]) -> &[u8] {
    let colon = memchr::memmem::rfind(name, b"::").map_or(0, |at| at + 2);
    let dot = memchr::memrchr(b'.', name).map_or(0, |at| at + 1);
    name.get(colon.max(dot)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(asked: &str, full: &str, name: &str) -> Option<Rank> {
        let names = FunctionNames::new([asked]);
        names.of_language(full, name).first().map(|(_, rank)| *rank)
    }

    #[test]
    fn names_as_people_write_them() {
        let get = ("ns::Map<int>::get(int, char*) const", "ns::Map<int>::get");
        let cases = [
            ("ns::Map<int>::get", get, Some(Rank::Exact)),
            (
                "ns::Map<int>::get(int,char *) const",
                get,
                Some(Rank::Exact),
            ),
            ("ns::Map::get", get, Some(Rank::Loose)),
            ("Map::get", get, Some(Rank::Loose)),
            ("get", get, Some(Rank::Loose)),
            ("et", get, None),
            ("ns::Map*::get", get, Some(Rank::Exact)),
            ("*Map*", get, Some(Rank::Exact)),
            ("*map*", get, None),
            ("ns::Map<int>::get(long)", get, Some(Rank::Loose)),
            (
                "handle",
                ("main.(*Server).handle", "main.(*Server).handle"),
                Some(Rank::Loose),
            ),
            (
                "main.(*Server).handle",
                ("main.(*Server).handle", "main.(*Server).handle"),
                Some(Rank::Exact),
            ),
            (
                "main.(*Server).handle",
                ("main.(XServer).handle", "main.(XServer).handle"),
                None,
            ),
            (
                "ns::A::operator<",
                ("ns::A::operator<(ns::A)", "ns::A::operator<"),
                Some(Rank::Exact),
            ),
            (
                "operator<<",
                ("ns::operator<< <int>(ns::A)", "ns::operator<< <int>"),
                Some(Rank::Loose),
            ),
        ];
        for (asked, (full, name), expected) in cases {
            assert_eq!(ranks(asked, full, name), expected, "{asked} of {full}");
        }
    }

    #[test]
    fn symbols_with_versions_and_parts() {
        let names = FunctionNames::new(["memcpy@GLIBC_2.2.5", "handle", "h*l"]);
        let of = |name: &str, version: Option<&str>| {
            let found = names.of_symbol(name.as_bytes(), version.map(str::as_bytes));
            found
                .into_iter()
                .map(|(number, _)| number)
                .collect::<Vec<_>>()
        };
        assert_eq!(of("memcpy", Some("GLIBC_2.2.5")), [0]);
        assert_eq!(of("memcpy", Some("GLIBC_2.14")), [0; 0]);
        assert_eq!(of("handle.isra.0.cold", None), [1]);
        assert_eq!(of("handle", None), [1]);
        assert_eq!(of("hl", None), [2]);
        assert_eq!(of("hold", None), [0; 0]);
    }

    #[test]
    fn names_of_parts_and_copies() {
        let cases = [
            ("handle", "handle"),
            ("handle.cold", "handle"),
            ("sroa.constprop.0.isra.0", "sroa"),
            ("f.part.0.cold", "f"),
            ("_ZN1a1bEv.llvm.123", "_ZN1a1bEv"),
            (".cold", ".cold"),
            ("main.(*Conn).Read", "main.(*Conn).Read"),
        ];
        for (name, expected) in cases {
            assert_eq!(split_part(name.as_bytes()).0, expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn mangled_names_contain_a_word() {
        let names = FunctionNames::new(["std::vector<int>::push_back(int&&)"]);
        assert!(names.may_be(b"_ZNSt6vectorIiSaIiEE9push_backEOi"));
        assert!(!names.may_be(b"_ZNSt6vectorIiSaIiEE8pop_backEv"));
        assert!(FunctionNames::new(["std::string::operator+"]).may_be(b"_Z1f"));
    }
}
