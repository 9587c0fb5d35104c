//! The crate's source as a tree of modules, and names resolved in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, UseTree, Visibility};

/// A path from the crate's root.
pub type Absolute = Vec<String>;

/// A module's items, and what its names refer to.
#[derive(Default)]
pub struct Module {
    pub items: Vec<Item>,
    /// Public names: the target, as written in a `pub use`.
    pub reexports: BTreeMap<String, Absolute>,
    /// Imported names: the target, made absolute where it starts with `crate`, `self` or `super`.
    imports: BTreeMap<String, Absolute>,
    /// Names defined here.
    defined: Vec<String>,
}

/// All modules, by path.
pub struct Source(pub BTreeMap<Absolute, Module>);

impl Source {
    /// Reads the crate from the file of its root.
    pub fn read(root: &Path) -> Self {
        let mut source = Self(BTreeMap::new());
        source.module(root, root.parent().unwrap(), Vec::new());
        source
    }

    fn module(&mut self, file: &Path, folder: &Path, path: Absolute) {
        let text = std::fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut module = Module::default();
        for item in parsed.items {
            match &item {
                Item::Mod(child) if child.content.is_none() && !is_test(&child.attrs) => {
                    let name = child.ident.to_string();
                    let inside = folder.join(&name);
                    let files = [folder.join(format!("{name}.rs")), inside.join("mod.rs")];
                    let file: &PathBuf = files.iter().find(|file| file.exists()).unwrap();
                    let child = [&path[..], std::slice::from_ref(&name)].concat();
                    self.module(file, &inside, child);
                    module.defined.push(name);
                }
                Item::Use(import) => {
                    let mut leaves = Vec::new();
                    flatten(&import.tree, Vec::new(), &mut leaves);
                    for (name, target) in leaves {
                        let target = absolute(&path, target);
                        if matches!(import.vis, Visibility::Public(_)) {
                            module.reexports.insert(name.clone(), target.clone());
                        }
                        module.imports.insert(name, target);
                    }
                }
                _ => module.defined.extend(name_of(&item)),
            }
            module.items.push(item);
        }
        self.0.insert(path, module);
    }

    /// Returns the module and the name that define what `path` refers to in `module`; `None` for other crates'.
    pub fn resolve(&self, module: &[String], path: &[String]) -> Option<Absolute> {
        let (first, rest) = path.split_first()?;
        let names = self.0.get(module)?;
        let found = if names.defined.contains(first) {
            [module, std::slice::from_ref(first)].concat()
        } else {
            let target = names.imports.get(first)?;
            if target.first().is_some_and(|first| first == "crate") {
                self.absolute(&target[1..])?
            } else if target.first() == Some(first) {
                return None;
            } else {
                self.resolve(module, target)?
            }
        };
        if rest.is_empty() {
            Some(found)
        } else {
            self.resolve(&found, rest)
        }
    }

    /// Resolves a path from the root.
    fn absolute(&self, path: &[String]) -> Option<Absolute> {
        match self.0.get(path) {
            Some(_) => Some(path.to_vec()),
            None => self.resolve(&[], path),
        }
    }
}

/// Whether an item is compiled for tests alone.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = quote::quote!(#attribute).to_string();
        attribute.path().is_ident("cfg")
            && (condition.contains("(test") || condition.contains("(doctest"))
    })
}

/// Adds each name that a `use` brings, with its path.
fn flatten(tree: &UseTree, mut path: Vec<String>, leaves: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            flatten(&step.tree, path, leaves);
        }
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((path.last().unwrap().clone(), path));
        }
        UseTree::Name(name) => {
            path.push(name.ident.to_string());
            leaves.push((name.ident.to_string(), path));
        }
        UseTree::Rename(renamed) => {
            path.push(renamed.ident.to_string());
            leaves.push((renamed.rename.to_string(), path));
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path.clone(), leaves);
            }
        }
        UseTree::Glob(_) => {}
    }
}

/// The path with `self` and `super` replaced; `crate` stays in front.
fn absolute(module: &[String], path: Vec<String>) -> Absolute {
    let mut base = module.to_vec();
    let mut rest = &path[..];
    let mut relative = false;
    while let Some(("self" | "super", after)) = rest
        .split_first()
        .map(|(word, after)| (word.as_str(), after))
    {
        relative = true;
        if rest[0] == "super" {
            base.pop();
        }
        rest = after;
    }
    if relative {
        [&["crate".to_owned()][..], &base, rest].concat()
    } else {
        path
    }
}

/// The name that an item defines.
pub fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
