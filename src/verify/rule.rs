//! The rules of the kernel's check.

macro_rules! rules {
    ($($variant:ident $code:literal: $what:literal; $advice:literal,)*) => {
        /// A rule of the kernel's BTF check.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("Broken where ", $what, ".")] $variant,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the rule's name for scripts: `member-order`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns what is wrong where the rule is broken.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }

            /// Returns what to do about it.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

rules! {
    InputSize "input-size": "the BTF has more than 16 MiB"; "convert with --root, or split it",
    HeaderLength "header-length": "the header is cut off"; "the file is truncated: make it again",
    HeaderTail "header-tail": "the header has fields that the kernel doesn't know"; "run btfkit sanitize for this kernel",
    Magic "magic": "the magic number is missing, or in the other byte order"; "check that the file is BTF for this machine",
    Version "version": "the version is not 1"; "make the BTF again",
    Flags "flags": "the header has flags"; "set the header's flags to 0",
    NoData "no-data": "there is nothing behind the header"; "the file is empty: make it again",
    SectionOffset "section-offset": "a section starts behind the end of the data"; "the file is truncated: make it again",
    SectionGap "section-gap": "bytes of the data belong to no section"; "encode the BTF again: btfkit merge FILE -o OUT",
    SectionOverlap "section-overlap": "two sections overlap"; "encode the BTF again: btfkit merge FILE -o OUT",
    SectionLength "section-length": "a section ends behind the end of the data"; "the file is truncated: make it again",
    StringsPlace "strings-place": "the string section is not the last"; "encode the BTF again: btfkit merge FILE -o OUT",
    Strings "strings": "the string section is empty, too long, or doesn't start and end with a NUL"; "make the BTF again",
    LayoutSection "layout-section": "the layout section is not aligned, or not made of whole entries"; "run btfkit sanitize for this kernel",
    TypesPlace "types-place": "the type section's offset is no multiple of 4"; "encode the BTF again: btfkit merge FILE -o OUT",
    NoTypes "no-types": "there is no type"; "convert a file that has types",
    RecordLength "record-length": "the type section ends inside a record"; "the file is truncated: make it again",
    InfoBits "info-bits": "the info word has bits that the kernel doesn't know"; "run btfkit sanitize for this kernel",
    Kind "kind": "the kernel doesn't know the kind"; "run btfkit sanitize for this kernel",
    NameOffset "name-offset": "the name is outside of the string section"; "make the BTF again",
    Name "name": "the kernel doesn't take the name"; "run btfkit sanitize, which makes names that it takes",
    Vlen "vlen": "a kind without elements has a number of elements"; "run btfkit sanitize for this kernel",
    KindFlag "kind-flag": "the kind flag is set, and the kernel gives it no meaning here"; "run btfkit sanitize for this kernel",
    TypeId "type-id": "the type refers to a type that doesn't exist or can't stand here"; "refer to another type",
    IntBits "int-bits": "the integer's bits are more than 128 or than its size"; "give it 1 to 16 bytes",
    IntEncoding "int-encoding": "the integer's encoding is unknown"; "use one of signed, char and bool",
    FwdType "fwd-type": "the forward declaration has a type"; "set the record's third word to 0",
    ArraySize "array-size": "the array has a size of its own"; "set the record's third word to 0",
    ArrayElement "array-element": "the array's elements have no size, or are bits"; "use an element type with a size",
    ArrayIndex "array-index": "the array's index is no ordinary integer"; "use an integer of 1, 2, 4, 8 or 16 bytes",
    ArrayOverflow "array-overflow": "the array has 4 GiB or more"; "make the array smaller",
    MemberName "member-name": "the kernel doesn't take the member's name"; "run btfkit sanitize, which makes names that it takes",
    MemberType "member-type": "the member's type doesn't exist or has no size"; "use a type with a size",
    MemberOffset "member-offset": "a member of a union doesn't start at 0"; "set its offset to 0",
    MemberOrder "member-order": "the member starts before the one in front of it"; "sort the members by offset",
    MemberStart "member-start": "the member starts behind the end"; "correct the offset or the size",
    MemberEnd "member-end": "the member ends behind the end"; "correct the offset or the size",
    MemberAlignment "member-alignment": "the member doesn't start at a byte, or a floating-point number not at its alignment"; "run btfkit sanitize for this kernel",
    MemberBits "member-bits": "the bitfield is wider than its type, or its type can't be one"; "correct its width or its type",
    EnumSize "enum-size": "the enumeration's size is none that the kernel takes"; "run btfkit sanitize for this kernel",
    EnumeratorName "enumerator-name": "the kernel doesn't take the enumerator's name"; "run btfkit sanitize, which makes names that it takes",
    FuncLinkage "func-linkage": "the function is neither static nor global"; "run btfkit sanitize for this kernel",
    FuncProto "func-proto": "the function's type is no prototype, or the prototype's parameters have no names"; "name the parameters",
    VarLinkage "var-linkage": "the variable is neither static nor global"; "run btfkit sanitize for this kernel",
    DatasecSize "datasec-size": "the data section has no size, or its variables have more"; "correct the section's size",
    DatasecEntry "datasec-entry": "an entry of the data section is no variable with a size, overlaps another, or leaves the section"; "sort the entries by offset, and correct offsets and sizes",
    FloatSize "float-size": "the floating-point number has none of 2, 4, 8, 12 and 16 bytes"; "run btfkit sanitize for this kernel",
    TagValue "tag-value": "the tag has no text"; "give it a text, or drop it",
    TagComponent "tag-component": "the tag's component doesn't exist"; "correct the component's number",
    Result "result": "the prototype's result has no size"; "use a type with a size, or void",
    Argument "argument": "the parameter's type has no size, or the kernel doesn't take its name"; "run btfkit sanitize for this kernel",
    Depth "depth": "the type is nested more than 32 deep"; "shorten the chain of types",
    Loop "loop": "the type contains itself"; "break the circle by a pointer",
    Unresolved "unresolved": "the type stands for no type with a known size"; "refer to another type",
    ChainLength "chain-length": "more than 32 typedefs, qualifiers and tags stand for one type"; "shorten the chain of types",
    TagOrder "tag-order": "a type tag comes behind a qualifier or typedef"; "put the tags first, or drop them",
    SpecialField "special-field": "a field that the kernel manages (a lock, list, tree or counter) has a wrong place or type"; "correct the structure, or give it another name",
}
