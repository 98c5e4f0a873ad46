//! Stacks brought up, used, broken and brought down: the emulator is really started. The template is a small relative
//! of the real one, `tests/fixture`, whose only function does as its input says.

mod events;
mod express;
mod faults;
mod harness;
mod schedules;
mod stack;
mod states;
mod tables;
