//! The report as JSON. [`Report::write_json`] documents its schema.

use std::io::{self, Write};

use crate::error::Result;
use crate::pipeline::report::{Outcome, Relocation, Report, SourceLine, TargetPath};
use crate::relocate::Role;
use crate::render::json_string;

impl Report {
    /// Writes the report as one line of JSON. The writer should be buffered.
    ///
    /// ```text
    /// { "schema": 1,
    ///   "targets": [{ "label": string, "role": "kernel" | "user" }],
    ///   "relocations": [{
    ///     "section": string, "record": number,          the record's number in its section, from 0
    ///     "function": string | null,
    ///     "insn": number,                               instructions from the section's start
    ///     "function_insn": number,                      instructions from the function's start
    ///     "source": { "file": string, "line": number, "column": number } | null,
    ///     "kind": string | null, "kind_number": number, byte_off, field_exists, …, and the number on the wire
    ///     "path": string, "type_id": number,            the local access path and root type
    ///     "bound_to": string | null,                    label of the target the root type is looked for in
    ///     "target": { "label": string, "module": number | null, "type_id": number, "path": string } | null,
    ///     "outcome": "set" | "absent" | "poisoned" | "poisoned_user_type_id" | "poisoned_for_width"
    ///                | "no_function" | "left_to_loader",
    ///     "old": number | null, "new": number | null,   the instruction's value, unsigned 64-bit
    ///     "reason": string | null,                      why there is no value from a target
    ///     "rejected": [{ "label": string, "type_id": number, "name": string, "reason": string }] }],
    ///   "doubts": [{ "name": string, "target": string, "others": [string] }],
    ///   "summary": { "relocations": number, "changed": number, "unchanged": number, "poisoned": number,
    ///                "left": number, "dropped": number } }
    /// ```
    ///
    /// # Errors
    /// `Io` where the writer says so.
    pub fn write_json(&self, out: &mut impl Write) -> Result<()> {
        let mut json = Json(out);
        json.0.write_all(b"{\"schema\":1,\"targets\":[")?;
        json.list(&self.targets, |json, (label, role)| {
            let role = match role {
                Role::Kernel => "kernel",
                Role::User => "user",
            };
            json.0.write_all(b"{\"label\":")?;
            json.string(label)?;
            write!(json.0, ",\"role\":\"{role}\"}}")
        })?;
        json.0.write_all(b"],\"relocations\":[")?;
        json.list(&self.relocations, |json, relocation| {
            json.relocation(relocation)
        })?;
        json.0.write_all(b"],\"doubts\":[")?;
        json.list(&self.doubts, |json, doubt| {
            json.0.write_all(b"{\"name\":")?;
            json.string(&doubt.name)?;
            json.0.write_all(b",\"target\":")?;
            json.string(&doubt.target)?;
            json.0.write_all(b",\"others\":[")?;
            json.list(&doubt.others, |json, other| json.string(other))?;
            json.0.write_all(b"]}")
        })?;
        let summary = self.summary();
        writeln!(
            json.0,
            "],\"summary\":{{\"relocations\":{},\"changed\":{},\"unchanged\":{},\"poisoned\":{},\
             \"left\":{},\"dropped\":{}}}}}",
            summary.relocations,
            summary.changed,
            summary.unchanged,
            summary.poisoned,
            summary.left,
            summary.dropped
        )?;
        Ok(())
    }
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

    /// A key, and a string or null.
    fn text(&mut self, key: &str, value: Option<&str>) -> io::Result<()> {
        write!(self.0, ",\"{key}\":")?;
        match value {
            Some(value) => self.string(value),
            None => self.0.write_all(b"null"),
        }
    }

    /// A key, and a number or null.
    fn number(&mut self, key: &str, value: Option<u64>) -> io::Result<()> {
        match value {
            Some(value) => write!(self.0, ",\"{key}\":{value}"),
            None => write!(self.0, ",\"{key}\":null"),
        }
    }

    fn relocation(&mut self, relocation: &Relocation) -> io::Result<()> {
        self.0.write_all(b"{\"section\":")?;
        self.string(&relocation.section)?;
        self.number("record", Some(u64::from(relocation.record)))?;
        self.text("function", relocation.function.as_deref())?;
        self.number("insn", Some(u64::from(relocation.insn)))?;
        self.number("function_insn", Some(u64::from(relocation.function_insn)))?;
        self.source(relocation.source.as_ref())?;
        self.text("kind", relocation.kind.map(|kind| kind.name()))?;
        self.number("kind_number", Some(u64::from(relocation.kind_number)))?;
        self.text("path", Some(&relocation.path))?;
        self.number("type_id", Some(u64::from(relocation.type_id.get())))?;
        self.text("bound_to", relocation.bound_to.as_deref())?;
        self.target(relocation.target.as_ref())?;
        let (outcome, old, new) = match relocation.outcome {
            Outcome::Set { old, new } => ("set", Some(old), Some(new)),
            Outcome::Absent { old } => ("absent", Some(old), Some(0)),
            Outcome::Poisoned => ("poisoned", None, None),
            Outcome::PoisonedUserTypeId => ("poisoned_user_type_id", None, None),
            Outcome::PoisonedForWidth => ("poisoned_for_width", None, None),
            Outcome::NoFunction => ("no_function", None, None),
            Outcome::LeftToLoader => ("left_to_loader", None, None),
        };
        self.text("outcome", Some(outcome))?;
        self.number("old", old)?;
        self.number("new", new)?;
        let reason = relocation.reason();
        self.text("reason", Some(&*reason).filter(|reason| !reason.is_empty()))?;
        self.0.write_all(b",\"rejected\":[")?;
        self.list(&relocation.rejected, |json, rejected| {
            json.0.write_all(b"{\"label\":")?;
            json.string(&rejected.label)?;
            json.number("type_id", Some(u64::from(rejected.type_id.get())))?;
            json.text("name", Some(&rejected.name))?;
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
        self.0.write_all(b"}")
    }

    fn target(&mut self, target: Option<&TargetPath>) -> io::Result<()> {
        let Some(target) = target else {
            return self.0.write_all(b",\"target\":null");
        };
        self.0.write_all(b",\"target\":{\"label\":")?;
        self.string(&target.label)?;
        self.number("module", target.module.map(|number| number as u64))?;
        self.number("type_id", Some(u64::from(target.type_id.get())))?;
        self.text("path", Some(&target.path))?;
        self.0.write_all(b"}")
    }
}
