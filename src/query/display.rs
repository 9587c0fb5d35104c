//! A type as C writes it, on one line.

use std::borrow::Cow;
use std::fmt;

use crate::graph::{DeclTag, FuncProto, FwdKind, Kind, Type, View};
use crate::query::spelling::c_spelling;

/// Types visited for one text at the most. A prototype of twenty parameters takes a hundred.
const TYPES: u32 = 1024;
/// Prototypes in prototypes that are written out. Inner ones become `…`.
const DEPTH: u32 = 8;

impl fmt::Display for Type<'_> {
    /// Writes the type as C does: `struct file *`, `unsigned int [4]`, `int (*)(void *)`. A function or variable is
    /// written as its declaration, a structure without its members, and one without a name as `struct {…}`.
    ///
    /// A text has a bound: where the type refers to more than a thousand others without a name, or to itself, the
    /// rest of the text is `…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(false);
        f.pad(&writer.declaration(*self, String::new(), DEPTH))
    }
}

impl Type<'_> {
    /// Returns the declaration of `name` as this type in its two parts, names of types in C spelling: `int` and
    /// `*name[4]`. The text is bounded as that of `Display`.
    pub(crate) fn declaration_parts(self, name: &str) -> (String, String) {
        Writer::new(true).parts(self, name.to_owned(), DEPTH)
    }
}

struct Writer {
    /// The number of types that may still be visited.
    left: u32,
    /// Whether names of types are spelled in C.
    is_spelled: bool,
}

impl Writer {
    const fn new(is_spelled: bool) -> Self {
        Self {
            left: TYPES,
            is_spelled,
        }
    }

    /// Returns the declaration of `declarator` as a type: `int` and `*a` make `int *a`.
    fn declaration(&mut self, start: Type<'_>, declarator: String, depth: u32) -> String {
        let (ty, declarator) = self.parts(start, declarator, depth);
        joined("", &ty, &declarator)
    }

    /// Returns the declaration in its two parts: the type at the end of the chain, and the declarator.
    ///
    /// C declarations read from the name outwards, and so does the loop: each pointer, array or prototype is put
    /// around the text so far, and the type at the end of the chain in front of it.
    fn parts(&mut self, start: Type<'_>, declarator: String, depth: u32) -> (String, String) {
        let (mut ty, mut text) = (start, declarator);
        // Qualifiers in front of the next pointer or of the type at the end.
        let mut qualifiers = String::new();
        let mut is_pointer = false;
        while let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            match ty.view() {
                View::Ptr(to) => {
                    let space = if qualifiers.is_empty() || text.is_empty() {
                        ""
                    } else {
                        " "
                    };
                    text = format!("*{qualifiers}{space}{text}");
                    qualifiers.clear();
                    is_pointer = true;
                    ty = ty.graph().ty(to);
                }
                View::Const(to) => {
                    qualify(&mut qualifiers, "const");
                    ty = ty.graph().ty(to);
                }
                View::Volatile(to) => {
                    qualify(&mut qualifiers, "volatile");
                    ty = ty.graph().ty(to);
                }
                View::Restrict(to) => {
                    qualify(&mut qualifiers, "restrict");
                    ty = ty.graph().ty(to);
                }
                View::TypeTag(to) => {
                    qualify(&mut qualifiers, &attribute(ty, "btf_type_tag"));
                    ty = ty.graph().ty(to);
                }
                View::Array(array) => {
                    text = wrapped(text, is_pointer);
                    match array.count {
                        0 => text.push_str("[]"),
                        count => text.push_str(&format!("[{count}]")),
                    }
                    is_pointer = false;
                    ty = array.element();
                }
                View::FuncProto(proto) => {
                    text = wrapped(text, is_pointer);
                    text.push_str(&self.params(proto, depth));
                    is_pointer = false;
                    ty = proto.result();
                }
                View::Func(func) => {
                    text = ty.name().to_string();
                    ty = func.ty();
                }
                View::Var(var) => {
                    text = ty.name().to_string();
                    ty = var.ty();
                }
                View::DeclTag(tag) => return (declared(ty, tag), String::new()),
                View::Void
                | View::Int(_)
                | View::Float(_)
                | View::Struct(_)
                | View::Union(_)
                | View::Enum(_)
                | View::Fwd(_)
                | View::Typedef(_)
                | View::Datasec(_)
                | View::Unknown(_) => {
                    let name = named(ty, self.is_spelled);
                    return (joined(&qualifiers, &name, ""), text);
                }
            }
        }
        (joined(&qualifiers, "…", ""), text)
    }

    /// Returns a prototype's parameters in parentheses.
    fn params(&mut self, proto: FuncProto<'_>, depth: u32) -> String {
        let Some(depth) = depth.checked_sub(1) else {
            return "(…)".to_owned();
        };
        if proto.params().len() == 0 {
            return "(void)".to_owned();
        }
        let mut text = String::from("(");
        for (number, param) in proto.params().enumerate() {
            if number > 0 {
                text.push_str(", ");
            }
            if self.left == 0 {
                text.push('…');
                break;
            }
            if param.type_id.is_void() && param.name().is_empty() {
                text.push_str("...");
            } else {
                let declarator = param.name().to_string();
                text.push_str(&self.declaration(param.ty(), declarator, depth));
            }
        }
        text.push(')');
        text
    }
}

/// Adds a qualifier behind those that are further out in the chain.
fn qualify(qualifiers: &mut String, qualifier: &str) {
    if !qualifiers.is_empty() {
        qualifiers.push(' ');
    }
    qualifiers.push_str(qualifier);
}

/// Returns the declarator in parentheses if it is a pointer: `*a` and `[4]` are `(*a)[4]`.
fn wrapped(text: String, is_pointer: bool) -> String {
    if is_pointer {
        format!("({text})")
    } else {
        text
    }
}

/// Joins qualifiers, type and declarator with spaces.
fn joined(qualifiers: &str, name: &str, declarator: &str) -> String {
    let parts = [qualifiers, name, declarator];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// Returns the name of a type with its keyword.
fn named(ty: Type<'_>, is_spelled: bool) -> String {
    let name = if is_spelled {
        String::from_utf8_lossy(&type_spelling(ty)).into_owned()
    } else {
        ty.name().to_string()
    };
    let keyword = match ty.kind() {
        Kind::Void => return "void".to_owned(),
        Kind::Struct => "struct",
        Kind::Union => "union",
        Kind::Enum | Kind::Enum64 => "enum",
        Kind::Fwd => match ty.as_fwd() {
            Some(FwdKind::Union) => "union",
            Some(FwdKind::Struct) | None => "struct",
        },
        Kind::Unknown(number) => return format!("<kind {number}>"),
        Kind::Int
        | Kind::Float
        | Kind::Typedef
        | Kind::Datasec
        | Kind::Ptr
        | Kind::Array
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::Func
        | Kind::FuncProto
        | Kind::Var
        | Kind::DeclTag
        | Kind::TypeTag => return name,
    };
    if name.is_empty() {
        format!("{keyword} {{…}}")
    } else {
        format!("{keyword} {name}")
    }
}

/// Returns the name of a type in C spelling. `long unsigned int` is C as it is.
fn type_spelling(ty: Type<'_>) -> Cow<'_, [u8]> {
    let name = ty.name().as_bytes();
    if matches!(ty.kind(), Kind::Int | Kind::Float) {
        Cow::Borrowed(name)
    } else {
        c_spelling(name)
    }
}

/// Returns an attribute as C writes it. The kind flag distinguishes the text of any attribute from a tag.
fn attribute(ty: Type<'_>, tag: &str) -> String {
    if ty.info().flag() {
        format!("__attribute__(({}))", ty.name())
    } else {
        format!("__attribute__(({tag}({:?})))", ty.name())
    }
}

/// Returns an attribute of a declaration with the name of what is declared.
fn declared(ty: Type<'_>, tag: DeclTag<'_>) -> String {
    joined(
        "",
        &named(tag.target(), false),
        &attribute(ty, "btf_decl_tag"),
    )
}

#[cfg(test)]
mod tests {
    use crate::error::Result;
    use crate::graph::{FuncLinkage, GraphBuilder, IntEncoding, Kind, VarLinkage};
    use crate::id::TypeId;

    #[test]
    fn types_as_c_writes_them() -> Result<()> {
        let mut b = GraphBuilder::new();
        let int = b.int("unsigned int", 4, IntEncoding::UNSIGNED)?;
        let char = b.int("char", 1, IntEncoding::SIGNED)?;
        let file = b.composite(Kind::Struct, "file", 0, &[])?;
        let nameless = b.composite(Kind::Union, "", 0, &[])?;
        let file_ptr = b.ptr(file)?;
        let const_char = b.qualifier(Kind::Const, char)?;
        let text = b.ptr(const_char)?;
        let const_ptr = b.qualifier(Kind::Const, text)?;
        let row = b.array(int, int, 4)?;
        let rows = b.array(row, int, 2)?;
        let rows_ptr = b.ptr(rows)?;
        let flexible = b.array(file_ptr, int, 0)?;
        let proto = b.func_proto(
            int,
            &[("file", file_ptr), ("name", text), ("", TypeId::VOID)],
        )?;
        let callback = b.ptr(proto)?;
        let callbacks = b.array(callback, int, 3)?;
        let none = b.func_proto::<&str>(TypeId::VOID, &[])?;
        let func = b.func("open", proto, FuncLinkage::Global)?;
        let var = b.var("handlers", callbacks, VarLinkage::Static)?;
        let tag = b.type_tag("user", char, false)?;
        let tagged = b.ptr(tag)?;
        let size_t = b.typedef("size_t", int)?;
        let volatile = b.qualifier(Kind::Volatile, size_t)?;
        let result = b.func_proto(callback, &[("", size_t)])?;
        let result = b.func("choose", result, FuncLinkage::Static)?;
        let graph = b.freeze()?;
        let table = [
            (TypeId::VOID, "void"),
            (int, "unsigned int"),
            (file_ptr, "struct file *"),
            (nameless, "union {…}"),
            (text, "const char *"),
            (const_ptr, "const char *const"),
            (row, "unsigned int [4]"),
            (rows, "unsigned int [2][4]"),
            (rows_ptr, "unsigned int (*)[2][4]"),
            (flexible, "struct file *[]"),
            (
                callback,
                "unsigned int (*)(struct file *file, const char *name, ...)",
            ),
            (none, "void (void)"),
            (
                func,
                "unsigned int open(struct file *file, const char *name, ...)",
            ),
            (
                var,
                "unsigned int (*handlers[3])(struct file *file, const char *name, ...)",
            ),
            (tagged, "__attribute__((btf_type_tag(\"user\"))) char *"),
            (volatile, "volatile size_t"),
            (
                result,
                "unsigned int (*choose(size_t))(struct file *file, const char *name, ...)",
            ),
        ];
        for (id, expected) in table {
            assert_eq!(graph.ty(id).to_string(), expected);
        }
        Ok(())
    }

    /// A prototype whose parameters are pointers to itself would have a text without end.
    #[test]
    fn a_text_has_an_end() -> Result<()> {
        let mut b = GraphBuilder::new();
        let proto = b.next_id();
        let pointer = TypeId::new(proto.get() + 1);
        b.func_proto(pointer, &[("", pointer); 3])?;
        b.ptr(proto)?;
        let itself = b.next_id();
        b.qualifier(Kind::Const, itself)?;
        let graph = b.freeze()?;
        for ty in graph.types() {
            let text = ty.to_string();
            assert!(text.contains('…') && text.len() < 1 << 16, "{}", text.len());
        }
        Ok(())
    }
}
