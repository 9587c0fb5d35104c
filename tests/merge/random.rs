//! Random cyclic graphs against the checker and the obvious algorithm.

use btfkit::Bits;
use btfkit::graph::{
    Btf, FuncLinkage, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, VarLinkage,
};
use btfkit::merge::{Input, MergeOptions, Merged, dedup, merge};
use btfkit::{TypeId, graph::Remap};
use proptest::prelude::*;

use crate::check::{Checker, every_type_is_there};
use crate::naive::classes;

/// A type with everything it could need; its kind takes what it uses.
#[derive(Clone, Debug)]
pub struct Spec {
    kind: u8,
    name: u8,
    number: u8,
    refers: [u16; 3],
}

pub fn specs(most: usize) -> impl Strategy<Value = Vec<Spec>> {
    let spec =
        (0..19u8, 0..3u8, 0..2u8, any::<[u16; 3]>()).prop_map(|(kind, name, number, refers)| {
            Spec {
                kind,
                name,
                number,
                refers,
            }
        });
    proptest::collection::vec(spec, 1..most)
}

/// The graph in which type number `order[i]` of the specs is the `i`th.
pub fn build(specs: &[Spec], order: &[usize]) -> Btf {
    let mut builder = GraphBuilder::new();
    let mut ids = vec![0; specs.len()];
    for (place, &index) in order.iter().enumerate() {
        ids[index] = u32::try_from(place + 1).unwrap();
    }
    for &index in order {
        add(&mut builder, &specs[index], &ids);
    }
    builder.freeze().unwrap()
}

fn add(builder: &mut GraphBuilder, spec: &Spec, ids: &[u32]) {
    let to = |slot: usize| {
        let index = usize::from(spec.refers[slot]) % (ids.len() + 1);
        TypeId::new(if index == 0 { 0 } else { ids[index - 1] })
    };
    let name = ["a", "b", "c"][usize::from(spec.name)];
    let size = 4 * (u32::from(spec.number) + 1);
    let intern = |builder: &mut GraphBuilder, name: &str| builder.intern(name).unwrap();
    let (x, y) = (intern(builder, "x"), intern(builder, "y"));
    match spec.kind {
        0 => builder.int(name, size, IntEncoding::SIGNED),
        1 => builder.ptr(to(0)),
        2 => builder.array(to(0), to(1), size),
        // Mostly structures: cycles go through them.
        3..=7 => {
            let name = if spec.name == 2 { "" } else { name };
            let kind = if spec.number == 1 && spec.kind == 7 {
                Kind::Union
            } else {
                Kind::Struct
            };
            let members = [
                NewMember::new(x, to(0)),
                NewMember::new(y, to(1)).at(Bits(64)),
            ];
            builder.composite(kind, name, 16, &members[..usize::from(spec.kind % 3)])
        }
        8 | 9 => builder.fwd(
            name,
            if spec.number == 0 {
                FwdKind::Struct
            } else {
                FwdKind::Union
            },
        ),
        10 => builder.enumeration(
            name,
            size,
            Signedness::Unsigned,
            &[(x, u64::from(spec.name % 2))],
        ),
        11 => builder.enumeration::<&str>(name, size, Signedness::Unsigned, &[]),
        12 => builder.typedef(name, to(0)),
        13 => builder.qualifier(Kind::Const, to(0)),
        14 => builder.func_proto(to(0), &[(x, to(1)), (y, to(2))]),
        15 => builder.func(name, to(0), FuncLinkage::from_number(spec.number.into())),
        16 => builder.decl_tag(name, to(0), None, false),
        17 => builder.type_tag(name, to(0), false),
        _ => builder.var(name, to(0), VarLinkage::Global),
    }
    .unwrap();
}

pub fn in_order(specs: &[Spec]) -> Btf {
    build(specs, &(0..specs.len()).collect::<Vec<_>>())
}

fn shuffled(most: usize) -> impl Strategy<Value = (Vec<Spec>, Vec<usize>)> {
    specs(most).prop_flat_map(|specs| {
        let order: Vec<usize> = (0..specs.len()).collect();
        (Just(specs), Just(order).prop_shuffle())
    })
}

fn compacting() -> MergeOptions {
    let mut options = MergeOptions::default();
    options.keep_first = false;
    options
}

fn merged(graphs: &[&Btf], options: &MergeOptions) -> Merged {
    let inputs = graphs
        .iter()
        .enumerate()
        .map(|(number, graph)| Input::new(format!("input {number}"), (*graph).clone()));
    let merged = merge(inputs, options).unwrap();
    for (graph, map) in graphs.iter().zip(&merged.types) {
        every_type_is_there(graph, &merged.graph, map);
    }
    merged
}

fn is_identity(map: &Remap) -> bool {
    map.iter().all(|(old, new)| old == new)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// As few types as the obvious algorithm finds, and every type is there. Doing it again changes nothing.
    #[test]
    fn dedup_is_exact_and_a_fixed_point(specs in specs(24)) {
        let graph = in_order(&specs);
        let done = dedup(graph.clone(), &MergeOptions::default()).unwrap();
        every_type_is_there(&graph, &done.graph, &done.types);
        prop_assert_eq!(done.graph.len(), classes(&graph, false));
        let again = dedup(done.graph.clone(), &MergeOptions::default()).unwrap();
        prop_assert_eq!(again.graph.len(), done.graph.len());
        prop_assert!(is_identity(&again.types));
    }

    /// The order of types decides about ids and about nothing else.
    #[test]
    fn order_does_not_matter((specs, order) in shuffled(24)) {
        let (one, other) = (in_order(&specs), build(&specs, &order));
        let first = dedup(one, &MergeOptions::default()).unwrap();
        let second = dedup(other, &MergeOptions::default()).unwrap();
        prop_assert_eq!(first.graph.len(), second.graph.len());
        let mut checker = Checker::new(&first.graph, &second.graph);
        for (place, &index) in order.iter().enumerate() {
            let id = |index: usize| TypeId::new(u32::try_from(index + 1).unwrap());
            checker.require(
                first.types.get(id(index)).unwrap(),
                second.types.get(id(place)).unwrap(),
            );
        }
    }

    /// Merging a graph with itself, in whatever order, adds nothing.
    #[test]
    fn merging_with_itself_adds_nothing((specs, order) in shuffled(20)) {
        let mut options = compacting();
        options.sections = true;
        let (one, other) = (in_order(&specs), build(&specs, &order));
        let alone = merged(&[&one], &options);
        prop_assert_eq!(merged(&[&one, &other], &options).graph.len(), alone.graph.len());
        prop_assert_eq!(merged(&[&other, &one, &one], &options).graph.len(), alone.graph.len());
        options.keep_first = true;
        let kept = merged(&[&one, &other], &options);
        prop_assert_eq!(kept.graph.len(), one.len());
        prop_assert!(is_identity(&kept.types[0]));
    }

    /// Several inputs, in one order and another: the same number of types, the obvious algorithm's.
    #[test]
    fn inputs_in_any_order(a in specs(12), b in specs(12), c in specs(12)) {
        let (a, b, c) = (in_order(&a), in_order(&b), in_order(&c));
        let mut plain = compacting();
        plain.dedup = false;
        let appended = merged(&[&a, &b, &c], &plain);
        prop_assert_eq!(appended.graph.len(), a.len() + b.len() + c.len());
        let expected = classes(&appended.graph, false);
        prop_assert_eq!(merged(&[&a, &b, &c], &compacting()).graph.len(), expected);
        prop_assert_eq!(merged(&[&c, &a, &b], &compacting()).graph.len(), expected);
        let kept = merged(&[&b, &c, &a], &MergeOptions::default());
        prop_assert!(is_identity(&kept.types[0]));
        prop_assert!(kept.graph.len() >= expected);
        let origins = kept.origins();
        for ty in kept.graph.types() {
            prop_assert!(origins.of(ty.id()).next().is_some());
        }
    }

    /// Over a base that stays as it is.
    #[test]
    fn split(base in specs(12), own in specs(12)) {
        let (base, own) = (in_order(&base), in_order(&own));
        let split = merged(&[&own], &MergeOptions::split(&base)).graph;
        prop_assert!(split.base().unwrap().is_same(&base));
        prop_assert!(split.own_len() <= own.len());
        // The base over itself adds nothing.
        let mut options = MergeOptions::split(&base);
        options.sections = true;
        let again = btfkit::parse::parse(btfkit::encode::encode(&base).unwrap()).unwrap();
        prop_assert_eq!(merged(&[&again], &options).graph.own_len(), 0);
        let twice = dedup(split.clone(), &MergeOptions::default()).unwrap();
        every_type_is_there(&split, &twice.graph, &twice.types);
        let thrice = dedup(twice.graph.clone(), &MergeOptions::default()).unwrap();
        prop_assert_eq!(thrice.graph.own_len(), twice.graph.own_len());
    }
}
