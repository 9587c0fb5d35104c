//! Whatever the types: an error, or a header that compiles with its checks.

use btfkit::render::c::{HeaderOptions, header};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::compile::complaints;
use crate::support::graphs::{graph, specs};

#[test]
fn headers_of_random_graphs_compile() {
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(24);
    let config = Config {
        failure_persistence: None,
        cases,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&specs(1), |specs| {
            let graph = graph(&specs, None);
            let options = HeaderOptions::new().asserts(true);
            if let Ok(header) = header(&graph, &options) {
                let said = complaints(&header.text, &["-std=gnu11"]);
                prop_assert!(said.is_empty(), "{}\n{}", said, header.text);
            }
            Ok(())
        })
        .unwrap();
}
