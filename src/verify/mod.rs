//! The kernel's verdict before the kernel: every rule of its BTF check, by version.
//!
//! [`verify()`] reads raw BTF and lists what the kernel would refuse, with the kernel's words and what to do about it.
//! ([`kernel/bpf/btf.c`](https://github.com/torvalds/linux/blob/master/kernel/bpf/btf.c), `btf_parse`.)
//!
//! | to find | look in |
//! |---|---|
//! | what changed from version to version | `features` ([`KernelFeatures`]) |
//! | the rules, and what to do | `rule` ([`Rule`]) |
//! | header and sections | `header` |
//! | the first pass: each record by itself | `records`, `names` |
//! | the second pass: what types refer to | `resolve`, `resolution`, `member` |
//! | what comes last | `tag_order`, `special` |
//! | the text of the kernel's log | `log` |
//! | BTF that an older kernel accepts | `sanitize` ([`sanitize()`]) |

mod check;
mod features;
mod finding;
mod header;
mod input;
mod kernel;
mod log;
mod member;
mod names;
mod options;
mod records;
mod resolution;
mod resolve;
mod rule;
mod run;
mod sanitize;
mod special;
mod tag_order;

pub use features::KernelFeatures;
pub use finding::{Finding, Part, Report};
pub use kernel::KernelVersion;
pub use options::VerifyOptions;
pub use rule::Rule;
pub use run::verify;
pub use sanitize::{Loss, NameTable, SanitizeOptions, Sanitized, sanitize};
