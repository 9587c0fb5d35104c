//! The `btfkit` command: arguments, files, progress and exit statuses around the library.
#![deny(unsafe_code)]

mod arguments;
mod commands;
mod failure;
mod input;
mod output;
mod progress;
mod shared;
mod style;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::style::Style;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let style = Style::new(arguments.color, arguments.quiet);
    let done = match arguments.command {
        Command::Relocate(arguments) => commands::relocate::run(&arguments, style),
        Command::Convert(arguments) => commands::convert::run(&arguments, style),
        Command::Merge(arguments) => commands::merge::run(&arguments, style),
        Command::Dedup(arguments) => commands::dedup::run(&arguments, style),
        Command::Split(arguments) => commands::split::run(&arguments, style),
        Command::Distill(arguments) => commands::distill::run(&arguments, style),
        Command::Rebase(arguments) => commands::rebase::run(&arguments, style),
        Command::Min(arguments) => commands::min::run(&arguments, style),
        Command::Check(arguments) => commands::check::run(&arguments, style),
        Command::Explain(arguments) => commands::explain::run(&arguments, style),
        Command::Offset(arguments) => commands::offset::run(&arguments, style),
        Command::Layout(arguments) => commands::layout::run(&arguments, style),
        Command::List(arguments) => commands::list::run(&arguments, style),
        Command::Show(arguments) => commands::show::run(&arguments, style),
        Command::Function(arguments) => commands::function::run(&arguments, style),
        Command::Diff(arguments) => commands::diff::run(&arguments, style),
        Command::Dump(arguments) => commands::dump::run(&arguments, style),
        Command::Header(arguments) => commands::header::run(&arguments, style),
        Command::Verify(arguments) => commands::verify::run(&arguments, style),
        Command::Sanitize(arguments) => commands::sanitize::run(&arguments, style),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has read enough.
        Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            style.error(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
