//! The public API is the one in `public.txt`: a change of it is a change of that file.
//!
//! The list is made from the source: each item that a path from the crate's root leads to, with its fields,
//! variants, methods and the traits it implements, one a line. `BTFKIT_BLESS=1 cargo test --test api` writes it.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quote::{ToTokens, quote};
use source::{Absolute, Source, is_test, name_of};
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, Type, Visibility};

/// The public API as lines: an item's path, then what belongs to it, indented.
fn public(source: &Source) -> String {
    let mut paths = BTreeMap::new();
    reach(source, &Vec::new(), &mut paths);
    let mut text = String::new();
    let members = members(source);
    let mut seen = BTreeMap::new();
    for (path, definition) in &paths {
        let (module, name) = definition.split_at(definition.len() - 1);
        let shown = path.join("::");
        if let Some(first) = seen.get(definition) {
            text.push_str(&format!("{shown} = {first}\n"));
            continue;
        }
        seen.insert(definition, shown.clone());
        let before = text.len();
        for item in &source.0[module].items {
            if name_of(item).as_ref() == name.first() && !matches!(item, Item::Mod(_)) {
                let (head, mut lines) = describe(item);
                lines.extend(members.get(definition).cloned().unwrap_or_default());
                text.push_str(&format!("{shown}: {head}\n"));
                for line in lines {
                    text.push_str(&format!("    {line}\n"));
                }
            }
        }
        assert!(
            text.len() > before,
            "{shown} is public, and {} can't be listed",
            definition.join("::")
        );
    }
    text
}

/// Adds each public path below a module, and the definition it leads to.
fn reach(source: &Source, module: &Absolute, paths: &mut BTreeMap<Absolute, Absolute>) {
    let found = &source.0[module];
    for item in &found.items {
        let (visibility, attributes) = match item {
            Item::Const(item) => (&item.vis, &item.attrs),
            Item::Enum(item) => (&item.vis, &item.attrs),
            Item::Fn(item) => (&item.vis, &item.attrs),
            Item::Mod(item) => (&item.vis, &item.attrs),
            Item::Static(item) => (&item.vis, &item.attrs),
            Item::Struct(item) => (&item.vis, &item.attrs),
            Item::Trait(item) => (&item.vis, &item.attrs),
            Item::Type(item) => (&item.vis, &item.attrs),
            Item::Union(item) => (&item.vis, &item.attrs),
            _ => continue,
        };
        if !is_public(visibility) || is_test(attributes) {
            continue;
        }
        let path = [&module[..], &[name_of(item).unwrap()]].concat();
        if matches!(item, Item::Mod(_)) {
            reach(source, &path, paths);
        } else {
            paths.insert(path.clone(), path);
        }
    }
    for name in found.reexports.keys() {
        let path = [&module[..], std::slice::from_ref(name)].concat();
        let definition = source.resolve(module, std::slice::from_ref(name));
        let definition = definition.unwrap_or_else(|| panic!("{}", path.join("::")));
        paths.insert(path, definition);
    }
}

/// The methods, constants and traits of each type, by its definition.
fn members(source: &Source) -> BTreeMap<Absolute, BTreeSet<String>> {
    let mut members: BTreeMap<Absolute, BTreeSet<String>> = BTreeMap::new();
    for (module, found) in &source.0 {
        for item in &found.items {
            let Item::Impl(block) = item else { continue };
            let Type::Path(ty) = &*block.self_ty else {
                continue;
            };
            let path = ty.path.segments.iter();
            let path: Vec<String> = path.map(|step| step.ident.to_string()).collect();
            let Some(definition) = source.resolve(module, &path) else {
                continue;
            };
            let lines = members.entry(definition).or_default();
            if let Some((_, of, _)) = &block.trait_ {
                let generics = &block.generics;
                lines.insert(shown(&quote!(impl #generics #of)));
                continue;
            }
            for item in &block.items {
                match item {
                    ImplItem::Fn(method) if is_public(&method.vis) => {
                        lines.insert(shown(&method.sig));
                    }
                    ImplItem::Const(constant) if is_public(&constant.vis) => {
                        let (name, ty) = (&constant.ident, &constant.ty);
                        lines.insert(shown(&quote!(const #name: #ty)));
                    }
                    _ => {}
                }
            }
        }
    }
    members
}

/// An item's own line, and those of its fields, variants or methods.
fn describe(item: &Item) -> (String, Vec<String>) {
    match item {
        Item::Struct(item) => {
            let generics = &item.generics;
            let head = format!("struct{} {}", shown(generics), marks(&item.attrs));
            (head.trim_end().to_owned(), fields(&item.fields))
        }
        Item::Enum(item) => {
            let generics = &item.generics;
            let head = format!("enum{} {}", shown(generics), marks(&item.attrs));
            let variants = item.variants.iter().map(|variant| {
                let (name, fields) = (&variant.ident, &variant.fields);
                let fields = without_docs(fields);
                let value = variant.discriminant.as_ref();
                let value =
                    value.map_or(String::new(), |(_, value)| format!(" = {}", shown(value)));
                format!("variant {name}{fields}{value}")
            });
            (head.trim_end().to_owned(), variants.collect())
        }
        Item::Trait(item) => {
            let bounds = &item.supertraits;
            let methods = item.items.iter().filter_map(|item| match item {
                TraitItem::Fn(method) => Some(shown(&method.sig)),
                _ => None,
            });
            (format!("trait {}", shown(bounds)), methods.collect())
        }
        Item::Fn(item) => (shown(&item.sig), Vec::new()),
        Item::Const(item) => (format!("const {}", shown(&item.ty)), Vec::new()),
        Item::Static(item) => (format!("static {}", shown(&item.ty)), Vec::new()),
        Item::Type(item) => {
            let (generics, ty) = (&item.generics, &item.ty);
            (
                format!("type{} = {}", shown(generics), shown(ty)),
                Vec::new(),
            )
        }
        _ => (String::new(), Vec::new()),
    }
}

/// The traits that are derived, and whether more fields or variants may come.
fn marks(attributes: &[Attribute]) -> String {
    let marked = attributes
        .iter()
        .filter(|attribute| {
            ["derive", "non_exhaustive", "repr"]
                .iter()
                .any(|name| attribute.path().is_ident(name))
        })
        .map(|attribute| shown(&attribute.meta));
    marked.collect::<Vec<_>>().join(" ")
}

/// A line for each public field.
fn fields(fields: &Fields) -> Vec<String> {
    fields
        .iter()
        .enumerate()
        .filter(|(_, field)| is_public(&field.vis))
        .map(|(number, field)| {
            let name = field.ident.as_ref();
            let name = name.map_or_else(|| number.to_string(), ToString::to_string);
            format!("field {name}: {}", shown(&field.ty))
        })
        .collect()
}

/// A variant's fields.
fn without_docs(fields: &Fields) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|field| match &field.ident {
            Some(name) => format!("{name}: {}", shown(&field.ty)),
            None => shown(&field.ty),
        })
        .collect();
    match fields {
        Fields::Unit => String::new(),
        Fields::Unnamed(_) => format!("({})", parts.join(", ")),
        Fields::Named(_) => format!(" {{ {} }}", parts.join(", ")),
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Tokens as rustfmt would write them, nearly.
fn shown(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" : ", ": "),
        ("& ", "&"),
        ("( ", "("),
        (" (", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
        (" ;", ";"),
        (",)", ")"),
        (",>", ">"),
    ] {
        text = text.replace(from, to);
    }
    text.replace(">->", "> ->")
        .replace("->(", "-> (")
        .replace("fn(", "fn (")
}

#[test]
fn the_public_api_is_the_one_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let now = public(&Source::read(&root.join("src/lib.rs")));
    let file = root.join("tests/api/public.txt");
    if std::env::var("BTFKIT_BLESS").is_ok_and(|value| value == "1") {
        std::fs::write(&file, &now).unwrap();
        return;
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (lines(&before), lines(&now));
    let gone: Vec<_> = old
        .difference(&new)
        .map(|line| format!("- {line}"))
        .collect();
    let came: Vec<_> = new
        .difference(&old)
        .map(|line| format!("+ {line}"))
        .collect();
    assert!(
        before == now,
        "the public API differs from tests/api/public.txt:\n{}\nIf that is meant: BTFKIT_BLESS=1 cargo test --test api",
        [gone, came].concat().join("\n")
    );
}
