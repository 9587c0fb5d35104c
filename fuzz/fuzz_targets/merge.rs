//! Two arbitrary BTFs are merged and deduplicated: no panic, no hang, and the invariants hold.
#![no_main]

use btfkit::graph::{CoreRelo, Ext, Kind, SectionRecords, Btf};
use btfkit::merge::{Input, ObjectTypes, MergeOptions, Policy, dedup, diff, distill, link_types, merge, rebase};
use btfkit::parse::{self, parse_with};
use btfkit::{Endian, Limits, StrId};
use libfuzzer_sys::fuzz_target;

/// Bounds that let a run stay small.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.type_bytes = 1 << 20;
    limits.string_bytes = 1 << 20;
    limits.types = 1 << 14;
    limits
}

fuzz_target!(|data: &[u8]| {
    // The first two bytes say where the second BTF starts, and how to merge.
    let Some((&[at, how], data)) = data.split_first_chunk::<2>() else {
        return;
    };
    let (one, two) = data.split_at(data.len() * usize::from(at) / 256);
    let mut parsing = parse::ParseOptions::default();
    parsing.limits = limits();
    let Ok(one) = parse_with(one.to_vec(), &parsing) else {
        return;
    };
    alone(&one);
    if how & 1 == 1 {
        parsing.base = Some(one.clone());
    }
    let Ok(two) = parse_with(two.to_vec(), &parsing) else {
        return;
    };
    alone(&two);
    together(&one, &two, how);
});

fn alone(graph: &Btf) {
    let mut options = MergeOptions::default();
    options.limits = limits();
    let Ok(done) = dedup(graph.clone(), &options) else {
        return;
    };
    let len = done.graph.len();
    assert!(len <= graph.len());
    let again = dedup(done.graph, &options).unwrap();
    assert_eq!(again.graph.len(), len);
    assert!(again.types.iter().all(|(old, new)| old == new));
    if let Ok(distilled) = distill(graph)
        && let Some(base) = graph.base()
    {
        let _ = rebase(&distilled.graph, base);
    }
}

fn together(one: &Btf, two: &Btf, how: u8) {
    let mut options = MergeOptions::default();
    options.limits = limits();
    options.keep_first = how & 2 == 0;
    options.forwards = how & 4 == 0;
    options.sections = how & 8 == 0;
    options.collisions = match how >> 4 & 3 {
        0 => Policy::Keep,
        1 => Policy::Prefer(1),
        2 => Policy::Rename,
        _ => Policy::Fail,
    };
    let inputs = || {
        [
            Input::new("one", one.clone()),
            Input::new("two", two.clone()),
        ]
    };
    if let Ok(merged) = merge(inputs(), &options) {
        for (input, map) in [one, two].into_iter().zip(&merged.types) {
            assert_eq!(map.len(), input.len());
            assert!(input.types().all(|ty| map.get(ty.id()).is_some()));
        }
        let _ = merged.collisions(&limits());
    }
    let _ = diff(one, two, &limits());
    linked(one, two, how);
}

/// Two objects, with an instruction for each of their first types that holds its id.
fn linked(one: &Btf, two: &Btf, how: u8) {
    let mut options = MergeOptions::default();
    options.limits = limits();
    let mut objects =
        [one, two].map(|graph| ObjectTypes::new("object", graph.clone(), Some(ext(graph))));
    let start = u32::from(how) * 8;
    let named = two.own_types().filter(|ty| ty.kind() == Kind::Datasec);
    objects[1].starts = named.map(|ty| (ty.name().to_string(), start)).collect();
    objects[1].starts.insert(String::new(), start);
    if how & 1 == 1 {
        objects[1].shared = objects[0].starts.keys().cloned().collect();
        let named = one.own_types().filter(|ty| ty.kind() == Kind::Datasec);
        objects[1]
            .shared
            .extend(named.map(|ty| ty.name().to_string()));
    }
    let Ok(linked) = link_types(&objects, &options) else {
        return;
    };
    let joined = linked.ext.as_ref().expect("both have one");
    assert!(btfkit::encode::encode_ext(joined).is_ok());
    for ((object, map), ids) in objects.iter().zip(&linked.types).zip(&linked.local_ids) {
        for ty in object.graph.types().filter(|ty| ty.kind() != Kind::Datasec) {
            let new = map.get(ty.id()).expect("it has a successor");
            assert_eq!(linked.graph.get(new).map(|ty| ty.id()), Some(new));
        }
        let mut code = [0x18u8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].repeat(ids.len());
        for id in ids {
            assert_eq!(map.get(id.before), Some(id.after));
            let start = object.starts.get("").copied().unwrap_or(0);
            id.patch(&mut code, start, Endian::Little)
                .expect("the code is there");
        }
    }
    let again = dedup(linked.graph.clone(), &options).expect("again");
    assert_eq!(again.graph.len(), linked.graph.len());
}

fn ext(graph: &Btf) -> Ext {
    let mut ext = Ext::new(graph.endian());
    let types = graph
        .types()
        .filter(|ty| ty.kind() != Kind::Datasec)
        .take(64);
    let relos = (0..).step_by(16).zip(types).map(|(insn_off, ty)| CoreRelo {
        insn_off,
        type_id: ty.id(),
        access: StrId::EMPTY,
        kind: 6,
    });
    if let Some(records) = &mut ext.relos {
        records.record_size = 16;
        records.sections.push(SectionRecords {
            section: StrId::EMPTY,
            records: relos.collect(),
            tails: Default::default(),
        });
    }
    ext
}
