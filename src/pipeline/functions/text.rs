//! Functions as text for people.

use std::fmt;

use crate::pipeline::functions::find::NameNotFound;
use crate::pipeline::functions::function::{Function, FunctionKind, InlinedCopy, SourcePlace};
use crate::pipeline::functions::parameter::Slot;
use crate::pipeline::functions::parameter_text::Lines;

/// The columns of a terminal.
const WIDTH: usize = 80;

/// The column at which values start.
const VALUE: usize = 14;

/// Up to this many inlined copies are listed.
const COPIES: usize = 20;

/// Up to this many aliases are listed.
const ALIASES: usize = 12;

/// A few lines: the name, and below it, indented, what is known.
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wrapped(f, 0, 4, &self.name)?;
        if let Some(symbol) = self.symbol().filter(|symbol| *symbol != self.name) {
            row(f, "symbol", symbol)?;
        }
        if let Some(version) = self.version() {
            let note = match self.is_default_version {
                true => "",
                false => " (old: programs linked today take another)",
            };
            row(f, "version", &format!("{version}{note}"))?;
        }
        self.code(f)?;
        if let Some((original, suffix)) = self.part_of() {
            row(f, "part", &part(original, suffix))?;
        }
        if !self.aliases().is_empty() {
            row(f, "aliases", &some(self.aliases()))?;
        }
        if let Some(place) = self.declared_at() {
            row(f, "source", &place.to_string())?;
        }
        if let Some(unit) = self.unit() {
            row(f, "unit", unit)?;
        }
        self.signature(f)?;
        self.copies(f)
    }
}

impl Function {
    /// Writes where the code is.
    fn code(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = match self.size {
            Some(size) => format!(", {size} bytes"),
            None => String::new(),
        };
        if let Some(offset) = self.file_offset {
            row(f, "file offset", &format!("{offset:#x}"))?;
        }
        if let Some(address) = self.address {
            row(f, "address", &format!("{address:#x}{size}"))?;
        }
        let (word, note) = match self.kind {
            FunctionKind::Code => return Ok(()),
            FunctionKind::Ifunc => (
                "ifunc",
                "the code here chooses an implementation, once, when the program is loaded; calls go to that one: \
                 probe the implementations",
            ),
            FunctionKind::Imported => return self.import(f),
            FunctionKind::Inlined => (
                "no code",
                "every call is inlined, so that there is no entry to probe: probe the copies, or a caller",
            ),
            FunctionKind::Dropped => (
                "no code",
                "the linker dropped it, because nothing calls it or another copy was kept",
            ),
            FunctionKind::Declared => (
                "no code",
                "the program only declares it: look in the libraries that it loads",
            ),
        };
        row(f, word, note)
    }

    fn import(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match self.libraries() {
            [] => {
                "another file has the code: look in the libraries that the program loads".to_owned()
            }
            [library] => format!("the code is in {library}: ask that file"),
            libraries => format!(
                "the code is in one of {}: ask these files",
                libraries.join(", ")
            ),
        };
        row(f, "imported", &from)?;
        for (address, offset) in self.stubs() {
            let offset = match offset {
                Some(offset) => format!(", file offset {offset:#x}"),
                None => String::new(),
            };
            row(
                f,
                "plt stub",
                &format!("{address:#x}{offset}: only the calls from this file pass it"),
            )?;
        }
        Ok(())
    }

    /// Writes parameters and results.
    fn signature(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parameters) = self.parameters() else {
            return Ok(());
        };
        let dots = if self.is_variadic {
            ", and further ones"
        } else {
            ""
        };
        match parameters {
            [] => row(f, "parameters", &format!("none{dots}"))?,
            parameters => {
                let has_entry = self.address.is_some();
                let at_entry = if has_entry { ", at entry" } else { "" };
                let count = parameters.len();
                row(f, "parameters", &format!("{count}{dots}{at_entry}:"))?;
                let lines: Vec<_> = parameters.iter().map(Lines::of).collect();
                let width = lines.iter().map(Lines::width).max().unwrap_or(0);
                let is_narrow = lines
                    .iter()
                    .all(|it| 4 + width + 2 + it.location_width() <= WIDTH);
                for line in lines {
                    if !has_entry {
                        wrapped(f, 4, 8, &line.name)?;
                    } else if is_narrow {
                        wrapped(f, 4, 8, &line.side_by_side(width))?;
                    } else {
                        wrapped(f, 4, 8, &line.name)?;
                        wrapped(f, 8, 10, &line.location)?;
                    }
                }
            }
        }
        let results = self.results();
        if !results.is_empty() {
            let address = match self.result_address().and_then(Slot::in_bpf) {
                Some(address) => format!(", written to memory at {address}"),
                None => String::new(),
            };
            row(f, "returns", &format!("{}{address}", results.join(", ")))?;
        }
        Ok(())
    }

    fn copies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copies = self.inlined();
        if copies.is_empty() {
            return Ok(());
        }
        let count = match copies.len() {
            1 => "1 copy, which a probe of the entry doesn't see:".to_owned(),
            count => format!("{count} copies, which a probe of the entry doesn't see:"),
        };
        row(f, "inlined", &count)?;
        for copy in copies.iter().take(COPIES) {
            wrapped(f, 4, 8, &copy.to_string())?;
        }
        match copies.len().saturating_sub(COPIES) {
            0 => Ok(()),
            more => wrapped(
                f,
                4,
                8,
                &format!("and {more} more (--format json lists all)"),
            ),
        }
    }
}

/// One line: file offset or address, the caller, and the place of the call.
impl fmt::Display for InlinedCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file_offset, self.address) {
            (Some(offset), _) => write!(f, "file offset {offset:#x} in {}", self.caller)?,
            (None, Some(address)) => write!(f, "address {address:#x} in {}", self.caller)?,
            (None, None) => write!(f, "without code of its own in {}", self.caller)?,
        }
        if let Some(within) = &self.within {
            write!(f, ", inlined in {within}")?;
        }
        match &self.call_site {
            Some(place) => write!(f, ", called at {place}"),
            None => Ok(()),
        }
    }
}

/// `file:line`.
impl fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// Returns what a part or a copy is.
fn part(original: &str, suffix: &str) -> String {
    let mut what = Vec::new();
    let kinds = [
        (
            ".cold",
            "the rarely executed part, which is jumped to and never called",
        ),
        (
            ".constprop.",
            "a copy for calls with the same constants, whose parameters may be missing",
        ),
        (".isra.", "a copy whose parameters were changed or removed"),
        (
            ".part.",
            "a part that callers jump past when it isn't needed",
        ),
        (".lto_priv.", "renamed by link-time optimisation"),
        (".llvm.", "renamed by link-time optimisation"),
    ];
    for (mark, meaning) in kinds {
        if suffix.contains(mark) {
            what.push(meaning);
        }
    }
    format!("{suffix} of {original}: {}", what.join("; "))
}

/// Returns the first of many names.
fn some(names: &[String]) -> String {
    let listed: Vec<&str> = names.iter().take(ALIASES).map(String::as_str).collect();
    let listed = listed.join(", ");
    match names.len().saturating_sub(ALIASES) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// Writes a word and its value.
fn row(f: &mut fmt::Formatter<'_>, word: &str, value: &str) -> fmt::Result {
    let padding = " ".repeat(VALUE.saturating_sub(word.len() + 2));
    wrapped(f, 2, VALUE, &format!("{word}{padding}{}", escaped(value)))
}

/// Returns text of the input without control characters.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Writes text in lines of at most 80 columns where spaces allow it. The first line is indented by `first`, the others by
/// `rest`.
fn wrapped(f: &mut fmt::Formatter<'_>, first: usize, rest: usize, text: &str) -> fmt::Result {
    let text = escaped(text);
    let (mut column, mut indent, mut spaces) = (0, first, 0);
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        let len = bare.chars().count();
        if column > indent && column + spaces + len > WIDTH {
            writeln!(f)?;
            (column, indent, spaces) = (0, rest, 0);
        }
        if column == 0 {
            (column, spaces) = (indent, 0);
            write!(f, "{:indent$}", "")?;
        }
        write!(f, "{:spaces$}{bare}", "")?;
        column += spaces + len;
        spaces = word.len() - bare.len();
    }
    writeln!(f)
}

/// What is missing, and what is near.
impl fmt::Display for NameNotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no function is called {}", escaped(&self.name))?;
        match &self.nearest[..] {
            [] => Ok(()),
            names => write!(f, "; the nearest: {}", escaped(&names.join(", "))),
        }
    }
}
