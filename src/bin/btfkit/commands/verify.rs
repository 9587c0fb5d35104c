//! `btfkit verify`: the kernel's verdict on BTF.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use btfkit::pipeline::{LoadOptions, verify, verify_path, write_findings};
use btfkit::verify::{KernelVersion, Report, VerifyOptions};
use clap::ValueEnum;

use crate::failure::{Failure, into_io};
use crate::input::read;
use crate::progress::Progress;
use crate::shared::Loading;
use crate::style::Style;

/// Say whether the kernel accepts BTF, and if not, why
///
/// The rules are those of the kernel's own check when BTF is loaded; the kernel itself is not asked. The first finding is
/// the one for which it refuses the BTF.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit verify --kernel 5.15 server.btf probe.bpf.o\n\n\
Exit status 1 if the kernel refuses any of the files.")]
pub struct Arguments {
    /// The files: raw BTF and the .BTF of ELF files are checked byte for byte; of other files, the BTF that convert makes
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The kernel: running, latest or a version such as 5.15
    #[arg(long, value_name = "VERSION", default_value = "running", value_parser = parse_kernel)]
    kernel: Kernel,

    /// List every finding, not only the first of each file
    #[arg(long)]
    all: bool,

    /// How to print the findings; json has all of them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    loading: Loading,
}

/// How to print findings.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A line for each file
    Text,
    /// One line of JSON
    Json,
}

/// The kernel whose rules apply.
#[derive(Clone, Copy, Debug)]
pub enum Kernel {
    Running,
    Version(KernelVersion),
}

impl Kernel {
    /// Returns the version.
    pub fn version(self) -> Result<KernelVersion, Failure> {
        match self {
            Self::Running => Ok(KernelVersion::running()?),
            Self::Version(version) => Ok(version),
        }
    }
}

/// Reads the name of a kernel.
pub fn parse_kernel(argument: &str) -> Result<Kernel, String> {
    match argument {
        "running" => Ok(Kernel::Running),
        "latest" => Ok(Kernel::Version(KernelVersion::LATEST)),
        version => {
            let version = version.parse::<KernelVersion>();
            let version = version.map_err(|error| format!("{error}, or running or latest"))?;
            Ok(Kernel::Version(version))
        }
    }
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let version = arguments.kernel.version()?;
    if version < KernelVersion::OLDEST {
        let oldest = KernelVersion::OLDEST;
        return Err(Failure::Usage(format!(
            "the rules of {version} are not known; the oldest known are those of {oldest}"
        )));
    }
    let options = VerifyOptions::new(version);
    let loading = arguments.loading.options(style)?;
    let mut reports = Vec::new();
    for file in &arguments.files {
        let _progress = Progress::start(format!("checking {}", file.display()), style);
        let report = report(file, &loading, &options).map_err(|error| Failure::at(file, error))?;
        reports.push((file.display().to_string(), report));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let done = match arguments.format {
        Format::Text => print(&reports, arguments.all, &mut out),
        Format::Json => {
            let named = reports.iter().map(|(file, report)| (&**file, report));
            write_findings(named, &mut out).map_err(into_io)
        }
    };
    done.and_then(|()| out.flush()).map_err(Failure::stdout)?;
    let refused = reports.iter().filter(|(_, report)| !report.is_ok()).count();
    match refused {
        0 => Ok(()),
        _ => Err(Failure::Refused(format!(
            "Linux {version} refuses {refused} of {} files",
            reports.len()
        ))),
    }
}

fn report(
    file: &Path,
    loading: &LoadOptions,
    options: &VerifyOptions,
) -> Result<Report, btfkit::Error> {
    if file == Path::new("-") {
        let bytes = read(file).map_err(|failure| match failure {
            Failure::Input { error, .. } => error,
            Failure::Refused(_) | Failure::Usage(_) | Failure::ClosedPipe => {
                io::Error::other(failure.to_string()).into()
            }
        })?;
        return verify(bytes, loading, options);
    }
    verify_path(file, loading, options)
}

fn print(reports: &[(String, Report)], all: bool, out: &mut impl Write) -> io::Result<()> {
    for (file, report) in reports {
        let shown = if all { report.findings.len() } else { 1 };
        if report.is_ok() {
            writeln!(out, "{file}: ok")?;
        }
        for finding in report.findings.iter().take(shown) {
            write!(out, "{file}: error: {finding}")?;
            match report.len() - shown as u64 {
                more if more > 0 && !all => writeln!(out, " (and {more} more: --all)")?,
                _ => writeln!(out)?,
            }
        }
        if all && report.omitted > 0 {
            writeln!(out, "{file}: and {} more", report.omitted)?;
        }
    }
    Ok(())
}
