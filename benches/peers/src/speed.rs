//! What the speed comparison needs: programs of any size against the kernel's types, and a clock.

use std::time::{Duration, Instant};

use btfkit::Bits;
use btfkit::graph::{Btf, CoreRelo, GraphBuilder, Kind, NewMember, Records, SectionRecords};
use btfkit::{Endian, TypeId};

use crate::case::empty_ext;
use crate::elf::{self, Code};

/// An object that asks for the offsets of fields of the kernel's structures, as a program that reads them
/// does: `relocations` of them, over `structures` structures, one after the other.
///
/// Its own types are cut down to the fields asked for, as `vmlinux.h` users do with
/// `preserve_access_index`; every tenth relocation asks whether the field is there.
pub fn object(kernel: &Btf, structures: usize, relocations: usize) -> Vec<u8> {
    let mut builder = GraphBuilder::new();
    builder.set_endian(Endian::Little);
    let int = builder
        .int("int", 4, btfkit::graph::IntEncoding::SIGNED)
        .unwrap();
    let pointer = builder.ptr(TypeId::VOID).unwrap();
    let mut roots = Vec::new();
    for ty in kernel.types() {
        if roots.len() == structures {
            break;
        }
        let name = ty.name();
        if ty.kind() != Kind::Struct || name.is_empty() {
            continue;
        }
        // One candidate only, or libbpf may find it ambiguous.
        if kernel.named(name.as_bytes()).count() != 1 {
            continue;
        }
        let mut members = Vec::new();
        for member in ty.members() {
            // A load reaches 32 KiB.
            let far = member.offset.0 >= 0x8000 * 8;
            if member.bitfield.is_some() || member.name().is_empty() || far {
                continue;
            }
            let inner = kernel.ty(member.type_id);
            let (id, size) = match inner.kind() {
                Kind::Ptr => (pointer, 8),
                Kind::Int if inner.size().is_ok_and(|size| size.0 == 4) => (int, 4),
                _ => continue,
            };
            members.push((member.name().to_string_lossy().into_owned(), id, size));
            if members.len() == 10 {
                break;
            }
        }
        if members.is_empty() {
            continue;
        }
        let mut at = 0u64;
        let mut offsets = Vec::new();
        let mut widths = Vec::new();
        let mut all = Vec::new();
        for (member, id, size) in members {
            at = at.next_multiple_of(size);
            offsets.push(at);
            widths.push(size);
            let member = builder.intern(member).unwrap();
            all.push(NewMember::new(member, id).at(Bits(at * 8)));
            at += size;
        }
        let size = at.next_multiple_of(8) as u32;
        let id = builder
            .composite(Kind::Struct, name.as_bytes(), size, &all)
            .unwrap();
        roots.push((id, offsets, widths));
    }
    assert_eq!(roots.len(), structures, "the kernel has too few structures");
    let mut code = Vec::new();
    let mut records = Vec::new();
    for number in 0..relocations {
        let (id, offsets, widths) = &roots[number % structures];
        let field = number / structures % offsets.len();
        let exists = number % 10 == 9;
        let insn_off = code.len() as u32;
        if exists {
            code.extend([0xb7, 0, 0, 0, 1, 0, 0, 0]);
        } else {
            let [a, b] = (offsets[field] as u16).to_le_bytes();
            // r0 = *(r1 + offset), as wide as the member.
            let load = if widths[field] == 8 { 0x79 } else { 0x61 };
            code.extend([load, 0x10, a, b, 0, 0, 0, 0]);
        }
        records.push(CoreRelo {
            insn_off,
            type_id: *id,
            access: builder.intern(format!("0:{field}")).unwrap(),
            kind: if exists { 2 } else { 0 },
        });
    }
    code.extend([0xb7, 0, 0, 0, 0, 0, 0, 0]);
    code.extend([0x95, 0, 0, 0, 0, 0, 0, 0]);
    let section = builder.intern("socket").unwrap();
    let graph = builder.freeze().unwrap();
    let mut ext = empty_ext(&graph, Endian::Little);
    let mut relos = Records::empty(16);
    relos.sections.push(SectionRecords {
        section,
        records,
        tails: Default::default(),
    });
    ext.relos = Some(relos);
    let functions = vec![("prog".to_owned(), 0, code.len() as u64)];
    let codes = [Code {
        name: "socket".into(),
        code,
        functions,
        calls: Vec::new(),
    }];
    let btf = btfkit::encode::encode(&graph).unwrap();
    let ext = btfkit::encode::encode_ext(&ext).unwrap();
    elf::object(&codes, &btf, &ext, Endian::Little)
}

/// What a job took.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// By the clock on the wall.
    pub wall: Duration,
    /// By the processors of this process, which is less where it waits, or where others run.
    pub busy: Duration,
}

/// Times jobs in turns, so that what slows the machine down slows all of them; answers each one's medians.
pub fn medians(rounds: usize, jobs: &mut [&mut dyn FnMut()]) -> Vec<Time> {
    let mut times = vec![(Vec::new(), Vec::new()); jobs.len()];
    for round in 0..=rounds {
        for (job, (wall, busy)) in jobs.iter_mut().zip(&mut times) {
            let (start, busy_start) = (Instant::now(), busy_time());
            job();
            // The first round warms the caches.
            if round > 0 {
                wall.push(start.elapsed());
                busy.push(busy_time() - busy_start);
            }
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    times
        .iter_mut()
        .map(|(wall, busy)| Time {
            wall: median(wall),
            busy: median(busy),
        })
        .collect()
}

fn busy_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock is one there is, and the place for the time is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
