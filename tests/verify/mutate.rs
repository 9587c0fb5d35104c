//! BTF in pieces that can be changed, and random changes.
//!
//! Nothing here is taken from the crate: a fault in its idea of a record would hide itself.

/// A generator of random numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            return 0;
        }
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

pub const INT: u32 = 1;
pub const PTR: u32 = 2;
pub const ARRAY: u32 = 3;
pub const STRUCT: u32 = 4;
pub const UNION: u32 = 5;
pub const ENUM: u32 = 6;
pub const FWD: u32 = 7;
pub const FUNC: u32 = 12;
pub const FUNC_PROTO: u32 = 13;
pub const VAR: u32 = 14;
pub const DATASEC: u32 = 15;
pub const FLOAT: u32 = 16;
pub const DECL_TAG: u32 = 17;
pub const TYPE_TAG: u32 = 18;
pub const ENUM64: u32 = 19;

/// A record's words: name, info, size or type, and the rest.
pub type Record = Vec<u32>;

pub fn kind(record: &[u32]) -> u32 {
    (record[1] >> 24) & 0x1f
}

/// The number of words that a record needs.
pub fn words_of(info: u32) -> usize {
    let vlen = (info & 0xffff) as usize;
    3 + match (info >> 24) & 0x1f {
        INT | VAR | DECL_TAG => 1,
        ARRAY => 3,
        STRUCT | UNION | DATASEC | ENUM64 => 3 * vlen,
        ENUM | FUNC_PROTO => 2 * vlen,
        _ => 0,
    }
}

/// The words of a record that are ids.
pub fn ids(record: &[u32]) -> Vec<usize> {
    let mut ids = ids_of_kind(record);
    // A change may have cut the record.
    ids.retain(|&at| at < record.len());
    ids
}

fn ids_of_kind(record: &[u32]) -> Vec<usize> {
    let behind = |first: usize, step: usize| (3 + first..record.len()).step_by(step).collect();
    match kind(record) {
        PTR | 8..=12 | VAR | DECL_TAG | TYPE_TAG => vec![2],
        ARRAY => vec![3, 4],
        STRUCT | UNION => behind(1, 3),
        FUNC_PROTO => {
            let mut ids: Vec<usize> = behind(1, 2);
            ids.push(2);
            ids
        }
        DATASEC => behind(0, 3),
        _ => vec![],
    }
}

/// The words of a record that are offsets of strings.
pub fn names(record: &[u32]) -> Vec<usize> {
    let mut names: Vec<usize> = match kind(record) {
        STRUCT | UNION | ENUM64 => (3..record.len()).step_by(3).collect(),
        ENUM | FUNC_PROTO => (3..record.len()).step_by(2).collect(),
        _ => vec![],
    };
    names.push(0);
    names
}

/// Types and strings, apart.
#[derive(Clone, Default)]
pub struct Pieces {
    pub records: Vec<Record>,
    pub strings: Vec<u8>,
}

fn word(raw: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(raw[at..at + 4].try_into().unwrap())
}

impl Pieces {
    /// Takes valid BTF apart.
    pub fn of(raw: &[u8]) -> Self {
        let header = word(raw, 4) as usize;
        let section = |at: usize| {
            let start = header + word(raw, at) as usize;
            &raw[start..start + word(raw, at + 4) as usize]
        };
        let words: Vec<u32> = section(8).chunks_exact(4).map(|w| word(w, 0)).collect();
        let mut records = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let end = at + words_of(words[at + 1]);
            records.push(words[at..end].to_vec());
            at = end;
        }
        Self {
            records,
            strings: section(16).to_vec(),
        }
    }

    fn name(&self, offset: u32) -> Vec<u8> {
        let rest = &self.strings[offset as usize..];
        rest.split(|&byte| byte == 0).next().unwrap().to_vec()
    }

    /// A part: some types and what they refer to, at most so many, renumbered. What is left out becomes the type
    /// that was taken first. If `plain`, names become identifiers.
    pub fn part(&self, random: &mut Random, most: usize, plain: bool) -> Self {
        let mut chosen: Vec<usize> = Vec::new();
        let mut open = std::collections::VecDeque::new();
        while chosen.len() < most {
            let Some(next) = open.pop_front() else {
                if !chosen.is_empty() && random.one_in(4) {
                    break;
                }
                open.push_back(random.below(self.records.len()));
                if chosen.len() == self.records.len() {
                    break;
                }
                continue;
            };
            if chosen.contains(&next) || self.records[next].len() > 600 {
                if random.one_in(50) {
                    break;
                }
                continue;
            }
            chosen.push(next);
            for at in ids(&self.records[next]) {
                let id = self.records[next][at] as usize;
                if id > 0 {
                    open.push_back(id - 1);
                }
            }
        }
        let mut part = Self {
            records: Vec::new(),
            strings: vec![0],
        };
        let mut known = std::collections::HashMap::new();
        if random.one_in(2) {
            chosen.sort_unstable();
        }
        for &index in &chosen {
            let mut record = self.records[index].clone();
            for at in ids(&record) {
                let id = record[at] as usize;
                let place = chosen.iter().position(|&other| other + 1 == id);
                record[at] = if id == 0 {
                    0
                } else {
                    u32::try_from(place.map_or(1, |place| place + 1)).unwrap()
                };
            }
            for at in names(&record) {
                let mut name = self.name(record[at]);
                if plain && kind(&record) != DATASEC {
                    for byte in &mut name {
                        if !byte.is_ascii_alphanumeric() {
                            *byte = b'_';
                        }
                    }
                    if name.first().is_some_and(u8::is_ascii_digit) {
                        name[0] = b'_';
                    }
                    name.truncate(500);
                }
                if name.is_empty() {
                    record[at] = 0;
                    continue;
                }
                let next = u32::try_from(part.strings.len()).unwrap();
                record[at] = *known.entry(name.clone()).or_insert_with(|| {
                    part.strings.extend(&name);
                    part.strings.push(0);
                    next
                });
            }
            part.records.push(record);
        }
        part
    }

    pub fn raw(&self) -> Vec<u8> {
        let words: Vec<u32> = self.records.iter().flatten().copied().collect();
        super::raw(&words, &self.strings)
    }

    /// Appends a string, and returns its offset.
    pub fn string(&mut self, text: &[u8]) -> u32 {
        let offset = u32::try_from(self.strings.len()).unwrap();
        self.strings.extend(text);
        self.strings.push(0);
        offset
    }

    /// Changes one thing in the types or strings.
    pub fn mutate(&mut self, random: &mut Random) {
        if self.records.is_empty() {
            return;
        }
        let count = self.records.len();
        let at = random.below(count);
        match random.below(16) {
            0..=2 => {
                let index = random.below(self.records[at].len());
                let old = self.records[at][index];
                self.records[at][index] = self.value(random, old);
            }
            3 | 4 => {
                // An id: that of another type, mostly.
                let places = ids(&self.records[at]);
                if !places.is_empty() {
                    let place = random.pick(&places);
                    self.records[at][place] = self.id(random);
                }
            }
            5 => {
                let places = names(&self.records[at]);
                let place = random.pick(&places);
                self.records[at][place] = self.name_offset(random);
            }
            6 => self.mutate_info(at, random),
            7 => {
                self.records.remove(at);
            }
            8 => {
                let other = random.below(count);
                let copy = self.records[other].clone();
                self.records.insert(at, copy);
            }
            9 => {
                let other = random.below(count);
                self.records.swap(at, other);
            }
            10 | 11 => {
                let made = self.made(random);
                if random.one_in(2) {
                    self.records.push(made);
                } else {
                    self.records.insert(at, made);
                }
            }
            12 => self.mutate_elements(at, random),
            13 => {
                let index = random.below(self.strings.len());
                self.strings[index] = random.pick(b"a_.9<: \0\x01\x7f\x80\xa0\xaa\xc3\xd7\xf7\xff");
            }
            14 => self.chain(random),
            _ => {
                // A size, an offset, a width: a little more or less.
                let index = random.below(self.records[at].len());
                let by =
                    random.pick(&[1u32, 2, 3, 4, 7, 8, 16, 32, 64, 1 << 24, 32 << 24, 33 << 24]);
                let word = &mut self.records[at][index];
                *word = if random.one_in(2) {
                    word.wrapping_add(by)
                } else {
                    word.wrapping_sub(by)
                };
            }
        }
    }

    fn value(&self, random: &mut Random, old: u32) -> u32 {
        let count = u32::try_from(self.records.len()).unwrap();
        let strings = u32::try_from(self.strings.len()).unwrap();
        match random.below(8) {
            0 => random.pick(&[0, 1, 2, 3, 4, 8, 12, 16, 31, 32, 33, 64, 128, 129, 255, 256]),
            1 => random.pick(&[
                u32::MAX,
                u32::MAX - 1,
                u32::MAX / 2,
                1 << 31,
                0xf_ffff,
                0x10_0000,
                0xff_ffff,
                0x100_0000,
                0xffff,
                0x1_0000,
            ]),
            2 => random.pick(&[
                count,
                count + 1,
                count.wrapping_sub(1),
                strings,
                strings - 1,
            ]),
            3 => old ^ (1 << random.below(32)),
            4 => old.wrapping_add(1),
            5 => old.wrapping_sub(1),
            6 => u32::try_from(random.next() & 0xffff_ffff).unwrap(),
            _ => u32::try_from(random.below(count as usize + 2)).unwrap(),
        }
    }

    fn id(&self, random: &mut Random) -> u32 {
        if random.one_in(12) {
            return self.value(random, 0);
        }
        u32::try_from(random.below(self.records.len() + 1)).unwrap()
    }

    fn name_offset(&mut self, random: &mut Random) -> u32 {
        let long = |len: usize| vec![b'n'; len];
        let special: &[&[u8]] = &[
            b"bpf_spin_lock",
            b"bpf_list_head",
            b"bpf_list_node",
            b"bpf_rb_root",
            b"bpf_rb_node",
            b"bpf_refcount",
            b"bpf_res_spin_lock",
            b"bpf_timer",
            b"kptr_untrusted",
            b"uptr",
            b"contains:node:link",
            b"contains:a",
        ];
        match random.below(12) {
            0 | 1 => 0,
            2 => self.string(b"std::vec<u8>"),
            3 => self.string(b".text"),
            4 => self.string(b"9lives"),
            5 => {
                let len = random.pick(&[127usize, 128, 129, 511, 512, 513, 600, 1100]);
                self.string(&long(len))
            }
            6 => self.string(b"\xc3\xa9t\xc3\xa9"),
            7 => self.string(b"a b"),
            8 | 9 => self.string(random.pick(special)),
            10 => {
                let len = self.strings.len();
                u32::try_from(len + random.below(3)).unwrap() - 1
            }
            _ => u32::try_from(random.below(self.strings.len())).unwrap(),
        }
    }

    fn mutate_info(&mut self, at: usize, random: &mut Random) {
        let info = &mut self.records[at][1];
        match random.below(5) {
            0 => *info ^= 1 << 31,
            1 => {
                let kind = u32::try_from(random.below(32)).unwrap();
                *info = (*info & !0x1f00_0000) | kind << 24;
            }
            2 => *info = (*info & !0xffff) | u32::try_from(random.below(5)).unwrap(),
            3 => *info = info.wrapping_add(random.pick(&[1, u32::MAX, 2, 0x1_0000, 1 << 29])),
            // The kind, and as many words as it needs.
            _ => {
                let kind = u32::try_from(1 + random.below(19)).unwrap();
                *info = (*info & !0x1f00_0000) | kind << 24;
                let words = words_of(*info).min(400);
                self.records[at].resize(words, 1);
            }
        }
    }

    /// Adds, removes or swaps elements of a record.
    fn mutate_elements(&mut self, at: usize, random: &mut Random) {
        let size = match kind(&self.records[at]) {
            STRUCT | UNION | DATASEC | ENUM64 => 3,
            ENUM | FUNC_PROTO => 2,
            _ => return,
        };
        let record = &mut self.records[at];
        let count = (record.len() - 3) / size;
        let element = 3 + random.below(count) * size;
        match random.below(3) {
            0 if count > 0 => {
                record.drain(element..element + size);
                record[1] -= 1;
            }
            1 if count > 1 => {
                let other = 3 + random.below(count) * size;
                for part in 0..size {
                    record.swap(element + part, other + part);
                }
            }
            _ => {
                let new: Vec<u32> = match count {
                    0 => vec![1; size],
                    _ => record[element..element + size].to_vec(),
                };
                record.splice(element..element, new);
                record[1] += 1;
            }
        }
    }

    /// A record of a random kind that is about right.
    fn made(&mut self, random: &mut Random) -> Record {
        let kind = u32::try_from(1 + random.below(19)).unwrap();
        let name =
            self.string(random.pick(&[&b"a"[..], b"node", b"link", b"kptr", b"x.y", b"tag"]));
        let mut id = || self.id(random);
        let (a, b, c) = (id(), id(), id());
        let head = |name: u32, flag: bool, vlen: u32, third: u32| {
            vec![name, kind << 24 | u32::from(flag) << 31 | vlen, third]
        };
        let flag = random.one_in(3);
        let mut record = match kind {
            INT => {
                let bits = random.pick(&[8, 16, 32, 64, 128, 1, 7, 24, 33]);
                let encoding =
                    random.pick(&[0, 1 << 24, 2 << 24, 4 << 24, 3 << 24, 1 << 16, 8 << 16]);
                let mut record = head(name, false, 0, random.pick(&[1, 2, 4, 8, 16, 32]));
                record.push(bits | encoding);
                record
            }
            PTR | 9..=11 => head(0, false, 0, a),
            8 => head(name, false, 0, a),
            TYPE_TAG => head(name, flag, 0, a),
            ARRAY => {
                let mut record = head(0, false, 0, 0);
                record.extend([a, b, random.pick(&[0, 1, 2, 31, 1 << 16, 1 << 31])]);
                record
            }
            STRUCT | UNION => {
                let mut record = head(name, flag, 2, random.pick(&[0, 4, 8, 16, 24, 32]));
                let member = self.string(b"m");
                let width = if flag && random.one_in(2) {
                    random.pick(&[1, 3, 32, 33, 128, 129]) << 24
                } else {
                    0
                };
                let second = if kind == UNION {
                    0
                } else {
                    random.pick(&[0, 1, 3, 8, 32, 64, 65])
                };
                record.extend([member, a, width, member, b, second | width]);
                record
            }
            ENUM => {
                let mut record = head(name, flag, 1, random.pick(&[1, 2, 4, 8, 3, 0, 16]));
                record.extend([name, 7]);
                record
            }
            ENUM64 => {
                let mut record = head(name, flag, 1, random.pick(&[1, 2, 4, 8, 3, 16]));
                record.extend([name, 7, 9]);
                record
            }
            FWD => head(name, flag, 0, 0),
            FUNC => head(name, false, u32::try_from(random.below(4)).unwrap(), a),
            FUNC_PROTO => {
                let mut record = head(0, false, 3, a);
                record.extend([name, b, name, c, 0, if flag { 0 } else { a }]);
                record
            }
            VAR => {
                let mut record = head(name, false, 0, a);
                record.push(u32::try_from(random.below(3)).unwrap());
                record
            }
            DATASEC => {
                let section = self.string(b".data");
                let mut record = head(section, false, 2, random.pick(&[4, 8, 16, 64]));
                record.extend([
                    a,
                    0,
                    4,
                    b,
                    random.pick(&[4, 8, 2]),
                    random.pick(&[4, 8, 12]),
                ]);
                record
            }
            FLOAT => head(name, false, 0, random.pick(&[2, 4, 8, 12, 16, 1, 3])),
            DECL_TAG => {
                let mut record = head(name, flag, 0, a);
                record.push(random.pick(&[u32::MAX, 0, 1, 2, 3, u32::MAX - 1]));
                record
            }
            _ => head(name, false, 0, a),
        };
        if random.one_in(20) {
            record[0] = self.name_offset(random);
        }
        record
    }

    /// Appends a chain of types that stand for each other, near the kernel's limit of 32, or in a circle.
    fn chain(&mut self, random: &mut Random) {
        let start = u32::try_from(self.records.len()).unwrap() + 1;
        let len = u32::try_from(random.pick(&[2usize, 3, 29, 30, 31, 32, 33, 34, 40])).unwrap();
        let kinds: &[u32] = random.pick(&[
            &[9, 10, 11][..],
            &[PTR],
            &[9, PTR],
            &[ARRAY],
            &[STRUCT],
            &[STRUCT, ARRAY, 9],
            &[8, 9],
            &[TYPE_TAG],
            &[TYPE_TAG, 9],
        ]);
        let name = self.string(b"chain");
        let int = (1u32..)
            .zip(&self.records)
            .find(|(_, record)| kind(record) == INT)
            .map_or(1, |(id, _)| id);
        let any = self.id(random);
        let last = random.pick(&[int, 0, start, any]);
        let forwards = random.one_in(2);
        for place in 0..len {
            let next = if forwards {
                if place + 1 == len {
                    last
                } else {
                    start + place + 1
                }
            } else if place == 0 {
                last
            } else {
                start + place - 1
            };
            let kind = random.pick(kinds);
            self.records.push(match kind {
                ARRAY => vec![0, kind << 24, 0, next, int, 1],
                STRUCT => vec![name, kind << 24 | 1, 8, name, next, 0],
                8 | TYPE_TAG => vec![name, kind << 24, next],
                _ => vec![0, kind << 24, next],
            });
        }
    }
}

/// Changes bytes of the whole: the header, the sections' places, the length.
pub fn mutate_bytes(raw: &mut Vec<u8>, random: &mut Random) {
    match random.below(9) {
        0 => {
            let at = random.below(raw.len());
            raw[at] ^= 1 << random.below(8);
        }
        1 => {
            let at = random.below(raw.len().min(24));
            raw[at] = random.pick(&[0, 1, 2, 3, 4, 24, 25, 28, 127, 128, 255]);
        }
        2 => raw.truncate(random.below(raw.len() + 1)),
        3 => raw.extend(vec![u8::from(random.one_in(2)); 1 + random.below(8)]),
        4 => {
            // A longer header, with or without something in it.
            let by = random.pick(&[1usize, 4, 8, 12]);
            let byte = u8::from(random.one_in(3));
            raw.splice(24..24, vec![byte; by]);
            raw[4] = 24 + u8::try_from(by).unwrap();
        }
        5 => {
            // A word of the header: a little more or less.
            let at = 4 * (1 + random.below(5));
            let old = word(raw, at);
            let new = match random.below(4) {
                0 => old.wrapping_add(u32::try_from(random.below(8)).unwrap()),
                1 => old.wrapping_sub(u32::try_from(random.below(8)).unwrap()),
                2 => random.pick(&[0, u32::MAX, 1 << 31, 0x7fff_ffff]),
                _ => u32::try_from(random.below(raw.len())).unwrap(),
            };
            raw[at..at + 4].copy_from_slice(&new.to_le_bytes());
        }
        6 => strings_first(raw),
        7 => {
            // The last byte of the strings.
            if let Some(last) = raw.last_mut() {
                *last = 1;
            }
        }
        _ => {
            let at = random.below(raw.len());
            let end = (at + 1 + random.below(4)).min(raw.len());
            raw.drain(at..end);
        }
    }
}

/// Puts the strings in front of the types.
fn strings_first(raw: &mut [u8]) {
    let (types, strings) = (word(raw, 12) as usize, word(raw, 20) as usize);
    if raw.len() != 24 + types + strings || word(raw, 8) != 0 {
        return;
    }
    raw[24..].rotate_left(types);
    let words = [word(raw, 20), word(raw, 12), 0, word(raw, 20)];
    for (place, word) in (8..24).step_by(4).zip(words) {
        raw[place..place + 4].copy_from_slice(&word.to_le_bytes());
    }
}
