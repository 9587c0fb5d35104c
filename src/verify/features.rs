//! What the BTF check of a version of the kernel knows.

use crate::verify::kernel::KernelVersion;

/// What a kernel's BTF check knows and accepts, for a kernel whose version doesn't tell: a distribution may have taken
/// changes from later versions.
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
    /// Enumerations of 1, 2 and 8 bytes; before, every one has 4. Since 5.5.
    pub enum_sizes: bool,
    /// The linkage of functions, static or global; before, the field is 0. Since 5.6.
    pub func_linkage: bool,
    /// Data sections without variables. Since 5.12.
    pub empty_datasec: bool,
    /// The kind FLOAT. Since 5.13.
    pub float: bool,
    /// The kind DECL_TAG. Since 5.16.
    pub decl_tag: bool,
    /// Functions that are checked where a type refers to them; before, each in its turn. Since 5.17.
    pub func_resolve: bool,
    /// The kind TYPE_TAG. Since 5.17.
    pub type_tag: bool,
    /// The rule that type tags come before qualifiers and typedefs. Since 5.19.
    pub tag_order: bool,
    /// The kind ENUM64, and the kind flag of enumerations (signed values). Since 6.0.
    pub enum64: bool,
    /// The longest name in bytes (`KSYM_NAME_LEN`): 512 since 6.1, 128 before.
    pub name_len: u32,
    /// The rule that a prototype's parameters and result are no DECL_TAG, VAR or DATASEC. Since 6.2.
    pub proto_sources: bool,
    /// The check of the fields that the kernel manages (`bpf_spin_lock`, `bpf_list_head` …). Since 6.2.
    pub special_fields: bool,
    /// The fix of the resolution of a variable behind an array or structure in one data section. Since 6.3.
    pub datasec_fix: bool,
    /// The trees (`bpf_rb_root`, `bpf_rb_node`) among the managed fields. Since 6.3.
    pub rb_fields: bool,
    /// The counters (`bpf_refcount`) among the managed fields. Since 6.4.
    pub refcount_fields: bool,
    /// Dots in the names of types, members, functions and enumerators. Since 6.5.
    pub dotted_names: bool,
    /// Any printable character in the names of data sections. Since 6.10.
    pub printable_sections: bool,
    /// Kernel pointers (`kptr` tags) among the managed fields of structures. Since 6.12.
    pub kptr_fields: bool,
    /// The kind flag of DECL_TAG and TYPE_TAG (any attribute). Since 6.15.
    pub tag_attributes: bool,
    /// The locks `bpf_res_spin_lock` among the managed fields. Since 6.15.
    pub res_spin_lock: bool,
    /// The header's fields for a layout section. Since 7.1.
    pub layout: bool,
    /// Element counts of 24 bits and kinds of 7. Since 7.2.
    pub wide_info: bool,
}

impl KernelFeatures {
    /// Returns the features of a version.
    #[must_use]
    pub fn of(version: KernelVersion) -> Self {
        let since = |major, minor| version >= KernelVersion::new(major, minor);
        Self {
            enum_sizes: since(5, 5),
            func_linkage: since(5, 6),
            empty_datasec: since(5, 12),
            float: since(5, 13),
            decl_tag: since(5, 16),
            func_resolve: since(5, 17),
            type_tag: since(5, 17),
            tag_order: since(5, 19),
            enum64: since(6, 0),
            name_len: if since(6, 1) { 512 } else { 128 },
            proto_sources: since(6, 2),
            special_fields: since(6, 2),
            datasec_fix: since(6, 3),
            rb_fields: since(6, 3),
            refcount_fields: since(6, 4),
            dotted_names: since(6, 5),
            printable_sections: since(6, 10),
            kptr_fields: since(6, 12),
            tag_attributes: since(6, 15),
            res_spin_lock: since(6, 15),
            layout: since(7, 1),
            wide_info: since(7, 2),
        }
    }
}

macro_rules! setters {
    ($($field:ident: $ty:ty,)*) => {
        impl KernelFeatures {
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

setters! {
    enum_sizes: bool,
    func_linkage: bool,
    empty_datasec: bool,
    float: bool,
    decl_tag: bool,
    func_resolve: bool,
    type_tag: bool,
    tag_order: bool,
    enum64: bool,
    name_len: u32,
    proto_sources: bool,
    special_fields: bool,
    datasec_fix: bool,
    rb_fields: bool,
    refcount_fields: bool,
    dotted_names: bool,
    printable_sections: bool,
    kptr_fields: bool,
    tag_attributes: bool,
    res_spin_lock: bool,
    layout: bool,
    wide_info: bool,
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
