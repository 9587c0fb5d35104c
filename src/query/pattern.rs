//! Patterns of names, and the named types that match some.

use crate::graph::{Btf, Kind, Type};
use crate::query::c_spelling;

/// A pattern of names: `*` matches any bytes, `?` one byte, and everything else itself.
///
/// ```
/// use btfkit::query::Pattern;
/// assert!(Pattern::new("tcp_*_info").matches(b"tcp_sock_info"));
/// assert!(!Pattern::new("tcp_?").matches(b"tcp_sock"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pattern(Box<[u8]>);

impl Pattern {
    /// Returns the pattern that is written so.
    #[must_use]
    pub fn new(pattern: impl AsRef<[u8]>) -> Self {
        Self(pattern.as_ref().into())
    }

    /// Returns whether the whole name matches. Takes at most the product of both lengths in time.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        let pattern = &*self.0;
        let (mut at, mut next) = (0usize, 0usize);
        // The last `*`, and the byte of the name at which what follows it is tried.
        let mut star: Option<(usize, usize)> = None;
        while next < name.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, next));
                    at += 1;
                }
                Some(byte) if *byte == b'?' || name.get(next) == Some(byte) => {
                    at += 1;
                    next += 1;
                }
                Some(_) | None => match &mut star {
                    Some((start, tried)) => {
                        *tried += 1;
                        (at, next) = (*start + 1, *tried);
                    }
                    None => return false,
                },
            }
        }
        pattern
            .get(at..)
            .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
    }

    /// Returns whether the pattern has a `*` or `?`.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.0.iter().any(|byte| matches!(byte, b'*' | b'?'))
    }
}

/// Returns whether a type of this kind is one that a program names: not a function, variable, section or attribute.
const fn is_named_type(kind: Kind) -> bool {
    match kind {
        Kind::Int
        | Kind::Struct
        | Kind::Union
        | Kind::Enum
        | Kind::Enum64
        | Kind::Fwd
        | Kind::Typedef
        | Kind::Float => true,
        Kind::Void
        | Kind::Ptr
        | Kind::Array
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::Datasec
        | Kind::DeclTag
        | Kind::TypeTag
        | Kind::Unknown(_) => false,
    }
}

impl Btf {
    /// Returns the types whose name, or its C spelling ([`c_spelling`](super::c_spelling)), matches one of the patterns:
    /// all that have a name if there is no pattern. They are sorted by name, and then by id.
    ///
    /// `kinds` are the kinds to return. If it is empty, these are integers, floating-point numbers, structures, unions,
    /// enumerations, typedefs and forward declarations. Types of the base are returned as well.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, Kind};
    /// # let mut builder = GraphBuilder::new();
    /// # for name in ["tcp_sock", "udp_sock", "tcp_info"] {
    /// #     builder.composite(Kind::Struct, name, 8, &[])?;
    /// # }
    /// # let graph = builder.freeze()?;
    /// use btfkit::query::Pattern;
    /// let found = graph.matching(&[Pattern::new("tcp_*")], &[]);
    /// let names: Vec<String> = found.iter().map(|ty| ty.name().to_string()).collect();
    /// assert_eq!(names, ["tcp_info", "tcp_sock"]);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    #[must_use]
    pub fn matching(&self, patterns: &[Pattern], kinds: &[Kind]) -> Vec<Type<'_>> {
        let is_wanted = |kind: Kind| match kinds {
            [] => is_named_type(kind),
            kinds => kinds.contains(&kind),
        };
        let matches = |name: &[u8]| {
            let spelling = c_spelling(name);
            patterns.is_empty()
                || patterns
                    .iter()
                    .any(|pattern| pattern.matches(name) || pattern.matches(&spelling))
        };
        let mut found: Vec<Type<'_>> = self
            .types()
            .filter(|ty| is_wanted(ty.kind()) && !ty.name().is_empty())
            .filter(|ty| matches(ty.name().as_bytes()))
            .collect();
        found.sort_by_key(|ty| (ty.name(), ty.id()));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn stars_and_question_marks() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "aab", true),
            ("*ab*", "xaabx", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("[]int", "[]int", true),
            ("*::Foo<*>", "ns::Foo<int>", true),
            ("**", "x", true),
            ("?", "", false),
        ];
        for (pattern, name, expected) in table {
            let matches = Pattern::new(pattern).matches(name.as_bytes());
            assert_eq!(matches, expected, "{pattern} {name}");
        }
    }
}
