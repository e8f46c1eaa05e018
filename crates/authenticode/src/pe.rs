//! PE images: what stands where, checked.
//!
//! [`Layout::read`] looks at the headers alone, so it takes the same time and memory for an image
//! of any size. It accepts what firmware can load and refuses everything on which two readers could
//! disagree: parts that overlap, reach past the end, or bear the same name.

mod certificates;
mod checksum;
mod edit;
mod error;
mod fields;
mod headers;
mod kernel;
mod layout;
mod long_name;
mod relocations;
mod section;

pub use certificates::{CertificateTableEntry, CertificateTableKind, certificates, table_bytes};
pub use checksum::Checksum;
pub use edit::{CODE, EditError, Editor, NewSection, READ_ONLY_DATA};
pub use error::{ImageError, PeError};
pub use headers::{Directory, Machine, NO_EXECUTE_COMPATIBLE, Width};
pub use kernel::is_linux_kernel;
pub use layout::{CERTIFICATE_DIRECTORY, Layout};
pub use long_name::section_name;
pub use relocations::{Relocation, relocations};
pub use section::Section;
