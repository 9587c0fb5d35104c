//! The targets of one job.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Deref;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::target::{LabelledPath, TargetFile, Types};
use crate::relocate::{Role, check_labels};

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

    /// Returns the targets that files are, in their order. A second user program with a label that both were given is a
    /// further file of the first one. `types` opens a file: [`LabelledPath::open`] does, for files that have a path.
    ///
    /// ```
    /// # fn file(name: &str) -> String { format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR")) }
    /// use btfkit::pipeline::{LabelledPath, Targets};
    /// # let [program, library] = ["tutorial/prog_a.gcc-dwarf5", "tutorial/prog_b.gcc-dwarf5"].map(file);
    /// let files: [LabelledPath; 2] = [format!("app={program}").parse()?, format!("app={library}").parse()?];
    /// let targets = Targets::of_files(&files, |file| Ok::<_, btfkit::Error>(file.clone().open()?.types))?;
    /// assert_eq!((targets.len(), targets[0].further.len()), (1, 1));
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// The error of `types`; `Usage` for two files with one label otherwise: two kernels, or files that have the same
    /// label only because their names are alike.
    pub fn of_files<E: From<Error>>(
        files: &[LabelledPath],
        mut types: impl FnMut(&LabelledPath) -> Result<Types, E>,
    ) -> Result<Self, E> {
        let mut targets: Vec<TargetFile> = Vec::new();
        // A look-up by label: each file's target is that of the first file with its label.
        let mut firsts: HashMap<Cow<'_, str>, (usize, &LabelledPath)> = HashMap::new();
        for file in files {
            match firsts.entry(file.label()) {
                Entry::Vacant(entry) => {
                    entry.insert((targets.len(), file));
                    let types = types(file)?;
                    targets.push(TargetFile {
                        types,
                        ..file.clone().into()
                    });
                }
                Entry::Occupied(entry) => {
                    let (number, first) = *entry.get();
                    let both = first.label.is_some() && file.label.is_some();
                    if !both || file.role() == Role::Kernel {
                        return Err(one_label(first, file).into());
                    }
                    let types = types(file)?;
                    if let Some(target) = targets.get_mut(number) {
                        target.further.push(types);
                    }
                }
            }
        }
        Ok(Self(targets))
    }

    /// Adds a target.
    ///
    /// # Errors
    /// `Usage` if another target has the same label, or a user program is labelled `kernel`.
    pub fn add(&mut self, target: TargetFile) -> Result<()> {
        let targets = self.0.iter().chain([&target]);
        check_labels(targets.map(|target| (target.label.as_str(), target.role)))?;
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

/// Returns the error for two files that have one label, and must not.
fn one_label(first: &LabelledPath, second: &LabelledPath) -> Error {
    let label = first.label();
    let (first, second) = (first.path.display(), second.path.display());
    Error::new(
        ErrorKind::Usage,
        format!(
            "{first} and {second} are both called {label:?}: give them labels: --target v1={first} --target v2={second}"
        ),
    )
}

impl Deref for Targets {
    type Target = [TargetFile];

    fn deref(&self) -> &[TargetFile] {
        &self.0
    }
}
