//! The arguments of templates whose names lack them.
//!
//! With `-gsimple-template-names` clang calls `Box<int>` only `Box`; the DIE's children have the arguments.

use crate::dwarf::collect::nodes::{Argument, ArgumentValue};
use crate::dwarf::collect::pass::Pass;
use crate::dwarf::collect::scratch::{Frame, Role};
use crate::dwarf::read::name::NameRef;
use crate::dwarf::read::{Entry, Plan, Slot};
use crate::error::Result;

/// The start of a template's name with `-gsimple-template-names=mangled`.
const MANGLED: &[u8] = b"_STN|";

impl Pass<'_, '_> {
    /// Takes a template's parameter, if the template's name lacks the arguments. Returns the frame of a parameter
    /// pack.
    pub(super) fn template_parameter(
        &mut self,
        plan: &Plan,
        around: Frame,
    ) -> Result<Option<Frame>> {
        if !self.lacks_arguments(around) {
            if plan.has_children {
                self.read(plan)?;
            } else {
                self.skip(plan)?;
            }
            return Ok(None);
        }
        self.read(plan)?;
        let value = match plan.entry {
            Entry::TemplateType => ArgumentValue::Type(self.ty(Slot::Type)),
            Entry::TemplateValue => {
                let (class, value) = self.attrs.get(Slot::ConstValue);
                ArgumentValue::Constant(self.ty(Slot::Type), class, value)
            }
            Entry::TemplateTemplate => {
                ArgumentValue::Template(self.name_of(self.attrs.get(Slot::TemplateName)))
            }
            _ => ArgumentValue::Pack,
        };
        self.nodes.arguments.push(Argument {
            owner: around.owner,
            value,
        });
        Ok((plan.entry == Entry::TemplatePack).then_some(Frame {
            role: Role::Pack,
            ..around
        }))
    }

    /// Returns the name of a template as C++ spells it: with `-gsimple-template-names=mangled` clang writes `_STN|Box|<int>`
    /// for `Box<int>`.
    pub(super) fn without_mangling(&mut self, name: NameRef) -> NameRef {
        if name.is_none() {
            return name;
        }
        let text = self.files.tail(name, &self.nodes.composed);
        if !text.starts_with(MANGLED) {
            return name;
        }
        let text = self.files.bytes(name, &self.nodes.composed);
        let text = text.get(MANGLED.len()..).unwrap_or_default();
        let Some(bar) = text.windows(2).position(|pair| pair == b"|<") else {
            return name;
        };
        let (base, arguments) = text.split_at(bar);
        let whole = [base, arguments.get(1..).unwrap_or_default()].concat();
        self.nodes.composed.push(&whole)
    }

    /// Returns whether the name of the enclosing type or function lacks its template arguments.
    fn lacks_arguments(&mut self, around: Frame) -> bool {
        if !self.templates
            || !matches!(around.role, Role::Composite | Role::Parameters | Role::Pack)
        {
            return false;
        }
        if self.template.0 == around.owner {
            return self.template.1;
        }
        let name = self.nodes.get(around.owner).map(|node| node.name);
        let lacks = name.is_some_and(|name| {
            !name.is_none()
                && !own_name(self.files.bytes(name, &self.nodes.composed)).contains(&b'<')
        });
        self.template = (around.owner, lacks);
        if lacks
            && around.role == Role::Composite
            && let Some(frame) = self.frames.last_mut()
        {
            // The names of the types inside are prefixed when this one is whole.
            frame.scope = NameRef::NONE;
            frame.stub = around.owner;
        }
        lacks
    }
}

/// Returns the part of a qualified name behind the last `::` outside of template arguments.
fn own_name(name: &[u8]) -> &[u8] {
    let mut depth = 0u32;
    let mut start = 0;
    for (index, byte) in name.iter().enumerate() {
        match byte {
            b'<' => depth = depth.saturating_add(1),
            b'>' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => start = index + 1,
            _ => {}
        }
    }
    name.get(start..).unwrap_or_default()
}
