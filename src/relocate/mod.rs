//! CO-RE relocation.
