//! The running kernel's verdict on raw BTF. (`BPF_BTF_LOAD`.)

/// What the kernel said of a BTF.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The number of the error; 0 where the kernel accepts.
    pub errno: u32,
    /// Its log, without the closing NUL.
    pub log: Vec<u8>,
}

/// The attributes of the system call, as far as this needs them.
#[repr(C)]
struct Attributes {
    btf: u64,
    log: u64,
    btf_size: u32,
    log_size: u32,
    log_level: u32,
}

/// Loads BTF without a log. Returns the number of the error, or 0.
pub fn load(btf: &[u8]) -> u32 {
    load_with(btf, &mut [])
}

fn load_with(btf: &[u8], log: &mut [u8]) -> u32 {
    const BPF_BTF_LOAD: libc::c_long = 18;
    let attributes = Attributes {
        btf: btf.as_ptr().addr() as u64,
        btf_size: u32::try_from(btf.len()).unwrap(),
        log: if log.is_empty() {
            0
        } else {
            log.as_mut_ptr().addr() as u64
        },
        log_size: u32::try_from(log.len()).unwrap(),
        log_level: u32::from(!log.is_empty()),
    };
    // SAFETY: the kernel reads the attributes and the bytes they name, and writes the log, all of which live longer
    // than the call and have the sizes they say.
    unsafe {
        let fd = libc::syscall(
            libc::SYS_bpf,
            BPF_BTF_LOAD,
            &raw const attributes,
            size_of::<Attributes>(),
        );
        if fd >= 0 {
            libc::close(i32::try_from(fd).unwrap());
            return 0;
        }
    }
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap();
    errno.cast_unsigned()
}

/// Loads BTF. A refused one is loaded once more for the log, as the log's lack of room would be an error of its own.
pub fn verdict(btf: &[u8], log: &mut [u8]) -> Verdict {
    let errno = load(btf);
    if errno == 0 {
        return Verdict {
            errno,
            log: Vec::new(),
        };
    }
    log[0] = 0;
    load_with(btf, log);
    let end = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
    Verdict {
        errno,
        log: log[..end].to_vec(),
    }
}

/// Returns why this machine's kernel can't be asked, if it can't.
pub fn unable() -> Option<String> {
    const EPERM: u32 = 1;
    const ENOSYS: u32 = 38;
    // The least BTF: an integer of one byte.
    let least = super::raw(&[0, 0x0100_0000, 1, 8], b"\0");
    match load(&least) {
        0 => None,
        EPERM => Some("loading BTF needs root".into()),
        ENOSYS => Some("the kernel has no bpf system call".into()),
        errno => Some(format!("the kernel refuses the least BTF: error {errno}")),
    }
}
