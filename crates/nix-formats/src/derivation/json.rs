//! Nix's JSON form of a derivation, version 4 (`nix derivation show`,
//! `doc/manual/source/protocols/json/derivation` of Nix).
//!
//! Store paths stand in it without their folder, hashes as SRI, and structured attributes as
//! themselves rather than as the text in the environment.

use super::error::check_output_name;
use super::json_text::canonical;
use super::{
    Derivation, DerivationJsonError, DerivationJsonProblem as Problem, DerivationOutput, InputOutputs, Text,
    text,
};
use crate::hash::{Hash, HashAlgorithm};
use crate::store_path::{FixedMethod, StorePath};
use crate::text::shorten;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The version of the form that is read and written.
const VERSION: u64 = 4;

impl Derivation<'_> {
    /// Nix's JSON form. Fails for texts that are not UTF-8, which JSON cannot hold, and for
    /// structured attributes that are not JSON.
    pub fn to_json(&self) -> Result<Value, DerivationJsonError> {
        let mut env = Map::new();
        let mut structured = None;
        for (name, value) in &self.env {
            let place = || format!("env.{}", shorten(&String::from_utf8_lossy(name)));
            let (name, value) = (utf8(name, place)?, utf8(value, place)?);
            if name == Derivation::STRUCTURED {
                let parsed = serde_json::from_str(value);
                let parsed: Value =
                    parsed.map_err(|e| DerivationJsonError::new(place(), Problem::Attributes(e)))?;
                structured = Some(parsed);
            } else {
                env.insert(name.to_owned(), value.into());
            }
        }
        let args = self.args.iter().map(|arg| Ok(Value::from(utf8(arg, || "args".to_owned())?)));
        let drvs = self.input_derivations.iter().map(|(path, n)| (path.to_string(), needed_to_json(n)));
        let mut srcs: Vec<&str> = self.input_sources.iter().map(StorePath::as_str).collect();
        srcs.sort_unstable();
        let outputs = self.outputs.iter().map(|(name, output)| (name.to_string(), output_to_json(output)));
        let mut json = json!({
            "args": args.collect::<Result<Vec<Value>, DerivationJsonError>>()?,
            "builder": utf8(&self.builder, || "builder".to_owned())?,
            "env": env,
            "inputs": { "drvs": drvs.collect::<Map<_, _>>(), "srcs": srcs },
            "name": self.name,
            "outputs": outputs.collect::<Map<_, _>>(),
            "system": utf8(&self.system, || "system".to_owned())?,
            "version": VERSION,
        });
        if let (Some(structured), Some(members)) = (structured, json.as_object_mut()) {
            members.insert("structuredAttrs".to_owned(), structured);
        }
        Ok(json)
    }
}

impl Derivation<'static> {
    /// Reads Nix's JSON form. Structured attributes become the text that Nix would put into the
    /// file.
    ///
    /// In resolved derivations, which need no derivation any more, `inputs` is a mere list of store
    /// paths; these are read too.
    pub fn from_json(json: &Value) -> Result<Self, DerivationJsonError> {
        let whole = object(json, "derivation")?;
        let version = member(whole, "version", "")?;
        if version.as_u64() != Some(VERSION) {
            let found = shorten(&version.to_string());
            return Err(DerivationJsonError::new("version", Problem::Version { found, expected: VERSION }));
        }
        let known =
            ["args", "builder", "env", "inputs", "name", "outputs", "structuredAttrs", "system", "version"];
        if let Some(key) = whole.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(DerivationJsonError::new(shorten(key), Problem::Unknown));
        }
        let name = string(member(whole, "name", "")?, "name")?;
        let mut outputs = Vec::new();
        for (output, value) in object(member(whole, "outputs", "")?, "outputs")? {
            let place = format!("outputs.{}", shorten(output));
            check_output_name(output)
                .map_err(|e| DerivationJsonError::new(&place, Problem::OutputName(e)))?;
            outputs.push((Cow::Owned(output.clone()), output_from_json(value, &place)?));
        }
        let inputs = member(whole, "inputs", "")?;
        let mut input_derivations = Vec::new();
        let input_sources = if inputs.is_array() {
            paths(inputs, "inputs")?
        } else {
            let inputs = object(inputs, "inputs")?;
            for (path, value) in object(member(inputs, "drvs", "inputs")?, "inputs.drvs")? {
                let place = format!("inputs.drvs.{}", shorten(path));
                let path = store_path(path, &place)?;
                input_derivations.push((path, needed_from_json(value, &place, 0)?));
            }
            paths(member(inputs, "srcs", "inputs")?, "inputs.srcs")?
        };
        let mut derivation = Self {
            name: Cow::Owned(name.to_owned()),
            outputs,
            input_derivations,
            input_sources,
            system: text(string(member(whole, "system", "")?, "system")?),
            builder: text(string(member(whole, "builder", "")?, "builder")?),
            args: strings(member(whole, "args", "")?, "args")?.into_iter().map(text).collect(),
            env: environment(whole)?,
        };
        derivation.sort();
        Ok(derivation)
    }
}

/// The environment, with the structured attributes in it.
fn environment(
    whole: &Map<String, Value>,
) -> Result<Vec<(Text<'static>, Text<'static>)>, DerivationJsonError> {
    let mut env = Vec::new();
    let structured = whole.get("structuredAttrs");
    for (name, value) in object(member(whole, "env", "")?, "env")? {
        let place = format!("env.{}", shorten(name));
        let value = string(value, &place)?;
        if name == Derivation::STRUCTURED
            && let Some(structured) = structured
        {
            // Old documents of Nix have both; they must be the same.
            if serde_json::from_str::<Value>(value).ok().as_ref() != Some(structured) {
                return Err(DerivationJsonError::new(place, Problem::OtherAttributes));
            }
            continue;
        }
        env.push((text(name), text(value)));
    }
    if let Some(structured) = structured {
        object(structured, "structuredAttrs")?;
        env.push((text(Derivation::STRUCTURED), text(canonical(structured))));
    }
    Ok(env)
}

fn output_to_json(output: &DerivationOutput) -> Value {
    match output {
        DerivationOutput::InputAddressed(path) => json!({ "path": path.as_str() }),
        DerivationOutput::Fixed { method, hash } => {
            json!({ "hash": hash.sri(), "method": method_name(*method) })
        }
        DerivationOutput::Floating { method, algorithm } => {
            json!({ "hashAlgo": algorithm.name(), "method": method_name(*method) })
        }
        DerivationOutput::Deferred => json!({}),
        DerivationOutput::Impure { method, algorithm } => {
            json!({ "hashAlgo": algorithm.name(), "impure": true, "method": method_name(*method) })
        }
    }
}

fn output_from_json(value: &Value, place: &str) -> Result<DerivationOutput, DerivationJsonError> {
    let output = object(value, place)?;
    let get = |key: &str| string(member(output, key, place)?, &format!("{place}.{key}"));
    let method = || {
        let method = get("method")?;
        let known =
            [FixedMethod::Flat, FixedMethod::Recursive, FixedMethod::Git, FixedMethod::Text].into_iter();
        known.into_iter().find(|m| method_name(*m) == method).ok_or_else(|| {
            DerivationJsonError::new(format!("{place}.method"), Problem::Method(shorten(method)))
        })
    };
    let algorithm = || {
        let algorithm = get("hashAlgo")?.parse::<HashAlgorithm>();
        algorithm.map_err(|e| DerivationJsonError::new(format!("{place}.hashAlgo"), e))
    };
    let mut keys: Vec<&str> = output.keys().map(String::as_str).collect();
    keys.sort_unstable();
    match keys.as_slice() {
        [] => Ok(DerivationOutput::Deferred),
        ["path"] => Ok(DerivationOutput::InputAddressed(store_path(get("path")?, &format!("{place}.path"))?)),
        ["hash", "method"] => {
            let hash = get("hash")?.parse::<Hash>();
            let hash = hash.map_err(|e| DerivationJsonError::new(format!("{place}.hash"), e))?;
            Ok(DerivationOutput::Fixed { method: method()?, hash })
        }
        ["hashAlgo", "method"] => {
            Ok(DerivationOutput::Floating { method: method()?, algorithm: algorithm()? })
        }
        ["hashAlgo", "impure", "method"] if output.get("impure") == Some(&Value::Bool(true)) => {
            Ok(DerivationOutput::Impure { method: method()?, algorithm: algorithm()? })
        }
        _ => Err(DerivationJsonError::new(place, Problem::Output)),
    }
}

fn needed_to_json(needed: &InputOutputs<'_>) -> Value {
    let dynamic = needed.dynamic.iter().map(|(name, needed)| (name.to_string(), needed_to_json(needed)));
    let mut outputs: Vec<&str> = needed.outputs.iter().map(AsRef::as_ref).collect();
    outputs.sort_unstable();
    json!({ "dynamicOutputs": dynamic.collect::<Map<_, _>>(), "outputs": outputs })
}

fn needed_from_json(
    value: &Value,
    place: &str,
    depth: usize,
) -> Result<InputOutputs<'static>, DerivationJsonError> {
    if depth > Derivation::MAX_DEPTH {
        return Err(DerivationJsonError::new(place, Problem::TooDeep));
    }
    let needed = object(value, place)?;
    let check = |name: &str| {
        check_output_name(name).map_err(|e| DerivationJsonError::new(place, Problem::OutputName(e)))
    };
    let mut outputs = Vec::new();
    for output in strings(member(needed, "outputs", place)?, &format!("{place}.outputs"))? {
        check(output)?;
        outputs.push(Cow::Owned(output.to_owned()));
    }
    outputs.sort_unstable();
    outputs.dedup();
    let mut dynamic = Vec::new();
    for (name, value) in object(member(needed, "dynamicOutputs", place)?, place)? {
        check(name)?;
        let place = format!("{place}.dynamicOutputs.{}", shorten(name));
        dynamic.push((Cow::Owned(name.clone()), needed_from_json(value, &place, depth + 1)?));
    }
    if outputs.is_empty() && dynamic.is_empty() {
        return Err(DerivationJsonError::new(place, Problem::NothingNeeded));
    }
    Ok(InputOutputs { outputs, dynamic })
}

/// How JSON names a method.
const fn method_name(method: FixedMethod) -> &'static str {
    match method {
        FixedMethod::Flat => "flat",
        FixedMethod::Recursive => "nar",
        FixedMethod::Git => "git",
        FixedMethod::Text => "text",
    }
}

fn utf8(text: &[u8], place: impl FnOnce() -> String) -> Result<&str, DerivationJsonError> {
    std::str::from_utf8(text).map_err(|_| DerivationJsonError::new(place(), Problem::NotUtf8))
}

fn object<'v>(value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, DerivationJsonError> {
    value.as_object().ok_or_else(|| DerivationJsonError::new(place, Problem::Type("an object")))
}

fn member<'v>(of: &'v Map<String, Value>, key: &str, place: &str) -> Result<&'v Value, DerivationJsonError> {
    of.get(key).ok_or_else(|| {
        let dot = if place.is_empty() { "" } else { "." };
        DerivationJsonError::new(format!("{place}{dot}{key}"), Problem::Missing)
    })
}

fn string<'v>(value: &'v Value, place: &str) -> Result<&'v str, DerivationJsonError> {
    value.as_str().ok_or_else(|| DerivationJsonError::new(place, Problem::Type("a string")))
}

fn strings<'v>(value: &'v Value, place: &str) -> Result<Vec<&'v str>, DerivationJsonError> {
    let items = value.as_array().ok_or_else(|| DerivationJsonError::new(place, Problem::Type("a list")))?;
    items.iter().enumerate().map(|(i, item)| string(item, &format!("{place}[{i}]"))).collect()
}

fn store_path(text: &str, place: &str) -> Result<StorePath, DerivationJsonError> {
    StorePath::from_base_name(text).map_err(|e| DerivationJsonError::new(place, e))
}

fn paths(value: &Value, place: &str) -> Result<Vec<StorePath>, DerivationJsonError> {
    let texts = strings(value, place)?;
    let mut paths = texts
        .into_iter()
        .enumerate()
        .map(|(i, text)| store_path(text, &format!("{place}[{i}]")))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}
