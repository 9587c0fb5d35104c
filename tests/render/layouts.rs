//! Structures written down, and the text that they become.

use btfkit::render::c::{HeaderOptions, header};

use crate::compile::{checked, compiles, complaints};
use crate::support::notation::{graph, graph_of_32_bits};

const BASES: &str =
    "char = char char 1; short = signed short 2; int = signed int 4; long = signed long 8";

/// The definition of a type in the header of a graph.
fn text(types: &str, name: &str) -> String {
    let graph = graph(&format!("{BASES}\n{types}"));
    let header = compiles(types, &graph);
    definition(&header.text, name)
}

fn definition(text: &str, name: &str) -> String {
    let start = text
        .find(&format!("{name} {{"))
        .unwrap_or_else(|| panic!("{name}: {text}"));
    let rest = &text[start..];
    let end = rest.find("\n}").map_or(rest.len(), |end| end + 2);
    let end = end + rest[end..].find(';').unwrap_or(0);
    rest[..=end].replace('\t', " ")
}

#[test]
fn packed_is_written_where_offsets_need_it() {
    let packed = text("s = struct s 5 a:char@0 b:int@8", "struct s");
    assert_eq!(
        packed,
        "struct s {\n char a;\n int b;\n} __attribute__((packed));"
    );
    let odd_size = text("s = struct s 5 a:int@0 b:char@32", "struct s");
    assert_eq!(
        odd_size,
        "struct s {\n int a;\n char b;\n} __attribute__((packed));"
    );
    let natural = text("s = struct s 8 a:char@0 b:int@32", "struct s");
    assert_eq!(natural, "struct s {\n char a;\n int b;\n};");
}

#[test]
fn gaps_are_written_where_a_compiler_leaves_none() {
    let gap = text("s = struct s 24 a:char@0 b:int@96", "struct s");
    assert_eq!(
        gap,
        "struct s {\n char a;\n unsigned char __pad0[11];\n int b;\n unsigned char __pad1[8];\n};"
    );
    let empty = text("s = struct s 3", "struct s");
    assert_eq!(empty, "struct s {\n unsigned char __pad0[3];\n};");
}

#[test]
fn bitfields() {
    let bits = text(
        "s = struct s 8 a:int@0/3 b:int@5/30 c:int@40/20",
        "struct s",
    );
    // `b` crosses the boundary of an int.
    assert_eq!(
        bits,
        "struct s {\n int a : 3;\n unsigned char : 2;\n int b : 30;\n unsigned char : 5;\n int c : 20;\n} __attribute__((packed));"
    );
    let zero_width = text("s = struct s 8 a:int@0/3 b:int@32/7", "struct s");
    assert_eq!(
        zero_width,
        "struct s {\n int a : 3;\n unsigned char : 5;\n unsigned char __pad0[3];\n int b : 7;\n};"
    );
    let shared = text("s = struct s 4 c:char@0 b:int@8/24", "struct s");
    assert_eq!(shared, "struct s {\n char c;\n int b : 24;\n};");
}

#[test]
fn fields_that_overlap_are_in_a_union() {
    let overlap = text("s = struct s 16 a:long@0 b:int@32 c:long@64", "struct s");
    assert_eq!(
        overlap,
        "struct s {\n union {\n  struct {\n   long a;\n   long c;\n  };\n  struct {\n   \
         unsigned char __pad0[4];\n   int b;\n  };\n };\n};"
    );
}

/// A base class is a member without a name. What it has is the derived class's own, even in the base's tail padding.
#[test]
fn base_classes() {
    let derived = text(
        "e = struct Empty 1; b = struct Base 16 x:long@0 y:char@64; d = struct Derived 16 :e@0 :b@0 z:char@72",
        "struct Derived",
    );
    assert_eq!(
        derived,
        "struct Derived {\n long x;\n char y;\n char z;\n};"
    );
    let hidden = text(
        "b = struct Base 4 x:int@0; d = struct Derived 8 :b@0 x:int@32",
        "struct Derived",
    );
    assert_eq!(
        hidden,
        "struct Derived {\n /* x: left out, since another field has its name */\n unsigned char __pad0[4];\n int x;\n};"
    );
}

#[test]
fn declarators() {
    let types = "p = ptr char; cp = const p; a = array cp 3; aa = array a 2; proto = proto p int cp void; fp = ptr proto;
        afp = array fp 2; ff = proto fp; pf = ptr ff; pa = ptr aa; vp = volatile pa; flex = array int 0;
        s = struct s 96 a:aa@0 f:afp@384 g:pf@512 h:vp@576 i:fp@640 z:flex@768";
    assert_eq!(
        text(types, "struct s"),
        "struct s {\n char *const a[2][3];\n char *(*f[2])(int, char *const, ...);\n char *(*(*g)(void))(int, char *const, ...);\n \
         char *const (*volatile h)[2][3];\n char *(*i)(int, char *const, ...);\n unsigned char __pad0[8];\n int z[0];\n};"
    );
}

#[test]
fn enumerations() {
    let small = text(
        "e = enum small 1 A=1 B=255; s = struct s 1 e:e@0",
        "enum small",
    );
    assert_eq!(
        small,
        "enum small {\n A = 1,\n B = 255,\n} __attribute__((packed));"
    );
    let middle = text("e = senum middle 2 A=1 B=-1", "enum middle");
    assert!(
        middle.ends_with("B = -1,\n} __attribute__((mode(HI)));"),
        "{middle}"
    );
    let wide = text("e = enum wide 8 A=1", "enum wide");
    assert!(wide.ends_with("} __attribute__((mode(DI)));"), "{wide}");
    let unsigned = text("e = enum unsigned_one 4 A=4294967295", "enum unsigned_one");
    assert!(unsigned.contains("A = 4294967295U,"), "{unsigned}");
    let empty = text("e = enum empty 4; s = struct s 4 e:e@0", "enum empty");
    assert_eq!(empty, "enum empty {\n __empty_none = 0,\n};");
}

#[test]
fn names_that_clash_have_flavors() {
    let types = "s = struct s 4 a:int@0; t = struct s 8 b:long@0; e = enum one 4 A=1; f = enum two 4 A=2; u = typedef A int;
        d = struct default 4 int:int@0; o = struct o 24 s:s@0 t:t@64 d:d@128";
    let graph = graph(&format!("{BASES}\n{types}"));
    let header = compiles(types, &graph);
    for part in [
        "struct s___2 {\n\tlong b;",
        "typedef int A;",
        "A___2 = 1",
        "A___3 = 2",
        "struct default_ {\n\tint int_;",
        "\tstruct s___2 t;",
    ] {
        assert!(header.text.contains(part), "{part}\n{}", header.text);
    }
    assert_eq!(header.notes.len(), 3, "{:?}", header.notes);
}

/// Types that need each other are declared before they are used, and a pointer that can't be is a `void *`.
#[test]
fn order() {
    let types = "a = struct a 16 b:pb@0 c:cb@64; pb = ptr b; b = struct b 16 a:a@0; pa = ptr a; cproto = proto void pa;
        cbp = ptr cproto; cb = typedef callback cbp; row = array own 4; prow = ptr row; own = struct own 8 p:prow@0;
        selfp = ptr self; self = typedef self_t body; body = struct - 8 next:selfp@0";
    let graph = graph(&format!("{BASES}\n{types}"));
    let header = compiles(types, &graph);
    assert!(header.text.contains("void *p;"), "{}", header.text);
    assert!(header.text.contains("void *next;"), "{}", header.text);
    assert_eq!(header.notes.len(), 2, "{:?}", header.notes);
}

/// Compilers for 32 bits align 64-bit numbers to 4 bytes or to 8; both give these offsets.
#[test]
fn alignments_of_32_bits() {
    let types = "int = signed int 4; wide = signed long_long 8; p = ptr int; l = signed long 4;
        s = struct s 16 a:int@0 b:wide@64; t = struct t 12 a:int@0 b:wide@32";
    let header = checked(&graph_of_32_bits(types));
    assert_eq!(
        definition(&header.text, "struct s"),
        "struct s {\n int a;\n unsigned char __pad0[4];\n long long b;\n};"
    );
    assert!(definition(&header.text, "struct t").contains("packed"));
}

/// A header whose text was changed doesn't compile: the checks check.
#[test]
fn checks_fail_when_an_offset_is_changed() {
    let graph = graph(&format!(
        "{BASES}\ns = struct s 8 a:int@0 b:int@32 c:int@32/3"
    ));
    let text = header(&graph, &HeaderOptions::new().asserts(true))
        .unwrap()
        .text;
    assert!(complaints(&text, &[]).is_empty());
    for (from, to) in [
        ("int a;", "int a; int new;"),
        ("int a;", "char a[5];"),
        ("int b;", "long b;"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let said = complaints(&changed, &[]);
        assert!(
            said.contains("static assertion failed"),
            "{from} -> {to}: {said}"
        );
    }
}
