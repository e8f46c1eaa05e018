//! Where boxes and lines go: a layered drawing after Sugiyama, Tagawa and Toda (1981).
//!
//! Levels are rows. A line that passes a row gets a place of its own in it, so that no line runs
//! through a box. The order in a row follows the average place of the neighbours, from above to
//! below and back; then the boxes move towards their neighbours as far as the others allow.
//!
//! Why not Graphviz's `dot` where it is present: this layout would have to stay for where it is
//! not, `dot` draws no better (the project's chain has no crossing lines in either), it takes nodes
//! off their level, and the page would depend on the machine. Who wants it has `--format dot`.

/// What stands in a row: a box, or a place where a line passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// The node with this index.
    Node(usize),
    /// The edge with this index.
    Passing(usize),
}

/// Places, in units of the drawing.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The centre of each node, from the left.
    pub(super) x: Vec<f64>,
    /// For each edge the centres of the places that it passes, from above to below: (row, from the
    /// left).
    pub(super) passing: Vec<Vec<(usize, f64)>>,
    /// The width of all.
    pub(super) width: f64,
}

/// How wide items are, with the space between them.
pub(super) struct Widths {
    pub(super) node: f64,
    pub(super) passing: f64,
}

/// How often the order goes down and up again: it does not get better after a few rounds.
const ROUNDS: usize = 12;

/// Places nodes, whose rows are `levels`, and the edges between them.
pub(super) fn place(levels: &[usize], edges: &[(usize, usize)], widths: &Widths) -> Layout {
    let rows = levels.iter().max().map_or(0, |row| row + 1);
    let mut items: Vec<(usize, Item)> =
        levels.iter().enumerate().map(|(node, row)| (*row, Item::Node(node))).collect();
    // Lines between neighbouring rows, as indices of items.
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let level = |node: usize| levels.get(node).copied().unwrap_or(0);
    for (number, &(from, to)) in edges.iter().enumerate() {
        let mut above = from;
        for row in level(from) + 1..level(to) {
            items.push((row, Item::Passing(number)));
            lines.push((above, items.len() - 1));
            above = items.len() - 1;
        }
        lines.push((above, to));
    }
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); rows];
    for (item, (row, _)) in items.iter().enumerate() {
        if let Some(row) = order.get_mut(*row) {
            row.push(item);
        }
    }
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for &(from, to) in &lines {
        if let (Some(up), Some(down)) = (above.get_mut(to), below.get_mut(from)) {
            up.push(from);
            down.push(to);
        }
    }
    let width_of = |item: usize| match items.get(item) {
        Some((_, Item::Passing(_))) => widths.passing,
        _ => widths.node,
    };

    // First any place: side by side.
    let mut x = vec![0.0_f64; items.len()];
    for row in &order {
        side_by_side(row, &width_of, &mut x);
    }
    for round in 0..ROUNDS {
        let down = round % 2 == 0;
        let neighbours = if down { &above } else { &below };
        for number in 0..rows {
            let number = if down { number } else { rows - 1 - number };
            let Some(row) = order.get_mut(number) else { continue };
            let mut keyed: Vec<(f64, usize)> =
                row.iter().map(|&item| (wish(item, neighbours, &x), item)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *row = keyed.into_iter().map(|(_, item)| item).collect();
            side_by_side(row, &width_of, &mut x);
        }
    }
    for round in 0..ROUNDS {
        let neighbours = if round % 2 == 0 { &above } else { &below };
        for number in 0..rows {
            let number = if round % 2 == 0 { number } else { rows - 1 - number };
            let Some(row) = order.get(number) else { continue };
            settle(row, neighbours, &width_of, &mut x);
        }
    }

    let left = (0..items.len()).map(|item| at(&x, item) - width_of(item) / 2.0).fold(f64::INFINITY, f64::min);
    let right =
        (0..items.len()).map(|item| at(&x, item) + width_of(item) / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let mut layout = Layout {
        x: vec![0.0; levels.len()],
        passing: vec![Vec::new(); edges.len()],
        width: (right - left).max(0.0),
    };
    for (number, (row, item)) in items.iter().enumerate() {
        let place = at(&x, number) - left;
        match item {
            Item::Node(node) => {
                if let Some(x) = layout.x.get_mut(*node) {
                    *x = place;
                }
            }
            Item::Passing(edge) => {
                if let Some(passing) = layout.passing.get_mut(*edge) {
                    passing.push((*row, place));
                }
            }
        }
    }
    layout
}

fn at(x: &[f64], item: usize) -> f64 {
    x.get(item).copied().unwrap_or(0.0)
}

/// Where an item would like to be: in the middle of its neighbours, or where it is.
fn wish(item: usize, neighbours: &[Vec<usize>], x: &[f64]) -> f64 {
    match neighbours.get(item) {
        Some(near) if !near.is_empty() => {
            near.iter().map(|&near| at(x, near)).sum::<f64>() / near.len() as f64
        }
        _ => at(x, item),
    }
}

/// Puts a row side by side, its middle at 0.
fn side_by_side(row: &[usize], width_of: &impl Fn(usize) -> f64, x: &mut [f64]) {
    let mut left = -row.iter().map(|&item| width_of(item)).sum::<f64>() / 2.0;
    for &item in row {
        let width = width_of(item);
        if let Some(x) = x.get_mut(item) {
            *x = left + width / 2.0;
        }
        left += width;
    }
}

/// Moves the items of a row as near to their wishes as their order and widths allow: neighbours
/// that would overlap become a block, which stands where its items wish to be on average (isotonic
/// regression, by pooling adjacent violators).
fn settle(row: &[usize], neighbours: &[Vec<usize>], width_of: &impl Fn(usize) -> f64, x: &mut [f64]) {
    // Each block: sum of the wishes (less the item's place in the row when packed), items.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    let mut packed = Vec::new();
    let mut place = 0.0;
    for &item in row {
        let width = width_of(item);
        packed.push(place + width / 2.0);
        blocks.push((wish(item, neighbours, x) - (place + width / 2.0), 1));
        place += width;
        while let [.., (a, many), (b, few)] = blocks.as_slice() {
            let (a, many, b, few) = (*a, *many, *b, *few);
            if a / many as f64 <= b / few as f64 {
                break;
            }
            blocks.truncate(blocks.len() - 2);
            blocks.push((a + b, many + few));
        }
    }
    let shifts = blocks.iter().flat_map(|&(sum, count)| std::iter::repeat_n(sum / count as f64, count));
    for ((&item, packed), shift) in row.iter().zip(packed).zip(shifts) {
        if let Some(x) = x.get_mut(item) {
            *x = packed + shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn boxes_of_a_row_never_overlap(wanted in proptest::collection::vec((0_usize..6, 0_usize..40, 0_usize..40), 0..60)) {
            // A random graph without cycles: edges from lower to higher numbers, levels by the
            // longest way.
            let edges: Vec<(usize, usize)> = wanted.iter().filter(|(_, a, b)| a < b).map(|(_, a, b)| (*a, *b)).collect();
            let mut levels = vec![0; 40];
            for node in 0..40 {
                for (from, to) in &edges {
                    if *to == node {
                        levels[node] = levels[node].max(levels[*from] + 1);
                    }
                }
            }
            let widths = Widths { node: 100.0, passing: 20.0 };
            let layout = place(&levels, &edges, &widths);
            for row in 0..40 {
                let mut taken: Vec<(f64, f64)> = (0..40).filter(|n| levels[*n] == row).map(|n| (layout.x[n], 50.0)).collect();
                taken.extend(layout.passing.iter().flatten().filter(|(r, _)| *r == row).map(|(_, x)| (*x, 10.0)));
                taken.sort_by(|a, b| a.0.total_cmp(&b.0));
                for pair in taken.windows(2) {
                    prop_assert!(pair[1].0 - pair[0].0 >= pair[0].1 + pair[1].1 - 1e-6, "{:?}", pair);
                }
                for (x, half) in taken {
                    prop_assert!(x - half >= -1e-6 && x + half <= layout.width + 1e-6);
                }
            }
            for (edge, (from, to)) in edges.iter().enumerate() {
                prop_assert_eq!(layout.passing[edge].len(), levels[*to] - levels[*from] - 1);
            }
        }
    }
}
