//! What Ctrl-C does: it ends the program at once, but not between the creation of a temporary file and its move to its place.

use std::fs;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, RwLock};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

/// Ctrl-C, `kill`, and the terminal's end.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Whether a thread waits for the signals.
static WATCHED: AtomicBool = AtomicBool::new(false);

/// Held for reading by whoever writes a file; the one that ends the program waits for it.
static WRITING: RwLock<()> = RwLock::new(());

/// Makes [`complete`] hold in several threads.
pub fn watch() {
    if WATCHED.swap(true, Ordering::Relaxed) {
        return;
    }
    // Signals that the program was started with ignored, for example by `nohup`, stay ignored.
    let heeded = SIGNALS.into_iter().filter(|signal| !is_ignored(*signal));
    let Ok(mut signals) = Signals::new(heeded) else {
        return;
    };
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _done = WRITING.write();
            die_of(signal);
        }
    });
}

/// Does what must not stop halfway: a signal waits until it is done.
pub fn complete<T>(work: impl FnOnce() -> T) -> T {
    if WATCHED.load(Ordering::Relaxed) {
        let _writing = WRITING.read();
        return work();
    }
    // A program of one thread needs no second one to wait for signals.
    let held = Held::get();
    held.free.store(false, Ordering::SeqCst);
    let done = work();
    held.free.store(true, Ordering::SeqCst);
    let came = held.came.load(Ordering::SeqCst);
    if came != 0 {
        die_of(came as i32);
    }
    done
}

/// Signals that wait while a file is written.
struct Held {
    /// Whether a signal ends the program at once.
    free: Arc<AtomicBool>,
    /// The one that came last; 0 for none.
    came: Arc<AtomicUsize>,
}

impl Held {
    fn get() -> &'static Self {
        static HELD: OnceLock<Held> = OnceLock::new();
        HELD.get_or_init(|| {
            let held = Self {
                free: Arc::new(AtomicBool::new(true)),
                came: Arc::default(),
            };
            for signal in SIGNALS {
                // A signal that cannot be caught ends the program at any time.
                let _ = flag::register_conditional_default(signal, Arc::clone(&held.free))
                    .and_then(|_| {
                        flag::register_usize(
                            signal,
                            Arc::clone(&held.came),
                            signal.unsigned_abs() as usize,
                        )
                    });
            }
            held
        })
    }
}

/// Ends the program by the signal's default action, so that its parent process learns which signal ended it.
fn die_of(signal: i32) {
    let _ = low_level::emulate_default_handler(signal);
    process::exit(128 + signal);
}

/// Whether the program was started with the signal ignored. Linux alone says so without `unsafe`.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}
