//! Programs that nobody wrote: what they print must be what they print when gcc has compiled them.
//!
//! They keep to what C defines and what the subset and C have in common: no division by zero,
//! shifts by 0 to 63, nothing changed twice in an expression, and arithmetic on long only (a
//! comparison, a character and a bare number are an int in C).

use crate::chain::{behaviour, compiled, compiled_by_gcc, room};
use std::fmt::Write as _;
use std::fs;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// An expression being made: `left` names the places that it has not changed yet.
struct Expression<'a> {
    random: &'a mut Random,
    left: Vec<(&'static str, bool)>,
}

/// What an expression may change, and whether it is a char. Nothing else in it reads them.
const PLACES: [(&str, bool); 8] = [
    ("w1", false),
    ("w2", false),
    ("count", false),
    ("words[2]", false),
    ("bytes[3]", true),
    ("node->value", false),
    ("node->text[2]", true),
    ("(*(cell + 1))", false),
];

impl Expression<'_> {
    /// A value of C's type long.
    fn long(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.leaf();
        }
        let deeper = depth - 1;
        match self.random.below(20) {
            0..=5 => {
                let operator = self.random.of(&["+", "-", "*", "&", "|", "^", "+", "-"]);
                format!("({} {operator} {})", self.long(deeper), self.any(deeper))
            }
            6 => format!("({} {} ({} & 63))", self.leaf(), self.random.of(&["<<", ">>"]), self.long(deeper)),
            // The divisor is between 1 and 1023, so that there is no overflow.
            7 => format!(
                "({} {} (({} & 1022) + 1))",
                self.long(deeper),
                self.random.of(&["/", "%"]),
                self.long(deeper)
            ),
            8 => format!("{}{}", self.random.of(&["- ", "~"]), self.long(deeper)),
            9 => format!("({} ? {} : {})", self.any(deeper), self.long(deeper), self.any(deeper)),
            10 => format!("(long){}", self.int(deeper)),
            11 => format!("mix({}, {}, {})", self.any(deeper), self.any(deeper), self.any(deeper)),
            12 => format!(
                "{}({}, {} | 1)",
                self.random.of(&["udiv", "umod"]),
                self.any(deeper),
                self.long(deeper)
            ),
            13 if self.random.below(2) == 0 => {
                format!("ushr({}, {} & 63)", self.any(deeper), self.long(deeper))
            }
            13 => format!("ult({}, {})", self.any(deeper), self.any(deeper)),
            14 => format!("numbers[{} & 7]", self.any(deeper)),
            15 => format!(
                "*({} + ({} & 7))",
                self.random.of(&["numbers", "table", "first->list"]),
                self.any(deeper)
            ),
            16 => format!("(&numbers[{} & 7] - &numbers[{} & 7])", self.any(deeper), self.any(deeper)),
            17..=18 => self.change(deeper, false),
            _ => self.flat(deeper),
        }
    }

    /// Operators without brackets, so that their precedence matters. No shifts: their counts would
    /// not be known.
    fn flat(&mut self, depth: usize) -> String {
        let mut text = self.leaf();
        for _ in 0..=self.random.below(4) {
            let operator = self.random.of(&["+", "-", "*", "&", "|", "^", "+", "-"]);
            let right = if self.random.below(3) == 0 { self.long(depth.min(1)) } else { self.leaf() };
            write!(text, " {operator} {right}").unwrap();
        }
        bracketed(&text)
    }

    /// A value of C's type int, which has to be small: the subset knows only long.
    fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .random
                .of(&["'a'", "letters[3]", "*(letters + 1)", "first->text[2]", "7", "0", "1", "200"])
                .to_owned();
        }
        let deeper = depth - 1;
        match self.random.below(8) {
            0..=2 => format!(
                "({} {} {})",
                self.any(deeper),
                self.random.of(&["<", "<=", ">", ">=", "==", "!="]),
                self.any(deeper)
            ),
            3 => format!("({} {} {})", self.any(deeper), self.random.of(&["&&", "||"]), self.any(deeper)),
            4 => format!("!{}", self.any(deeper)),
            5 => format!("letters[{} & 7]", self.any(deeper)),
            6 => {
                // As one reads them: `a < b && c == d || e`
                let mut text = format!("{} < {}", self.leaf(), self.leaf());
                for _ in 0..=self.random.below(3) {
                    let (join, compare) =
                        (self.random.of(&["&&", "||"]), self.random.of(&["<", ">=", "==", "!="]));
                    let value = self.long(deeper.min(1));
                    write!(text, " {join} {} {compare} {value}", self.leaf()).unwrap();
                }
                bracketed(&text)
            }
            _ => self.change(deeper, true),
        }
    }

    fn any(&mut self, depth: usize) -> String {
        if self.random.below(3) == 0 { self.int(depth) } else { self.long(depth) }
    }

    /// Something that changes a place, as a long or a char.
    fn change(&mut self, depth: usize, char: bool) -> String {
        let Some(at) = self.left.iter().position(|(_, of_char)| *of_char == char) else { return self.leaf() };
        let (place, _) = self.left.swap_remove(at);
        match self.random.below(6) {
            0 => format!("({place}++)"),
            1 => format!("({place}--)"),
            2 => format!("++{place}"),
            3 => format!("--{place}"),
            4 => format!("({place} = {})", self.any(depth)),
            _ => format!("({place} {} {})", self.random.of(&["+=", "-="]), self.any(depth)),
        }
    }

    fn leaf(&mut self) -> String {
        match self.random.below(6) {
            0..=2 => self
                .random
                .of(&["a", "b", "c", "d", "total", "first->value", "numbers[5]", "*table"])
                .to_owned(),
            3 => format!("(long){}", self.random.below(300)),
            4 => format!("(long){}", self.random.next()),
            // Beside the limits of 8, 31 and 32 bits.
            _ => format!(
                "(long){:#x}",
                (1_u64 << self.random.of(&["7", "8", "31", "32", "62"]).parse::<u32>().unwrap())
                    - self.random.below(2) as u64
            ),
        }
    }
}

fn bracketed(text: &str) -> String {
    format!("({text})")
}

const BEGIN: &str = "
struct Node { struct Node *next; long value; char *text; long *list; };
long count; long words[4]; char bytes[6]; long numbers[8]; char letters[8]; char more[8]; long cells[3];
long nodes[8]; long total; long *table; long *cell; struct Node *node; struct Node *first;
long mix(long a, long b, long c) { return a * 3 + (b ^ c); }
void begin(long a) {
  long i;
  count = a; for (i = 0; i < 8; i++) { numbers[i] = a * i - (i << (i * 7)); letters[i] = i * 37 + a; more[i] = a - i; }
  for (i = 0; i < 4; i++) words[i] = a + i; for (i = 0; i < 6; i++) bytes[i] = a * i; for (i = 0; i < 3; i++) cells[i] = i - a;
  first = (struct Node *)nodes; node = (struct Node *)&nodes[4]; first->next = node; node->next = first;
  first->value = a * a; node->value = -a; first->text = letters; node->text = more; first->list = &numbers[0]; node->list = cells;
  table = numbers; cell = cells; total = 0 - a; more[2] = a;
}
void end(long r, long w1, long w2) {
  number(r); number(w1); number(w2); number(count); number(words[2]); number(bytes[3]); number(node->value); number(more[2]); number(cells[1]); line();
}
";

/// Statements that add to `sum` what they come by. `loops` is how many are around them.
fn statements(random: &mut Random, depth: usize, loops: usize, text: &mut String) {
    let value = |random: &mut Random, depth| Expression { random, left: PLACES.to_vec() }.any(depth);
    match random.below(if depth == 0 { 2 } else { 8 }) {
        0 => writeln!(text, "sum = sum * 31 + {};", value(random, 2)).unwrap(),
        1 if loops > 0 => {
            let leave = random.of(&["break", "continue", "sum += 7; continue", "return end(sum, w1, w2)"]);
            writeln!(text, "if ({}) {{ {leave}; }} else sum++;", value(random, 1)).unwrap();
        }
        1 => writeln!(text, "{};", value(random, 3)).unwrap(),
        2 | 3 => {
            writeln!(text, "if ({}) {{", value(random, 2)).unwrap();
            statements(random, depth - 1, loops, text);
            if random.below(2) == 0 {
                writeln!(text, "}} else {{").unwrap();
                statements(random, depth - 1, loops, text);
            }
            writeln!(text, "}}").unwrap();
        }
        // Every loop has its own variable, which is counted in its head.
        4 if loops < 3 => {
            writeln!(text, "for (i{loops} = 0; i{loops} < {}; i{loops}++) {{", 1 + random.below(6)).unwrap();
            statements(random, depth - 1, loops + 1, text);
            writeln!(text, "sum += i{loops}; }}").unwrap();
        }
        5 if loops < 3 => {
            writeln!(
                text,
                "i{loops} = {}; while (i{loops}-- && {}) {{",
                1 + random.below(6),
                value(random, 1)
            )
            .unwrap();
            statements(random, depth - 1, loops + 1, text);
            writeln!(text, "sum -= i{loops}; }}").unwrap();
        }
        _ => {
            for _ in 0..2 + random.below(3) {
                statements(random, depth - 1, loops, text);
            }
        }
    }
}

/// A program of `functions` functions, each called with several arguments.
fn program(seed: u64, functions: usize) -> String {
    const VALUES: [&str; 8] =
        ["0", "1", "-1", "7", "-300", "2147483648", "9223372036854775807", "-9223372036854775807 - 1"];
    let mut random = Random(seed);
    let mut text = String::from(BEGIN);
    let mut main = String::from("long main(long argc, char **argv) {\n");
    for number in 0..functions {
        let head = format!("void f{number}(long a, long b, long c, long d) {{ long w1 = a - d; long w2 = b;");
        if number % 4 == 0 {
            writeln!(text, "{head} long sum = 0; long i0 = 0; long i1 = 0; long i2 = 0; begin(c);").unwrap();
            statements(&mut random, 5, 0, &mut text);
            writeln!(text, "end(sum, w1, w2); }}").unwrap();
        } else {
            let depth = 1 + random.below(6);
            let mut expression = Expression { random: &mut random, left: PLACES.to_vec() };
            let value = expression.any(depth);
            writeln!(text, "{head} long r; begin(b);\n  r = {value};\n  end(r, w1, w2); }}").unwrap();
        }
        for _ in 0..3 {
            let arguments: Vec<&str> = (0..4).map(|_| random.of(&VALUES)).collect();
            writeln!(main, "  f{number}({});", arguments.join(", ")).unwrap();
        }
    }
    text + &main + "  return 0;\n}\n"
}

#[test]
fn gcc_makes_the_same_of_them() {
    let room = room();
    let source = room.path().join("random.c");
    let support = crate::subset::support();
    for seed in 0..6 {
        fs::write(&source, program(seed, 400)).unwrap();
        let files = [support.as_path(), source.as_path()];
        let gcc = behaviour(&compiled_by_gcc(&files, room.path()));
        let ours = behaviour(&compiled(&files, room.path()));
        assert_eq!(gcc.lines().count(), 1201, "seed {seed}");
        let differ = gcc.lines().zip(ours.lines()).enumerate().find(|(_, (gcc, ours))| gcc != ours);
        assert_eq!(differ, None, "seed {seed}: call number from 0, gcc, subset");
        assert_eq!(gcc, ours, "seed {seed}");
    }
}
