//! The order of type tags and modifiers. (`btf_check_type_tags`.)

use crate::graph::Kind;
use crate::verify::check::{Check, Fault};
use crate::verify::finding::ELOOP;
use crate::verify::rule::Rule;

/// The longest chain of modifiers.
const CHAIN: u32 = 32;

/// Checks the chain of modifiers that each own modifier starts.
pub(super) fn check_tag_order(check: &mut Check<'_>) {
    let first = check.input.first_id;
    let mut good = first.saturating_sub(1);
    for id in first..check.input.end_id() {
        let Some(record) = check.input.record(id) else {
            continue;
        };
        if !record.kind().is_modifier() {
            continue;
        }
        let mut in_tags = record.kind() == Kind::TypeTag;
        let (mut at, mut current, mut left) = (id, record, CHAIN);
        while current.kind().is_modifier() {
            if left == 0 {
                let message = "Max chain length or cycle detected";
                let fault = Fault::bare(Rule::ChainLength, message).errno(ELOOP);
                check.fail(Some((id, Some(record))), None, fault);
                break;
            }
            left -= 1;
            if current.kind() != Kind::TypeTag {
                in_tags = false;
            } else if !in_tags {
                let message = "Type tags don't precede modifiers";
                let fault = Fault::bare(Rule::TagOrder, message);
                check.fail(Some((id, Some(record))), None, fault);
                break;
            }
            if at <= good {
                break;
            }
            at = current.third;
            match check.input.record(at) {
                Some(next) => current = next,
                None => {
                    // The kernel has no word for it. Where it resolves types, it found out before.
                    let fault = Fault::bare(Rule::TypeId, "");
                    if !check.second {
                        check.fail(Some((id, Some(record))), None, fault);
                    }
                    break;
                }
            }
        }
        good = id;
    }
}
