//! Graphs written down: one type a line (or between semicolons), `LABEL = KIND …`.
//!
//! ```text
//! int  = signed int 4            also: unsigned, char, bool, float
//! p    = ptr int                 also: const, volatile, restrict, and void as a target
//! a    = array int 3
//! t    = typedef size_t int
//! w    = fwd file struct
//! e    = enum state 4 A=1 B=2    also: senum, with signed values
//! s    = struct data 12 a:int@0 flag:int@32/3 :inner@64    also: union; name:type@bit/width; `-` is no name
//! call = proto int int p
//! f    = func run call
//! tag  = type_tag user int
//! ```

use std::collections::HashMap;

use btfkit::Bits;
use btfkit::graph::{
    Btf, FuncLinkage, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness,
};
use btfkit::{Endian, PointerWidth, TypeId};

/// Types with labels, not yet frozen.
#[derive(Clone, Debug)]
pub struct Written {
    pub builder: GraphBuilder,
    labels: HashMap<String, TypeId>,
}

impl Written {
    pub fn id(&self, label: &str) -> TypeId {
        *self
            .labels
            .get(label)
            .unwrap_or_else(|| panic!("no type is labelled {label:?}"))
    }
}

/// Reads types down, in this machine's byte order.
pub fn written(text: &str) -> Written {
    over(GraphBuilder::new(), text)
}

/// Reads types down into a builder.
pub fn over(builder: GraphBuilder, text: &str) -> Written {
    let lines: Vec<Vec<&str>> = text
        .split([';', '\n'])
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect();
    let first = builder.next_id().get();
    let labels = (first..)
        .zip(&lines)
        .map(|(id, words)| (words[0].to_owned(), TypeId::new(id)));
    let mut written = Written {
        labels: labels.collect(),
        builder,
    };
    written.labels.insert("void".into(), TypeId::VOID);
    for words in &lines {
        let [label, "=", kind, rest @ ..] = &words[..] else {
            panic!("{words:?} is no type");
        };
        let id = written.append(kind, rest);
        assert_eq!(id, written.id(label));
    }
    written
}

/// The graph of this text.
pub fn graph(text: &str) -> Btf {
    written(text).builder.freeze().unwrap()
}

/// The same for a machine of this byte order.
pub fn graph_of(endian: Endian, text: &str) -> Btf {
    let mut builder = GraphBuilder::new();
    builder.set_endian(endian);
    over(builder, text).builder.freeze().unwrap()
}

/// The same for a machine with pointers of 4 bytes.
pub fn graph_of_32_bits(text: &str) -> Btf {
    let mut builder = GraphBuilder::new();
    builder.set_pointer_width(PointerWidth::Four);
    over(builder, text).builder.freeze().unwrap()
}

fn named(word: &str) -> &str {
    if word == "-" { "" } else { word }
}

fn number(word: &str) -> u32 {
    word.parse()
        .unwrap_or_else(|_| panic!("{word:?} is no number"))
}

impl Written {
    fn append(&mut self, kind: &str, rest: &[&str]) -> TypeId {
        let encodings = [
            ("signed", IntEncoding::SIGNED),
            ("unsigned", IntEncoding::UNSIGNED),
            ("char", IntEncoding::CHAR),
            ("bool", IntEncoding::BOOL),
        ];
        let encoding = encodings.iter().find(|(word, _)| *word == kind);
        let made = match (kind, rest) {
            (_, [name, size]) if encoding.is_some() => {
                self.builder.int(name, number(size), encoding.unwrap().1)
            }
            ("float", [name, size]) => self.builder.float(name, number(size)),
            ("ptr", [to]) => self.builder.ptr(self.id(to)),
            ("const", [to]) => self.builder.qualifier(Kind::Const, self.id(to)),
            ("volatile", [to]) => self.builder.qualifier(Kind::Volatile, self.id(to)),
            ("restrict", [to]) => self.builder.qualifier(Kind::Restrict, self.id(to)),
            ("array", [of, count]) => self.builder.array(self.id(of), TypeId::VOID, number(count)),
            ("typedef", [name, to]) => self.builder.typedef(name, self.id(to)),
            ("type_tag", [name, to]) => self.builder.type_tag(name, self.id(to), false),
            ("fwd", [name, "struct"]) => self.builder.fwd(name, FwdKind::Struct),
            ("fwd", [name, "union"]) => self.builder.fwd(name, FwdKind::Union),
            ("func", [name, proto]) => self.builder.func(name, self.id(proto), FuncLinkage::Global),
            ("proto", [result, params @ ..]) => {
                let params: Vec<_> = params
                    .iter()
                    .map(|to| (super::program::ANONYMOUS, self.id(to)))
                    .collect();
                self.builder.func_proto(self.id(result), &params)
            }
            ("enum" | "senum", [name, size, values @ ..]) => {
                let values: Vec<_> = values
                    .iter()
                    .map(|value| {
                        let (name, value) = value.split_once('=').unwrap();
                        let value: i128 = value.parse().unwrap();
                        (self.builder.intern(name).unwrap(), value as u64)
                    })
                    .collect();
                self.builder.enumeration(
                    named(name),
                    number(size),
                    Signedness::from_flag(kind == "senum"),
                    &values,
                )
            }
            ("struct" | "union", [name, size, members @ ..]) => {
                let members: Vec<_> = members.iter().map(|member| self.member(member)).collect();
                let kind = if kind == "struct" {
                    Kind::Struct
                } else {
                    Kind::Union
                };
                self.builder
                    .composite(kind, named(name), number(size), &members)
            }
            _ => panic!("{kind} {rest:?} is no type"),
        };
        made.unwrap()
    }

    fn member(&mut self, text: &str) -> NewMember<'static> {
        let (name, rest) = text.split_once(':').unwrap();
        let (ty, place) = rest.split_once('@').unwrap();
        let (offset, width) = match place.split_once('/') {
            Some((offset, width)) => (offset, Some(Bits(width.parse().unwrap()))),
            None => (place, None),
        };
        let name = self.builder.intern(name).unwrap();
        NewMember {
            bitfield: width,
            ..NewMember::new(name, self.id(ty)).at(Bits::from(number(offset)))
        }
    }
}
