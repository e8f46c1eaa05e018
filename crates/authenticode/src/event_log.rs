//! Event logs of measured boot (TCG PC Client Platform Firmware Profile, section 10): what firmware
//! wrote about everything that it measured into the TPM.
//!
//! The first event names the digest algorithms of the rest; logs of older firmware lack it and have
//! SHA-1 digests alone. Nothing here says whether a log is true: that is what the TPM's registers
//! are for.

use alloc::vec::Vec;

/// Real logs have some ten kilobytes, and firmware reserves a few hundred.
pub const MAX_LOG: usize = 16 << 20;
/// Real logs have some hundred events.
const MAX_EVENTS: usize = 1 << 16;
/// TPMs have one to four banks.
const MAX_ALGORITHMS: u32 = 16;
/// `TPM_ALG_SHA1`.
pub const SHA1: u16 = 0x0004;
/// `TPM_ALG_SHA256`.
pub const SHA256: u16 = 0x000b;
const SHA1_SIZE: u16 = 20;
const SHA256_SIZE: u16 = 32;
/// `EV_NO_ACTION`.
const NO_ACTION: u32 = 3;
/// How the first event of a log with several algorithms begins.
const SPEC_ID: &[u8; 16] = b"Spec ID Event03\0";
/// `EV_EFI_BOOT_SERVICES_APPLICATION`, `EV_EFI_BOOT_SERVICES_DRIVER`,
/// `EV_EFI_RUNTIME_SERVICES_DRIVER`: a program was loaded.
const IMAGE_LOADED: [u32; 3] = [0x8000_0003, 0x8000_0004, 0x8000_0005];
/// The register for programs that did not come with the platform: those of option ROMs.
const DRIVER_PCR: u32 = 2;

/// Why octets are no event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventLogError {
    /// It is larger than anything real.
    #[error("the event log has more than {MAX_LOG} bytes")]
    TooLarge,
    /// It has more events than anything real.
    #[error("the event log has more than {MAX_EVENTS} events")]
    TooMany,
    /// The end came too early.
    #[error("event {index} at {offset:#x}: {field} ends behind the log")]
    Truncated {
        /// The event, from 0.
        index: usize,
        /// Where the field begins.
        offset: usize,
        /// Which.
        field: &'static str,
    },
    /// A digest of an algorithm that the first event does not name.
    #[error("event {index} at {offset:#x}: the first event does not name the algorithm {algorithm:#x}")]
    Algorithm {
        /// The event, from 0.
        index: usize,
        /// Where it stands.
        offset: usize,
        /// `TPM_ALG_ID`.
        algorithm: u16,
    },
    /// Another size than the digests of an algorithm have.
    #[error("event {index} at {offset:#x}: digests of the algorithm {algorithm:#x} do not have {size} bytes")]
    Size {
        /// The event, from 0.
        index: usize,
        /// Where the algorithm stands.
        offset: usize,
        /// `TPM_ALG_ID`.
        algorithm: u16,
        /// The size.
        size: u16,
    },
    /// More algorithms, or more digests, than there can be.
    #[error("event {index} at {offset:#x}: {count} algorithms are too many")]
    Count {
        /// The event, from 0.
        index: usize,
        /// Where the number stands.
        offset: usize,
        /// The number.
        count: u32,
    },
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The register that was extended.
    pub pcr: u32,
    /// Its type: `EV_…`.
    pub kind: u32,
    /// What the register was extended with, by `TPM_ALG_ID`.
    pub digests: Vec<(u16, Vec<u8>)>,
    /// What the event says.
    pub data: Vec<u8>,
}

/// An event log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventLog {
    /// The algorithms with the sizes of their digests.
    pub algorithms: Vec<(u16, u16)>,
    /// The events, with the first one, which only describes the log.
    pub events: Vec<Event>,
}

/// A program of which the log says that it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadedDriver {
    /// Its Authenticode digest, SHA-256.
    pub digest: Vec<u8>,
    /// Whether it is a file of the firmware itself, and not of a card.
    pub in_firmware: bool,
}

impl EventLog {
    /// Reads a log. Behind the last event there may be nothing but zeros, or nothing but ones: room
    /// that firmware reserved.
    pub fn read(octets: &[u8]) -> Result<Self, EventLogError> {
        if octets.len() > MAX_LOG {
            return Err(EventLogError::TooLarge);
        }
        let mut reader = Reader { octets, at: 0, index: 0 };
        let mut log = Self { algorithms: Vec::from([(SHA1, SHA1_SIZE)]), events: Vec::new() };
        let mut agile = false;
        while !reader.is_at_end() {
            if log.events.len() >= MAX_EVENTS {
                return Err(EventLogError::TooMany);
            }
            let event = if agile { reader.event(&log.algorithms)? } else { reader.event_of_sha1()? };
            if reader.index == 0 && event.kind == NO_ACTION && event.data.starts_with(SPEC_ID) {
                let start = reader.at - event.data.len();
                log.algorithms = Reader { octets: &event.data, at: 0, index: 0 }.spec_id(start)?;
                agile = true;
            }
            log.events.push(event);
            reader.index += 1;
        }
        Ok(log)
    }

    /// The programs in option ROMs, as they were loaded: those of register 2, each once. `None` if
    /// the log has no SHA-256 digests.
    pub fn drivers(&self) -> Option<Vec<LoadedDriver>> {
        self.algorithms.iter().find(|(algorithm, _)| *algorithm == SHA256)?;
        let mut found: Vec<LoadedDriver> = Vec::new();
        let events = self.events.iter().filter(|event| event.pcr == DRIVER_PCR);
        for event in events.filter(|event| IMAGE_LOADED.contains(&event.kind)) {
            let digest = event.digests.iter().find(|(algorithm, _)| *algorithm == SHA256);
            let Some((_, digest)) = digest else { continue };
            if !found.iter().any(|known| known.digest == *digest) {
                found.push(LoadedDriver { digest: digest.clone(), in_firmware: in_firmware(&event.data) });
            }
        }
        Some(found)
    }
}

/// Whether `UEFI_IMAGE_LOAD_EVENT` names a file of a firmware volume: its device path begins with
/// the node of one (UEFI PI specification, volume 3, section 8.2).
fn in_firmware(data: &[u8]) -> bool {
    /// Address, length, address at link time, length of the device path.
    const PATH: usize = 32;
    const FIRMWARE_VOLUME: [u8; 2] = [4, 7];
    data.get(PATH..).is_some_and(|path| path.starts_with(&FIRMWARE_VOLUME))
}

struct Reader<'l> {
    octets: &'l [u8],
    at: usize,
    index: usize,
}

impl<'l> Reader<'l> {
    fn is_at_end(&self) -> bool {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        rest.iter().all(|octet| *octet == 0) || rest.iter().all(|octet| *octet == 0xff)
    }

    fn take(&mut self, length: usize, field: &'static str) -> Result<&'l [u8], EventLogError> {
        let end = self.at.checked_add(length);
        let found = end.and_then(|end| self.octets.get(self.at..end));
        let found = found.ok_or(EventLogError::Truncated { index: self.index, offset: self.at, field })?;
        self.at += length;
        Ok(found)
    }

    fn number(&mut self, field: &'static str) -> Result<u32, EventLogError> {
        let octets = self.take(4, field)?.first_chunk().copied().unwrap_or_default();
        Ok(u32::from_le_bytes(octets))
    }

    fn short(&mut self, field: &'static str) -> Result<u16, EventLogError> {
        let octets = self.take(2, field)?.first_chunk().copied().unwrap_or_default();
        Ok(u16::from_le_bytes(octets))
    }

    fn data(&mut self) -> Result<Vec<u8>, EventLogError> {
        let size = self.number("eventSize")?;
        Ok(self.take(usize::try_from(size).unwrap_or(usize::MAX), "event")?.to_vec())
    }

    /// `TCG_PCR_EVENT`.
    fn event_of_sha1(&mut self) -> Result<Event, EventLogError> {
        let (pcr, kind) = (self.number("pcrIndex")?, self.number("eventType")?);
        let digest = self.take(usize::from(SHA1_SIZE), "digest")?.to_vec();
        Ok(Event { pcr, kind, digests: Vec::from([(SHA1, digest)]), data: self.data()? })
    }

    /// `TCG_PCR_EVENT2`.
    fn event(&mut self, algorithms: &[(u16, u16)]) -> Result<Event, EventLogError> {
        let start = self.at;
        let (pcr, kind) = (self.number("pcrIndex")?, self.number("eventType")?);
        let mut digests = Vec::new();
        for _ in 0..self.count()? {
            let algorithm = self.short("algorithmId")?;
            let known = algorithms.iter().find(|(known, _)| *known == algorithm);
            let index = self.index;
            let (_, size) = known.ok_or(EventLogError::Algorithm { index, offset: start, algorithm })?;
            digests.push((algorithm, self.take(usize::from(*size), "digest")?.to_vec()));
        }
        Ok(Event { pcr, kind, digests, data: self.data()? })
    }

    fn count(&mut self) -> Result<u32, EventLogError> {
        let offset = self.at;
        let count = self.number("count")?;
        if count > MAX_ALGORITHMS {
            return Err(EventLogError::Count { index: self.index, offset, count });
        }
        Ok(count)
    }

    /// `TCG_EfiSpecIdEvent`, which begins at `start` of the log.
    fn spec_id(&mut self, start: usize) -> Result<Vec<(u16, u16)>, EventLogError> {
        let mut read = || {
            // The signature, platformClass, the version of the specification in three octets,
            // uintnSize.
            self.take(SPEC_ID.len() + 8, "specIdEvent")?;
            let mut algorithms = Vec::new();
            for _ in 0..self.count()? {
                let (index, offset) = (self.index, self.at);
                let (algorithm, size) = (self.short("algorithmId")?, self.short("digestSize")?);
                if [(SHA1, SHA1_SIZE), (SHA256, SHA256_SIZE)]
                    .iter()
                    .any(|(a, s)| *a == algorithm && *s != size)
                {
                    return Err(EventLogError::Size { index, offset, algorithm, size });
                }
                algorithms.push((algorithm, size));
            }
            Ok(algorithms)
        };
        read().map_err(|error| match error {
            EventLogError::Truncated { index, offset, field } => {
                EventLogError::Truncated { index, offset: offset + start, field }
            }
            EventLogError::Count { index, offset, count } => {
                EventLogError::Count { index, offset: offset + start, count }
            }
            EventLogError::Size { index, offset, algorithm, size } => {
                EventLogError::Size { index, offset: offset + start, algorithm, size }
            }
            error => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A log with one driver of a card and one of the firmware, and the offsets of its numbers.
    fn log() -> Vec<u8> {
        let mut octets = [0_u32.to_le_bytes(), NO_ACTION.to_le_bytes()].concat();
        octets.extend([0; 20]);
        let mut spec = SPEC_ID.to_vec();
        spec.extend([0, 0, 0, 0, 0, 2, 0, 2]);
        spec.extend(2_u32.to_le_bytes());
        spec.extend([4, 0, 20, 0, 0x0b, 0, 32, 0, 0]);
        octets.extend(u32::try_from(spec.len()).unwrap().to_le_bytes());
        octets.extend(spec);
        for (pcr, kind, byte, path) in [
            (2_u32, 0x8000_0004_u32, 1, [1, 1]),
            (2, 0x8000_0005, 2, [4, 7]),
            (2, 0x8000_0004, 1, [1, 1]),
            (4, 0x8000_0003, 3, [4, 7]),
        ] {
            octets.extend([pcr, kind, 2].map(u32::to_le_bytes).concat());
            octets.extend([&[4, 0][..], &[byte; 20], &[0x0b, 0], &[byte; 32]].concat());
            octets.extend(36_u32.to_le_bytes());
            octets.extend([&[0; 32][..], &path, &[4, 0]].concat());
        }
        octets
    }

    #[test]
    fn drivers_are_those_of_register_two() {
        let octets = log();
        let read = EventLog::read(&octets).unwrap();
        assert_eq!((read.events.len(), read.algorithms.as_slice()), (5, &[(SHA1, 20), (SHA256, 32)][..]));
        let card = LoadedDriver { digest: alloc::vec![1; 32], in_firmware: false };
        let own = LoadedDriver { digest: alloc::vec![2; 32], in_firmware: true };
        assert_eq!(read.drivers().unwrap(), [card, own]);
        for room in [[0; 99], [0xff; 99]] {
            assert_eq!(EventLog::read(&[&octets[..], &room].concat()).as_ref(), Ok(&read));
        }
        // Without the first event there is SHA-1 alone.
        let old = [&octets[..28], &[1, 0, 0, 0, 7], &[0; 40]].concat();
        assert_eq!(EventLog::read(&old).unwrap().drivers(), None);
        assert_eq!(EventLog::read(&[]).unwrap().events, []);
    }

    #[test]
    fn what_is_refused() {
        let octets = log();
        let changed = |at: usize, value: u8| {
            let mut octets = octets.clone();
            octets[at] = value;
            std::string::ToString::to_string(&EventLog::read(&octets).unwrap_err())
        };
        // The number of algorithms, of digests, an algorithm, the size of data.
        assert_eq!(
            changed(32 + 34, 20),
            "event 0 at 0x40: digests of the algorithm 0xb do not have 20 bytes"
        );
        assert_eq!(changed(32 + 24, 17), "event 0 at 0x38: 17 algorithms are too many");
        assert_eq!(changed(69 + 8, 17), "event 1 at 0x4d: 17 algorithms are too many");
        assert_eq!(changed(69 + 12, 5), "event 1 at 0x45: the first event does not name the algorithm 0x5");
        assert_eq!(changed(octets.len() - 40 + 3, 1), "event 4 at 0x1d1: event ends behind the log");
        for length in 1..octets.len() {
            // A log may end behind any event, with room that is zero, as the first octets of an
            // event can be.
            let event = [0, 69, 177, 285, 393].into_iter().rfind(|start| *start <= length).unwrap();
            let ends = octets[event..length].iter().all(|octet| *octet == 0);
            assert_eq!(EventLog::read(&octets[..length]).is_ok(), ends, "{length}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(at in 0usize..501, value in any::<u8>(), octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = EventLog::read(&octets);
            let mut octets = log();
            octets[at] = value;
            if let Ok(log) = EventLog::read(&octets) {
                let _ = log.drivers();
            }
        }
    }
}
