//! Generated programs: arithmetic of all types, conversions, bit fields, calls; they print the same
//! as when gcc builds them.
//!
//! What the standard leaves undefined is kept out: divisors are made positive, shift counts small,
//! floating values are brought into the range of the integer they become. Signed overflow wraps
//! around, for gcc by `-fwrapv`.

use crate::host;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::fs;

const INTEGERS: [&str; 11] = [
    "char",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned",
    "long",
    "unsigned long",
    "long long",
    "_Bool",
];
const FLOATS: [&str; 3] = ["float", "double", "long double"];

/// Types of bit fields and the widths they may have. (gcc computes in 33 to 63 bits where we take
/// the declared type.)
const FIELDS: [(&str, u32); 9] = [
    ("char", 8),
    ("unsigned char", 8),
    ("short", 16),
    ("unsigned short", 16),
    ("int", 32),
    ("unsigned", 32),
    ("long", 31),
    ("unsigned long", 31),
    ("_Bool", 1),
];

/// Members of the structure s, so many that every program has some.
const MEMBERS: usize = 6;

const LITERALS: [&str; 24] = [
    "0",
    "1",
    "-1",
    "7",
    "127",
    "128",
    "255",
    "256",
    "32767",
    "65535",
    "0x7fffffff",
    "0x80000000",
    "0xffffffff",
    "4294967296",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "0xffffffffffffffff",
    "3u",
    "-5L",
    "'a'",
    "1.5",
    "0.1f",
    "-7.75L",
    "1e10",
];

/// An expression. Where an operator wants integers, floating operands are converted.
#[derive(Clone, Debug)]
enum Expression {
    Literal(&'static str),
    Variable(usize),
    Element(Box<Expression>),
    Operator(&'static str, Box<Expression>, Box<Expression>),
    Unary(&'static str, Box<Expression>),
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
    Cast(&'static str, Box<Expression>),
    Call(usize, Box<Expression>, Box<Expression>),
}

/// Variables: one of each type (`v0`…), then the members of `s`.
const VARIABLES: usize = INTEGERS.len() + FLOATS.len() + MEMBERS;

fn variable(index: usize) -> String {
    let types = INTEGERS.len() + FLOATS.len();
    if index < types { format!("v{index}") } else { format!("s.m{}", index - types) }
}

fn is_floating_variable(index: usize) -> bool {
    (INTEGERS.len()..INTEGERS.len() + FLOATS.len()).contains(&index)
}

fn is_floating(expression: &Expression) -> bool {
    match expression {
        Expression::Literal(text) => text.contains('.') || text.contains("1e"),
        Expression::Variable(index) => is_floating_variable(*index),
        Expression::Element(_) | Expression::Call(..) => false,
        Expression::Operator(operator, a, b) => {
            matches!(*operator, "+" | "-" | "*" | "/") && (is_floating(a) || is_floating(b))
        }
        Expression::Unary(operator, a) => *operator == "-" && is_floating(a),
        Expression::Conditional(_, a, b) => is_floating(a) || is_floating(b),
        Expression::Cast(to, _) => FLOATS.contains(to),
    }
}

/// The expression as an operand that is an integer.
fn integer(expression: &Expression) -> String {
    if is_floating(expression) { format!("(long)clamp({})", any(expression)) } else { any(expression) }
}

fn any(expression: &Expression) -> String {
    match expression {
        Expression::Literal(text) => format!("({text})"),
        Expression::Variable(index) => variable(*index),
        Expression::Element(index) => format!("table[{} & 7]", integer(index)),
        Expression::Operator(operator, a, b) => operation(operator, a, b, is_floating(expression)),
        Expression::Unary("~", a) => format!("(~{})", integer(a)),
        Expression::Unary(operator, a) => format!("({operator}{})", any(a)),
        Expression::Conditional(condition, a, b) => format!("({} ? {} : {})", any(condition), any(a), any(b)),
        Expression::Cast(to, a) if FLOATS.contains(to) => format!("(({to}){})", any(a)),
        Expression::Cast(to, a) => format!("(({to}){})", integer(a)),
        Expression::Call(index, a, b) => format!("f{index}({}, {})", integer(a), integer(b)),
    }
}

fn operation(operator: &str, a: &Expression, b: &Expression, floating: bool) -> String {
    match operator {
        "/" if floating => format!("({} / ({} * 0 + 3))", any(a), integer(b)),
        "/" | "%" => format!("({} {operator} (({} & 15) + 1))", integer(a), integer(b)),
        "u/" => format!("((unsigned){} / ({} | 1u))", integer(a), integer(b)),
        "u%" => format!("((unsigned long){} % ({} | 1ul))", integer(a), integer(b)),
        "<<" | ">>" => format!("({} {operator} ({} & 31))", integer(a), integer(b)),
        "&" | "|" | "^" => format!("({} {operator} {})", integer(a), integer(b)),
        _ => format!("({} {operator} {})", any(a), any(b)),
    }
}

fn expression() -> impl Strategy<Value = Expression> {
    let operators = prop::sample::select(vec![
        "+", "+", "-", "-", "*", "/", "%", "u/", "u%", "<<", ">>", "&", "|", "^", "<", "<=", ">", ">=", "==",
        "!=", "&&", "||",
    ]);
    let types: Vec<&'static str> = INTEGERS.into_iter().chain(FLOATS).collect();
    let leaf = prop_oneof![
        1 => prop::sample::select(&LITERALS[..]).prop_map(Expression::Literal),
        2 => (0..VARIABLES).prop_map(Expression::Variable),
    ];
    leaf.prop_recursive(5, 40, 3, move |inner| {
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            6 => (operators.clone(), one(), one()).prop_map(|(o, a, b)| Expression::Operator(o, a, b)),
            2 => (prop::sample::select(vec!["-", "~", "!"]), one()).prop_map(|(o, a)| Expression::Unary(o, a)),
            1 => (one(), one(), one()).prop_map(|(c, a, b)| Expression::Conditional(c, a, b)),
            2 => (prop::sample::select(types.clone()), one()).prop_map(|(t, a)| Expression::Cast(t, a)),
            1 => (0..INTEGERS.len(), one(), one()).prop_map(|(f, a, b)| Expression::Call(f, a, b)),
            1 => one().prop_map(Expression::Element),
        ]
    })
}

/// What is done to a variable.
#[derive(Clone, Debug)]
enum Statement {
    Assign(usize, Expression),
    Compound(usize, &'static str, Expression),
    Step(usize, &'static str),
    While(Expression, usize),
    Structure(Expression),
}

fn statement() -> impl Strategy<Value = Statement> {
    let operators = prop::sample::select(vec!["+", "-", "*", "&", "|", "^"]);
    prop_oneof![
        4 => (0..VARIABLES, expression()).prop_map(|(v, e)| Statement::Assign(v, e)),
        2 => (0..VARIABLES, operators, expression()).prop_map(|(v, o, e)| Statement::Compound(v, o, e)),
        2 => (0..VARIABLES, prop::sample::select(vec!["%++", "%--", "++%", "--%"])).prop_map(|(v, s)| Statement::Step(v, s)),
        1 => (expression(), 0..VARIABLES).prop_map(|(e, v)| Statement::While(e, v)),
        1 => expression().prop_map(Statement::Structure),
    ]
}

fn write_statement(text: &mut String, statement: &Statement) {
    let value = |index: usize, expression: &Expression| {
        if is_floating_variable(index) { any(expression) } else { integer(expression) }
    };
    match statement {
        Statement::Assign(index, e) => writeln!(text, "  {} = {};", variable(*index), value(*index, e)),
        Statement::Compound(index, "&" | "|" | "^", e) if is_floating_variable(*index) => {
            writeln!(text, "  {} += {};", variable(*index), any(e))
        }
        Statement::Compound(index, operator, e) => {
            writeln!(text, "  {} {operator}= {};", variable(*index), value(*index, e))
        }
        Statement::Step(index, step) => {
            let stepped = step.replace('%', &variable(*index));
            if is_floating_variable(*index) {
                writeln!(text, "  showdouble(\"step\", clamp({stepped}));")
            } else {
                writeln!(text, "  show(\"step\", {stepped});")
            }
        }
        Statement::While(e, index) => {
            writeln!(
                text,
                "  for (int i = 0; i < 3; i++) {{ if ({}) continue; {}++; }}",
                any(e),
                variable(*index)
            )
        }
        Statement::Structure(e) => writeln!(text, "  s = change(&s, s, {});", integer(e)),
    }
    .unwrap();
}

fn program(fields: &[(usize, u32, bool)], statements: &[Statement]) -> String {
    let mut text = String::from("#include \"support.h\"\n");
    text.push_str(
        "static long double clamp(long double x) { return x > 100 ? 100 : x < -100 ? 0 : x == x ? x : 0; }\n",
    );
    for (index, name) in INTEGERS.into_iter().chain(FLOATS).enumerate() {
        writeln!(text, "{name} v{index} = {};", index * 37 + 1).unwrap();
    }
    text.push_str("struct s {");
    for (index, (field, width, plain)) in fields.iter().enumerate() {
        let (name, most) = FIELDS[*field];
        let width = if *plain { String::new() } else { format!(" : {}", width % most + 1) };
        write!(text, " {name} m{index}{width};").unwrap();
    }
    text.push_str(" char rest[9]; } s = { 1, 0, 3 };\nlong table[8] = { 1, -1, 255, 65536, 1L << 40, 7 };\n");
    text.push_str("struct s change(struct s *p, struct s t, long by) { t.m0 += by; t.rest[8]++; p->m1 = by; t.m2 ^= p->m1; return t; }\n");
    for (index, name) in INTEGERS.iter().enumerate() {
        let other = INTEGERS[(index * 5 + 3) % INTEGERS.len()];
        writeln!(text, "{name} f{index}({other} a, {name} b) {{ return a * 3 - b; }}").unwrap();
    }
    text.push_str("int main(void)\n{\n");
    for statement in statements {
        write_statement(&mut text, statement);
        for index in 0..VARIABLES {
            let name = variable(index);
            if is_floating_variable(index) {
                writeln!(text, "  showdouble(\"{name}\", {name} == {name} ? {name} : 0);").unwrap();
            } else {
                writeln!(text, "  show(\"{name}\", {name});").unwrap();
            }
        }
    }
    text.push_str("  show(\"size\", sizeof s);\n  return 0;\n}\n");
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn generated_programs_do_what_gcc_makes_of_them(
        fields in prop::collection::vec((0..FIELDS.len(), 0..32u32, prop::bool::weighted(0.3)), MEMBERS),
        statements in prop::collection::vec(statement(), 1..24),
    ) {
        let name = "generated.c".to_owned();
        fs::write(host::room().join(&name), program(&fields, &statements)).unwrap();
        let (ours, theirs) = (host::room().join("generated"), host::room().join("generated-gcc"));
        let output = host::compile(host::room(), std::slice::from_ref(&name), &ours);
        prop_assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        host::compile_by_gcc(host::room(), &[name], &theirs, &["-O0"]);
        prop_assert_eq!(host::said(&ours), host::said(&theirs));
    }
}
