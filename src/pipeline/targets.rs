//! The targets of one job.

use std::ops::Deref;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::target::{TargetFile, Types};
use crate::relocate::Role;

/// The targets of one job, in the order in which they are searched. Each has its own label.
///
/// A slice of [`TargetFile`] is all that a job needs; this list also assigns modules to the kernel and a function to
/// its program.
///
/// ```
/// use btfkit::pipeline::{TargetFile, Targets};
/// let mut targets = Targets::new();
/// targets.add(TargetFile::from_path("/usr/bin/server"))?;
/// targets.add(TargetFile::from_path("/sys/kernel/btf/vmlinux"))?;
/// targets.set_function("server=handle_request")?;
/// assert_eq!(targets[0].function.as_deref(), Some("handle_request"));
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Targets(Vec<TargetFile>);

impl Targets {
    /// Returns an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a target.
    ///
    /// # Errors
    /// `Usage` if another target has the same label.
    pub fn add(&mut self, target: TargetFile) -> Result<()> {
        if self.0.iter().any(|other| other.label == target.label) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "two targets are labelled {:?}: each needs a label of its own",
                    target.label
                ),
            ));
        }
        self.0.push(target);
        Ok(())
    }

    /// Adds a kernel module, whose BTF is split from the kernel's, to the first target that is a kernel.
    ///
    /// # Errors
    /// `Usage` if no target is a kernel.
    pub fn add_module(&mut self, types: impl Into<Types>) -> Result<()> {
        let kernel = self.0.iter_mut().find(|target| target.role == Role::Kernel);
        let Some(kernel) = kernel else {
            return Err(Error::new(
                ErrorKind::Usage,
                "modules belong to a kernel, and no target is one",
            ));
        };
        kernel.modules.push(types.into());
        Ok(())
    }

    /// Sets the function that the object is attached to: `[LABEL=]NAME`. It belongs to the user program of that
    /// label, or to the first user program.
    ///
    /// # Errors
    /// `Usage` if there is no such program.
    pub fn set_function(&mut self, function: &str) -> Result<()> {
        let mut programs = self.0.iter_mut().filter(|target| target.role == Role::User);
        let (program, name) = match function.split_once('=') {
            Some((label, name)) => (programs.find(|target| target.label == label), name),
            None => (programs.next(), function),
        };
        let Some(program) = program else {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("no program among the targets has the function {function}"),
            ));
        };
        program.function = Some(name.to_owned());
        Ok(())
    }
}

impl Deref for Targets {
    type Target = [TargetFile];

    fn deref(&self) -> &[TargetFile] {
        &self.0
    }
}
