//! Context types and kinds of programs: which types a program of user space is expected to take from the kernel.

/// The types of the contexts that the kernel hands to programs (`BPF_PROG_TYPE_FNS` in the kernel, and the register
/// types of libbpf's `bpf_tracing.h`).
const CONTEXTS: &[&str] = &[
    "__sk_buff",
    "bpf_cgroup_dev_ctx",
    "bpf_flow_keys",
    "bpf_nf_ctx",
    "bpf_perf_event_data",
    "bpf_perf_event_data_kern",
    "bpf_perf_event_value",
    "bpf_raw_tracepoint_args",
    "bpf_sk_lookup",
    "bpf_sock",
    "bpf_sock_addr",
    "bpf_sock_ops",
    "bpf_sockopt",
    "bpf_sysctl",
    "bpf_user_pt_regs_t",
    "pt_regs",
    "sk_msg_md",
    "sk_reuseport_md",
    "syscall_trace_enter",
    "syscall_trace_exit",
    "trace_entry",
    "user_pt_regs",
    "user_regs_struct",
    "xdp_md",
];

/// The prefixes of the types of tracepoints' and iterators' contexts.
const CONTEXT_PREFIXES: &[&str] = &["trace_event_raw_", "bpf_iter__"];

/// Returns whether a type with this essential name is the context of a kind of BPF program.
pub(crate) fn is_context(name: &[u8]) -> bool {
    CONTEXTS.iter().any(|context| context.as_bytes() == name)
        || CONTEXT_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix.as_bytes()))
}

/// Returns whether a section's programs are attached to user programs: uprobes and USDT probes of every sort.
pub(super) fn is_user_section(name: &str) -> bool {
    let name = name.strip_prefix('?').unwrap_or(name);
    let kind = name.split(['/', '.']).next().unwrap_or_default();
    matches!(kind, "uprobe" | "uretprobe" | "usdt")
}

/// The section of the functions that programs of any kind call.
pub(super) const SUBPROGRAMS: &str = ".text";

/// Returns whether the loader leaves a section's programs out unless it is told otherwise: `SEC("?uprobe")`.
pub(super) fn is_optional(section: &str) -> bool {
    section.starts_with('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_user_programs() {
        for section in [
            "uprobe",
            "?uprobe//bin/sh:main",
            "uprobe.multi.s/x",
            "uretprobe",
            "usdt/libc.so",
        ] {
            assert!(is_user_section(section), "{section}");
        }
        for section in ["kprobe/x", "fentry/x", ".text", "tp_btf/x", "uprobes"] {
            assert!(!is_user_section(section), "{section}");
        }
        assert!(is_context(b"pt_regs") && is_context(b"trace_event_raw_sys_enter"));
        assert!(!is_context(b"file"));
    }
}
