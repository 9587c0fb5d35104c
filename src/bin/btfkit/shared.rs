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
}

impl DebugRoots {
    fn search(&self) -> Search {
        Search::new()
            .roots_first(self.debug_root.iter())
            .read_with(file_bytes)
    }

    /// Returns the options without a base.
    pub fn options(&self) -> LoadOptions {
        LoadOptions::new().search(self.search())
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
            RelocateOptions::new().search(self.debug.search()),
            |options, (alias, name)| options.alias(alias, name),
        )
    }
}

/// Further names for types.
#[derive(clap::Args, Clone, Debug)]
pub struct Aliases {
    /// Add a name for a type that a BPF program in C can write: app_Foo='ns::Foo<int>'
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
