//! How our JSON is laid out: a line for each member and for each element of the lists, and no line
//! breaks inside of elements.
//!
//! So a report of a hundred thousand findings can be searched with line tools, and is a third
//! smaller than with a line for every field.

use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io;

/// Lines at the outside, none inside.
pub(super) struct Lines {
    /// Levels whose members and elements get lines of their own.
    levels: usize,
    depth: usize,
    outside: PrettyFormatter<'static>,
    inside: CompactFormatter,
}

impl Lines {
    /// With so many levels of lines: 2 for lists that are members of the document.
    pub(super) fn new(levels: usize) -> Self {
        Self { levels, depth: 0, outside: PrettyFormatter::new(), inside: CompactFormatter }
    }
}

/// Gives a call to the formatter for the current depth.
macro_rules! at_depth {
    ($self:ident, $call:ident($($argument:expr),*)) => {
        if $self.depth <= $self.levels { $self.outside.$call($($argument),*) } else { $self.inside.$call($($argument),*) }
    };
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        at_depth!(self, begin_array(writer))
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let done = at_depth!(self, end_array(writer));
        self.depth -= 1;
        done
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        at_depth!(self, begin_array_value(writer, first))
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        at_depth!(self, end_array_value(writer))
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        at_depth!(self, begin_object(writer))
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let done = at_depth!(self, end_object(writer));
        self.depth -= 1;
        done
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        at_depth!(self, begin_object_key(writer, first))
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        at_depth!(self, begin_object_value(writer))
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        at_depth!(self, end_object_value(writer))
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use serde::Serialize;
    use serde_json::{Serializer, Value, json};

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut out, Lines::new(2))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_an_element() {
        let value =
            json!({ "a": [{ "b": [1, { "c": {} }], "d": [] }, "e"], "f": {}, "g": { "h": { "i": 1 } } });
        let expected = "{\n  \"a\": [\n    {\"b\":[1,{\"c\":{}}],\"d\":[]},\n    \"e\"\n  ],\n  \"f\": {},\n  \"g\": {\n    \
                        \"h\": {\"i\":1}\n  }\n}";
        assert_eq!(written(&value), expected);
        assert_eq!(serde_json::from_str::<Value>(&written(&value)).unwrap(), value);
    }
}
