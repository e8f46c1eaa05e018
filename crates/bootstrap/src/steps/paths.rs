//! Paths inside arguments.

/// Where absolute paths begin in an argument: at its beginning, behind `=`, `:`, `,`, and behind an
/// option of one letter (`-I/in/include`).
pub(crate) fn paths(argument: &str) -> impl Iterator<Item = (usize, &str)> {
    argument.match_indices('/').filter_map(move |(at, _)| {
        let (before, path) = argument.split_at_checked(at)?;
        let begins = before.is_empty()
            || before.ends_with(['=', ':', ','])
            || (before.len() == 2 && before.starts_with('-'));
        begins.then_some((at, path))
    })
}
