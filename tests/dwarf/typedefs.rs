//! Typedefs of templates that nothing refers to.

use std::path::Path;
use std::process::Command;

use btfkit::dwarf::{Conversion, ConvertOptions, convert};
use btfkit::graph::{Btf, Kind};
use btfkit::pipeline::{LoadOptions, Loaded, load_path};

use crate::support::dies::{
    BYTE_SIZE, Die, POINTER_TYPE, STRUCTURE_TYPE, TYPEDEF, base, cxx_program,
};
use crate::support::{output, scratch, tool};

fn typedef(name: &'static str, of: &'static str) -> Die {
    Die::new(TYPEDEF).mark(name).name(name).to(of)
}

fn converted(options: &ConvertOptions) -> Conversion {
    let inside = [
        typedef("unused", "int"),
        typedef("of_member", "int"),
        typedef("inner", "int"),
        typedef("outer", "inner"),
    ];
    let pointer = Die::new(POINTER_TYPE).mark("pointer").to("outer");
    let user =
        crate::support::dies::structure("User", 16, &[("a", "of_member", 0), ("b", "pointer", 8)]);
    let types = [
        base("int", 4, 5),
        Die::new(STRUCTURE_TYPE)
            .name("list<int>")
            .number(BYTE_SIZE, 1)
            .children(inside),
        typedef("alias<int>", "unused"),
        typedef("plain", "int"),
        pointer,
        user,
    ];
    convert(&cxx_program(types), options).unwrap()
}

fn typedefs(graph: &Btf) -> Vec<String> {
    let typedefs = graph.types_of(Kind::Typedef);
    let mut names: Vec<String> = typedefs
        .map(|ty| ty.name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn typedefs_of_templates_stay_if_something_refers_to_them() {
    let done = converted(&ConvertOptions::new());
    let kept = [
        "list<int>::inner",
        "list<int>::of_member",
        "list<int>::outer",
        "plain",
    ];
    assert_eq!(typedefs(&done.graph), kept);
    assert_eq!(done.unused_typedefs, 2);
    let all = converted(&ConvertOptions::new().all_typedefs(true));
    assert_eq!(typedefs(&all.graph).len(), 6);
    assert_eq!(all.unused_typedefs, 0);
}

#[test]
fn a_root_may_be_one() {
    for name in ["list<int>::unused", "alias<int>"] {
        let done = converted(&ConvertOptions::new().root(name));
        assert_eq!(done.graph.size_of_named(name).unwrap().0, 4, "{name}");
        assert_eq!(done.unused_typedefs, 0);
    }
}

const SOURCE: &str = r"
#include <map>
#include <string>
#include <vector>
template <class T> using Pair = std::pair<T, T>;
struct User { std::vector<int>::size_type count; Pair<long> pair; std::map<int, std::string> map; };
void take(User *, std::vector<long>::value_type, std::vector<char>::const_reference) {}
std::vector<short>::difference_type global;
int main() { User user{}; take(&user, 1, 'a'); return global; }
";

/// All but the typedefs that were left out is the same.
#[test]
fn nothing_else_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let source = scratch(&folder, "user.cc", SOURCE.as_bytes());
    for compilers in [&["g++"][..], &["clang++-19", "clang++"]] {
        let Some(compiler) = tool(compilers) else {
            continue;
        };
        let program = folder.path().join("user");
        output(
            Command::new(&compiler)
                .args(["-g", "-fdebug-types-section", "-o"])
                .args([&program, &source]),
        );
        let few = load(&program, false);
        let all = load(&program, true);
        assert!(
            few.unused_typedefs > 50,
            "{compiler}: {}",
            few.unused_typedefs
        );
        let left_out = typedefs(&all.graph).len() - typedefs(&few.graph).len();
        assert_eq!(u64::try_from(left_out).unwrap(), few.unused_typedefs);
        for name in typedefs(&all.graph) {
            let is_kept = few.graph.find(Kind::Typedef, &name).is_some();
            assert!(is_kept || name.contains('<'), "{compiler}: {name}");
        }
        // What only such a typedef declares goes with it.
        let others = |graph: &Btf| {
            let others = graph.types().filter(|ty| {
                !matches!(ty.kind(), Kind::Typedef | Kind::Fwd) && !ty.name().is_empty()
            });
            let mut others: Vec<String> =
                others.map(|ty| format!("{} {}", ty.kind(), ty)).collect();
            others.sort();
            others
        };
        assert!(others(&few.graph) == others(&all.graph), "{compiler}");
        let kept = few.graph.types_of(Kind::Typedef).count();
        assert!(kept > 0, "{compiler}");
    }
}

fn load(program: &Path, all: bool) -> Loaded {
    let conversion = ConvertOptions::new()
        .functions(true)
        .variables(true)
        .all_typedefs(all);
    load_path(program, &LoadOptions::new().conversion(conversion)).unwrap()
}
