//! Time as a picture: what held from when to when, one lane for each channel, drawn here as SVG.
//! Beside it stands a table with the same, for readers who do not see it and for paper.

use jiff::Timestamp;

/// The width of the picture in its own units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 22.0;
/// How wide a character is at most, to know whether a label fits.
const CHARACTER: f64 = 9.5;

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) label: String,
    /// 'bad', 'good', 'open' or 'plain'.
    pub(crate) look: &'static str,
}

/// A drawn stretch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    pub(crate) x: f64,
    pub(crate) width: f64,
    pub(crate) look: &'static str,
    /// Inside, where there is room.
    pub(crate) label: Option<String>,
    /// The whole, for who points at it.
    pub(crate) title: String,
}

/// A drawn lane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lane {
    pub(crate) name: String,
    pub(crate) bars: Vec<Bar>,
}

/// All lanes over the same time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lanes {
    pub(crate) all: Vec<Lane>,
    pub(crate) from: String,
    pub(crate) until: String,
}

impl Lanes {
    /// Draws lanes that end now.
    pub(crate) fn draw(lanes: Vec<(String, Vec<Stretch>)>, now: Timestamp) -> Self {
        let starts = lanes.iter().flat_map(|(_, stretches)| stretches).map(|stretch| stretch.from);
        let Some(from) = starts.min().filter(|from| *from < now) else { return Self::default() };
        let whole = now.duration_since(from).as_secs_f64().max(1.0);
        let place =
            |time: Timestamp| (time.duration_since(from).as_secs_f64() / whole * WIDTH).clamp(0.0, WIDTH);
        let bar = |stretch: Stretch| {
            let until = stretch.until.unwrap_or(now);
            let (x, end) = (place(stretch.from), place(until));
            // What was there shall be seen, however short.
            let width = (end - x).max(3.0);
            let room = stretch.label.chars().count() as f64 * CHARACTER + 12.0 < width;
            let ended = stretch.until.map_or_else(|| "today".to_owned(), |until| super::time::day(&until));
            let title = format!("{}: {} to {ended}", stretch.label, super::time::day(&stretch.from));
            let rounded = |value: f64| (value * 10.0).round() / 10.0;
            Bar {
                x: rounded(x.min(WIDTH - width)),
                width: rounded(width),
                look: stretch.look,
                label: room.then_some(stretch.label),
                title,
            }
        };
        let lanes = lanes.into_iter().map(|(name, stretches)| {
            let mut stretches = stretches;
            stretches.sort_by_key(|stretch| stretch.from);
            Lane { name, bars: stretches.into_iter().map(bar).collect() }
        });
        Self { all: lanes.collect(), from: super::time::day(&from), until: "today".to_owned() }
    }

    #[allow(clippy::unused_self, reason = "for templates")]
    pub(crate) const fn width(&self) -> f64 {
        WIDTH
    }

    #[allow(clippy::unused_self, reason = "for templates")]
    pub(crate) const fn height(&self) -> f64 {
        HEIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    proptest! {
        /// Whatever the times, also such as are not in order: all is inside the picture.
        #[test]
        fn bars_stay_inside(times in prop::collection::vec((0_i64..2_000_000, prop::option::of(0_i64..2_000_000)), 0..9)) {
            let stretches = times.iter().map(|(from, until)| Stretch {
                from: at(*from), until: until.map(at), label: "1.2.3".to_owned(), look: "plain",
            });
            let lanes = Lanes::draw(vec![("x".to_owned(), stretches.collect())], at(1_000_000));
            for bar in lanes.all.iter().flat_map(|lane| &lane.bars) {
                prop_assert!(bar.x >= 0.0 && bar.width >= 3.0 && bar.x + bar.width <= WIDTH + 0.2, "{bar:?}");
            }
        }
    }

    #[test]
    fn a_lane_from_the_first_to_now() {
        let stretch = |from, until: Option<i64>, label: &str| Stretch {
            from: at(from),
            until: until.map(at),
            label: label.to_owned(),
            look: "plain",
        };
        let drawn = Lanes::draw(
            vec![("a".to_owned(), vec![stretch(500, None, "2"), stretch(0, Some(500), "1")])],
            at(1000),
        );
        let bars: Vec<(f64, f64)> = drawn.all[0].bars.iter().map(|bar| (bar.x, bar.width)).collect();
        assert_eq!(bars, [(0.0, 500.0), (500.0, 500.0)]);
        assert_eq!(Lanes::draw(Vec::new(), at(0)), Lanes::default());
    }
}
