//! What gdb knows about layouts (`tests/dwarf/gdb/facts.py`), against what a graph says.

use std::collections::HashMap;

use btfkit::graph::{Btf, Kind, Type, View};

/// A structure, union or typedef of one without a name, as gdb has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// `struct`, `union` or `typedef`.
    pub word: String,
    pub name: String,
    pub size: u64,
    pub fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Field {
    pub bit: u64,
    pub name: String,
    /// Of a bitfield, in bits; else 0.
    pub width: u64,
    /// Of its type, in bytes.
    pub size: u64,
    pub shape: String,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    pub types: usize,
    pub fields: usize,
    pub wrong: Vec<String>,
}

/// Reads the output of `facts.py`.
pub fn read(text: &str) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| words[at].parse().unwrap_or_else(|_| panic!("{line}"));
        match words[0] {
            "field" => facts.last_mut().unwrap().fields.push(Field {
                bit: number(2),
                name: words[1].to_owned(),
                width: number(3),
                size: number(4),
                shape: words[5].to_owned(),
            }),
            word @ ("struct" | "union" | "typedef" | "variants") => facts.push(Fact {
                word: word.to_owned(),
                name: words[1].to_owned(),
                size: number(2),
                fields: Vec::new(),
            }),
            _ => {}
        }
    }
    for fact in &mut facts {
        fact.fields.sort();
    }
    facts
}

/// Looks each type up by name. One of the types of that name must be gdb's.
pub fn compare(graph: &Btf, facts: &[Fact]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut spelled: HashMap<Vec<String>, Vec<Type<'_>>> = HashMap::new();
    for ty in graph
        .types()
        .filter(|ty| ty.name().as_bytes().contains(&b'<'))
    {
        let name = ty.name().to_string_lossy().into_owned();
        spelled.entry(words(&name)).or_default().push(ty);
    }
    for fact in facts {
        outcome.types += 1;
        outcome.fields += fact.fields.len();
        let mut differences: Vec<String> = Vec::new();
        // gdb spells the arguments of templates its own way.
        let named: Vec<Type<'_>> = graph.named(fact.name.as_bytes()).collect();
        let named = match named.is_empty() {
            true => spelled.get(&words(&fact.name)).cloned().unwrap_or_default(),
            false => named,
        };
        let same = named.into_iter().any(|ty| {
            let Some(composite) = composite(graph, ty, &fact.word) else {
                return false;
            };
            match difference(graph, composite, fact) {
                Some(difference) => {
                    differences.push(difference);
                    false
                }
                None => true,
            }
        });
        if !same {
            let why = match differences.first() {
                Some(first) => format!("{first} ({} of this name)", differences.len()),
                None => "missing".to_owned(),
            };
            outcome
                .wrong
                .push(format!("{} {}: {why}", fact.word, fact.name));
        }
    }
    outcome
}

/// What is in a name, whatever its order and spaces: `Pair<char const*>` is `Pair<const char *>`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_word = false;
    for c in name.chars() {
        let goes_on = is_word;
        is_word = c.is_alphanumeric() || c == '_';
        match words.last_mut() {
            Some(word) if goes_on && is_word => word.push(c),
            _ if c != ' ' => words.push(c.to_string()),
            _ => {}
        }
    }
    words.retain(|word| word != "int");
    // Clang's `1L` is gdb's `1l`.
    for word in &mut words {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            word.make_ascii_lowercase();
        }
    }
    words.sort();
    words
}

/// The structure or union that a type of this sort is.
fn composite<'g>(graph: &'g Btf, ty: Type<'g>, word: &str) -> Option<Type<'g>> {
    match (word, ty.kind()) {
        ("struct" | "variants", Kind::Struct) | ("union" | "variants", Kind::Union) => Some(ty),
        ("typedef", Kind::Typedef) => {
            let inner = plain(graph, ty);
            matches!(inner.kind(), Kind::Struct | Kind::Union).then_some(inner)
        }
        // In C++ a type without a name goes by its typedef's; DWARF has the typedef only.
        ("struct", Kind::Typedef) => {
            let inner = plain(graph, ty);
            (inner.kind() == Kind::Struct && inner.name().is_empty()).then_some(inner)
        }
        _ => None,
    }
}

/// Without qualifiers and typedefs.
fn plain<'g>(graph: &'g Btf, ty: Type<'g>) -> Type<'g> {
    let mut ty = ty;
    for _ in 0..100 {
        match ty.view() {
            View::Typedef(id)
            | View::Const(id)
            | View::Volatile(id)
            | View::Restrict(id)
            | View::TypeTag(id) => ty = graph.ty(id),
            _ => break,
        }
    }
    ty
}

fn difference(graph: &Btf, ty: Type<'_>, fact: &Fact) -> Option<String> {
    let size = u64::from(ty.size_word());
    if size != fact.size.min(u32::MAX.into()) {
        return Some(format!("{size} bytes, gdb says {}", fact.size));
    }
    let mut fields = Vec::new();
    flatten(graph, ty, 0, &mut fields);
    fields.sort();
    fields.retain(|field| fact.word != "variants" || field.name != "__tag");
    let mut mine = fields.iter();
    let has_bits = fact.fields.iter().any(|field| field.width > 0);
    let most = if has_bits {
        (1 << 24) - 1
    } else {
        u64::from(u32::MAX)
    };
    // What is beyond that BTF can't say, and it must not be there.
    for theirs in fact.fields.iter().filter(|field| field.bit <= most) {
        match mine.next() {
            Some(mine) if is_same(mine, theirs) => {}
            mine => return Some(format!("{mine:?}, gdb says {theirs:?}")),
        }
    }
    mine.next()
        .map(|field| format!("{field:?}, gdb has no such"))
}

fn is_same(mine: &Field, theirs: &Field) -> bool {
    let place = |field: &Field| (field.bit, field.name.clone(), field.width);
    place(mine) == place(theirs)
        && match &*theirs.shape {
            "other" => mine.size == theirs.size,
            // Go's functions are pointers; gdb gives them a byte, and the type of `nullptr` none.
            "function" | "nothing" => mine.shape == "pointer",
            _ if theirs.size > u32::MAX.into() => true,
            shape => mine.shape == shape && (mine.size == theirs.size || is_functions(theirs)),
        }
}

/// Whether these are an array of functions, of a byte each.
fn is_functions(field: &Field) -> bool {
    field.shape == format!("array[{}]", field.size)
}

/// The fields of a type, those of its members without a name in their place.
fn flatten(graph: &Btf, ty: Type<'_>, base: u64, fields: &mut Vec<Field>) {
    for member in ty.members() {
        let bit = base + member.offset.0;
        let inner = graph.ty(member.type_id);
        if member.name().is_empty() {
            flatten(graph, plain(graph, inner), bit, fields);
            continue;
        }
        fields.push(Field {
            bit,
            name: member.name().to_string_lossy().into_owned(),
            width: member.bitfield.map_or(0, |width| width.0),
            size: inner.size().map_or(0, |size| size.0),
            shape: shape(graph, inner),
        });
    }
}

fn shape(graph: &Btf, ty: Type<'_>) -> String {
    let mut ty = plain(graph, ty);
    let mut counts = String::new();
    while let View::Array(array) = ty.view() {
        counts.push_str(&format!("[{}]", array.count));
        ty = plain(graph, graph.ty(array.element_id));
    }
    if !counts.is_empty() {
        return format!("array{counts}");
    }
    match ty.kind() {
        Kind::Ptr => "pointer",
        Kind::Int => "integer",
        Kind::Float => "float",
        Kind::Enum | Kind::Enum64 => "enum",
        // One that is only declared, as those of the standard library may be, has no size for gdb either.
        Kind::Struct | Kind::Fwd => "struct",
        Kind::Union => "union",
        _ => "other",
    }
    .to_owned()
}
