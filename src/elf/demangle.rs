//! Names of functions as their language writes them.

/// Names longer than this are not demangled: what they mean can be very long.
#[cfg(feature = "demangle")]
const LONGEST: usize = 1 << 15;

/// The most bytes that a demangled name may have.
#[cfg(feature = "demangle")]
const MOST: usize = 1 << 16;

/// A function's name as its language writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Demangled {
    /// The name with the types of the parameters, where the mangled name has them: `ns::Map::get(int) const`.
    pub full: String,
    /// The name without the parameters: `ns::Map::get`.
    pub name: String,
}

/// Demangles the name of a C++ or Rust function. Returns `None` for other names.
#[cfg(feature = "demangle")]
pub(crate) fn demangle(name: &[u8]) -> Option<Demangled> {
    if name.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(name).ok()?;
    rust(text).or_else(|| cpp(text))
}

/// Demangles nothing.
#[cfg(not(feature = "demangle"))]
pub(crate) fn demangle(_: &[u8]) -> Option<Demangled> {
    None
}

/// Demangles a name of Rust, of either scheme. The hash at the end of the older scheme's names is left out.
#[cfg(feature = "demangle")]
fn rust(name: &str) -> Option<Demangled> {
    use std::fmt::Write as _;

    if !(name.starts_with("_R") || (name.starts_with("_ZN") && name.contains("17h"))) {
        return None;
    }
    let demangled = rustc_demangle::try_demangle(name).ok()?;
    let mut text = Bounded::default();
    write!(text, "{demangled:#}").ok()?;
    Some(Demangled {
        name: text.0.clone(),
        full: text.0,
    })
}

/// Demangles a name of C++ (Itanium C++ ABI, section 5.1).
#[cfg(feature = "demangle")]
fn cpp(name: &str) -> Option<Demangled> {
    use cpp_demangle::{DemangleOptions, Symbol};

    if !name.starts_with("_Z") {
        return None;
    }
    let symbol = Symbol::new(name.as_bytes()).ok()?;
    let text = |options: &DemangleOptions| {
        let mut text = Bounded::default();
        symbol.structured_demangle(&mut text, options).ok()?;
        Some(text.0)
    };
    let options = DemangleOptions::new().no_return_type();
    let full = text(&options)?;
    let name = text(&options.no_params()).unwrap_or_else(|| full.clone());
    Some(Demangled { full, name })
}

/// Text that stops growing at a bound.
#[cfg(feature = "demangle")]
#[derive(Default)]
struct Bounded(String);

#[cfg(feature = "demangle")]
impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.0.len().saturating_add(text.len()) > MOST {
            return Err(std::fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(all(test, feature = "demangle"))]
mod tests {
    use super::*;

    #[test]
    fn names_of_two_languages() {
        let cases = [
            (
                "_ZN2ns3Map3getEi",
                Some(("ns::Map::get(int)", "ns::Map::get")),
            ),
            (
                "_ZNK2ns3Map3getEi",
                Some(("ns::Map::get(int) const", "ns::Map::get")),
            ),
            (
                "_Z3maxIiET_S0_S0_",
                Some(("max<int>(int, int)", "max<int>")),
            ),
            (
                "_ZN7service6handle17h0123456789abcdefE",
                Some(("service::handle", "service::handle")),
            ),
            (
                "_RNvCs1234_7mycrate3foo",
                Some(("mycrate::foo", "mycrate::foo")),
            ),
            ("main", None),
            ("main.(*Server).handle", None),
            ("_Z", None),
        ];
        for (name, expected) in cases {
            let found = demangle(name.as_bytes());
            let found = found.as_ref().map(|name| (&*name.full, &*name.name));
            assert_eq!(found, expected, "{name}");
        }
    }
}
