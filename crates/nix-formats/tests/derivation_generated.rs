//! Derivations: generated ones that must survive, and broken ones that must be refused with the
//! place.

#![allow(clippy::unwrap_used)]

use nix_formats::{
    Derivation, DerivationJsonProblem, DerivationOutput, DerivationProblem, FixedMethod, HashAlgorithm,
    HashModulo, HashModuloError, InputOutputs, StoreDir, StorePath,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::borrow::Cow;

#[test]
fn what_is_no_file() {
    let good = r#"Derive([("out","","","")],[],[],"s","b",["a"],[("k","v")])"#;
    Derivation::parse(good.as_bytes(), "x").unwrap();
    for end in 0..good.len() {
        let error = Derivation::parse(&good.as_bytes()[..end], "x").unwrap_err();
        assert!(error.offset <= end, "{error}");
    }
    let refused = |text: &str| Derivation::parse(text.as_bytes(), "x").unwrap_err().problem;
    assert_eq!(refused(&format!("{good}\n")), DerivationProblem::Trailing);
    assert_eq!(
        refused(&" ".repeat(Derivation::MAX_SIZE + 1)),
        DerivationProblem::TooLarge(Derivation::MAX_SIZE + 1)
    );
    assert!(matches!(refused(&good.replace(r#"["a"]"#, r#"["a""b"]"#)), DerivationProblem::Expected(_)));
    assert!(matches!(refused(&good.replace(r#"["a"]"#, r#"[,"a"]"#)), DerivationProblem::Expected(_)));
    assert!(matches!(refused(&good.replace(r#"["a"]"#, r#"["a",]"#)), DerivationProblem::Expected(_)));
    assert!(matches!(refused(&good.replace(r#"["a"]"#, r#"["a\"]"#)), DerivationProblem::Expected(_)));
    let twice =
        |from: &str, to: &str| matches!(refused(&good.replace(from, to)), DerivationProblem::Twice { .. });
    assert!(twice(r#"[("k","v")]"#, r#"[("k","v"),("k","w")]"#));
    assert!(twice(r#"[("k","v")]"#, r#"[("k","v"),("a","w"),("k","w")]"#));
    assert!(twice(r#"("out","","","")"#, r#"("out","","",""),("out","","","")"#));
    assert!(matches!(refused(&good.replace(r#"("out""#, r#"("o/t""#)), DerivationProblem::OutputName { .. }));
    let output = |texts: &str| refused(&good.replace(r#""","","")"#, &format!("{texts})")));
    assert_eq!(output(r#""","","00""#), DerivationProblem::HashWithoutAlgorithm("out".into()));
    assert!(matches!(output(r#""","md7","""#), DerivationProblem::Hash { .. }));
    assert!(matches!(output(r#""","sha256","00""#), DerivationProblem::Hash { .. }));
    assert!(matches!(output(r#""/tmp/x","","""#), DerivationProblem::Path(_)));
    let path = "/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-x";
    for hash in ["", "impure"] {
        let unknowable = output(&format!(r#""{path}","r:sha256","{hash}""#));
        assert_eq!(unknowable, DerivationProblem::UnknowablePath("out".into()));
    }
    // The path in the file is checked even where it is no path at all.
    assert!(matches!(output(&format!(r#""","sha256","{}""#, "0".repeat(64))), DerivationProblem::Path(_)));
    let error = Derivation::parse(b"Derive([(\"o\xff\"", "x").unwrap_err();
    assert_eq!((error.offset, error.problem), (9, DerivationProblem::NotUtf8));
}

#[test]
fn outputs_of_outputs_have_a_limit() {
    let path = "/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-x.drv";
    let file = |needed: &str| {
        format!(r#"DrvWithVersion("xp-dyn-drv",[],[("{path}",{needed})],[],"s","b",[],[])"#).into_bytes()
    };
    let nested =
        |depth: usize| file(&format!(r#"{}["o"]{}"#, r#"([],[("o","#.repeat(depth), ")])".repeat(depth)));
    let refused = |file: &[u8]| Derivation::parse(file, "x").unwrap_err().problem;
    let deepest = nested(Derivation::MAX_DEPTH);
    let derivation = Derivation::parse(&deepest, "x").unwrap();
    assert_eq!(derivation.to_aterm(&StoreDir::default()).unwrap(), deepest);
    assert_eq!(Derivation::from_json(&derivation.to_json().unwrap()).unwrap(), derivation);
    assert_eq!(refused(&nested(Derivation::MAX_DEPTH + 1)), DerivationProblem::TooDeep);
    assert_eq!(refused(&nested(100_000)), DerivationProblem::TooDeep);
    assert!(matches!(refused(&file("[]")), DerivationProblem::NothingNeeded(_)));
    assert!(matches!(refused(&file("([],[])")), DerivationProblem::NothingNeeded(_)));
    let deepest = derivation.to_json().unwrap();
    let mut deeper = deepest.clone();
    let drvs = deeper.pointer_mut("/inputs/drvs").unwrap().as_object_mut().unwrap();
    let node = drvs.values_mut().next().unwrap();
    *node = json!({ "outputs": [], "dynamicOutputs": { "o": node.take() } });
    let problem = Derivation::from_json(&deeper).unwrap_err().problem;
    assert!(matches!(problem, DerivationJsonProblem::TooDeep), "{problem}");
}

#[test]
fn json_errors_name_the_place() {
    let good = json!({
        "args": ["a"], "builder": "b", "env": { "k": "v" }, "inputs": { "drvs": {}, "srcs": [] }, "name": "n",
        "outputs": { "out": {} }, "system": "s", "version": 4,
    });
    Derivation::from_json(&good).unwrap();
    let refused = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        Derivation::from_json(&bad).unwrap_err().place
    };
    let path = "c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-x";
    for (pointer, value, place) in [
        ("", json!([]), "derivation"),
        ("/version", json!(3), "version"),
        ("/args/0", json!(1), "args[0]"),
        ("/env/k", json!(1), "env.k"),
        ("/outputs/out", json!({ "path": "x" }), "outputs.out.path"),
        ("/outputs/out", json!({ "path": path, "method": "nar" }), "outputs.out"),
        ("/outputs/out", json!({ "method": "nar", "hashAlgo": "md7" }), "outputs.out.hashAlgo"),
        ("/outputs/out", json!({ "method": "nor", "hashAlgo": "md5" }), "outputs.out.method"),
        ("/outputs/out", json!({ "method": "nar", "hashAlgo": "md5", "impure": false }), "outputs.out"),
        ("/outputs/out", json!({ "method": "nar", "hash": "sha256-00" }), "outputs.out.hash"),
        ("/outputs", json!({ "o/t": {} }), "outputs.o/t"),
        ("/inputs", json!({ "drvs": {} }), "inputs.srcs"),
        ("/inputs/srcs", json!(["x"]), "inputs.srcs[0]"),
        ("/inputs/drvs", json!({ "x": {} }), "inputs.drvs.x"),
        ("/inputs", json!("x"), "inputs"),
    ] {
        assert_eq!(refused(pointer, value.clone()), place, "{value}");
    }
    for key in ["args", "builder", "env", "inputs", "name", "outputs", "system", "version"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(key);
        assert_eq!(Derivation::from_json(&bad).unwrap_err().place, key);
    }
    let mut bad = good.clone();
    bad["envv"] = json!(1);
    assert_eq!(Derivation::from_json(&bad).unwrap_err().place, "envv");
    let mut bad = good;
    bad["structuredAttrs"] = json!({ "a": 1 });
    bad["env"] = json!({ "__json": "{\"a\":2}" });
    assert_eq!(Derivation::from_json(&bad).unwrap_err().place, "env.__json");
}

#[test]
fn structured_attributes_become_texts() {
    let with = |structured: Value| Derivation {
        env: vec![(text_of(&"__json"), text_of(&structured))],
        ..Derivation::default()
    };
    let derivation = with(json!({
        "version": 2, "yes": true, "no": false, "none": null, "set": { "a": 1 }, "words": "a  b\nc",
        "nested": [["a"], "b"], "pname": "",
    }));
    let attributes = derivation.attributes().unwrap();
    assert_eq!(attributes.version().as_deref(), Some("2"));
    assert_eq!(attributes.pname(), None);
    assert_eq!(attributes.list("words"), ["a", "b", "c"]);
    assert_eq!(attributes.text("yes").as_deref(), Some("1"));
    assert_eq!(attributes.text("no").as_deref(), Some(""));
    assert_eq!(attributes.text("none").as_deref(), Some(""));
    assert_eq!(attributes.text("nested").as_deref(), Some("a b"));
    assert_eq!(attributes.text("set"), None);
    assert!(attributes.list("absent").is_empty());
    assert!(with(json!([])).attributes().is_err());
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = Derivation { env: vec![(text_of(&"__json"), text_of(&deep))], ..Derivation::default() };
    assert!(deep.attributes().is_err());
    assert_eq!(deep.to_json().unwrap_err().place, "env.__json");
}

fn text_of(text: &impl ToString) -> Cow<'static, [u8]> {
    Cow::Owned(text.to_string().into_bytes())
}

/// A chain of inputs, each with this as its output.
fn link(input: Option<&StorePath>) -> Derivation<'static> {
    let path = StorePath::from_base_name("c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-link").unwrap();
    let needed = InputOutputs { outputs: vec!["out".into()], dynamic: Vec::new() };
    Derivation {
        name: "link".into(),
        outputs: vec![("out".into(), DerivationOutput::InputAddressed(path))],
        input_derivations: input.map(|path| (path.clone(), needed)).into_iter().collect(),
        ..Derivation::default()
    }
}

#[test]
fn long_chains_and_circles() {
    let store = StoreDir::default();
    let numbered = |number: u32| {
        let mut digest = [0; 20];
        digest[..4].copy_from_slice(&number.to_le_bytes());
        StorePath::from_parts(&digest, "link.drv").unwrap()
    };
    let number = |path: &StorePath| {
        let digest = nix_formats::base32::decode(path.digest()).unwrap();
        u32::from_le_bytes(digest[..4].try_into().unwrap())
    };
    // Recursion would run out of stack.
    let mut reads = 0;
    let mut modulo = HashModulo::new(store.clone(), |path: &StorePath| {
        reads += 1;
        let below = number(path).checked_sub(1).map(numbered);
        Ok(link(below.as_ref()).to_aterm(&StoreDir::default()).unwrap())
    });
    modulo.input_hash(&numbered(20_000)).unwrap();
    modulo.input_hash(&numbered(10_000)).unwrap();
    drop(modulo);
    assert_eq!(reads, 20_001, "each is read once");
    let mut cycle = HashModulo::new(store.clone(), |path: &StorePath| {
        let next = numbered((number(path) + 1) % 3);
        Ok(link(Some(&next)).to_aterm(&StoreDir::default()).unwrap())
    });
    assert!(matches!(cycle.input_hash(&numbered(0)), Err(HashModuloError::Cycle(_))));
    let mut absent = HashModulo::new(store, |_: &StorePath| Err(std::io::ErrorKind::NotFound.into()));
    assert!(matches!(absent.own_hash(&link(Some(&numbered(0)))), Err(HashModuloError::Read { .. })));
    let source = StorePath::from_base_name("c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-source").unwrap();
    assert!(matches!(absent.own_hash(&link(Some(&source))), Err(HashModuloError::NotADerivation(_))));
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9+_?=][a-zA-Z0-9+._?=-]{0,12}"
}

fn path() -> impl Strategy<Value = StorePath> {
    (any::<[u8; 20]>(), name()).prop_map(|(digest, name)| StorePath::from_parts(&digest, &name).unwrap())
}

fn method() -> impl Strategy<Value = FixedMethod> {
    let (flat, recursive) = (FixedMethod::Flat, FixedMethod::Recursive);
    proptest::sample::select(vec![flat, recursive, FixedMethod::Git, FixedMethod::Text])
}

fn algorithm() -> impl Strategy<Value = HashAlgorithm> {
    proptest::sample::select(HashAlgorithm::ALL.to_vec())
}

fn output() -> impl Strategy<Value = DerivationOutput> {
    prop_oneof![
        path().prop_map(DerivationOutput::InputAddressed),
        Just(DerivationOutput::Deferred),
        (method(), algorithm())
            .prop_map(|(method, algorithm)| DerivationOutput::Floating { method, algorithm }),
        (method(), algorithm())
            .prop_map(|(method, algorithm)| DerivationOutput::Impure { method, algorithm }),
        (method(), algorithm(), any::<[u8; 8]>()).prop_map(|(method, algorithm, bytes)| {
            // A text is always hashed with SHA-256.
            let algorithm = if method == FixedMethod::Text { HashAlgorithm::Sha256 } else { algorithm };
            DerivationOutput::Fixed { method, hash: algorithm.hash(&bytes) }
        }),
    ]
}

fn text() -> impl Strategy<Value = Cow<'static, [u8]>> {
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..20),
        "[a-c\"\\\\\n\r\t]{0,20}".prop_map(String::into_bytes),
        "[ -~]{0,20}".prop_map(String::into_bytes),
    ];
    bytes.prop_map(Cow::Owned)
}

fn needed() -> impl Strategy<Value = InputOutputs<'static>> {
    let names = || btree_set(name().prop_map(Cow::Owned), 1..3).prop_map(|s| s.into_iter().collect());
    let leaf = names().prop_map(|outputs| InputOutputs { outputs, dynamic: Vec::new() });
    leaf.prop_recursive(3, 8, 2, move |inner| {
        (names(), btree_map(name().prop_map(Cow::Owned), inner, 0..3))
            .prop_map(|(outputs, dynamic)| InputOutputs { outputs, dynamic: dynamic.into_iter().collect() })
    })
}

fn derivation() -> impl Strategy<Value = Derivation<'static>> {
    let outputs = btree_map(name().prop_map(Cow::Owned), output(), 0..4);
    let inputs = (btree_map(path(), needed(), 0..4), btree_set(path(), 0..4));
    let rest = (text(), text(), vec(text(), 0..4), btree_map(text(), text(), 0..6));
    (name(), outputs, inputs, rest).prop_map(|(name, outputs, (derivations, sources), rest)| Derivation {
        name: Cow::Owned(name),
        outputs: outputs.into_iter().collect(),
        input_derivations: derivations.into_iter().collect(),
        input_sources: sources.into_iter().collect(),
        system: rest.0,
        builder: rest.1,
        args: rest.2,
        env: rest.3.into_iter().collect(),
    })
}

proptest! {
    #[test]
    fn reading_undoes_writing(derivation in derivation(), store in "/[a-z]{1,5}(/[a-z]{1,5})?") {
        let store = StoreDir::new(&store).unwrap();
        let written = derivation.to_aterm(&store).unwrap();
        let read = Derivation::parse_in(&written, derivation.name.as_ref(), &store).unwrap();
        prop_assert_eq!(&read, &derivation);
        prop_assert!(read.is_sorted());
        prop_assert_eq!(&read.to_aterm(&store).unwrap(), &written);
        // JSON cannot hold what is not UTF-8.
        if let Ok(json) = read.to_json() {
            prop_assert_eq!(&Derivation::from_json(&json).unwrap(), &derivation);
        }
        prop_assert_eq!(read.into_owned(), derivation);
    }

    #[test]
    fn the_path_does_not_depend_on_the_order(derivation in derivation()) {
        let store = StoreDir::default();
        let mut turned = derivation.clone();
        turned.outputs.reverse();
        turned.input_derivations.reverse();
        turned.input_sources.reverse();
        turned.env.reverse();
        let written = turned.to_aterm(&store).unwrap();
        prop_assert_eq!(&Derivation::parse(&written, turned.name.as_ref()).unwrap(), &turned);
        prop_assert_eq!(turned.store_path(&store).unwrap(), derivation.store_path(&store).unwrap());
    }

    #[test]
    fn damaged_files_never_panic(derivation in derivation(), at: prop::sample::Index, byte: u8, cut: bool) {
        let mut file = derivation.to_aterm(&StoreDir::default()).unwrap();
        let at = at.index(file.len());
        if cut {
            file.truncate(at);
        } else {
            file[at] = byte;
        }
        match Derivation::parse(&file, derivation.name.as_ref()) {
            Ok(read) => {
                let written = read.to_aterm(&StoreDir::default()).unwrap();
                prop_assert_eq!(&Derivation::parse(&written, read.name.as_ref()).unwrap(), &read);
            }
            Err(error) => prop_assert!(error.offset <= file.len()),
        }
    }

    #[test]
    fn random_bytes_never_panic(
        bytes in vec(any::<u8>(), 0..200),
        start in "(Derive\\(|DrvWithVersion\\(\"xp-dyn-drv\",)?",
    ) {
        let mut file = start.into_bytes();
        file.extend(bytes);
        let _ = Derivation::parse(&file, "x");
    }
}
