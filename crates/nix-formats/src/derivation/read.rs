//! Reading `.drv` files.
//!
//! The syntax is a small part of ATerm: tuples, lists and texts without any blanks. A text escapes
//! `"` and `\`, and writes `\n`, `\r` and `\t`; a backslash before any other byte means that byte.

use super::error::check_output_name;
use super::{Derivation, DerivationError, DerivationOutput, DerivationProblem, InputOutputs, Text};
use crate::hash::{Hash, HashAlgorithm};
use crate::store_path::{FixedMethod, StoreDir, StorePath};
use crate::text::shorten;
use std::borrow::Cow;

impl<'a> Derivation<'a> {
    /// Reads a `.drv` file of the store `/nix/store`. `name` is that of the file without the suffix
    /// `.drv`.
    pub fn parse(file: &'a [u8], name: impl Into<Cow<'a, str>>) -> Result<Self, DerivationError> {
        Self::parse_in(file, name, &StoreDir::default())
    }

    /// Reads a `.drv` file of any store.
    ///
    /// The path of each fixed output is computed and must be the one in the file. Lists may have
    /// any order, but nothing twice.
    pub fn parse_in(
        file: &'a [u8],
        name: impl Into<Cow<'a, str>>,
        store: &StoreDir,
    ) -> Result<Self, DerivationError> {
        let name = name.into();
        let mut reader = Reader { file, at: 0, items: 0, store, dynamic: false };
        let (start, result) = if file.len() > Self::MAX_SIZE {
            (0, Err(DerivationProblem::TooLarge(file.len())))
        } else {
            let result = reader.derivation(&name);
            (reader.at, result)
        };
        match result {
            Ok(read) => Ok(Derivation { name, ..read }),
            Err(problem) => Err(DerivationError { name: shorten(&name), offset: start, problem }),
        }
    }
}

/// The file and how far it is read. After an error, `at` is where the error is.
struct Reader<'a, 's> {
    file: &'a [u8],
    at: usize,
    /// How many items all lists had so far.
    items: usize,
    store: &'s StoreDir,
    /// Whether the newer version of the format allows outputs of outputs.
    dynamic: bool,
}

impl<'a> Reader<'a, '_> {
    fn rest(&self) -> &'a [u8] {
        self.file.get(self.at..).unwrap_or_default()
    }

    fn expect(&mut self, token: &'static str) -> Result<(), DerivationProblem> {
        if self.rest().starts_with(token.as_bytes()) {
            self.at += token.len();
            return Ok(());
        }
        Err(DerivationProblem::Expected(token))
    }

    /// Sets the place of an error back to where the thing began.
    fn from<T>(
        &mut self,
        start: usize,
        result: Result<T, DerivationProblem>,
    ) -> Result<T, DerivationProblem> {
        if result.is_err() {
            self.at = start;
        }
        result
    }

    fn text(&mut self) -> Result<Text<'a>, DerivationProblem> {
        let start = self.at;
        self.expect("\"")?;
        let mut unescaped: Vec<u8> = Vec::new();
        loop {
            let rest = self.rest();
            let found = memchr::memchr2(b'"', b'\\', rest);
            let Some((end, byte)) = found.and_then(|i| Some((i, *rest.get(i)?))) else {
                return self.from(start, Err(DerivationProblem::Unterminated));
            };
            let plain = rest.get(..end).unwrap_or_default();
            if byte == b'"' {
                self.at += end + 1;
                if unescaped.is_empty() {
                    return Ok(Cow::Borrowed(plain));
                }
                unescaped.extend_from_slice(plain);
                return Ok(Cow::Owned(unescaped));
            }
            let Some(&escaped) = rest.get(end + 1) else {
                return self.from(start, Err(DerivationProblem::Unterminated));
            };
            unescaped.extend_from_slice(plain);
            unescaped.push(match escaped {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            });
            self.at += end + 2;
        }
    }

    fn utf8(&mut self) -> Result<Cow<'a, str>, DerivationProblem> {
        let start = self.at;
        let text = match self.text()? {
            Cow::Borrowed(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
            Cow::Owned(text) => String::from_utf8(text).ok().map(Cow::Owned),
        };
        self.from(start, text.ok_or(DerivationProblem::NotUtf8))
    }

    fn path(&mut self) -> Result<StorePath, DerivationProblem> {
        let start = self.at;
        let text = self.utf8()?;
        let path = self.store.parse(&text).map_err(DerivationProblem::from);
        self.from(start, path)
    }

    fn output_name(&mut self) -> Result<Cow<'a, str>, DerivationProblem> {
        let start = self.at;
        let name = self.utf8()?;
        let checked = check_output_name(&name);
        self.from(start, checked.map(|()| name))
    }

    /// `[item,item]`, none of them twice by its key.
    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, DerivationProblem>,
    ) -> Result<Vec<T>, DerivationProblem> {
        self.expect("[")?;
        let mut items = Vec::new();
        if self.rest().first() == Some(&b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            self.items += 1;
            if self.items > Derivation::MAX_ITEMS {
                return Err(DerivationProblem::TooMany);
            }
            items.push(item(self)?);
            match self.rest().first() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(DerivationProblem::Expected(",` or `]")),
            }
        }
        self.at += 1;
        Ok(items)
    }

    /// A list that has nothing twice.
    fn set<T, K: Ord + ?Sized>(
        &mut self,
        what: &'static str,
        item: impl FnMut(&mut Self) -> Result<T, DerivationProblem>,
        key: impl Fn(&T) -> &K,
        show: impl Fn(&K) -> String,
    ) -> Result<Vec<T>, DerivationProblem> {
        let start = self.at;
        let items = self.list(item)?;
        // What Nix wrote is sorted.
        if items.is_sorted_by(|a, b| key(a) < key(b)) {
            return Ok(items);
        }
        let mut keys: Vec<&K> = items.iter().map(&key).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(DerivationProblem::Twice { what, name: shorten(&show(a)) }),
            _ => None,
        });
        match twice {
            Some(problem) => self.from(start, Err(problem)),
            None => Ok(items),
        }
    }

    /// Everything but the name.
    fn derivation(&mut self, name: &str) -> Result<Derivation<'a>, DerivationProblem> {
        if self.rest().starts_with(b"DrvWithVersion(") {
            self.expect("DrvWithVersion(")?;
            let start = self.at;
            let version = self.utf8()?;
            if version != "xp-dyn-drv" {
                return self.from(start, Err(DerivationProblem::Version(shorten(&version))));
            }
            self.expect(",")?;
            self.dynamic = true;
        } else {
            self.expect("Derive(")?;
        }
        let outputs = self.set("output", |r| r.output(name), |o| o.0.as_ref(), str::to_owned)?;
        self.expect(",")?;
        let input_derivations =
            self.set("input derivation", Self::input_derivation, |i| &i.0, StorePath::to_string)?;
        self.expect(",")?;
        let input_sources = self.set("input source", Self::path, |p| p, StorePath::to_string)?;
        self.expect(",")?;
        let system = self.text()?;
        self.expect(",")?;
        let builder = self.text()?;
        self.expect(",")?;
        let args = self.list(Self::text)?;
        self.expect(",")?;
        let env = self.set(
            "environment variable",
            Self::variable,
            |v| v.0.as_ref(),
            |n| String::from_utf8_lossy(n).into_owned(),
        )?;
        self.expect(")")?;
        if self.at != self.file.len() {
            return Err(DerivationProblem::Trailing);
        }
        Ok(Derivation {
            name: Cow::Borrowed(""),
            outputs,
            input_derivations,
            input_sources,
            system,
            builder,
            args,
            env,
        })
    }

    fn variable(&mut self) -> Result<(Text<'a>, Text<'a>), DerivationProblem> {
        self.expect("(")?;
        let name = self.text()?;
        self.expect(",")?;
        let value = self.text()?;
        self.expect(")")?;
        Ok((name, value))
    }

    fn output(&mut self, derivation: &str) -> Result<(Cow<'a, str>, DerivationOutput), DerivationProblem> {
        let start = self.at;
        self.expect("(")?;
        let name = self.output_name()?;
        self.expect(",")?;
        let path = self.utf8()?;
        self.expect(",")?;
        let algorithm = self.utf8()?;
        self.expect(",")?;
        let hash = self.utf8()?;
        self.expect(")")?;
        let output = output(self.store, derivation, &name, [&path, &algorithm, &hash]);
        self.from(start, output.map(|output| (name, output)))
    }

    fn input_derivation(&mut self) -> Result<(StorePath, InputOutputs<'a>), DerivationProblem> {
        self.expect("(")?;
        let path = self.path()?;
        self.expect(",")?;
        let start = self.at;
        let needed = self.needed(0)?;
        if needed.outputs.is_empty() && needed.dynamic.is_empty() {
            return self.from(start, Err(DerivationProblem::NothingNeeded(path.to_string())));
        }
        self.expect(")")?;
        Ok((path, needed))
    }

    /// `["out"]`, or `(["out"],[("out",…)])`.
    fn needed(&mut self, depth: usize) -> Result<InputOutputs<'a>, DerivationProblem> {
        let nested = self.rest().first() == Some(&b'(');
        if nested && !self.dynamic {
            return Err(DerivationProblem::DynamicInOldVersion);
        }
        if depth > Derivation::MAX_DEPTH {
            return Err(DerivationProblem::TooDeep);
        }
        if nested {
            self.at += 1;
        }
        let outputs = self.set("output", Self::output_name, Cow::as_ref, str::to_owned)?;
        let mut dynamic = Vec::new();
        if nested {
            self.expect(",")?;
            let pair = |r: &mut Self| {
                r.expect("(")?;
                let name = r.output_name()?;
                r.expect(",")?;
                let needed = r.needed(depth + 1)?;
                r.expect(")")?;
                Ok((name, needed))
            };
            dynamic =
                self.set("output", pair, |o: &(Cow<'a, str>, InputOutputs<'a>)| o.0.as_ref(), str::to_owned)?;
            self.expect(")")?;
        }
        Ok(InputOutputs { outputs, dynamic })
    }
}

/// An output from its three texts.
fn output(
    store: &StoreDir,
    derivation: &str,
    name: &str,
    texts: [&str; 3],
) -> Result<DerivationOutput, DerivationProblem> {
    let [path, algorithm, hash] = texts;
    let in_hash = |source| DerivationProblem::Hash { output: name.to_owned(), source };
    if algorithm.is_empty() {
        return match (path, hash) {
            (_, hash) if !hash.is_empty() => Err(DerivationProblem::HashWithoutAlgorithm(name.to_owned())),
            ("", _) => Ok(DerivationOutput::Deferred),
            _ => Ok(DerivationOutput::InputAddressed(store.parse(path)?)),
        };
    }
    let (method, algorithm) = split_method(algorithm);
    let algorithm: HashAlgorithm = algorithm.parse().map_err(in_hash)?;
    if hash.is_empty() || hash == "impure" {
        return match (path, hash) {
            ("", "") => Ok(DerivationOutput::Floating { method, algorithm }),
            ("", _) => Ok(DerivationOutput::Impure { method, algorithm }),
            _ => Err(DerivationProblem::UnknowablePath(name.to_owned())),
        };
    }
    let output =
        DerivationOutput::Fixed { method, hash: Hash::parse_bare(hash, algorithm).map_err(in_hash)? };
    let computed = output.path(store, derivation, name);
    let computed = computed.map_err(|source| DerivationProblem::Make { output: name.to_owned(), source })?;
    if computed.as_ref() != Some(&store.parse(path)?) {
        let computed = computed.map(|p| store.display(&p).to_string()).unwrap_or_default();
        return Err(DerivationProblem::FixedPath {
            output: name.to_owned(),
            stated: shorten(path),
            computed,
        });
    }
    Ok(output)
}

/// Takes the method off an algorithm such as `r:sha256`.
fn split_method(text: &str) -> (FixedMethod, &str) {
    for method in [FixedMethod::Recursive, FixedMethod::Git, FixedMethod::Text] {
        if let Some(algorithm) = text.strip_prefix(method.prefix()) {
            return (method, algorithm);
        }
    }
    (FixedMethod::Flat, text)
}
