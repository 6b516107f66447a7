//! A hash map with a fixed hash: what the core uses where a tree would cost too much memory. It hands out no order.

use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A map whose layout depends on its history alone, never on a random seed.
pub(crate) type Table<K, V> = hashbrown::HashMap<K, V, BuildHasherDefault<Mix>>;

/// Multiply and fold: uids are random already, symbols are small numbers, and nobody outside chooses our keys freely
/// enough to gain by collisions (an object's uid is given by the API server).
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }
}

/// Empties the slack of a table that shrank a lot, so that a relist after a mass deletion gives memory back.
pub(crate) fn trim<K: Eq + Hash, V>(table: &mut Table<K, V>) {
    if table.capacity() > table.len().saturating_mul(4) {
        table.shrink_to_fit();
    }
}
