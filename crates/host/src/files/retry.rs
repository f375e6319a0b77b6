//! A call that a signal has interrupted is made again.

use std::io::{self, ErrorKind};

/// Makes a call again for as long as a signal interrupts it, which on network file systems even opening and locking may be.
///
/// # Errors
/// What the call fails with otherwise.
pub fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_call_is_made_again_and_a_failed_one_is_not() {
        let mut left = 3;
        let mut call = |last: ErrorKind| {
            left -= 1;
            if left > 0 { Err::<u8, _>(io::Error::from(ErrorKind::Interrupted)) } else { Err(last.into()) }
        };
        assert_eq!(retry(|| call(ErrorKind::StorageFull)).unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(left, 0);
        assert_eq!(retry(|| Ok(7)).unwrap(), 7);
    }
}
