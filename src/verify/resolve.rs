//! The second pass: what types refer to, as a depth-first walk of at most 32 levels. (`btf_check_all_types`.)

use crate::graph::Kind;
use crate::verify::check::{Check, Fault};
use crate::verify::features::KernelFeatures;
use crate::verify::finding::{E2BIG, EEXIST};
use crate::verify::input::Record;
use crate::verify::log::Line;
use crate::verify::member::{check_member, is_regular};
use crate::verify::resolution::{Resolutions, Size};
use crate::verify::rule::Rule;

/// The deepest nesting (`MAX_RESOLVE_DEPTH`).
const DEPTH: usize = 32;

/// Which kinds end a walk. Pointers end that of a structure, and structures that of a pointer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Pointer,
    Composite,
}

/// A type on the walk.
#[derive(Clone, Copy)]
struct Vertex<'a> {
    id: u32,
    record: Record<'a>,
    /// The member or variable to go on with.
    next: u32,
}

/// What a step of the walk comes to.
enum Step {
    /// First the type with this id, and then this one again, from this member on.
    Push(u32, u32),
    /// The type stands for this one and, if an array, has this size.
    Done(u32, u32),
    /// Something is wrong with the type, which was reported.
    Wrong,
}

/// The second pass under way.
pub(super) struct Walk<'c, 'a> {
    check: &'c mut Check<'a>,
    sizes: Resolutions,
    mode: Mode,
    stack: Vec<Vertex<'a>>,
    /// The types whose references the first pass refused, sorted.
    bad: Vec<u32>,
}

/// Returns whether types of this kind are resolved at all.
fn needs_resolve(kind: Kind, features: &KernelFeatures) -> bool {
    match kind {
        Kind::Typedef
        | Kind::Volatile
        | Kind::Const
        | Kind::Restrict
        | Kind::TypeTag
        | Kind::Ptr
        | Kind::Struct
        | Kind::Union
        | Kind::Array
        | Kind::Var
        | Kind::DeclTag
        | Kind::Datasec => true,
        Kind::Func => features.func_resolve,
        Kind::Void
        | Kind::Int
        | Kind::Enum
        | Kind::Fwd
        | Kind::FuncProto
        | Kind::Float
        | Kind::Enum64
        | Kind::Unknown(_) => false,
    }
}

/// Resolves all types and checks the prototypes.
pub(super) fn check_types(check: &mut Check<'_>) {
    check.second = true;
    let end = check.input.end_id();
    let pointer = check.options.pointer_width.bytes().0;
    let mut bad = std::mem::take(&mut check.bad_references);
    bad.sort_unstable();
    let mut walk = Walk {
        check,
        sizes: Resolutions::new(end, u32::try_from(pointer).unwrap_or(8)),
        mode: Mode::Open,
        stack: Vec::with_capacity(DEPTH),
        bad,
    };
    for id in 1..end {
        let Some(record) = walk.check.input.record(id) else {
            continue;
        };
        if walk.needs_resolve(record.kind()) && !walk.sizes.is_resolved(id) {
            walk.resolve(id, record);
        }
        if record.kind() == Kind::FuncProto {
            walk.prototype(id, record);
        }
        if record.kind() == Kind::Func && !walk.needs_resolve(Kind::Func) {
            walk.function(Vertex {
                id,
                record,
                next: 0,
            });
        }
    }
}

impl<'a> Walk<'_, 'a> {
    #[inline]
    fn needs_resolve(&self, kind: Kind) -> bool {
        needs_resolve(kind, self.check.input.features)
    }

    /// Resolves a type and those that it needs. (`btf_resolve`.)
    fn resolve(&mut self, root: u32, record: Record<'a>) {
        self.mode = Mode::Open;
        self.stack.clear();
        self.push(root, record);
        let mut is_wrong = false;
        while let Some(&vertex) = self.stack.last() {
            match self.step(vertex) {
                Step::Done(resolved, size) => {
                    self.stack.pop();
                    self.sizes.resolve(vertex.id, resolved, size);
                }
                Step::Wrong => {
                    is_wrong = true;
                    self.stack.pop();
                    self.sizes.give_up(vertex.id);
                }
                Step::Push(id, next) => {
                    if let Some(top) = self.stack.last_mut() {
                        top.next = next;
                    }
                    let fault = if self.stack.len() == DEPTH {
                        let message = "Exceeded max resolving depth:32";
                        Fault::of_type(Rule::Depth, message).errno(E2BIG)
                    } else if let Some(next) = self.check.input.record(id)
                        && self.push(id, next)
                    {
                        continue;
                    } else {
                        Fault::of_type(Rule::Loop, "Loop detected").errno(EEXIST)
                    };
                    // A replacement takes a level, too: what is too deep is cut a level higher.
                    let above = self.stack.iter().rev().nth(1);
                    let cut = match (fault.rule, above) {
                        (Rule::Depth, Some(above)) => (above.id, vertex.id),
                        _ => (vertex.id, id),
                    };
                    self.check.cuts.push((fault.rule, cut.0, cut.1));
                    // The kernel reports the type that it started with, and stops.
                    if !is_wrong {
                        self.check.fail(Some((root, Some(record))), None, fault);
                    }
                    self.stack.pop();
                    self.sizes.give_up(vertex.id);
                    is_wrong = true;
                }
            }
        }
        if !is_wrong && !self.is_valid(root, record) {
            let fault = Fault::of_type(Rule::Unresolved, "Invalid resolve state");
            self.check.fail(Some((root, Some(record))), None, fault);
        }
    }

    /// Puts a type on the stack. Returns `false` if it was visited before. (`env_stack_push`.)
    fn push(&mut self, id: u32, record: Record<'a>) -> bool {
        if !self.sizes.visit(id) {
            return false;
        }
        self.stack.push(Vertex {
            id,
            record,
            next: 0,
        });
        if self.mode == Mode::Open {
            let kind = record.kind();
            if kind == Kind::Ptr {
                self.mode = Mode::Pointer;
            } else if kind.is_composite() || kind == Kind::Array {
                self.mode = Mode::Composite;
            }
        }
        true
    }

    /// Returns whether the walk ends at a kind. (`env_type_is_resolve_sink`.)
    fn is_sink(&self, kind: Kind) -> bool {
        match self.mode {
            Mode::Open => !self.needs_resolve(kind),
            Mode::Pointer => !kind.is_modifier() && kind != Kind::Ptr,
            Mode::Composite => !kind.is_modifier() && kind != Kind::Array && !kind.is_composite(),
        }
    }

    /// Returns whether a type has to be resolved before the one that refers to it.
    fn is_open(&self, id: u32, record: Record<'_>) -> bool {
        !self.is_sink(record.kind()) && !self.sizes.is_resolved(id)
    }

    fn size(&self, id: u32) -> Size {
        self.sizes.size(&self.check.input, id)
    }

    fn fail(&mut self, vertex: Vertex<'a>, rule: Rule, message: &str) -> Step {
        if self.bad.binary_search(&vertex.id).is_err() {
            let ty = Some((vertex.id, Some(vertex.record)));
            self.check.fail(ty, None, Fault::of_type(rule, message));
        }
        Step::Wrong
    }

    fn step(&mut self, vertex: Vertex<'a>) -> Step {
        match vertex.record.kind() {
            Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag
            | Kind::Ptr
            | Kind::Var => self.reference(vertex),
            Kind::Array => self.array(vertex),
            Kind::Struct | Kind::Union => self.composite(vertex),
            Kind::Datasec => self.datasec(vertex),
            Kind::Func => self.function(vertex),
            Kind::DeclTag => self.decl_tag(vertex),
            Kind::Void
            | Kind::Int
            | Kind::Enum
            | Kind::Fwd
            | Kind::FuncProto
            | Kind::Float
            | Kind::Enum64
            | Kind::Unknown(_) => self.fail(vertex, Rule::Unresolved, "Unsupported resolve"),
        }
    }

    /// A pointer, variable, typedef, qualifier or type tag.
    fn reference(&mut self, vertex: Vertex<'a>) -> Step {
        const MESSAGE: &str = "Invalid type_id";
        let next = vertex.record.third;
        let record = self.check.input.record(next);
        let Some(record) = record.filter(|record| !record.is_source_only()) else {
            return self.fail(vertex, Rule::TypeId, MESSAGE);
        };
        if self.is_open(next, record) {
            return Step::Push(next, 0);
        }
        let kind = vertex.record.kind();
        if !kind.is_modifier() && record.kind().is_modifier() {
            // A structure's walk ended at the pointer behind this qualifier. It may lead back here.
            let Some(resolved) = self.sizes.stands_for(next) else {
                return Step::Wrong;
            };
            if let Some(pointer) = self.check.input.record(resolved)
                && pointer.kind() == Kind::Ptr
                && self.is_open(resolved, pointer)
            {
                return Step::Push(resolved, 0);
            }
        }
        match self.size(next) {
            Size::Known(id, _) => Step::Done(id, 0),
            Size::Unknown => Step::Wrong,
            Size::None if kind == Kind::Var => self.fail(vertex, Rule::TypeId, MESSAGE),
            Size::None => {
                let mut end = (next, record);
                if self.sizes.is_resolved(next) {
                    let Some(resolved) = self.sizes.stands_for(next) else {
                        return Step::Wrong;
                    };
                    end = (
                        resolved,
                        self.check.input.record(resolved).unwrap_or(record),
                    );
                }
                if matches!(end.1.kind(), Kind::Void | Kind::Fwd | Kind::FuncProto) {
                    Step::Done(end.0, 0)
                } else {
                    self.fail(vertex, Rule::TypeId, MESSAGE)
                }
            }
        }
    }

    fn array(&mut self, vertex: Vertex<'a>) -> Step {
        let is_good = |record: &Record<'_>| !record.has_no_size() && !record.is_source_only();
        let (element, index) = (vertex.record.word(0), vertex.record.word(1));
        let Some(record) = self.check.input.record(index).filter(is_good) else {
            return self.fail(vertex, Rule::ArrayIndex, "Invalid index");
        };
        if self.is_open(index, record) {
            return Step::Push(index, 0);
        }
        match self.size(index) {
            Size::Unknown => return Step::Wrong,
            Size::Known(id, _) if self.is_regular_int(id) => {}
            Size::Known(..) | Size::None => {
                return self.fail(vertex, Rule::ArrayIndex, "Invalid index");
            }
        }
        let Some(record) = self.check.input.record(element).filter(is_good) else {
            return self.fail(vertex, Rule::ArrayElement, "Invalid elem");
        };
        if self.is_open(element, record) {
            return Step::Push(element, 0);
        }
        let (id, size) = match self.size(element) {
            Size::Known(id, size) => (id, size),
            Size::Unknown => return Step::Wrong,
            Size::None => return self.fail(vertex, Rule::ArrayElement, "Invalid elem"),
        };
        let is_int = self.check.input.record(id).map(Record::kind) == Some(Kind::Int);
        if is_int && !self.is_regular_int(id) {
            return self.fail(vertex, Rule::ArrayElement, "Invalid array of int");
        }
        match size.checked_mul(vertex.record.word(2)) {
            Some(size) => Step::Done(id, size),
            None => self.fail(vertex, Rule::ArrayOverflow, "Array size overflows U32_MAX"),
        }
    }

    fn is_regular_int(&self, id: u32) -> bool {
        let record = self.check.input.record(id);
        record.is_some_and(|record| record.kind() == Kind::Int && is_regular(record))
    }

    fn composite(&mut self, vertex: Vertex<'a>) -> Step {
        for index in vertex.next..vertex.record.vlen {
            let Some(member @ [name, ty, _]) = vertex.record.triple(index) else {
                break;
            };
            let record = self.check.input.record(ty);
            let good = record.filter(|record| !record.has_no_size() && !record.is_source_only());
            let (rule, message, shown) = if let Some(record) = good {
                if self.is_open(ty, record) {
                    return Step::Push(ty, index);
                }
                match check_member(&self.check.input, &self.sizes, vertex.record, member) {
                    Ok(()) => continue,
                    Err(fault) => (fault.rule, fault.message, fault.shown_type),
                }
            } else {
                (Rule::MemberType, "Invalid member", ty)
            };
            if self.bad.binary_search(&vertex.id).is_err() {
                let fault = Fault::of_type(rule, message).at(Line::Member(index, shown));
                let ty = Some((vertex.id, Some(vertex.record)));
                self.check.fail(ty, Some((index, name)), fault);
            }
        }
        Step::Done(0, 0)
    }

    fn datasec(&mut self, vertex: Vertex<'a>) -> Step {
        if self.check.options.features.datasec_fix {
            self.mode = Mode::Open;
        }
        for index in vertex.next..vertex.record.vlen {
            let Some([ty, _, entry]) = vertex.record.triple(index) else {
                break;
            };
            let record = self.check.input.record(ty);
            let message = if let Some(var) = record.filter(|var| var.kind() == Kind::Var) {
                if self.is_open(ty, var) {
                    // The kernel goes on behind it: it checks the sizes of those variables only that were resolved before.
                    return Step::Push(ty, index + 1);
                }
                match self.size(var.third) {
                    Size::Unknown => continue,
                    Size::None if self.sizes.stands_for(ty).is_none() => continue,
                    Size::None => "Invalid type",
                    Size::Known(_, size) if entry < size => "Invalid size",
                    Size::Known(..) => continue,
                }
            } else {
                "Not a VAR kind member"
            };
            if self.bad.binary_search(&vertex.id).is_err() {
                let fault = Fault::of_type(Rule::DatasecEntry, message).at(Line::Entry(index));
                let ty = Some((vertex.id, Some(vertex.record)));
                self.check.fail(ty, Some((index, 0)), fault);
            }
        }
        Step::Done(0, 0)
    }

    /// A function and its prototype's parameters. (`btf_func_check`.)
    fn function(&mut self, vertex: Vertex<'a>) -> Step {
        let proto = self.check.input.record(vertex.record.third);
        let Some(proto) = proto.filter(|proto| proto.kind() == Kind::FuncProto) else {
            return self.fail(vertex, Rule::FuncProto, "Invalid type_id");
        };
        let nameless = proto.pairs().position(|[name, ty]| name == 0 && ty != 0);
        if let Some(index) = nameless {
            let message = format!("Invalid arg#{}", index + 1);
            let ty = Some((vertex.id, Some(vertex.record)));
            let part = u32::try_from(index).ok().map(|index| (index, 0));
            let fault = Fault::of_type(Rule::FuncProto, &message);
            self.check.fail(ty, part, fault);
            return Step::Wrong;
        }
        Step::Done(vertex.record.third, 0)
    }

    fn decl_tag(&mut self, vertex: Vertex<'a>) -> Step {
        let next = vertex.record.third;
        let is_target = |record: &Record<'_>| {
            let kind = record.kind();
            kind.is_composite() || matches!(kind, Kind::Func | Kind::Var | Kind::Typedef)
        };
        let Some(record) = self.check.input.record(next).filter(is_target) else {
            return self.fail(vertex, Rule::TypeId, "Invalid type_id");
        };
        if self.is_open(next, record) {
            return Step::Push(next, 0);
        }
        let component = vertex.record.word(0);
        if component != u32::MAX {
            let kind = record.kind();
            let parts = if kind == Kind::Func {
                match self.sizes.stands_for(next) {
                    // The function's own fault was reported.
                    None => return Step::Wrong,
                    Some(_) => self
                        .check
                        .input
                        .record(record.third)
                        .map_or(0, |proto| proto.vlen),
                }
            } else if kind.is_composite() {
                record.vlen
            } else {
                0
            };
            if component >= parts {
                return self.fail(vertex, Rule::TagComponent, "Invalid component_idx");
            }
        }
        Step::Done(next, 0)
    }

    /// Checks a prototype. (`btf_func_proto_check`.)
    fn prototype(&mut self, id: u32, record: Record<'a>) {
        let result = record.third;
        if result != 0 && !self.stands_by_itself(result) {
            let fault = Fault::of_type(Rule::Result, "Invalid return type");
            self.check.fail(Some((id, Some(record))), None, fault);
        }
        // A last parameter without a type stands for further arguments, and has no name. The kernel looks at it first.
        let last = (0u32..).zip(record.pairs()).last();
        let end = match last {
            Some((index, [name, 0])) => {
                if name != 0 {
                    self.fail_argument(id, record, index, name);
                }
                index
            }
            Some((index, _)) => index + 1,
            None => 0,
        };
        for (index, [name, ty]) in (0..end).zip(record.pairs()) {
            if !self.is_argument(name, ty) {
                self.fail_argument(id, record, index, name);
            }
        }
    }

    fn fail_argument(&mut self, id: u32, record: Record<'a>, index: u32, name: u32) {
        let message = format!("Invalid arg#{}", index + 1);
        let fault = Fault::of_type(Rule::Argument, &message);
        let part = Some((index, name));
        self.check.fail(Some((id, Some(record))), part, fault);
    }

    fn is_argument(&mut self, name: u32, ty: u32) -> bool {
        let is_named = name == 0
            || (self.check.input.has_name(name) && self.check.name_fault(name, false).is_ok());
        is_named && self.stands_by_itself(ty)
    }

    /// Returns whether a type may be a result or parameter: it exists and has a size.
    fn stands_by_itself(&mut self, id: u32) -> bool {
        let Some(record) = self.check.input.record(id) else {
            return false;
        };
        if record.is_source_only() && self.check.options.features.proto_sources {
            return false;
        }
        if self.needs_resolve(record.kind()) && !self.sizes.is_resolved(id) {
            self.resolve(id, record);
        }
        self.size(id) != Size::None
    }

    /// Returns whether a resolved type is what it has to be. (`btf_resolve_valid`.)
    fn is_valid(&self, id: u32, record: Record<'_>) -> bool {
        let input = &self.check.input;
        let Some(resolved) = self.sizes.stands_for(id) else {
            return true;
        };
        if !self.sizes.is_resolved(id) {
            return false;
        }
        match record.kind() {
            Kind::Struct | Kind::Union | Kind::Datasec => {
                resolved == 0 && self.sizes.array_size(id) == 0
            }
            Kind::DeclTag | Kind::Func => resolved != 0 && self.sizes.array_size(id) == 0,
            Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag
            | Kind::Ptr
            | Kind::Var => input.record(resolved).is_some_and(|end| {
                !end.kind().is_modifier() && !matches!(end.kind(), Kind::Var | Kind::Datasec)
            }),
            Kind::Array => match self.size(record.word(0)) {
                Size::Known(_, size) => {
                    size.wrapping_mul(record.word(2)) == self.sizes.array_size(id)
                }
                Size::Unknown => true,
                Size::None => false,
            },
            Kind::Void
            | Kind::Int
            | Kind::Enum
            | Kind::Fwd
            | Kind::FuncProto
            | Kind::Float
            | Kind::Enum64
            | Kind::Unknown(_) => false,
        }
    }
}
