//! Lists of texts as vocabulary files have them: no text is empty or stands twice.

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashSet;
use serde::Deserialize;

/// Words of which only equality matters.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Words(FxHashSet<String>);

impl Words {
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// The word as it stands here, which lives as long as the vocabulary.
    pub(crate) fn get(&self, word: &str) -> Option<&str> {
        self.0.get(word).map(String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for Words {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        check(words.iter().map(String::as_str))?;
        Ok(Self(words.into_iter().collect()))
    }
}

/// Texts that rules look at in the order of the file.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Texts(Vec<String>);

impl Texts {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for Texts {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        check(texts.iter().map(String::as_str))?;
        Ok(Self(texts))
    }
}

/// Texts of which only matters whether one stands anywhere in another text.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Texts")]
pub(crate) struct Phrases(AhoCorasick);

impl Phrases {
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl TryFrom<Texts> for Phrases {
    type Error = aho_corasick::BuildError;

    fn try_from(texts: Texts) -> Result<Self, Self::Error> {
        AhoCorasick::new(texts.iter()).map(Self)
    }
}

/// Texts that rules look at in the order of the file, each with what it stands for.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<(String, T)>", bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Keyed<T>(Vec<(String, T)>);

impl<T> Keyed<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(text, value)| (text.as_str(), value))
    }
}

impl<T> TryFrom<Vec<(String, T)>> for Keyed<T> {
    type Error = String;

    fn try_from(entries: Vec<(String, T)>) -> Result<Self, String> {
        check(entries.iter().map(|(text, _)| text.as_str()))?;
        Ok(Self(entries))
    }
}

/// Texts that are looked for in any case, all in one pass: every candidate record is searched.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Keyed<String>")]
pub(crate) struct KeyedPhrases {
    entries: Keyed<String>,
    anywhere: AhoCorasick,
}

impl KeyedPhrases {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(text, value)| (text, value.as_str()))
    }

    /// Whether one of the texts stands anywhere in this one.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.anywhere.is_match(text)
    }

    /// What the text stands for that ends first in this one.
    pub(crate) fn find_in(&self, text: &str) -> Option<&str> {
        let found = self.anywhere.find(text)?;
        self.entries.0.get(found.pattern().as_usize()).map(|(_, value)| value.as_str())
    }
}

impl TryFrom<Keyed<String>> for KeyedPhrases {
    type Error = aho_corasick::BuildError;

    fn try_from(entries: Keyed<String>) -> Result<Self, Self::Error> {
        let texts = entries.iter().map(|(text, _)| text);
        let anywhere = AhoCorasick::builder().ascii_case_insensitive(true).build(texts)?;
        Ok(Self { entries, anywhere })
    }
}

/// Refuses what is likely a slip.
fn check<'a>(texts: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = FxHashSet::default();
    for text in texts {
        if text.is_empty() {
            return Err("an empty text".to_owned());
        }
        if !seen.insert(text) {
            return Err(format!("`{text}` stands twice"));
        }
    }
    Ok(())
}
