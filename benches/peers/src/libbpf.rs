//! libbpf, as far as relocating goes: open an object, prepare it, read its instructions.
//!
//! `bpf_object__prepare` does everything up to loading the programs, so it needs the rights to load one
//! (root), and leaves the relocated instructions to be read.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;

use libbpf_sys as sys;

/// A prepared program: its instructions, 8 bytes each, the functions it calls appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub name: String,
    pub code: Vec<u8>,
}

/// libbpf's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The negative `errno`.
    pub code: i32,
    /// Its warnings.
    pub log: String,
}

impl Refusal {
    /// The function and the number of the relocation that failed, where one did.
    pub fn relocation(&self) -> Option<(String, usize)> {
        let line = self
            .log
            .lines()
            .find(|line| line.contains("failed to relocate") || line.contains("failed to patch"))?;
        let (_, rest) = line.split_once("prog '")?;
        let (name, rest) = rest.split_once("': relo #")?;
        let (number, _) = rest.split_once(':')?;
        Some((name.to_owned(), number.parse().ok()?))
    }
}

thread_local! {
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

unsafe extern "C" {
    fn vsnprintf(
        buffer: *mut c_char,
        size: usize,
        format: *const c_char,
        args: *mut sys::__va_list_tag,
    ) -> c_int;
}

unsafe extern "C" fn keep_warnings(
    level: sys::libbpf_print_level,
    format: *const c_char,
    args: *mut sys::__va_list_tag,
) -> c_int {
    if level != sys::LIBBPF_WARN {
        return 0;
    }
    let mut buffer = [0u8; 512];
    // SAFETY: the buffer has the size said; format and arguments are libbpf's own.
    let len = unsafe { vsnprintf(buffer.as_mut_ptr().cast(), buffer.len(), format, args) };
    let len = usize::try_from(len).unwrap_or(0).min(buffer.len() - 1);
    LOG.with_borrow_mut(|log| log.push_str(&String::from_utf8_lossy(&buffer[..len])));
    len as c_int
}

/// Keeps libbpf's warnings for [`Refusal::log`].
pub fn keep_log() {
    // SAFETY: the callback is a plain function.
    unsafe { sys::libbpf_set_print(Some(keep_warnings)) };
}

/// Lets libbpf print nothing, which is the fastest it can be.
pub fn silence() {
    // SAFETY: no callback at all is allowed.
    unsafe { sys::libbpf_set_print(None) };
}

/// An object that libbpf has opened.
#[derive(Debug)]
pub struct Object(ptr::NonNull<sys::bpf_object>);

impl Object {
    /// Opens an object, to be relocated against a file with BTF, or the running kernel's.
    pub fn open(bytes: &[u8], target: Option<&Path>) -> Result<Self, Refusal> {
        LOG.with_borrow_mut(String::clear);
        let path = target.map(|path| CString::new(path.to_string_lossy().as_bytes()).unwrap());
        let options = sys::bpf_object_open_opts {
            sz: size_of::<sys::bpf_object_open_opts>() as _,
            object_name: c"peers".as_ptr(),
            btf_custom_path: path.as_deref().map_or(ptr::null(), CStr::as_ptr),
            // No look for a BPF file system.
            bpf_token_path: c"".as_ptr(),
            ..Default::default()
        };
        // SAFETY: the bytes and the options live through the call; libbpf copies the strings.
        let object = unsafe {
            sys::bpf_object__open_mem(bytes.as_ptr().cast(), bytes.len() as _, &raw const options)
        };
        ptr::NonNull::new(object).map(Self).ok_or_else(refusal)
    }

    /// Does everything up to loading the programs.
    pub fn prepare(&mut self) -> Result<(), Refusal> {
        // SAFETY: the object is open.
        match unsafe { sys::bpf_object__prepare(self.0.as_ptr()) } {
            0 => Ok(()),
            code => Err(Refusal { code, ..refusal() }),
        }
    }

    /// The programs as they are now. Functions of `.text` are not among them.
    pub fn programs(&self) -> Vec<Program> {
        let mut programs = Vec::new();
        let mut at = ptr::null_mut();
        loop {
            // SAFETY: the object is open, and `at` is null or one of its programs.
            at = unsafe { sys::bpf_object__next_program(self.0.as_ptr(), at) };
            if at.is_null() {
                return programs;
            }
            // SAFETY: as above; the name is a C string and the instructions are as many as libbpf says.
            let (name, code) = unsafe {
                let insns = sys::bpf_program__insns(at);
                let count = sys::bpf_program__insn_cnt(at) as usize;
                (
                    CStr::from_ptr(sys::bpf_program__name(at)),
                    std::slice::from_raw_parts(insns.cast::<u8>(), count * 8),
                )
            };
            programs.push(Program {
                name: name.to_string_lossy().into_owned(),
                code: code.to_vec(),
            });
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: the object is open, and nobody has it after this.
        unsafe { sys::bpf_object__close(self.0.as_ptr()) };
    }
}

fn refusal() -> Refusal {
    Refusal {
        code: -std::io::Error::last_os_error().raw_os_error().unwrap_or(0),
        log: LOG.with_borrow(String::clone),
    }
}

/// Opens and prepares an object, and reads its programs.
pub fn relocate(object: &[u8], target: Option<&Path>) -> Result<Vec<Program>, Refusal> {
    let mut object = Object::open(object, target)?;
    object.prepare()?;
    Ok(object.programs())
}

/// Parses raw BTF and lets go of it; answers how many types there are.
pub fn parse(bytes: &[u8]) -> Result<u32, Refusal> {
    // SAFETY: the bytes live through the call, and what it gives is freed once.
    unsafe {
        let btf = sys::btf__new(bytes.as_ptr().cast(), bytes.len() as u32);
        if btf.is_null() {
            return Err(refusal());
        }
        let count = sys::btf__type_cnt(btf);
        sys::btf__free(btf);
        Ok(count)
    }
}

/// Appends what libbpf prints to a text.
unsafe extern "C" fn append(
    text: *mut c_void,
    format: *const c_char,
    args: *mut sys::__va_list_tag,
) {
    // SAFETY: `header` gives its own text, and nothing else refers to it meanwhile.
    let text = unsafe { &mut *text.cast::<Vec<u8>>() };
    const ROOM: usize = 4096;
    // Straight into the text: a buffer in between would have to be cleared for every word.
    text.reserve(ROOM);
    let spare = text.spare_capacity_mut();
    // SAFETY: there is that much room; format and arguments are libbpf's own.
    let len = unsafe { vsnprintf(spare.as_mut_ptr().cast(), ROOM, format, args) };
    let len = usize::try_from(len).unwrap_or(0).min(ROOM - 1);
    // SAFETY: that many bytes were written behind the old end.
    unsafe { text.set_len(text.len() + len) };
}

/// Parses raw BTF and writes all its types as C (`btf_dump`).
pub fn header(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut text = Vec::new();
    // SAFETY: the bytes and the text live through the calls, and what they give is freed once.
    unsafe {
        let btf = sys::btf__new(bytes.as_ptr().cast(), bytes.len() as u32);
        if btf.is_null() {
            return Err(refusal());
        }
        let context = (&raw mut text).cast();
        let dump = sys::btf_dump__new(btf, Some(append), context, ptr::null());
        let mut code = 0;
        for id in 1..sys::btf__type_cnt(btf) {
            code = code.min(sys::btf_dump__dump_type(dump, id));
        }
        sys::btf_dump__free(dump);
        sys::btf__free(btf);
        if code < 0 {
            return Err(Refusal { code, ..refusal() });
        }
    }
    Ok(text)
}
