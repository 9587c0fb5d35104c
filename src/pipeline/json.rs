//! The report on a relocated object, and the verdicts of a check, as JSON.

use std::io::{self, Write};

use crate::error::Result;
use crate::pipeline::check::{Counts, Verdict};
use crate::relocate::{Outcome, Record, Report, ReportTarget, Role, SourceLine};
use crate::render::json_string;

/// Writes a report as one line of JSON. The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "relocations": [{                               by section, in the order of the records
///     "section": string,
///     "insn": number,                               the instruction's index in its section
///     "function": string | null,                    null where a linker dropped it
///     "function_insn": number | null,               the instruction's index in its function
///     "source": { "file": string, "line": number, "column": number, "text": string } | null,
///     "kind": string,                               "byte_off", "field_exists" and so on
///     "local": string,                              "struct session.hops[2].port"
///     "target": string | null,                      label of the target that is searched
///     "found": string | null,                       the path or type in the target
///     "found_at": number | null,                    the field's offset in the target, in bits
///     "outcome": "set" | "absent" | "no_match" | "user_type_id" | "width" | "no_function"
///                | "left_to_loader",                the three in the middle are poison
///     "left_because": string,                       only where the loader gets it for another reason than partial mode
///     "nearest": [string],                          only where no target has the type: names that are near
///     "untrusted": string,                          only where the outcome can't be trusted: what debug information lacks
///     "dead": boolean,                              whether it is poison that can't be reached
///     "old": number | null, "new": number | null,   the instruction's value, an unsigned 64-bit number
///     "rejected": [{ "id": number, "type": string, "reason": string }] }],
///   "doubts": [{ "type": string, "taken": string, "others": [string],
///                "left": true,                        only where no target has it: the loader looks for it in the kernel's
///                "missing_from": [string] }],         labels of programs that lack it, where the kernel's was taken
///   "other_byte_order": [string],                   labels of targets that the object can't run on
///   "targets": [{ "label": string, "role": "kernel" | "user",
///                 "build_ids": [string | null] }] } of each file: GNU's in hex digits, else Go's; null without one
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn write_json(report: &Report, out: &mut impl Write) -> Result<()> {
    let mut json = Json(out);
    json.0.write_all(b"{\"schema\":1,\"relocations\":[")?;
    json.list(&report.records, |json, record| json.record(record))?;
    json.0.write_all(b"],\"doubts\":[")?;
    json.list(&report.ambiguous, |json, doubt| {
        json.0.write_all(b"{\"type\":")?;
        json.string(&doubt.ty)?;
        json.text("taken", Some(&doubt.taken))?;
        if doubt.is_left {
            json.0.write_all(b",\"left\":true")?;
        }
        json.0.write_all(b",\"others\":[")?;
        json.list(&doubt.others, |json, other| json.string(other))?;
        json.0.write_all(b"],\"missing_from\":[")?;
        json.list(&doubt.missing_from, |json, label| json.string(label))?;
        json.0.write_all(b"]}")
    })?;
    json.0.write_all(b"],\"other_byte_order\":[")?;
    json.list(&report.other_byte_order, |json, label| json.string(label))?;
    json.0.write_all(b"],\"targets\":[")?;
    json.list(&report.targets, |json, target| json.target(target))?;
    json.0.write_all(b"]}\n")?;
    Ok(())
}

/// Writes the verdicts of [`check`](crate::pipeline::check) as one line of JSON. `programs` has the names of the objects.
/// The writer should be buffered.
///
/// ```text
/// { "schema": 1,
///   "verdicts": [{                                  program by program, in the order of the targets
///     "program": string,
///     "target": string,                             the label, or those of a program and a kernel: "app+kernel"
///     "good": boolean,                              whether the program can run there
///     "counts": { "set": number, "absent": number, "unreachable": number, "poisoned": number, "left": number } | null,
///     "error": string | null,                       why the object or a target was refused
///     "warnings": [string],
///     "report": object | null }] }                  as write_json writes it; null where there is an error
/// ```
///
/// # Errors
/// `Io` if the writer fails.
pub fn write_verdicts(
    verdicts: &[Verdict],
    programs: &[String],
    out: &mut impl Write,
) -> Result<()> {
    let mut json = Json(out);
    json.0.write_all(b"{\"schema\":1,\"verdicts\":[")?;
    for (number, verdict) in verdicts.iter().enumerate() {
        if number > 0 {
            json.0.write_all(b",")?;
        }
        json.verdict(verdict, programs)?;
    }
    json.0.write_all(b"]}\n")?;
    Ok(())
}

struct Json<'w, W>(&'w mut W);

impl<W: Write> Json<'_, W> {
    fn list<T>(
        &mut self,
        items: &[T],
        mut each: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.0.write_all(b",")?;
            }
            each(self, item)?;
        }
        Ok(())
    }

    fn string(&mut self, string: &str) -> io::Result<()> {
        json_string(self.0, string)
    }

    /// Writes a key, and a string or null.
    fn text(&mut self, key: &str, value: Option<&str>) -> io::Result<()> {
        write!(self.0, ",\"{key}\":")?;
        match value {
            Some(value) => self.string(value),
            None => self.0.write_all(b"null"),
        }
    }

    /// Writes a key, and a number or null.
    fn number(&mut self, key: &str, value: Option<u64>) -> io::Result<()> {
        match value {
            Some(value) => write!(self.0, ",\"{key}\":{value}"),
            None => write!(self.0, ",\"{key}\":null"),
        }
    }

    fn target(&mut self, target: &ReportTarget) -> io::Result<()> {
        self.0.write_all(b"{\"label\":")?;
        self.string(&target.label)?;
        let role = match target.role {
            Role::Kernel => "kernel",
            Role::User => "user",
        };
        self.text("role", Some(role))?;
        self.0.write_all(b",\"build_ids\":[")?;
        self.list(&target.build_ids, |json, id| match id {
            Some(id) => json.string(id),
            None => json.0.write_all(b"null"),
        })?;
        self.0.write_all(b"]}")
    }

    fn verdict(&mut self, verdict: &Verdict, programs: &[String]) -> Result<()> {
        self.0.write_all(b"{\"program\":")?;
        self.string(programs.get(verdict.program).map_or("", String::as_str))?;
        self.text("target", Some(&verdict.target))?;
        write!(self.0, ",\"good\":{}", verdict.is_good())?;
        let error = verdict.outcome.as_ref().err().map(ToString::to_string);
        match &verdict.outcome {
            Ok(report) => {
                let counts = Counts::of(report);
                write!(
                    self.0,
                    ",\"counts\":{{\"set\":{},\"absent\":{},\"unreachable\":{},\"poisoned\":{},\"left\":{}}}",
                    counts.set, counts.absent, counts.unreachable, counts.poisoned, counts.left
                )?;
            }
            Err(_) => self.0.write_all(b",\"counts\":null")?,
        }
        self.text("error", error.as_deref())?;
        self.0.write_all(b",\"warnings\":[")?;
        self.list(&verdict.warnings, |json, warning| json.string(warning))?;
        self.0.write_all(b"],\"report\":")?;
        match &verdict.outcome {
            Ok(report) => {
                let mut line = Vec::new();
                write_json(report, &mut line)?;
                self.0.write_all(line.trim_ascii_end())?;
            }
            Err(_) => self.0.write_all(b"null")?,
        }
        self.0.write_all(b"}")?;
        Ok(())
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.0.write_all(b"{\"section\":")?;
        self.string(&record.section)?;
        self.number("insn", Some(record.insn))?;
        let function = record.function.as_ref();
        self.text("function", function.map(|(name, _)| &**name))?;
        self.number("function_insn", function.map(|(_, insn)| *insn))?;
        self.source(record.source.as_ref())?;
        self.text("kind", Some(&record.kind))?;
        self.text("local", Some(&record.local))?;
        self.text("target", record.target.as_deref())?;
        self.text("found", record.found.as_deref())?;
        self.number("found_at", record.found_at.map(|bits| bits.0))?;
        let (outcome, old, new) = match record.outcome {
            Outcome::Set { old, new } => ("set", Some(old), Some(new)),
            Outcome::Absent { old } => ("absent", Some(old), Some(0)),
            Outcome::NoMatch => ("no_match", None, None),
            Outcome::UserTypeId => ("user_type_id", None, None),
            Outcome::Width => ("width", None, None),
            Outcome::NoFunction => ("no_function", None, None),
            Outcome::LeftToLoader => ("left_to_loader", None, None),
        };
        self.text("outcome", Some(outcome))?;
        if let Some(why) = &record.left_because {
            self.text("left_because", Some(why))?;
        }
        if !record.nearest.is_empty() {
            self.0.write_all(b",\"nearest\":[")?;
            self.list(&record.nearest, |json, name| json.string(name))?;
            self.0.write_all(b"]")?;
        }
        if let Some(why) = &record.untrusted {
            self.text("untrusted", Some(why))?;
        }
        write!(self.0, ",\"dead\":{}", record.unreachable)?;
        self.number("old", old)?;
        self.number("new", new)?;
        self.0.write_all(b",\"rejected\":[")?;
        self.list(&record.rejected, |json, rejected| {
            write!(json.0, "{{\"id\":{}", rejected.id.get())?;
            json.text("type", Some(&rejected.ty))?;
            json.text("reason", Some(&rejected.reason))?;
            json.0.write_all(b"}")
        })?;
        self.0.write_all(b"]}")
    }

    fn source(&mut self, source: Option<&SourceLine>) -> io::Result<()> {
        let Some(source) = source else {
            return self.0.write_all(b",\"source\":null");
        };
        self.0.write_all(b",\"source\":{\"file\":")?;
        self.string(&source.file)?;
        self.number("line", Some(u64::from(source.line)))?;
        self.number("column", Some(u64::from(source.column)))?;
        self.text("text", Some(&source.text))?;
        self.0.write_all(b"}")
    }
}
