//! What a lease is: the right to do something that only one may do at a time, with a number that tells its holders apart.

/// The right to do something that only one may do at a time.
pub trait Lease {
    /// What stands for the right while it is held.
    type Token;
    /// Why it cannot be reached.
    type Error;

    /// Takes the right; none while another has it.
    ///
    /// # Errors
    /// It cannot be reached.
    fn acquire(&self) -> Result<Option<Grant<Self::Token>>, Self::Error>;

    /// Extends the right; false if it was lost meanwhile, and then its holder must stop.
    ///
    /// # Errors
    /// It cannot be reached.
    fn renew(&self, granted: &Grant<Self::Token>) -> Result<bool, Self::Error>;

    /// Gives the right back.
    ///
    /// # Errors
    /// It cannot be reached.
    fn release(&self, granted: Grant<Self::Token>) -> Result<(), Self::Error>;

    /// Returns whether a fencing number is that of the latest grant, and was not given back: whether its holder may still
    /// write.
    ///
    /// # Errors
    /// It cannot be reached.
    fn check(&self, fence: Fence) -> Result<bool, Self::Error>;
}

/// A fencing number: that of each grant is greater than those of all grants before.
///
/// Source: M. Kleppmann, "How to do distributed locking" (2016).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Fence(pub u64);

/// A right that was granted.
#[derive(Debug)]
pub struct Grant<T> {
    /// Its fencing number.
    pub fence: Fence,
    /// What stands for it; dropped, the right ends, as it does with the process.
    pub token: T,
}
