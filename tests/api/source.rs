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
    ///
    /// One name may be that of a module and that of another item.
    imports: BTreeMap<String, Vec<Absolute>>,
    /// Names of child modules.
    modules: Vec<String>,
    /// Names of the other items that are defined here.
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
                    module.modules.push(name);
                }
                Item::Use(import) => {
                    let mut leaves = Vec::new();
                    flatten(&import.tree, Vec::new(), &mut leaves);
                    for (name, target) in leaves {
                        let target = absolute(&path, target);
                        if matches!(import.vis, Visibility::Public(_)) {
                            module.reexports.insert(name.clone(), target.clone());
                        }
                        module.imports.entry(name).or_default().push(target);
                    }
                }
                _ => module.defined.extend(name_of(&item)),
            }
            module.items.push(item);
        }
        self.0.insert(path, module);
    }

    /// Returns the path of the item that `path` refers to in `module`: a module only if no other item has that name.
    /// `None` for other crates'.
    pub fn resolve(&self, module: &[String], path: &[String]) -> Option<Absolute> {
        let (first, rest) = path.split_first()?;
        if !rest.is_empty() {
            return self.resolve(&self.module_named(module, first)?, rest);
        }
        self.item_named(module, first)
            .or_else(|| self.module_named(module, first))
    }

    /// Returns the path of the item, but not module, that a name refers to in a module.
    fn item_named(&self, module: &[String], name: &String) -> Option<Absolute> {
        if self.0.get(module)?.defined.contains(name) {
            return Some([module, std::slice::from_ref(name)].concat());
        }
        self.imported(module, name, |found| !self.0.contains_key(found))
    }

    /// Returns the path of the module that a name refers to in a module.
    fn module_named(&self, module: &[String], name: &String) -> Option<Absolute> {
        if self.0.get(module)?.modules.contains(name) {
            return Some([module, std::slice::from_ref(name)].concat());
        }
        self.imported(module, name, |found| self.0.contains_key(found))
    }

    /// Returns the first wanted item that a `use` in a module brings under a name.
    fn imported(
        &self,
        module: &[String],
        name: &String,
        wanted: impl Fn(&Absolute) -> bool,
    ) -> Option<Absolute> {
        let names = self.0.get(module)?;
        let targets = names.imports.get(name)?.iter();
        targets
            .filter_map(|target| match target.split_first()? {
                (first, rest) if first == "crate" => self.resolve(&[], rest),
                // `use object;` and `use object::File as object;` are of another crate.
                (first, _) if first == name && !names.modules.contains(first) => None,
                _ => self.resolve(module, target),
            })
            .find(wanted)
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
