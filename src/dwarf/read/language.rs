//! The properties of a unit's language (DWARF 5, section 7.12, and the codes assigned since).

use gimli::constants as dw;

fn code(language: u64) -> dw::DwLang {
    dw::DwLang(u16::try_from(language).unwrap_or(0))
}

/// Returns whether types have plain names. C and assembly have no namespaces, and a type declared inside another is
/// visible outside. A unit that doesn't specify its language counts as C.
pub(crate) fn is_c(language: u64) -> bool {
    matches!(
        code(language),
        dw::DwLang(0)
            | dw::DW_LANG_C
            | dw::DW_LANG_C89
            | dw::DW_LANG_C99
            | dw::DW_LANG_C11
            | dw::DW_LANG_C17
            | dw::DW_LANG_ObjC
            | dw::DW_LANG_UPC
            | dw::DW_LANG_OpenCL
            | dw::DwLang(0x31) // assembly
            | dw::DW_LANG_Mips_Assembler
            | dw::DwLang(0x3e) // C23
    )
}

/// Returns whether the language is C++.
pub(crate) fn is_cpp(language: u64) -> bool {
    matches!(
        code(language),
        dw::DW_LANG_C_plus_plus
            | dw::DW_LANG_C_plus_plus_03
            | dw::DW_LANG_C_plus_plus_11
            | dw::DW_LANG_C_plus_plus_14
            | dw::DW_LANG_ObjC_plus_plus
            | dw::DwLang(0x2a | 0x2b | 0x30 | 0x3a) // C++17, C++20, HIP, C++23
    )
}

/// Returns whether the language is Go, where a typedef may refer to itself.
pub(crate) fn is_go(language: u64) -> bool {
    code(language) == dw::DW_LANG_Go
}

/// Returns whether the language is Rust.
pub(crate) fn is_rust(language: u64) -> bool {
    code(language) == dw::DW_LANG_Rust
}

/// Returns whether the language is Fortran, where the first index of an array changes fastest in memory.
pub(crate) fn is_fortran(language: u64) -> bool {
    matches!(
        code(language),
        dw::DW_LANG_Fortran77
            | dw::DW_LANG_Fortran90
            | dw::DW_LANG_Fortran95
            | dw::DW_LANG_Fortran03
            | dw::DW_LANG_Fortran08
            | dw::DwLang(0x2d | 0x41) // Fortran 2018, 2023
    )
}

/// Returns whether compilers of the language describe a union, or the variants of a record, as a structure with
/// members that overlap: ldc does for D, Free Pascal for Pascal.
pub(crate) fn has_overlapping_members(language: u64) -> bool {
    matches!(code(language), dw::DW_LANG_D | dw::DW_LANG_Pascal83)
}

/// Returns the lower bound of arrays that don't specify one (DWARF 5, table 7.17).
pub(crate) fn lower_bound(language: u64) -> u64 {
    match code(language) {
        dw::DW_LANG_Ada83
        | dw::DW_LANG_Ada95
        | dw::DW_LANG_Cobol74
        | dw::DW_LANG_Cobol85
        | dw::DW_LANG_Fortran77
        | dw::DW_LANG_Fortran90
        | dw::DW_LANG_Fortran95
        | dw::DW_LANG_Fortran03
        | dw::DW_LANG_Fortran08
        | dw::DW_LANG_Julia
        | dw::DW_LANG_Modula2
        | dw::DW_LANG_Modula3
        | dw::DW_LANG_Pascal83
        | dw::DW_LANG_PLI => 1,
        _ => 0,
    }
}
