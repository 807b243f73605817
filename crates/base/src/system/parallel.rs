//! The same work on many items at once, on a bounded number of threads.

use std::thread::{self, Builder};

use crossbeam_channel::unbounded;

/// Returns the results of `work` for each item, in the items' order, computed by at most `threads` threads at a time.
/// If one thread is enough, or the system refuses to start any, the caller's thread does the work.
///
/// A panic in `work` is passed on.
pub fn in_parallel<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let count = items.len();
    if threads.min(count) <= 1 {
        return items.into_iter().map(work).collect();
    }
    let (sender, queue) = unbounded();
    for item in items.into_iter().enumerate() {
        // The send cannot fail: the receiver lives to the end of this function.
        let _ = sender.send(item);
    }
    drop(sender);
    let (done, results) = unbounded();
    let work_on = || {
        for (index, item) in queue.clone() {
            let _ = done.send((index, work(item)));
        }
    };
    thread::scope(|scope| {
        let start = |_: &usize| Builder::new().spawn_scoped(scope, work_on).is_ok();
        // Once the system refuses a thread, the threads already started do the rest.
        if (0..threads.min(count)).take_while(start).count() == 0 {
            work_on();
        }
    });
    drop(done);
    let mut results: Vec<(usize, R)> = results.into_iter().collect();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn results_keep_the_order_and_threads_their_bound() {
        let (at_work, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let doubled = in_parallel((0..50).collect(), 4, |number: u32| {
            most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
            at_work.fetch_sub(1, Ordering::SeqCst);
            number * 2
        });
        assert_eq!(doubled, (0..50).map(|number| number * 2).collect::<Vec<_>>());
        assert!((2..=4).contains(&most.into_inner()));
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        assert!(in_parallel(Vec::<u8>::new(), 4, |byte| byte).is_empty());
    }
}
