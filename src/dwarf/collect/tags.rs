//! The attributes `btf_type_tag` and `btf_decl_tag`. Clang describes them with DIEs of their own
//! (`DW_TAG_LLVM_annotation`): the name is the kind of tag, the constant is its text.

use crate::dwarf::collect::nodes::{Node, Ref};
use crate::dwarf::collect::pass::Pass;
use crate::dwarf::collect::scratch::{Frame, Role};
use crate::dwarf::collect::types::{Shape, WHOLE};
use crate::dwarf::read::name::NameRef;
use crate::dwarf::read::{Plan, Slot};
use crate::error::Result;

impl Pass<'_, '_> {
    /// Takes a tag of the enclosing DIE.
    pub(super) fn annotation(&mut self, plan: &Plan, die: u32, around: Frame) -> Result<()> {
        self.read(plan)?;
        let text = self.name_of(self.attrs.get(Slot::ConstValue));
        let kind = self.files.bytes(self.name(), &self.nodes.composed);
        let (is_type, is_declaration) = (kind == b"btf_type_tag", kind == b"btf_decl_tag");
        let Some(&owner) = self.nodes.get(around.owner) else {
            return Ok(());
        };
        if text.is_none() {
            return Ok(());
        }
        if is_type && around.role == Role::Scope && owner.shape == Shape::Pointer {
            // The tag comes between the pointer and what that points to; the last tag is next to the pointer.
            self.nodes
                .push(node(die, Shape::TypeTag, text, owner.ty, 0));
            if let Some(pointer) = self.nodes.nodes.get_mut(around.owner as usize) {
                pointer.ty = Ref::unit(die);
            }
        }
        if is_declaration && let Some(component) = self.component(around, &owner) {
            let tagged = Ref::unit(owner.die);
            self.nodes
                .push(node(die, Shape::DeclTag, text, tagged, component));
        }
        Ok(())
    }

    /// Returns the index of the part that a tag is for, or [`WHOLE`]; `None` if BTF has no tags for it.
    fn component(&self, around: Frame, owner: &Node) -> Option<u32> {
        match (around.role, owner.shape) {
            (Role::Composite, Shape::Struct | Shape::Union)
            | (Role::Parameters, Shape::Function)
            | (Role::Scope, Shape::Typedef | Shape::Variable) => Some(WHOLE),
            (Role::Part, Shape::Struct | Shape::Union | Shape::Function) => {
                // The part was added just before.
                u32::try_from(self.open_parts()).ok()?.checked_sub(1)
            }
            _ => None,
        }
    }
}

fn node(die: u32, shape: Shape, name: NameRef, ty: Ref, component: u32) -> Node {
    let mut node = Node::new(die, shape);
    node.name = name;
    node.ty = ty;
    node.set_component(component);
    node
}
