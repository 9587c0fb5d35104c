//! Whole jobs of the pipeline: an arbitrary object against an arbitrary target.
#![no_main]

mod common;

use btfkit::parse::parse_with;
use btfkit::pipeline::{RelocateOptions, TargetFile, check, explain, minimise, relocate, write_json};
use bytes::Bytes;
use common::{halves, limits, parsing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((object, target)) = halves(data) else {
        return;
    };
    let object = Bytes::copy_from_slice(object);
    let Ok(types) = parse_with(target.to_vec(), &parsing()) else {
        return;
    };
    let mut options = RelocateOptions::default();
    options.limits = limits();
    let targets = [TargetFile::user("app", types.clone()), TargetFile::kernel(types)];
    for partial in [false, true] {
        options.partial = partial;
        let Ok(done) = relocate(object.clone(), &targets, &options) else {
            continue;
        };
        assert_eq!(done.object.len(), object.len());
        let _ = done.report.to_string();
        let _ = write_json(&done.report, &mut Vec::new());
        let _ = explain(done.object.clone(), Some(object.clone()), &limits());
        if !partial {
            // There is nothing left to do.
            let again = relocate(done.object.clone(), &targets, &options).expect("again");
            assert_eq!(again.object, done.object);
        }
    }
    options.partial = false;
    let _ = check([object.clone()], &targets, &options);
    let _ = minimise([object], &targets[..1], &options);
});
