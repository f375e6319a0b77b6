//! The file of the queue, read item by item: its memory does not grow with it, and a damaged item costs nothing but itself.

mod change;
mod list;
mod read;

pub use change::Queue;
pub use read::{QueueEntry, QueueRead};
