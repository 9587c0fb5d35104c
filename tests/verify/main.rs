//! The kernel's verdict before the kernel, against the kernel.

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod differential;
mod loader;
mod mutate;
#[cfg(feature = "dwarf")]
mod sanitized;
mod sources;

/// Returns raw BTF of these records and strings, for this machine.
fn raw(types: &[u32], strings: &[u8]) -> Vec<u8> {
    let types: Vec<u8> = types.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let mut raw = 0xeb9fu16.to_ne_bytes().to_vec();
    raw.extend([1, 0]);
    for word in [24, 0, len(&types), len(&types), len(strings)] {
        raw.extend(word.to_ne_bytes());
    }
    raw.extend(types);
    raw.extend(strings);
    raw
}
