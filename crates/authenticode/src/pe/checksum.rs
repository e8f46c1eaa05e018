//! The checksum of the optional header: the sum of all 16-bit words with the carries added back,
//! and the file's length.

/// Sums bytes as they come. The field CheckSum itself counts as zero: leave it out with two zero
/// words.
#[derive(Debug, Clone, Default)]
pub struct Checksum {
    sum: u64,
    length: u64,
    /// A byte that waits for the other half of its word.
    odd: Option<u8>,
}

impl Checksum {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { sum: 0, length: 0, odd: None }
    }

    /// Adds bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if let (Some(low), Some((&high, rest))) = (self.odd, bytes.split_first()) {
            self.sum += u64::from(u16::from_le_bytes([low, high]));
            self.odd = None;
            bytes = rest;
        }
        let (words, last) = bytes.as_chunks::<2>();
        // Sums of so few words fit into 32 bits, which is twice as fast.
        for words in words.chunks(1 << 15) {
            self.sum += u64::from(words.iter().map(|w| u32::from(u16::from_le_bytes(*w))).sum::<u32>());
        }
        if let Some(&byte) = last.first() {
            self.odd = Some(byte);
        }
    }

    /// Adds bytes that counted as zeros when they were met at this offset; the length does not
    /// change.
    pub fn add_at(&mut self, offset: u64, bytes: &[u8]) {
        for (at, byte) in (offset..).zip(bytes) {
            self.sum += u64::from(*byte) << (8 * (at % 2));
        }
    }

    /// The checksum of everything that was added.
    pub fn finish(&self) -> u32 {
        let mut sum = self.sum + u64::from(self.odd.unwrap_or(0));
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        // It is a 32-bit field; what does not fit is lost.
        ((sum + self.length) & u64::from(u32::MAX)).try_into().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_come(
            bytes in prop::collection::vec(any::<u8>(), 0..500), cut in 0usize..500
        ) {
            let mut whole = Checksum::new();
            whole.update(&bytes);
            let mut parts = Checksum::new();
            let (one, other) = bytes.split_at(cut.min(bytes.len()));
            parts.update(one);
            parts.update(&[]);
            parts.update(other);
            prop_assert_eq!(whole.finish(), parts.finish());
        }
    }
}
