//! The keys that were read before, and which followed which.

/// How many bytes a key is compared by.
pub(crate) const WIDTH: usize = 32;

const HIGH_BITS: u64 = (u64::MAX / 255) << 7;

/// How many keys are remembered.
const KEYS: usize = 64;

/// How many places the index of the keys has: so many that it never fills.
const PLACES: usize = 2 * KEYS;

/// The beginning of an object, as a key that others follow.
pub(crate) const BEGINNING: usize = 0;

/// A key that is not remembered, as one that others follow.
const FORGOTTEN: usize = 1;

/// The end of the object, as a key that may follow.
pub(crate) const END: usize = usize::MAX;

/// What is not known, as a key that may follow.
const NOTHING: usize = END - 1;

/// As many bytes as a key is compared by.
type Block = [u64; WIDTH / 8];

/// The keys that were read before.
#[derive(Debug)]
pub(crate) struct Keys {
    known: Vec<Key>,
    /// Where a key is among the known ones, by its hash; 0 where none is.
    index: [u8; PLACES],
}

/// A key with what surrounds it: from the end of the value before it to the beginning of its own.
#[derive(Clone, Copy, Debug)]
struct Key {
    text: Block,
    /// The bits of the text.
    mask: Block,
    length: usize,
    slot: usize,
    /// What followed it last, and what followed it before that was something else.
    next: [usize; 2],
}

/// What comes after a value.
pub(crate) enum Step {
    /// A field: which key it has, its slot, and where its value begins.
    Field { key: usize, slot: usize, at: usize },
    /// The end of the object, which is here.
    End(usize),
}

impl Key {
    const NONE: Self = Self { text: [0; 4], mask: [0; 4], length: 0, slot: 0, next: [NOTHING; 2] };

    #[inline]
    fn begins(&self, block: &Block) -> bool {
        let differs = |at: usize| (self.text[at] ^ block[at]) & self.mask[at];
        differs(0) | differs(1) | differs(2) | differs(3) == 0
    }
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self { known: vec![Key::NONE; 2], index: [0; PLACES] }
    }

    /// Returns what is at `at`, if it is what followed this key before.
    #[inline]
    pub(crate) fn expected(&mut self, text: &[u8], at: usize, key: usize) -> Option<Step> {
        let follows = self.known[key].next;
        let block = block(text.get(at..)?);
        for next in follows {
            let step = match self.known.get(next) {
                Some(known) if known.begins(&block) => {
                    Step::Field { key: next, slot: known.slot, at: at + known.length }
                }
                None if next == END && block[0].to_le_bytes()[0] == b'}' => Step::End(at + 1),
                _ => continue,
            };
            if next != follows[0] {
                self.known[key].next = [next, follows[0]];
            }
            return Some(step);
        }
        None
    }

    /// Notes what follows a key.
    pub(crate) fn follow(&mut self, key: usize, next: usize) {
        if key != FORGOTTEN && next != FORGOTTEN {
            let follows = &mut self.known[key].next;
            *follows = [next, follows[0]];
        }
    }

    /// Returns which key the first `length` bytes of a text are, and its slot; a new one is remembered with the slot that
    /// `slot` finds.
    pub(crate) fn remember<E>(
        &mut self,
        text: &[u8],
        length: usize,
        slot: impl FnOnce() -> Result<usize, E>,
    ) -> Result<(usize, usize), E> {
        let (mut block, mask) = (block(text), mask(length));
        for (word, mask) in block.iter_mut().zip(&mask) {
            *word &= mask;
        }
        if length > WIDTH || block.iter().any(|word| word & HIGH_BITS != 0) {
            return Ok((FORGOTTEN, slot()?));
        }
        let mut place = hash(&block);
        while let Some(known) = self.index.get(place).copied().filter(|known| *known != 0) {
            let key = &self.known[usize::from(known)];
            // No text of a key ends with zeros, so that equal blocks are equal texts.
            if key.text == block {
                return Ok((usize::from(known), key.slot));
            }
            place = (place + 1) % PLACES;
        }
        let slot = slot()?;
        if self.known.len() == KEYS {
            // Too many: common keys are soon known again.
            *self = Self::new();
            return Ok((FORGOTTEN, slot));
        }
        let key = self.known.len();
        self.index[place] = u8::try_from(key).unwrap_or(0);
        self.known.push(Key { text: block, mask, length, slot, ..Key::NONE });
        Ok((key, slot))
    }
}

/// The bits of the first `length` bytes of a block.
fn mask(length: usize) -> Block {
    std::array::from_fn(|at| match length.saturating_sub(8 * at) {
        0 => 0,
        bytes @ 1..8 => !(u64::MAX << (8 * bytes)),
        _ => u64::MAX,
    })
}

/// Returns the bytes at the beginning of `text`, with zeros where it ends.
#[inline]
fn block(text: &[u8]) -> Block {
    match text.first_chunk::<WIDTH>().map(|bytes| bytes.as_chunks().0) {
        Some([first, second, third, fourth]) => [first, second, third, fourth].map(|word| u64::from_le_bytes(*word)),
        _ => short_block(text),
    }
}

#[inline(never)]
fn short_block(text: &[u8]) -> Block {
    let mut block = [0; WIDTH / 8];
    for (at, byte) in text.iter().take(WIDTH).enumerate() {
        block[at / 8] |= u64::from(*byte) << (at % 8 * 8);
    }
    block
}

/// A place in the index.
fn hash(block: &Block) -> usize {
    let mixed =
        block.iter().fold(0_u64, |mixed, word| (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    usize::try_from(mixed >> 57).unwrap_or(0) % PLACES
}
