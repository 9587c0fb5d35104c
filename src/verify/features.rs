//! What the BTF check of a version of the kernel knows.

use crate::verify::kernel::KernelVersion;

macro_rules! features {
    ($($(#[doc = $doc:literal])+ $field:ident: $ty:ty = $since:expr,)*) => {
        /// What a kernel's BTF check knows and accepts, for a kernel whose version doesn't tell: a distribution may have
        /// taken changes from later versions.
        ///
        /// ```
        /// use btfkit::verify::{KernelFeatures, KernelVersion};
        /// // A 5.15 with the floating-point numbers taken out.
        /// let features = KernelFeatures::of(KernelVersion::new(5, 15)).float(false);
        /// assert!(features.empty_datasec && !features.float);
        /// ```
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub struct KernelFeatures {
            $($(#[doc = $doc])+ pub $field: $ty,)*
        }

        impl KernelFeatures {
            /// Returns the features of a version.
            #[must_use]
            pub fn of(version: KernelVersion) -> Self {
                let since = |major, minor| version >= KernelVersion::new(major, minor);
                Self { $($field: $since(&since),)* }
            }

            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](field@Self::", stringify!($field), ").")]
                #[must_use]
                pub const fn $field(mut self, $field: $ty) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

/// A question whether a version is at least this one.
type Since<'a> = &'a dyn Fn(u32, u32) -> bool;

features! {
    /// Enumerations of 1, 2 and 8 bytes; before, every one has 4. Since 5.5.
    enum_sizes: bool = |since: Since<'_>| since(5, 5),
    /// The linkage of functions, static or global; before, the field is 0. Since 5.6.
    func_linkage: bool = |since: Since<'_>| since(5, 6),
    /// Data sections without variables. Since 5.12.
    empty_datasec: bool = |since: Since<'_>| since(5, 12),
    /// The kind FLOAT. Since 5.13.
    float: bool = |since: Since<'_>| since(5, 13),
    /// The kind DECL_TAG. Since 5.16.
    decl_tag: bool = |since: Since<'_>| since(5, 16),
    /// Functions that are checked where a type refers to them; before, each in its turn. Since 5.17.
    func_resolve: bool = |since: Since<'_>| since(5, 17),
    /// The kind TYPE_TAG. Since 5.17.
    type_tag: bool = |since: Since<'_>| since(5, 17),
    /// The rule that type tags come before qualifiers and typedefs. Since 5.19.
    tag_order: bool = |since: Since<'_>| since(5, 19),
    /// The kind ENUM64, and the kind flag of enumerations (signed values). Since 6.0.
    enum64: bool = |since: Since<'_>| since(6, 0),
    /// The longest name in bytes (`KSYM_NAME_LEN`): 512 since 6.1, 128 before.
    name_len: u32 = |since: Since<'_>| if since(6, 1) { 512 } else { 128 },
    /// The rule that a prototype's parameters and result are no DECL_TAG, VAR or DATASEC. Since 6.2.
    proto_sources: bool = |since: Since<'_>| since(6, 2),
    /// The check of the fields that the kernel manages (`bpf_spin_lock`, `bpf_list_head` …). Since 6.2.
    special_fields: bool = |since: Since<'_>| since(6, 2),
    /// The fix of the resolution of a variable behind an array or structure in one data section. Since 6.3.
    datasec_fix: bool = |since: Since<'_>| since(6, 3),
    /// The trees (`bpf_rb_root`, `bpf_rb_node`) among the managed fields. Since 6.3.
    rb_fields: bool = |since: Since<'_>| since(6, 3),
    /// The counters (`bpf_refcount`) among the managed fields. Since 6.4.
    refcount_fields: bool = |since: Since<'_>| since(6, 4),
    /// Dots in the names of types, members, functions and enumerators. Since 6.5.
    dotted_names: bool = |since: Since<'_>| since(6, 5),
    /// Any printable character in the names of data sections. Since 6.10.
    printable_sections: bool = |since: Since<'_>| since(6, 10),
    /// Kernel pointers (`kptr` tags) among the managed fields of structures. Since 6.12.
    kptr_fields: bool = |since: Since<'_>| since(6, 12),
    /// The kind flag of DECL_TAG and TYPE_TAG (any attribute). Since 6.15.
    tag_attributes: bool = |since: Since<'_>| since(6, 15),
    /// The locks `bpf_res_spin_lock` among the managed fields. Since 6.15.
    res_spin_lock: bool = |since: Since<'_>| since(6, 15),
    /// The header's fields for a layout section. Since 7.1.
    layout: bool = |since: Since<'_>| since(7, 1),
    /// Element counts of 24 bits and kinds of 7. Since 7.2.
    wide_info: bool = |since: Since<'_>| since(7, 2),
}

impl KernelFeatures {
    /// Returns the bits of the info word that the kernel knows (`BTF_INFO_MASK`).
    pub(super) const fn info_mask(&self) -> u32 {
        if self.wide_info {
            u32::MAX
        } else if self.float {
            0x9f00_ffff
        } else {
            0x8f00_ffff
        }
    }

    /// Returns the highest number of a kind (`BTF_KIND_MAX`).
    pub(super) const fn last_kind(&self) -> u32 {
        if self.enum64 {
            19
        } else if self.type_tag {
            18
        } else if self.decl_tag {
            17
        } else if self.float {
            16
        } else {
            15
        }
    }

    /// Returns the length of the header that the kernel knows, in bytes.
    pub(super) const fn header_len(&self) -> usize {
        if self.layout { 32 } else { 24 }
    }
}
