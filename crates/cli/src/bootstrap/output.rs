//! Where reports go: to a file, or to standard output.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

/// Writes to a file that is whole or as it was, or to standard output.
pub(super) fn write(
    output: Option<&PathBuf>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    if let Some(path) = output {
        return Ok(files::replace(path, content)?);
    }
    let mut out = BufWriter::new(terminal::stdout());
    match content(&mut out).and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}
