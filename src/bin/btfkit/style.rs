//! Colors, and messages on standard error.

use std::io::{self, IsTerminal};

use clap::ValueEnum;

use crate::failure::Failure;

/// When to use colors.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to write to a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    color: Color,
    quiet: bool,
}

impl Style {
    pub const fn new(color: Color, quiet: bool) -> Self {
        Self { color, quiet }
    }

    pub const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Returns whether output to the stream is colored.
    fn colors(self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                stream.is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
        }
    }

    /// Writes why the command failed.
    pub fn error(self, failure: &Failure) {
        let (red, plain) = self.pair(&io::stderr(), "\x1b[1;31m");
        eprintln!("btfkit: {red}error:{plain} {failure}");
        if let Some(hint) = failure.hint() {
            eprintln!("  {hint}");
        }
    }

    /// Writes a message that is not a failure, unless `--quiet` is given.
    pub fn note(self, note: &str) {
        if !self.quiet {
            let (yellow, plain) = self.pair(&io::stderr(), "\x1b[33m");
            eprintln!("{yellow}note:{plain} {note}");
        }
    }

    /// Writes what will not run, or not as meant.
    pub fn warnings(self, lines: impl IntoIterator<Item = String>) {
        if !self.quiet {
            for line in lines {
                let (yellow, plain) = self.pair(&io::stderr(), "\x1b[1;33m");
                eprintln!("{yellow}warning:{plain} {line}");
            }
        }
    }

    /// Writes which files of debug information are missing, the first few by name.
    pub fn incomplete(self, lines: impl Iterator<Item = String>) {
        const MOST: usize = 5;
        let mut more = 0usize;
        for (number, line) in lines.enumerate() {
            if number < MOST {
                self.note(&line);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            self.note(&format!(
                "{more} more files of debug information were not found"
            ));
        }
    }

    /// Returns a report's text with poisoned relocations red, ambiguities yellow and changed values bold, if the stream
    /// is colored.
    pub fn report(self, text: &str, stream: &impl IsTerminal) -> String {
        if !self.colors(stream) {
            return text.to_owned();
        }
        let mut colored = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let code = if line.contains(": poisoned") {
                "\x1b[31m"
            } else if line.starts_with("doubt:") {
                "\x1b[33m"
            } else if line.contains(" -> ") {
                "\x1b[1m"
            } else {
                colored.push_str(line);
                continue;
            };
            let bare = line.trim_end_matches('\n');
            colored.push_str(code);
            colored.push_str(bare);
            colored.push_str("\x1b[0m");
            colored.push_str(&line[bare.len()..]);
        }
        colored
    }

    fn pair(self, stream: &impl IsTerminal, code: &'static str) -> (&'static str, &'static str) {
        if self.colors(stream) {
            (code, "\x1b[0m")
        } else {
            ("", "")
        }
    }
}
