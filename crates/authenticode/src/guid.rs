//! GUIDs, as UEFI writes them.

use core::fmt;
use core::str::FromStr;

/// A GUID: the octets as they stand in memory, the first three fields little-endian (UEFI
/// specification, appendix A).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

/// Text is no GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a GUID has the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in hexadecimal digits")]
pub struct GuidError;

impl Guid {
    /// From its fields, as specifications list them; `d4` are the last eight octets.
    pub const fn new(d1: u32, d2: u16, d3: u16, d4: [u8; 8]) -> Self {
        let (d1, d2, d3) = (d1.to_le_bytes(), d2.to_le_bytes(), d3.to_le_bytes());
        Self([
            d1[0], d1[1], d1[2], d1[3], d2[0], d2[1], d3[0], d3[1], d4[0], d4[1], d4[2], d4[3], d4[4], d4[5],
            d4[6], d4[7],
        ])
    }

    /// From octets in memory.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A random GUID (RFC 9562, version 4) of random octets.
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        // In memory the third field is little-endian.
        bytes[7] = bytes[7] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// The octets in memory.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reordered between memory and text.
    fn swapped(self) -> [u8; 16] {
        let mut bytes = self.0;
        for field in [0..4, 4..6, 6..8] {
            if let Some(field) = bytes.get_mut(field) {
                field.reverse();
            }
        }
        bytes
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.swapped().iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = GuidError;

    /// Reads the usual form, in either case, with or without braces.
    fn from_str(text: &str) -> Result<Self, GuidError> {
        let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        let mut bytes = [0; 16];
        let mut digits = text.bytes();
        for (index, byte) in bytes.iter_mut().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) && digits.next() != Some(b'-') {
                return Err(GuidError);
            }
            for _ in 0..2 {
                let digit = digits.next().and_then(|d| char::from(d).to_digit(16)).ok_or(GuidError)?;
                *byte = *byte << 4 | u8::try_from(digit).map_err(|_| GuidError)?;
            }
        }
        if digits.next().is_some() {
            return Err(GuidError);
        }
        Ok(Self(Self(bytes).swapped()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_and_memory() {
        let text = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
        let guid: Guid = text.parse().unwrap();
        assert_eq!(
            guid,
            Guid::new(0xd719_b2cb, 0x3d3a, 0x4596, [0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f])
        );
        assert_eq!(guid.to_bytes()[..4], [0xcb, 0xb2, 0x19, 0xd7]);
        assert_eq!(guid.to_string(), text);
        assert_eq!("{D719B2CB-3D3A-4596-A3BC-DAD00E67656F}".parse(), Ok(guid));
        for wrong in
            ["", "d719b2cb", "d719b2cb-3d3a-4596-a3bc-dad00e67656", "d719b2cb-3d3a-4596-a3bc-dad00e67656f0"]
        {
            assert_eq!(wrong.parse::<Guid>(), Err(GuidError));
        }
    }
}
