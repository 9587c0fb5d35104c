//! Random structures with random values: what the compiler stores, gdb and btfkit print alike.

use std::process::Command;

use crate::support::layouts::Dice;
use crate::support::{output, scratch, testdata, tool};
use crate::value::Program;

/// Variables of one program.
const VARIABLES: usize = 150;

/// The text of a C program in the making.
struct Source {
    dice: Dice,
    text: String,
    structures: usize,
}

/// A member's declaration and its initialiser.
type Member = (String, String);

impl Source {
    fn new(seed: u64) -> Self {
        let text = "enum plain { ZERO, ONE, TWO, THREE, BELOW = -2 };\n\
                    enum flags { A = 1, B = 2, C = 4, D = 64 };\n"
            .to_owned();
        Self {
            dice: Dice(seed),
            text,
            structures: 0,
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.dice.below(from.len() as u64)).unwrap()]
    }

    fn number(&mut self) -> u64 {
        let (bits, low) = (self.dice.below(65), self.dice.below(u64::MAX));
        low.checked_shr(u32::try_from(bits).unwrap()).unwrap_or(0)
    }

    fn member(&mut self, name: &str, depth: u32) -> Member {
        let kinds = if depth < 3 { 14 } else { 11 };
        match self.dice.below(kinds) {
            0..=2 => {
                let types = [
                    "char",
                    "signed char",
                    "unsigned char",
                    "short",
                    "unsigned short",
                    "int",
                    "unsigned",
                    "long",
                    "unsigned long",
                ];
                let ty = self.pick(&types);
                let value = self.number();
                (format!("{ty} {name}"), format!("({ty}){value}ull"))
            }
            3 => (format!("_Bool {name}"), self.dice.below(2).to_string()),
            4 => {
                let ty = self.pick(&["float", "double"]);
                let (over, under) = (self.number() >> 1, 1 + self.dice.below(1000));
                (format!("{ty} {name}"), format!("({ty})-{over}.0 / {under}"))
            }
            5 => {
                let ty = self.pick(&["enum plain", "enum flags"]);
                let value = self.dice.below(128);
                (format!("{ty} {name}"), format!("({ty}){value}"))
            }
            6 | 7 => self.bitfield(name),
            8 => {
                let count = 1 + self.dice.below(9);
                let bytes: Vec<String> = (0..count)
                    .map(|_| self.dice.below(256).to_string())
                    .collect();
                let ty = self.pick(&["char", "unsigned char", "signed char"]);
                (
                    format!("{ty} {name}[{count}]"),
                    format!("{{{}}}", bytes.join(", ")),
                )
            }
            9 => {
                let row = |this: &mut Self| {
                    format!("{{{}, {}}}", this.dice.below(65536), this.dice.below(65536))
                };
                let rows = [row(self), row(self), row(self)];
                (
                    format!("unsigned short {name}[3][2]"),
                    format!("{{{}}}", rows.join(", ")),
                )
            }
            10 => {
                let value = self.number();
                (format!("void *{name}"), format!("(void *){value}ull"))
            }
            11 => {
                // Names of anonymous members are the structure's own.
                let (members, initialiser) = self.members(&format!("{name}_"), depth + 1);
                (format!("struct {{ {members} }}"), initialiser)
            }
            12 => {
                let (members, _) = self.members(&format!("{name}_"), depth + 1);
                (format!("union {{ {members} }} {name}"), "{0}".to_owned())
            }
            _ => {
                let (structure, initialiser) = self.structure(depth + 1);
                match self.dice.below(2) {
                    0 => (format!("{structure} {name}"), initialiser),
                    _ => (
                        format!("{structure} {name}[2]"),
                        format!("{{{initialiser}, {initialiser}}}"),
                    ),
                }
            }
        }
    }

    fn bitfield(&mut self, name: &str) -> Member {
        let (ty, most) = self.pick(&[
            ("unsigned", 32),
            ("int", 32),
            ("unsigned long", 64),
            ("long", 64),
            ("unsigned char", 8),
            ("short", 16),
            ("_Bool", 1),
            ("enum flags", 7),
        ]);
        let width = 1 + self.dice.below(most);
        let value = self.number() & (u64::MAX >> (64 - width));
        (
            format!("{ty} {name} : {width}"),
            format!("({ty}){value}ull"),
        )
    }

    fn members(&mut self, prefix: &str, depth: u32) -> (String, String) {
        let count = 1 + self.dice.below(6);
        let (mut declarations, mut initialisers) = (Vec::new(), Vec::new());
        for number in 0..count {
            let (declaration, initialiser) = self.member(&format!("{prefix}{number}"), depth);
            declarations.push(format!("{declaration};"));
            initialisers.push(initialiser);
        }
        (
            declarations.join(" "),
            format!("{{{}}}", initialisers.join(", ")),
        )
    }

    /// Defines a structure; returns its name and an initialiser.
    fn structure(&mut self, depth: u32) -> (String, String) {
        let (members, initialiser) = self.members("m", depth);
        let name = format!("struct s{}", self.structures);
        self.structures += 1;
        let packed = self.pick(&["", "", " __attribute__((packed))"]);
        self.text
            .push_str(&format!("{name} {{ {members} }}{packed};\n"));
        (name, initialiser)
    }

    fn program(mut self) -> String {
        for number in 0..VARIABLES {
            let (name, initialiser) = self.structure(0);
            self.text
                .push_str(&format!("{name} v{number} = {initialiser};\n"));
        }
        self.text.push_str("int main(void) { return 0; }\n");
        self.text
    }
}

#[test]
fn random_values_as_gdb_prints_them() {
    let (Some(gcc), Some(gdb)) = (tool(&["gcc"]), tool(&["gdb"])) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for seed in 1..=3 {
        let source = scratch(&folder, "random.c", Source::new(seed).program().as_bytes());
        let program = folder.path().join("random");
        output(
            Command::new(&gcc)
                .args(["-g", "-O0", "-w", "-o"])
                .arg(&program)
                .arg(source),
        );
        let printed = output(
            Command::new(&gdb)
                .args(["-batch", "-nx", "-x"])
                .arg(testdata("values/print.py"))
                .arg(&program),
        );
        let read = Program::new(std::fs::read(&program).unwrap());
        assert_eq!(read.compare(&printed), VARIABLES, "seed {seed}");
    }
}
