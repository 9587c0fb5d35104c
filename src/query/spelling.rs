//! Spellings in C of names of other languages.
//!
//! A BPF program is written in C, where `ns::Foo<int>` and `*main.Foo` are no identifiers. Every name has a spelling
//! that is one, and types are found by it if no type has the name itself:
//!
//! * Letters, digits and `_` stay. Everything else becomes `_`; `::` and `[` become `__`.
//! * `*` becomes the word `ptr`, `&` the word `ref` and the sign in `-1` the word `neg`; a
//!   `_` separates such a word from a letter or digit.
//! * A space counts only between words: `Pair<int, char>` and `Pair<int,char>` are spelled alike.
//! * The integers of C are spelled as clang does: `long unsigned int` is `unsigned_long`.
//! * There are never more than two `_` in a row, because three start a flavor; further ones are left out.
//! * A name that would start with a digit starts with `_`.
//! * A keyword of C gets a `_` at its end: a field called `default` is `default_`.
//!
//! `_` at the end may be left out, and must be left out before a flavor: `struct ns__Foo_int___app`. Names that
//! are C identifiers are their own spelling. Members and enumerators are spelled in the same way.
//!
//! Go's `[]T` has a second spelling, in which `[]` is the word `slice`: `slice_T`. Headers use it, because the first is also
//! that of `[][]T`.
//!
//! Two names can have one spelling (`a.b` and `a/b`). If a program has both, the spelling is ambiguous.

use std::borrow::Cow;

use crate::graph::{Btf, HashIndex, HashIndexBuilder, Type};
use crate::query::name::is_indexed;

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns whether a name is an identifier of C.
fn is_identifier(name: &[u8]) -> bool {
    name.first().is_none_or(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| is_word(*byte))
}

/// Returns whether an identifier is a keyword of C11 or of its GNU dialect. The keywords that C23 adds are names in older
/// sources, the kernel's among them.
fn is_keyword(name: &[u8]) -> bool {
    matches!(
        name,
        b"asm"
            | b"auto"
            | b"break"
            | b"case"
            | b"char"
            | b"const"
            | b"continue"
            | b"default"
            | b"do"
            | b"double"
            | b"else"
            | b"enum"
            | b"extern"
            | b"float"
            | b"for"
            | b"goto"
            | b"if"
            | b"inline"
            | b"int"
            | b"long"
            | b"register"
            | b"restrict"
            | b"return"
            | b"short"
            | b"signed"
            | b"sizeof"
            | b"static"
            | b"struct"
            | b"switch"
            | b"typedef"
            | b"typeof"
            | b"union"
            | b"unsigned"
            | b"void"
            | b"volatile"
            | b"while"
            | b"_Alignas"
            | b"_Alignof"
            | b"_Atomic"
            | b"_Bool"
            | b"_Complex"
            | b"_Generic"
            | b"_Imaginary"
            | b"_Noreturn"
            | b"_Static_assert"
            | b"_Thread_local"
            | b"__asm__"
            | b"__attribute__"
            | b"__extension__"
            | b"__int128"
            | b"__typeof__"
    )
}

/// Returns the spelling in C of a name of another language.
///
/// ```
/// use btfkit::query::c_spelling;
/// assert_eq!(&*c_spelling(b"ns::Foo<int>"), b"ns__Foo_int_");
/// assert_eq!(&*c_spelling(b"*main.Foo"), b"ptr_main_Foo");
/// assert_eq!(&*c_spelling(b"task_struct"), b"task_struct");
/// ```
///
/// The rules: letters, digits and `_` stay, `::` and `[` become `__`, `*` the word `ptr`, `&` the word `ref`, the sign
/// in `-1` the word `neg`, and everything else `_`. Spaces count only between words. The integers of C are
/// spelled as clang does (`long unsigned int` is `unsigned_long`). There are never more than two `_` in a row,
/// because three start a flavor, and no digit at the start, but `_` before it. A keyword gets a `_` at its end.
#[must_use]
pub fn c_spelling<N: AsRef<[u8]> + ?Sized>(name: &N) -> Cow<'_, [u8]> {
    let name = name.as_ref();
    if is_identifier(name) {
        return if is_keyword(name) {
            Cow::Owned([name, b"_"].concat())
        } else {
            Cow::Borrowed(name)
        };
    }
    Cow::Owned(spelled(name, false))
}

/// Returns the spelling in which headers write a name: that in which `[]` is a word, for names of Go's slices.
pub(crate) fn written_spelling(name: &[u8]) -> Cow<'_, [u8]> {
    match c_spelling(name) {
        Cow::Owned(spelling) => Cow::Owned(slice_spelling(name).unwrap_or(spelling)),
        borrowed @ Cow::Borrowed(_) => borrowed,
    }
}

/// Returns the spelling of a name in which `[]` is the word `slice`; `None` for names without one of Go's slices.
fn slice_spelling(name: &[u8]) -> Option<Vec<u8>> {
    memchr::memmem::find_iter(name, b"[]")
        .any(|at| is_slice(name.get(at..).unwrap_or_default()))
        .then(|| spelled(name, true))
}

/// Returns whether a text starts with `[]` and a type: in C++, `[]` is behind it.
fn is_slice(text: &[u8]) -> bool {
    let element = text.strip_prefix(b"[]").and_then(<[u8]>::first);
    element.is_some_and(|next| is_word(*next) || matches!(next, b'*' | b'[' | b'(' | b'<'))
}

/// Returns the spelling of a name that is no identifier.
fn spelled(name: &[u8], slices: bool) -> Vec<u8> {
    let mut spelling = Spelling {
        out: Vec::with_capacity(name.len() + 8),
        ends_in_sign: false,
    };
    let mut rest = name;
    let mut before = b'_';
    while let Some((&byte, behind)) = rest.split_first() {
        let next = behind.first().copied().unwrap_or(0);
        let mut taken = 1;
        match byte {
            byte if is_word(byte) => taken = spelling.words(rest),
            b' ' if is_word(before) && is_word(next) => spelling.bar(),
            b' ' => {}
            b'*' => spelling.sign(b"ptr"),
            b'&' => spelling.sign(b"ref"),
            b'-' if next.is_ascii_digit() && !is_word(before) => spelling.sign(b"neg"),
            b'[' if slices && is_slice(rest) => {
                spelling.sign(b"slice");
                taken = 2;
            }
            b'[' => {
                spelling.bar();
                spelling.bar();
            }
            _ => spelling.bar(),
        }
        let (done, behind) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        before = done.last().copied().unwrap_or(b'_');
        rest = behind;
    }
    if spelling.out.first().is_none_or(u8::is_ascii_digit) {
        spelling.out.insert(0, b'_');
    }
    spelling.out
}

struct Spelling {
    out: Vec<u8>,
    /// Whether the text ends in the word for a sign.
    ends_in_sign: bool,
}

impl Spelling {
    fn bar(&mut self) {
        self.ends_in_sign = false;
        if !self.out.ends_with(b"__") {
            self.out.push(b'_');
        }
    }

    fn sign(&mut self, word: &[u8]) {
        if self.out.last().is_some_and(|last| *last != b'_') {
            self.bar();
        }
        self.out.extend_from_slice(word);
        self.ends_in_sign = true;
    }

    fn word(&mut self, word: &[u8]) {
        if self.ends_in_sign {
            self.bar();
        }
        for &byte in word {
            match byte {
                b'_' => self.bar(),
                byte => self.out.push(byte),
            }
        }
    }

    /// Appends the words at the start of `text`: one, or all those of an integer's name. Returns their length in bytes.
    fn words(&mut self, text: &[u8]) -> usize {
        let (mut unsigned, mut signed, mut long, mut short, mut char) =
            (false, false, 0, false, false);
        let mut taken = 0;
        loop {
            let rest = text.get(taken..).unwrap_or_default();
            let behind = if taken == 0 {
                Some(rest)
            } else {
                rest.strip_prefix(b" ")
            };
            let Some(behind) = behind else { break };
            let word = first_word(behind);
            match word {
                b"unsigned" => unsigned = true,
                b"signed" => signed = true,
                b"long" => long += 1,
                b"short" => short = true,
                b"char" => char = true,
                b"int" => {}
                _ => break,
            }
            taken += rest.len() - behind.len() + word.len();
        }
        if taken == 0 {
            let word = first_word(text);
            self.word(word);
            return word.len();
        }
        let mut parts: Vec<&[u8]> = Vec::new();
        parts.extend(unsigned.then_some(&b"unsigned"[..]));
        parts.extend((signed && char).then_some(&b"signed"[..]));
        parts.extend((0..long.min(2)).map(|_| &b"long"[..]));
        parts.extend(short.then_some(&b"short"[..]));
        parts.extend(char.then_some(&b"char"[..]));
        parts.extend((long == 0 && !short && !char).then_some(&b"int"[..]));
        self.word(&parts.join(&b'_'));
        taken
    }
}

fn first_word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !is_word(*byte));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// Returns a spelling without the `_` at its end, by which types are looked up.
pub(crate) fn spelling_key(spelling: &[u8]) -> &[u8] {
    let end = spelling.iter().rposition(|byte| *byte != b'_');
    end.and_then(|end| spelling.get(..=end)).unwrap_or(spelling)
}

/// Returns whether a name is no identifier of C, and is written like this in C; `_` at the end may be left out.
pub(crate) fn is_spelled(name: &[u8], spelling: &[u8]) -> bool {
    let is_one = |spelled: &[u8]| spelling_key(spelled) == spelling_key(spelling);
    match c_spelling(name) {
        Cow::Owned(spelled) => {
            is_one(&spelled) || slice_spelling(name).is_some_and(|spelled| is_one(&spelled))
        }
        Cow::Borrowed(_) => false,
    }
}

/// Indexes a graph's own types whose names are no identifiers of C by the key of their spelling.
fn index_spellings(graph: &Btf) -> HashIndex {
    let mut index = HashIndexBuilder::default();
    for (id, name, info) in graph.own_heads() {
        if is_indexed(info.kind()) && name.get() != 0 {
            let name = graph.string(name);
            if let Cow::Owned(spelling) = c_spelling(name.as_bytes()) {
                index.add(spelling_key(&spelling), id);
                if let Some(spelling) = slice_spelling(name.as_bytes()) {
                    index.add(spelling_key(&spelling), id);
                }
            }
        }
    }
    index.build()
}

impl Btf {
    /// Returns the types whose names are no identifiers of C and have this spelling in C ([`c_spelling`]; `_` at the
    /// end may be left out): those of the base first, then by id. They may have different names.
    pub fn spelled<'g, S: AsRef<[u8]>>(
        &'g self,
        spelling: S,
    ) -> impl Iterator<Item = Type<'g>> + use<'g, S> {
        let key: Box<[u8]> = spelling_key(spelling.as_ref()).into();
        self.levels().into_iter().flat_map(move |level| {
            let index = level.spellings_index(index_spellings);
            let found: Vec<_> = index
                .ids(&key)
                .map(|id| self.ty(id))
                .filter(|ty| is_spelled(ty.name().as_bytes(), &key))
                .collect();
            found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::essential_name;

    #[test]
    fn spellings() {
        let table = [
            ("task_struct", "task_struct"),
            ("a___b", "a___b"),
            ("", ""),
            ("default", "default_"),
            ("defaults", "defaults"),
            ("ns::Foo<int>", "ns__Foo_int_"),
            ("ns::Foo<ns::Bar<char> >", "ns__Foo_ns__Bar_char__"),
            ("ns::Foo<ns::Bar<char>>", "ns__Foo_ns__Bar_char__"),
            ("Foo<Bar<Baz<int>>>", "Foo_Bar_Baz_int__"),
            ("Pair<int, char>", "Pair_int_char_"),
            ("Pair<int,char>", "Pair_int_char_"),
            ("Pair<const char*>", "Pair_const_char_ptr_"),
            ("Pair<const char *>", "Pair_const_char_ptr_"),
            ("Pair<long unsigned int>", "Pair_unsigned_long_"),
            ("Pair<unsigned long>", "Pair_unsigned_long_"),
            ("Pair<short int, long long int>", "Pair_short_long_long_"),
            (
                "Pair<unsigned int, signed char>",
                "Pair_unsigned_int_signed_char_",
            ),
            ("Pair<long double>", "Pair_long_double_"),
            ("Pair<interval>", "Pair_interval_"),
            ("Array<int, -1>", "Array_int_neg_1_"),
            ("Array<int, 1>", "Array_int_1_"),
            (
                "(anonymous namespace)::Hidden",
                "_anonymous_namespace__Hidden",
            ),
            ("main.Foo", "main_Foo"),
            ("*main.Foo", "ptr_main_Foo"),
            ("[]int", "__int"),
            (
                "map[string]*net/http.Client",
                "map__string_ptr_net_http_Client",
            ),
            ("&str", "ref_str"),
            ("&[u8]", "ref__u8_"),
            ("&u8", "ref_u8"),
            ("[4]u8", "__4_u8"),
            ("&mut dyn core::fmt::Write", "ref_mut_dyn_core__fmt__Write"),
            ("(u8, u32)", "_u8_u32_"),
            (
                "core::option::Option<&shapes::Plain>",
                "core__option__Option_ref_shapes__Plain_",
            ),
            ("a::{closure_env#0}", "a__closure_env_0_"),
            ("3d", "_3d"),
            ("a::_b::__c", "a__b__c"),
            ("π", "__"),
        ];
        for (name, expected) in table {
            let spelled = c_spelling(name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&spelled), expected, "{name}");
        }
    }

    #[test]
    fn slices_have_a_second_spelling() {
        let table = [
            ("[]int", "slice_int"),
            ("[][]int", "slice_slice_int"),
            ("[]*main.Foo", "slice_ptr_main_Foo"),
            ("map[string][]byte", "map__string_slice_byte"),
            ("std::unique_ptr<int []>", "std__unique_ptr_int__"),
            ("[4]u8", "__4_u8"),
        ];
        for (name, expected) in table {
            let spelled = written_spelling(name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&spelled), expected, "{name}");
            assert!(is_spelled(name.as_bytes(), &spelled));
            assert!(is_spelled(name.as_bytes(), &c_spelling(name.as_bytes())));
        }
    }

    /// Whatever the name: an identifier, without a flavor of its own, and with room for one.
    #[test]
    fn spellings_are_identifiers_without_flavor() {
        let letters = b"a0_: <>*&-,./\xff";
        let mut name = Vec::new();
        for number in 0..200_000usize {
            name.clear();
            let mut rest = number;
            while rest > 0 {
                name.push(letters[rest % letters.len()]);
                rest /= letters.len();
            }
            let Cow::Owned(spelled) = c_spelling(&name) else {
                continue;
            };
            assert!(is_identifier(&spelled), "{name:?} {spelled:?}");
            assert!(!spelled.windows(3).any(|three| three == b"___"), "{name:?}");
            let key = spelling_key(&spelled);
            if key.last() != Some(&b'_') {
                let flavored = [key, b"___app"].concat();
                assert_eq!(essential_name(&flavored), key, "{name:?}");
            }
        }
    }
}
