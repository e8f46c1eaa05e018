//! The order of the queue.

use matching::{Confidence, FindingStatus};

/// What the order rests on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs {
    /// CVSS score, 0 to 10.
    pub score: Option<f64>,
    /// Probability of exploitation, 0 to 1.
    pub epss: Option<f64>,
    /// CISA or the EU says that it is exploited.
    pub exploited: bool,
    /// CISA's decision (SSVC) says that an exploit is public.
    pub exploit_is_public: bool,
    /// An attack can be automated, as CISA sees it.
    pub automatable: bool,
}

/// What an unrated vulnerability counts as: many new records have no rating, and waiting for one
/// must not hide them.
const UNRATED: f64 = 6.5;

/// A number from 0 to 100, higher for what should be looked at first.
///
/// Whether it is exploited comes before everything: +40. The rest is severity (up to 30),
/// prediction (up to 15), a public exploit (+8), automation (+4); a doubtful match counts for less
/// (three quarters, half), and so does one whose version is open.
pub fn risk(signs: &Signs, status: FindingStatus, confidence: Confidence) -> f64 {
    let severity = signs.score.filter(|score| score.is_finite()).unwrap_or(UNRATED).clamp(0.0, 10.0) * 3.0;
    // Probabilities are small and uneven: the square root spreads them.
    let predicted = signs.epss.filter(|epss| epss.is_finite()).unwrap_or(0.0).clamp(0.0, 1.0).sqrt() * 15.0;
    let sum = severity
        + predicted
        + if signs.exploited { 40.0 } else { 0.0 }
        + if signs.exploit_is_public { 8.0 } else { 0.0 }
        + if signs.automatable { 4.0 } else { 0.0 };
    let sure = match confidence {
        Confidence::High => 1.0,
        Confidence::Medium => 0.75,
        Confidence::Low => 0.5,
    };
    let concerned = if status == FindingStatus::Affected { 1.0 } else { 0.6 };
    sum.min(100.0) * sure * concerned
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signs() -> impl Strategy<Value = Signs> {
        let score = prop::option::of(0.0..=10.0_f64);
        let epss = prop::option::of(0.0..=1.0_f64);
        (score, epss, any::<(bool, bool, bool)>()).prop_map(
            |(score, epss, (exploited, exploit_is_public, automatable))| Signs {
                score,
                epss,
                exploited,
                exploit_is_public,
                automatable,
            },
        )
    }

    proptest! {
        /// A worse sign never moves a suggestion down, and nothing leaves the scale.
        #[test]
        fn worse_signs_come_first(signs in signs(), more in 0.0..=10.0_f64) {
            let of = |signs: &Signs| risk(signs, FindingStatus::Affected, Confidence::High);
            let before = of(&signs);
            prop_assert!((0.0..=100.0).contains(&before));
            let score = signs.score.map(|score| (score + more).min(10.0));
            let worse = [
                Signs { exploited: true, ..signs },
                Signs { exploit_is_public: true, ..signs },
                Signs { automatable: true, ..signs },
                Signs { epss: Some(1.0), ..signs },
                Signs { score, ..signs },
            ];
            for worse in &worse {
                prop_assert!(of(worse) >= before);
            }
            for confidence in [Confidence::Low, Confidence::Medium] {
                prop_assert!(risk(&signs, FindingStatus::Affected, confidence) <= before);
            }
            prop_assert!(risk(&signs, FindingStatus::Unknown, Confidence::High) <= before);
        }
    }

    #[test]
    fn numbers_that_are_none_do_no_harm() {
        let signs = Signs { score: Some(f64::NAN), epss: Some(f64::INFINITY), ..Signs::default() };
        let nothing = risk(&Signs::default(), FindingStatus::Affected, Confidence::High);
        assert!((risk(&signs, FindingStatus::Affected, Confidence::High) - nothing).abs() < 1e-9);
    }
}
