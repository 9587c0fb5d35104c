//! Several targets: which of them a relocation is answered from.

use crate::support::cases::Outcome::Code;
use crate::support::cases::{NOTHING, against, app, kernel, mov, object, poison, wide};
use crate::support::notation::{over, written};
use crate::support::program::POISONED;
use btfkit::bpf::Program;
use btfkit::graph::GraphBuilder;
use btfkit::relocate::RelocationKind::*;
use btfkit::relocate::{Action, Applied};
use btfkit::relocate::{ResolveOptions, Target, resolve};
use btfkit::{Endian, ErrorKind};

const FILE: &str = "int = signed int 4; file = struct file 8 a:int@0 c:int@32";

const FILE_APP: &str = "int = signed int 4; file = struct file 40 a:int@96 c:int@160";

const FILE_KERNEL: &str =
    "int = signed int 4; p = ptr int; file = struct file 80 a:int@256 c:int@320";

fn file(suffix: &str) -> String {
    FILE.replace("struct file", &format!("struct file{suffix}"))
}

#[test]
fn a_label_picks_its_target_and_else_the_first_that_has_the_type() {
    let targets = [app(FILE_APP), kernel(FILE_KERNEL)];
    let reversed = [kernel(FILE_KERNEL), app(FILE_APP)];
    let at = |suffix: &str, targets: &[Target]| {
        against(
            &file(suffix),
            &[("file", FieldByteOffset, "0:1", mov(4))],
            targets,
        )
    };
    for (suffix, first, second) in [
        ("", 20, 40),
        ("___v7", 20, 40),
        ("___app", 20, 20),
        ("___kernel", 40, 40),
    ] {
        assert_eq!(at(suffix, &targets), Code(mov(first)), "{suffix}");
        assert_eq!(at(suffix, &reversed), Code(mov(second)), "{suffix}");
    }
    // A label that is nobody's is a plain flavor; the kernel's is never.
    assert_eq!(at("___other", &targets[..1]), Code(mov(20)));
    assert_eq!(at("___kernel", &targets[..1]), poison());
    // A labelled target that doesn't have it is not passed over.
    assert_eq!(at("___app", &[app(NOTHING), kernel(FILE_KERNEL)]), poison());
    assert_eq!(at("", &[app(NOTHING), kernel(FILE_KERNEL)]), Code(mov(40)));
    assert_eq!(at("", &[]), poison());
}

/// A type whose name leaves out an inline namespace: the target that has the whole name comes first.
#[test]
fn a_whole_name_in_any_target_comes_before_one_without_inline_namespaces() {
    let mut inline = app(&FILE_APP.replace("struct file", "struct v1::file"));
    let mut builder = GraphBuilder::resume(&inline.graph);
    builder.set_inline_namespaces(["v1"]);
    inline.graph = builder.freeze().unwrap();
    let at = |suffix: &str, targets: &[Target]| {
        against(
            &file(suffix),
            &[("file", FieldByteOffset, "0:1", mov(4))],
            targets,
        )
    };
    let kernel = kernel(FILE_KERNEL);
    assert_eq!(at("", &[inline.clone(), kernel.clone()]), Code(mov(40)));
    assert_eq!(at("", &[kernel.clone(), inline.clone()]), Code(mov(40)));
    assert_eq!(at("___app", &[kernel, inline.clone()]), Code(mov(20)));
    let mut other = app(NOTHING);
    other.label = "other".into();
    assert_eq!(at("", &[other, inline.clone()]), Code(mov(20)));
    assert_eq!(at("___v7", &[inline]), Code(mov(20)));
}

#[test]
fn a_type_is_bound_once() {
    // The program's `file` has no `c`: it is not the kernel's that is asked then.
    let targets = [
        app("int = signed int 4; file = struct file 4 a:int@0"),
        kernel(FILE_KERNEL),
    ];
    let asks = [
        ("file", FieldByteOffset, "0:0", mov(0)),
        ("file", FieldByteOffset, "0:1", mov(4)),
    ];
    let local = written(FILE);
    let object = object(&local, &asks);
    let done = object.relocate(&targets).unwrap();
    assert_eq!(
        done.resolution
            .fixups
            .iter()
            .map(|f| f.action)
            .collect::<Vec<_>>(),
        [Action::Set, Action::PoisonNoMatch]
    );
    // That the kernel has one, too, is a doubt; with a label it is none.
    let binding = |object: &crate::support::program::Object| {
        let done = object.relocate(&targets).unwrap();
        let choice = done.resolution.choices[&local.id("file")].clone();
        (choice.target, choice.labelled, choice.others)
    };
    assert_eq!(binding(&object), (Some(0), false, vec![1]));
    let labelled = written(&file("___app"));
    let object = crate::support::cases::object(&labelled, &asks);
    assert_eq!(binding(&object), (Some(0), true, vec![]));
}

#[test]
fn a_program_s_type_id_means_nothing_to_the_kernel() {
    let targets = [app(FILE_APP), kernel(FILE_KERNEL)];
    let id = |suffix: &str, insn| {
        against(
            &file(suffix),
            &[("file", TypeIdTarget, "0", insn)],
            &targets,
        )
    };
    assert_eq!(id("", mov(2)), poison());
    assert_eq!(id("", wide(2)), Code(vec![POISONED; 2]));
    assert_eq!(id("___kernel", mov(2)), Code(mov(3)));
    // Without a match it is 0, whoever was asked.
    let outcome = against(
        FILE,
        &[("file", TypeIdTarget, "0", mov(2))],
        &[app(NOTHING)],
    );
    assert_eq!(outcome, Code(mov(0)));
    let local = written(FILE);
    let object = object(&local, &[("file", TypeIdTarget, "0", mov(2))]);
    let done = object.relocate(&targets).unwrap();
    assert_eq!(done.resolution.fixups[0].action, Action::PoisonUserTypeId);
    assert_eq!(done.applied, [Applied::Poisoned]);
}

#[test]
fn modules_are_asked_where_the_kernel_has_nothing() {
    let module = |text: &str, base: &Target| {
        let builder = btfkit::graph::GraphBuilder::split(&base.graph);
        over(builder, text).builder.freeze().unwrap()
    };
    let with = |base: &str, text: &str| {
        let mut target = kernel(base);
        target.modules = vec![
            module("other = struct unrelated 4", &target),
            module(text, &target),
        ];
        target
    };
    let text = "char = signed char 1; file = struct file 8 c:char@8";
    let at = |target: Target| against(FILE, &[("file", FieldByteOffset, "0:1", mov(4))], &[target]);
    assert_eq!(at(with(NOTHING, text)), Code(mov(1)));
    assert_eq!(at(with(FILE_KERNEL, text)), Code(mov(40)));
    assert_eq!(at(with("file = struct file 4", text)), poison());
}

#[test]
fn labels_that_mean_two_things_are_refused() {
    let graph = GraphBuilder::new().freeze().unwrap();
    let program = Program {
        graph: &graph,
        endian: Endian::Little,
        sections: Vec::new(),
    };
    let refused = |targets: &[Target], label: &str| {
        let error = resolve(&program, targets, &ResolveOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(label), "{error}");
    };
    let user = |label: &str| Target::user(label, graph.clone());
    refused(&[user("app"), user("app")], "\"app\"");
    // `___kernel` always means the kernel.
    refused(&[user("kernel")], "\"kernel\"");
    refused(
        &[user("kernel"), Target::kernel(graph.clone())],
        "\"kernel\"",
    );
}
