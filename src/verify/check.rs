//! The state of a check: the input, and what was found.

use crate::graph::Kind;
use crate::id::TypeId;
use crate::verify::finding::{EINVAL, Finding, Part, Report};
use crate::verify::input::{Input, Record};
use crate::verify::log::{Line, Log};
use crate::verify::names::{GoodNames, NameFault, identifier};
use crate::verify::options::VerifyOptions;
use crate::verify::rule::Rule;

/// The most bytes of a name that a finding keeps.
const NAME: usize = 200;

/// A check under way.
#[derive(Debug)]
pub(super) struct Check<'a> {
    pub input: Input<'a>,
    pub options: &'a VerifyOptions,
    pub report: Report,
    /// Whether the second pass runs: the kernel then prints the type in front of a member.
    pub second: bool,
    /// Types with a reference that the first pass refused, so that the second doesn't report it again.
    pub bad_references: Vec<u32>,
    pub good_names: GoodNames,
    /// The references at which the second pass gave up, as too deep or as a loop: the rule, and the ids of both types.
    pub cuts: Vec<(Rule, u32, u32)>,
}

/// A finding before it is written down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault<'m> {
    pub rule: Rule,
    pub line: Line,
    /// The kernel's words; empty where it has none.
    pub message: &'m str,
    pub errno: u32,
    pub name: Option<NameFault>,
}

impl<'m> Fault<'m> {
    /// Returns the fault of a type that the kernel reports with the record's words.
    pub const fn of_type(rule: Rule, message: &'m str) -> Self {
        Self {
            rule,
            line: Line::Type,
            message,
            errno: EINVAL,
            name: None,
        }
    }

    pub const fn bare(rule: Rule, message: &'m str) -> Self {
        Self::of_type(rule, message).at(Line::Bare)
    }

    pub const fn at(self, line: Line) -> Self {
        Self { line, ..self }
    }

    pub const fn errno(self, errno: u32) -> Self {
        Self { errno, ..self }
    }

    pub const fn name(self, name: NameFault) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }
}

impl<'a> Check<'a> {
    /// Records a fault of the header or a section.
    pub fn fail_bare(&mut self, rule: Rule, message: &str, errno: u32) {
        self.fail(None, None, Fault::bare(rule, message).errno(errno));
    }

    /// Records a fault of a type or of a part of it.
    #[cold]
    pub fn fail(
        &mut self,
        ty: Option<(u32, Option<Record<'a>>)>,
        part: Option<(u32, u32)>,
        fault: Fault<'_>,
    ) {
        let first = self.report.findings.is_empty();
        if self.report.findings.len() >= self.options.findings.max(1) as usize {
            self.report.omitted += 1;
            return;
        }
        if first {
            self.report.log = self.log(ty, fault);
        }
        let record = ty.and_then(|(_, record)| record);
        let known = record.filter(|record| !matches!(record.kind(), Kind::Void));
        let finding = Finding {
            type_id: ty.map(|(id, _)| TypeId::new(id)),
            kind: known.map(Record::kind),
            name: record.map_or(String::new(), |record| self.shown(record.name)),
            part: part.map(|(index, name)| Part {
                index,
                name: self.shown(name),
            }),
            rule: fault.rule,
            detail: fault.name.map(detail),
            message: (!fault.message.is_empty()).then(|| fault.message.trim().to_owned()),
            errno: fault.errno,
        };
        self.report.findings.push(finding);
    }

    /// Returns what is wrong with the identifier at an offset. An offset outside of the section is reported elsewhere.
    #[inline]
    pub fn name_fault(&mut self, offset: u32, dots: bool) -> Result<(), NameFault> {
        if offset == 0 {
            return Err(NameFault::Missing);
        }
        let Input {
            strings,
            first_str,
            features,
            ..
        } = self.input;
        let own = offset.checked_sub(first_str);
        if own.is_some_and(|own| self.good_names.has(strings, own as usize, features)) {
            return Ok(());
        }
        match self.input.name(offset) {
            Some(name) => identifier(name, features, dots),
            None => Ok(()),
        }
    }

    fn shown(&self, offset: u32) -> String {
        let name = self.input.name(offset).unwrap_or_default();
        let name = name.get(..NAME).unwrap_or(name);
        String::from_utf8_lossy(name).into_owned()
    }

    /// Returns the end of the kernel's log about a fault.
    fn log(&self, ty: Option<(u32, Option<Record<'a>>)>, fault: Fault<'_>) -> Vec<u8> {
        let mut log = Log {
            input: &self.input,
            out: Vec::new(),
        };
        let (id, record) = match ty {
            Some((id, Some(record))) => (id, record),
            Some(_) | None => return fault.message.as_bytes().to_vec(),
        };
        match fault.line {
            Line::Bare => return fault.message.as_bytes().to_vec(),
            Line::Type => log.ty(id, record, true, fault.message),
            Line::Basic => log.ty(id, record, false, fault.message),
            Line::Member(index, shown) => {
                if self.second {
                    log.ty(id, record, true, "");
                }
                log.member(record, index, shown, fault.message);
            }
            Line::Entry(index) => {
                if self.second {
                    log.ty(id, record, true, "");
                }
                log.entry(record, index, fault.message);
            }
        }
        log.out
    }
}

/// Returns what is wrong with a name.
fn detail(fault: NameFault) -> String {
    match fault {
        NameFault::Missing => "it is missing".to_owned(),
        NameFault::TooLong => "it is too long".to_owned(),
        NameFault::Byte(byte, at) if byte.is_ascii_graphic() || byte == b' ' => {
            format!("byte {at} is {:?}", char::from(byte))
        }
        NameFault::Byte(byte, at) => format!("byte {at} is {byte:#04x}"),
    }
}
