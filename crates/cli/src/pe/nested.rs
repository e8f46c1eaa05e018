//! Who made a signature, and which signatures are nested in it.

use super::image::hex;
use authenticode::certificate::Certificate;
use authenticode::cms::Authenticode;
use serde_json::{Value, json};
use std::io::{self, Write};
use terminal::clean;

/// Signatures are nested one in another so deep; real ones are once.
const MAX_DEPTH: usize = 4;
/// So many are looked at in one.
const MAX_NESTED: usize = 16;

/// What a signature says of itself. Whether it holds is not looked at.
pub(super) fn describe(content: &[u8], depth: usize) -> Value {
    let found = match Authenticode::read(content) {
        Ok(found) => found,
        Err(error) => return json!({ "problem": error.to_string() }),
    };
    let signer = found.signed.signer_certificate();
    let stamps = found.timestamps(true).into_iter().map(|stamp| match stamp {
        Ok(stamp) => json!({ "time": stamp.info.time.to_string(), "by": stamp.signer.subject() }),
        Err(error) => json!({ "problem": error.to_string() }),
    });
    let stamps: Vec<Value> = stamps.collect();
    let all = found.nested().count();
    let nested = found.nested().take(if depth < MAX_DEPTH { MAX_NESTED } else { 0 });
    let nested: Vec<Value> = nested.map(|content| describe(content, depth + 1)).collect();
    json!({
        "signer": signer.as_ref().ok().map(|signer| signer.subject()),
        "issuer": signer.as_ref().ok().map(|signer| signer.issuer()),
        "problem": signer.as_ref().err().map(ToString::to_string),
        "digestAlgorithm": found.image.algorithm.name(),
        "imageDigest": hex(&found.image.digest),
        "signingTime": found.signed.signer.signing_time().map(|time| time.to_string()),
        "timestamps": stamps,
        "certificates": found.signed.certificates.iter().map(Certificate::subject).collect::<Vec<_>>(),
        "omitted": all - nested.len(),
        "nested": nested,
    })
}

/// The same for people.
pub(super) fn print(out: &mut impl Write, found: &Value, indent: &str) -> io::Result<()> {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    if found.is_null() {
        return Ok(());
    }
    if found["problem"].is_string() {
        return writeln!(out, "{indent}{}", text(&found["problem"]));
    }
    writeln!(out, "{indent}by {} ({})", text(&found["signer"]), text(&found["digestAlgorithm"]))?;
    for stamp in found["timestamps"].as_array().into_iter().flatten() {
        match stamp["time"].as_str() {
            Some(time) => writeln!(out, "{indent}stamped {time} by {}", text(&stamp["by"]))?,
            None => writeln!(out, "{indent}{}", text(&stamp["problem"]))?,
        }
    }
    for (index, nested) in found["nested"].as_array().into_iter().flatten().enumerate() {
        writeln!(out, "{indent}nested {index}: (neither firmware nor shim looks at it)")?;
        print(out, nested, &format!("{indent}  "))?;
    }
    Ok(())
}
