//! DER as a tree that can be taken apart, changed and written again, also in ways that are not DER.

use crate::random::Random;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BITS: u8 = 0x03;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8: u8 = 0x0c;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const T61: u8 = 0x14;
pub(crate) const IA5: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const TIME: u8 = 0x18;
pub(crate) const UNIVERSAL: u8 = 0x1c;
pub(crate) const BMP: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) tag: u8,
    pub(crate) value: Value,
    pub(crate) length: Length,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Octets(Vec<u8>),
    Parts(Vec<Element>),
}

/// How the length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Shortest,
    /// One byte more than needed.
    Long,
    /// To an end mark.
    Indefinite,
}

pub(crate) fn octets(tag: u8, value: impl AsRef<[u8]>) -> Element {
    Element { tag, value: Value::Octets(value.as_ref().to_vec()), length: Length::Shortest }
}

pub(crate) fn parts(tag: u8, parts: impl IntoIterator<Item = Element>) -> Element {
    Element { tag, value: Value::Parts(parts.into_iter().collect()), length: Length::Shortest }
}

pub(crate) fn sequence(of: impl IntoIterator<Item = Element>) -> Element {
    parts(SEQUENCE, of)
}

/// `[number] EXPLICIT` or constructed `IMPLICIT`.
pub(crate) fn context(number: u8, of: impl IntoIterator<Item = Element>) -> Element {
    parts(0xa0 | number, of)
}

/// From `1.2.840…`.
pub(crate) fn oid(text: &str) -> Element {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut value = vec![u8::try_from(arcs[0] * 40 + arcs[1]).unwrap()];
    for arc in &arcs[2..] {
        let groups = (32 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let low = u8::try_from(arc >> (7 * group) & 0x7f).unwrap();
            value.push(if group > 0 { low | 0x80 } else { low });
        }
    }
    octets(OID, value)
}

/// `AlgorithmIdentifier`.
pub(crate) fn algorithm(text: &str, null: bool) -> Element {
    sequence([oid(text)].into_iter().chain(null.then(|| octets(NULL, []))))
}

/// A SET whose elements are in order.
pub(crate) fn set_of(tag: u8, mut of: Vec<Element>) -> Element {
    of.sort_by_key(Element::write);
    parts(tag, of)
}

impl Element {
    /// Reads one element that fills `octets`; what is not an element inside stays octets.
    pub(crate) fn read(from: &[u8]) -> Self {
        let mut all = read_all(from).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let body = self.body();
        let mut written = vec![self.tag];
        let size = u32::try_from(body.len()).unwrap();
        let digits: Vec<u8> = size.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        let count = u8::try_from(digits.len()).unwrap();
        match self.length {
            Length::Indefinite => written.push(0x80),
            Length::Shortest if size < 0x80 => written.push(size.to_be_bytes()[3]),
            Length::Shortest => written.extend([0x80 | count].iter().chain(&digits)),
            Length::Long if size < 0x80 => written.extend([0x81, size.to_be_bytes()[3]]),
            Length::Long => written.extend([0x81 + count, 0].iter().chain(&digits)),
        }
        written.extend(body);
        if self.length == Length::Indefinite {
            written.extend([0, 0]);
        }
        written
    }

    /// The value without tag and length.
    pub(crate) fn body(&self) -> Vec<u8> {
        match &self.value {
            Value::Octets(value) => value.clone(),
            Value::Parts(parts) => parts.iter().flat_map(Self::write).collect(),
        }
    }

    pub(crate) fn parts(&mut self) -> &mut Vec<Self> {
        match &mut self.value {
            Value::Parts(parts) => parts,
            Value::Octets(_) => panic!("an element without parts"),
        }
    }

    /// The part at this place of this place of …
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |element, place| &mut element.parts()[*place])
    }

    fn count(&self) -> usize {
        match &self.value {
            Value::Octets(_) => 1,
            Value::Parts(parts) => 1 + parts.iter().map(Self::count).sum::<usize>(),
        }
    }

    fn number(&mut self, number: usize) -> &mut Self {
        if number == 0 {
            return self;
        }
        let mut left = number - 1;
        for part in self.parts() {
            let count = part.count();
            if left < count {
                return part.number(left);
            }
            left -= count;
        }
        panic!("fewer elements than counted")
    }

    /// Changes one element somewhere inside, and tells how.
    pub(crate) fn mutate(&mut self, random: &mut Random) -> String {
        let number = random.below(self.count());
        let element = self.number(number);
        let was = element.tag;
        let how = element.change(random);
        format!("element {number} (tag {was:#04x}): {how}")
    }

    fn change(&mut self, random: &mut Random) -> String {
        if random.one_in(8) {
            self.length = *random.pick(&[Length::Long, Length::Indefinite]);
            return format!("length {:?}", self.length);
        }
        match &mut self.value {
            Value::Parts(parts) if !parts.is_empty() => {
                let at = random.below(parts.len());
                match random.below(7) {
                    0 => {
                        parts.remove(at);
                        format!("without part {at}")
                    }
                    1 => {
                        parts.insert(at, parts[at].clone());
                        format!("part {at} twice")
                    }
                    2 => {
                        let other = random.below(parts.len());
                        parts.swap(at, other);
                        format!("parts {at} and {other} changed places")
                    }
                    3 => {
                        parts.insert(at, octets(NULL, []));
                        format!("NULL in front of part {at}")
                    }
                    4 => {
                        parts.push(context(u8::try_from(random.below(4)).unwrap(), [octets(INTEGER, [1])]));
                        "a part more".to_owned()
                    }
                    5 => {
                        let inner = parts[at].clone();
                        parts[at] = sequence([inner]);
                        format!("part {at} in a SEQUENCE")
                    }
                    _ => {
                        self.tag = *random.pick(&[SEQUENCE, SET, 0xa0, 0xa1, 0xa2, OCTETS]);
                        format!("tag {:#04x}", self.tag)
                    }
                }
            }
            Value::Parts(parts) => {
                parts.push(octets(NULL, []));
                "NULL inside".to_owned()
            }
            Value::Octets(value) => change_octets(&mut self.tag, value, random),
        }
    }
}

fn change_octets(tag: &mut u8, value: &mut Vec<u8>, random: &mut Random) -> String {
    match random.below(8) {
        0 => {
            value.clear();
            "empty".to_owned()
        }
        1 => {
            value.insert(0, 0);
            "zero in front".to_owned()
        }
        2 => {
            value.push(u8::try_from(random.below(256)).unwrap());
            "a byte more".to_owned()
        }
        3 if !value.is_empty() => {
            value.pop();
            "a byte less".to_owned()
        }
        4 | 5 if !value.is_empty() => {
            let (at, bit) = (random.below(value.len()), random.below(8));
            value[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        6 => {
            value.insert(0, 0xff);
            "0xff in front".to_owned()
        }
        _ => {
            *tag = *random.pick(&[
                BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID, UTF8, PRINTABLE, T61, IA5, UTC_TIME, TIME, BMP,
                UNIVERSAL, 0x0a, 0x80, 0x82, 0x24,
            ]);
            format!("tag {tag:#04x}")
        }
    }
}

fn read_all(mut from: &[u8]) -> Option<Vec<Element>> {
    let mut all = Vec::new();
    while let Some((&tag, rest)) = from.split_first() {
        let (&first, rest) = rest.split_first()?;
        let (size, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if digits.is_empty() || digits.len() > 3 {
                return None;
            }
            (digits.iter().fold(0, |size, digit| size << 8 | usize::from(*digit)), rest)
        };
        let (body, rest) = rest.split_at_checked(size)?;
        let value = match read_all(body) {
            Some(parts) if tag & 0x20 != 0 => Value::Parts(parts),
            _ => Value::Octets(body.to_vec()),
        };
        all.push(Element { tag, value, length: Length::Shortest });
        from = rest;
    }
    Some(all)
}
