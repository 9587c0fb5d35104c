//! Arguments that several commands share.

use std::path::PathBuf;

use btfkit::debuginfo::Search;
use btfkit::graph::Btf;
use btfkit::pipeline::{LoadOptions, RelocateOptions};

use crate::failure::Failure;
use crate::input::{file_bytes, types};
use crate::style::Style;

/// How the types of files are loaded.
#[derive(clap::Args, Clone, Debug)]
pub struct Loading {
    #[command(flatten)]
    pub debug: DebugRoots,

    /// Read or write split BTF over the types of this file: for a kernel module, the kernel
    ///
    /// If that file is split BTF itself, give its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,
}

impl Loading {
    /// Returns the options with which the command's files are loaded.
    pub fn options(&self, style: Style) -> Result<LoadOptions, Failure> {
        let mut options = self.debug.options();
        options.base = self.base(style)?;
        Ok(options)
    }

    /// Loads the base: each file over the one before it. Returns `None` if none is given.
    pub fn base(&self, style: Style) -> Result<Option<Btf>, Failure> {
        let mut options = self.debug.options();
        for path in &self.base {
            options.base = Some(types(path, &options, style)?.graph);
        }
        Ok(options.base)
    }

    /// Loads the base of a command that can't do without.
    pub fn required_base(&self, style: Style) -> Result<Btf, Failure> {
        self.base(style)?
            .ok_or_else(|| Failure::Usage("--base is missing".to_owned()))
    }
}

/// The folders searched for debug information that is not in the file itself.
#[derive(clap::Args, Clone, Debug)]
pub struct DebugRoots {
    /// Search this folder for debug files before /usr/lib/debug: DIR/.build-id/xx/yyyy.debug and
    /// DIR/FOLDER/OF/PROGRAM
    #[arg(long, value_name = "DIR")]
    debug_root: Vec<PathBuf>,

    /// Take a file's DWARF even if it has BTF
    #[arg(long)]
    dwarf: bool,
}

impl DebugRoots {
    /// Returns the places that are searched.
    pub fn search(&self) -> Search {
        Search::new()
            .roots_first(self.debug_root.iter())
            .read_with(file_bytes)
    }

    /// Returns the options without a base.
    pub fn options(&self) -> LoadOptions {
        LoadOptions::new().search(self.search()).dwarf(self.dwarf)
    }
}

/// How targets are loaded and named.
#[derive(clap::Args, Clone, Debug)]
pub struct TargetOptions {
    #[command(flatten)]
    pub aliases: Aliases,

    #[command(flatten)]
    debug: DebugRoots,
}

impl TargetOptions {
    /// Returns the options of a job that relocates.
    pub fn options(&self) -> RelocateOptions {
        let aliases = self.aliases.alias.iter();
        aliases.fold(
            RelocateOptions::new()
                .search(self.debug.search())
                .dwarf(self.debug.dwarf),
            |options, (alias, name)| options.alias(alias, name),
        )
    }
}

/// The programs of an object that are relocated, and how strictly.
#[derive(clap::Args, Clone, Debug)]
pub struct Programs {
    /// Apply only the relocations against user programs, and leave the others to the loader
    #[arg(long)]
    partial: bool,

    /// Refuse relocations without a match, types that more than one target has, and types of a user program that only
    /// the kernel has
    #[arg(long)]
    pub strict: bool,

    /// Relocate this BPF program and the functions it calls, and leave the others to the loader
    #[arg(long, value_name = "NAME")]
    program: Vec<String>,

    /// Leave this BPF program to the loader
    #[arg(long, value_name = "NAME")]
    skip: Vec<String>,
}

impl Programs {
    /// Sets the options, except for strict mode.
    pub fn set(&self, options: RelocateOptions) -> RelocateOptions {
        let mut options = options.partial(self.partial);
        options.programs.clone_from(&self.program);
        options.skip.clone_from(&self.skip);
        options
    }
}

/// The function that is probed.
#[derive(clap::Args, Clone, Debug)]
pub struct Function {
    /// The function that the object is attached to, in the first user program or the one with this label: if several
    /// types share a name, those of the function's compile unit are preferred
    #[arg(long, value_name = "[LABEL=]NAME")]
    pub function: Option<String>,
}

/// The format of an output that people or scripts read.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOrJson {
    /// For people
    Text,
    /// For scripts
    Json,
}

/// Further names for types.
#[derive(clap::Args, Clone, Debug)]
pub struct Aliases {
    /// Add a name for a type that a BPF program can write: app_Foo='ns::Foo<int>'
    #[arg(long, value_name = "NAME=TYPE", value_parser = parse_alias)]
    pub alias: Vec<(String, String)>,
}

fn parse_alias(argument: &str) -> Result<(String, String), String> {
    match argument.split_once('=') {
        Some((alias, name)) if !alias.is_empty() && !name.is_empty() => {
            Ok((alias.to_owned(), name.to_owned()))
        }
        _ => Err("write NAME=TYPE, such as app_Foo='ns::Foo<int>'".to_owned()),
    }
}
