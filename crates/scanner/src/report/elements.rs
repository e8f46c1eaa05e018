//! Long lists in JSON, which are never in memory as a whole.

use serde::ser::{Error as _, Serialize, SerializeSeq, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};

/// A list whose elements are made one at a time while it is written.
pub(super) struct List<'a, T, F>(&'a [T], F);

pub(super) fn list<'a, T, V: Serialize, F: Fn(usize, &'a T) -> V>(items: &'a [T], make: F) -> List<'a, T, F> {
    List(items, make)
}

impl<'a, T, V: Serialize, F: Fn(usize, &'a T) -> V> Serialize for List<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().enumerate().map(|(index, item)| (self.1)(index, item)))
    }
}

/// A list whose elements have no line breaks inside, in whatever layout the list is, and are made
/// by several threads.
pub(super) struct Elements<'a, T, F>(&'a [T], NonZero<usize>, F);

pub(super) fn elements<'a, T, V: Serialize, F: Fn(&'a T) -> V>(
    items: &'a [T],
    threads: NonZero<usize>,
    make: F,
) -> Elements<'a, T, F> {
    Elements(items, threads, make)
}

/// So many elements are handed over at once.
const CHUNK: usize = 128;
/// So many chunks of a thread may wait to be written.
const WAITING: usize = 4;
/// Writing keeps up with no more threads than these.
const MOST_THREADS: usize = 8;

impl<'a, T: Sync, V: Serialize, F: Fn(&'a T) -> V + Sync> Serialize for Elements<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(items, threads, make) = self;
        let threads = threads.get().min(MOST_THREADS).min(items.len() / CHUNK);
        if threads < 2 {
            return serializer.collect_seq(items.iter().map(make));
        }
        let mut list = serializer.serialize_seq(Some(items.len()))?;
        std::thread::scope(|scope| {
            // Each thread takes every so many-th chunk, so that asking them in turn gives all in
            // order.
            let start = |first: usize| {
                let (send, chunks) = sync_channel::<serde_json::Result<Vec<Box<RawValue>>>>(WAITING);
                scope.spawn(move || {
                    for chunk in items.chunks(CHUNK).skip(first).step_by(threads) {
                        let made = chunk.iter().map(|item| to_raw_value(&make(item))).collect();
                        if send.send(made).is_err() {
                            // Whoever reads has seen enough.
                            return;
                        }
                    }
                });
                chunks
            };
            let threads: Vec<_> = (0..threads).map(start).collect();
            for chunks in threads.iter().cycle().take(items.len().div_ceil(CHUNK)) {
                let chunk = chunks.recv().map_err(S::Error::custom)?;
                for element in chunk.map_err(S::Error::custom)? {
                    list.serialize_element(&element)?;
                }
            }
            Ok(())
        })?;
        list.end()
    }
}

/// A list whose elements come from an iterator, and are made by several threads.
pub(super) struct Streamed<I, F>(I, NonZero<usize>, F);

/// `begin` gives an iterator over the items.
pub(super) fn streamed<T, It: Iterator<Item = T>, I: Fn() -> It, V: Serialize, F: Fn(T) -> V>(
    begin: I,
    threads: NonZero<usize>,
    make: F,
) -> Streamed<I, F> {
    Streamed(begin, threads, make)
}

/// Elements of a chunk, once they are made.
type Made = Receiver<serde_json::Result<Vec<Box<RawValue>>>>;

impl<T, It, I, V, F> Serialize for Streamed<I, F>
where
    T: Send,
    It: Iterator<Item = T> + Send,
    I: Fn() -> It,
    V: Serialize,
    F: Fn(T) -> V + Sync,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(begin, threads, make) = self;
        let threads = threads.get().min(MOST_THREADS);
        let mut items = begin();
        if threads < 2 {
            return serializer.collect_seq(items.map(make));
        }
        // Little is done before a thread has started.
        let first: Vec<T> = items.by_ref().take(CHUNK * threads).collect();
        if first.len() < CHUNK * threads {
            return serializer.collect_seq(first.into_iter().map(make));
        }
        let mut list = serializer.serialize_seq(None)?;
        for item in first {
            list.serialize_element(&make(item))?;
        }
        std::thread::scope(|scope| {
            // Whoever takes a chunk queues up where it will give the elements.
            let (queue, chunks) = sync_channel::<Made>(threads * WAITING);
            let source = Arc::new(Mutex::new((items, queue)));
            for _ in 0..threads {
                let source = Arc::clone(&source);
                scope.spawn(move || {
                    loop {
                        // A lock that is poisoned by a panic elsewhere ends this thread too.
                        let Ok(mut taken) = source.lock() else { return };
                        let chunk: Vec<T> = taken.0.by_ref().take(CHUNK).collect();
                        let (send, made) = sync_channel(1);
                        // Whoever reads may have seen enough.
                        if chunk.is_empty() || taken.1.send(made).is_err() {
                            return;
                        }
                        drop(taken);
                        let made = chunk.into_iter().map(|item| to_raw_value(&make(item))).collect();
                        if send.send(made).is_err() {
                            return;
                        }
                    }
                });
            }
            // The queue ends with the last thread.
            drop(source);
            for made in chunks {
                let made = made.recv().map_err(S::Error::custom)?;
                for element in made.map_err(S::Error::custom)? {
                    list.serialize_element(&element)?;
                }
            }
            Ok(())
        })?;
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FOUR: NonZero<usize> = NonZero::new(4).unwrap();

    proptest! {
        #[test]
        fn all_elements_in_order(items in prop::collection::vec("\\PC{0,3}", 0..1000), threads in 1..9_usize) {
            let plain = serde_json::to_string(&items).unwrap();
            let threads = NonZero::new(threads).unwrap();
            prop_assert_eq!(&serde_json::to_string(&elements(&items, threads, |i| i)).unwrap(), &plain);
            let streamed = streamed(|| items.iter(), threads, |i| i);
            prop_assert_eq!(&serde_json::to_string(&streamed).unwrap(), &plain);
        }
    }

    #[test]
    fn errors_of_elements_and_of_the_writer_end_it() {
        let bad = std::collections::HashMap::from([((1, 2), 3)]);
        let items = vec![bad; 2000];
        assert!(serde_json::to_string(&elements(&items, FOUR, |i| i)).is_err());
        let mut little = [0_u8; 100];
        let numbers: Vec<usize> = (0..100_000).collect();
        assert!(serde_json::to_writer(&mut little[..], &elements(&numbers, FOUR, |i| i)).is_err());
        assert!(serde_json::to_writer(&mut little[..], &streamed(|| numbers.iter(), FOUR, |i| i)).is_err());
        assert!(serde_json::to_string(&streamed(|| items.iter(), FOUR, |i| i)).is_err());
    }
}
