//! Attributes one after the other, read on a thread of their own and never all in memory.

use super::{Attribute, Kind, PackageSetError, lines, packages_json};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};

/// The most attributes of one evaluation. All of nixpkgs has some 140,000.
pub(super) const MAXIMUM_ATTRIBUTES: u64 = 2_000_000;
/// Attributes that may wait to be taken.
const WAITING: usize = 1024;

/// Attributes; one that cannot be read is an error in words, and the rest goes on.
pub struct Attributes {
    waiting: Receiver<Result<Result<Attribute, String>, PackageSetError>>,
}

impl Iterator for Attributes {
    type Item = Result<Result<Attribute, String>, PackageSetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.waiting.recv().ok()
    }
}

/// Reads an evaluation. It ends with an error where what gives it fails or is cut off.
pub fn read(kind: Kind, open: impl FnOnce() -> io::Result<Box<dyn Read>> + Send + 'static) -> Attributes {
    let (send, waiting) = sync_channel(WAITING);
    // It ends with its input, or when nobody takes any more.
    std::thread::spawn(move || {
        let mut count = 0;
        let mut give = |attribute| {
            count += 1;
            count <= MAXIMUM_ATTRIBUTES && send.send(Ok(attribute)).is_ok()
        };
        let result = open().map_err(PackageSetError::Io).and_then(|reader| match kind {
            Kind::PackagesJson => packages_json::each(reader, &mut give),
            Kind::Full => lines::each(reader, &mut give),
        });
        let result = if count > MAXIMUM_ATTRIBUTES { Err(PackageSetError::TooMany) } else { result };
        if let Err(error) = result {
            // Nobody takes it: then nobody wants to know.
            let _ = send.send(Err(error));
        }
    });
    Attributes { waiting }
}
