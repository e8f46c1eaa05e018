//! How many threads are used. The caller of each public function decides; the default is decided
//! here.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More threads than this wait for memory.
const MOST: usize = 16;

/// As many threads as there are processors, up to the number that is of use. A program that does
/// one scan uses these; a service that answers many requests at a time gives each of them fewer.
pub fn available_threads() -> NonZero<usize> {
    let processors = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    NonZero::new(MOST).map_or(processors, |most| processors.min(most))
}

/// More threads than this cost more to start than reading files gains.
const MOST_READERS: usize = 8;

/// So many items are worth a thread.
const ITEMS: usize = 16;

/// Applies `work` to all items, if there are many on up to `threads` threads. The results are in
/// the order of the items.
pub fn parallel<T: Sync, R: Send>(
    items: &[T],
    threads: NonZero<usize>,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.get().min(MOST_READERS).min(items.len() / ITEMS + 1);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => done.push((index, work(item))),
                None => return done,
            }
        }
    };
    let mut results = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut results = run();
        for thread in others {
            match thread.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_on_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled: Vec<usize> = items.iter().map(|i| i * 2).collect();
        for threads in [1, 2, 7, 100] {
            assert_eq!(parallel(&items, NonZero::new(threads).unwrap(), |i| i * 2), doubled);
        }
        assert!(parallel(&[] as &[usize], available_threads(), |i| *i).is_empty());
    }

    #[test]
    fn no_more_threads_than_were_granted() {
        let running = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        parallel(&[(); 200], NonZero::new(2).unwrap(), |()| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_micros(100));
            running.fetch_sub(1, Ordering::SeqCst);
        });
        assert!(most.into_inner() <= 2);
        assert!(available_threads().get() <= MOST);
    }
}
