//! Digits of floating-point numbers after Grisu2 (Florian Loitsch, *Printing Floating-Point Numbers
//! Quickly and Accurately with Integers*, PLDI 2010), with the choices that nlohmann's JSON library
//! makes: exponents from -60 to -32, and every eighth power of ten.
//!
//! What Grisu2 finds reads back the same, but in about one of 200 cases it is not the shortest such
//! text, which is what Rust prints. Nix writes structured attributes this way, and the path of a
//! derivation depends on it.

use std::sync::LazyLock;

/// The powers of ten are those from this one on, [`STEP`] apart.
const FIRST: i32 = -300;
/// From one power of ten to the next.
const STEP: i32 = 8;
/// How many there are.
const COUNT: usize = 79;
/// The smallest exponent that a product may have.
const ALPHA: i32 = -60;

/// `significand * 2^exponent`.
#[derive(Debug, Clone, Copy)]
struct Scaled {
    significand: u64,
    exponent: i32,
}

impl Scaled {
    /// The same with the highest bit set. The significand is not 0.
    const fn normal(self) -> Self {
        let shift = self.significand.leading_zeros();
        Self { significand: self.significand << shift, exponent: self.exponent - shift.cast_signed() }
    }

    /// The product, rounded to 64 bits.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.significand) * u128::from(other.significand) + (1 << 63);
        let significand = u64::try_from(product >> 64).unwrap_or(u64::MAX);
        Self { significand, exponent: self.exponent + other.exponent + 64 }
    }
}

/// Powers of ten, rounded to 64 bits, the highest of which is set.
static POWERS: LazyLock<[Scaled; COUNT]> = LazyLock::new(|| {
    let mut powers = [Scaled { significand: 1 << 63, exponent: -63 }; COUNT];
    for (power, exponent) in powers.iter_mut().zip((FIRST..).step_by(8)) {
        *power = power_of_ten(exponent);
    }
    powers
});

/// Computed with as many digits as it takes: limbs of 32 bits, the lowest first.
fn power_of_ten(exponent: i32) -> Scaled {
    // 10^-300 needs 2^997 over it; this leaves far more than 64 bits.
    const LIMBS: usize = 40;
    let mut limbs;
    let mut scale = 0;
    if exponent < 0 {
        limbs = vec![0_u32; LIMBS];
        limbs.push(1);
        scale = -32 * i32::try_from(LIMBS).unwrap_or(0);
        for _ in exponent..0 {
            let mut rest = 0_u64;
            for limb in limbs.iter_mut().rev() {
                let value = rest << 32 | u64::from(*limb);
                *limb = low(value / 10);
                rest = value % 10;
            }
        }
    } else {
        limbs = vec![1_u32];
        for _ in 0..exponent {
            let mut carry = 0_u64;
            for limb in &mut limbs {
                let value = u64::from(*limb) * 10 + carry;
                *limb = low(value);
                carry = value >> 32;
            }
            if carry > 0 {
                limbs.push(low(carry));
            }
        }
    }
    // The highest 96 bits hold the 64 that count.
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    let highest = (0..4).fold(0_u128, |sum, i| {
        let limb = limbs.len().checked_sub(i + 1).and_then(|at| limbs.get(at)).copied().unwrap_or(0);
        sum << 32 | u128::from(limb)
    });
    let shift = highest.leading_zeros();
    let highest = highest << shift;
    let rounded = (highest >> 64) + (highest >> 63 & 1);
    let significand = u64::try_from(rounded).unwrap_or(u64::MAX);
    let limbs = i32::try_from(limbs.len()).unwrap_or(0);
    Scaled { significand, exponent: scale + 32 * (limbs - 4) - shift.cast_signed() + 64 }
}

#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn low(value: u64) -> u32 {
    value as u32
}

/// Decimal digits, and the power of ten that the last of them counts. The number is finite and
/// greater than 0.
pub(super) fn digits(float: f64) -> (String, i32) {
    let bits = float.to_bits();
    let (fraction, biased) = (bits & ((1 << 52) - 1), i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0));
    let number = if biased == 0 {
        Scaled { significand: fraction.max(1), exponent: -1074 }
    } else {
        Scaled { significand: fraction | 1 << 52, exponent: biased - 1075 }
    };
    // Halfway to the neighbours, of which the lower one is closer at a power of two.
    let closer = fraction == 0 && biased > 1;
    let upper = Scaled { significand: 2 * number.significand + 1, exponent: number.exponent - 1 }.normal();
    let lower = if closer {
        Scaled { significand: 4 * number.significand - 1, exponent: number.exponent - 2 }
    } else {
        Scaled { significand: 2 * number.significand - 1, exponent: number.exponent - 1 }
    };
    let shift = (lower.exponent - upper.exponent).cast_unsigned();
    let lower = Scaled { significand: lower.significand << shift, exponent: upper.exponent };

    // The first power that lifts the exponent to ALPHA; 78913 / 2^18 is the logarithm of 2 to the
    // base 10.
    let missing = ALPHA - upper.exponent - 1;
    let power = missing * 78_913 / (1 << 18) + i32::from(missing > 0);
    let index = (power - FIRST + STEP - 1) / STEP;
    let ten = POWERS[usize::try_from(index).unwrap_or(0).min(COUNT - 1)];

    let (number, lower, upper) = (number.normal().times(ten), lower.times(ten), upper.times(ten));
    // Products may be off by one; inside these, every number reads back the same.
    let (lower, upper) = (lower.significand + 1, Scaled { significand: upper.significand - 1, ..upper });
    let exponent = -(FIRST + index * STEP);
    generate(exponent, lower, number.significand, upper)
}

/// The digits of `upper`, until what is left out stays above `lower`, and then as near to `number`
/// as that many digits are.
fn generate(mut exponent: i32, lower: u64, number: u64, upper: Scaled) -> (String, i32) {
    let shift = (-upper.exponent).cast_unsigned();
    let one = 1_u64 << shift;
    let (mut range, mut distance) = (upper.significand - lower, upper.significand - number);
    let (mut whole, mut part) = (upper.significand >> shift, upper.significand & (one - 1));
    let mut digits = Vec::with_capacity(17);

    let mut left = whole.checked_ilog10().unwrap_or(0) + 1;
    while left > 0 {
        left -= 1;
        let unit = 10_u64.pow(left);
        digits.push(digit(whole / unit));
        whole %= unit;
        let rest = (whole << shift) + part;
        if rest <= range {
            round(&mut digits, distance, range, rest, unit << shift);
            return (text(digits), exponent + left.cast_signed());
        }
    }
    loop {
        part *= 10;
        digits.push(digit(part >> shift));
        part &= one - 1;
        range *= 10;
        distance *= 10;
        exponent -= 1;
        if part <= range {
            round(&mut digits, distance, range, part, one);
            return (text(digits), exponent);
        }
    }
}

/// Lowers the last digit while that brings the digits nearer to the number and they stay in the
/// range.
fn round(digits: &mut [u8], distance: u64, range: u64, mut rest: u64, unit: u64) {
    let Some(last) = digits.last_mut() else { return };
    while rest < distance
        && range - rest >= unit
        && (rest + unit < distance || distance - rest > rest + unit - distance)
    {
        *last -= 1;
        rest += unit;
    }
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value).unwrap_or(9)
}

fn text(digits: Vec<u8>) -> String {
    String::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn powers() {
        // Those that are exact.
        for exponent in 0..=27 {
            let Scaled { significand, exponent: binary } = power_of_ten(exponent);
            let exact = 10_u128.pow(exponent.cast_unsigned());
            let shift = exact.leading_zeros();
            assert_eq!(u128::from(significand) << 64, exact << shift, "{exponent}");
            assert_eq!(binary, 64 - shift.cast_signed(), "{exponent}");
        }
        // Each is the next one's tenth, as exactly as 64 bits can hold.
        for exponent in -300..324 {
            let (small, large) = (power_of_ten(exponent), power_of_ten(exponent + 1));
            let ten = small.times(power_of_ten(1)).normal();
            assert!(ten.significand.abs_diff(large.significand) <= 2, "{exponent}");
            assert_eq!(ten.exponent, large.exponent, "{exponent}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(bits: u64) {
            let float = f64::from_bits(bits).abs();
            prop_assume!(float.is_finite() && float > 0.0);
            let (digits, exponent) = digits(float);
            prop_assert!(digits.len() <= 17, "{}", digits);
            prop_assert_eq!(format!("{digits}e{exponent}").parse::<f64>().unwrap().to_bits(), float.to_bits());
        }

        #[test]
        fn small_ones_read_back(whole in 1..1_000_000_000_u64, scale in 0..20_i32) {
            let float = f64::from(u32::try_from(whole).unwrap()) * 10_f64.powi(-scale);
            let (digits, exponent) = digits(float);
            prop_assert_eq!(format!("{digits}e{exponent}").parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
    }
}
