//! FNV-1a, the hash by which subjects are spread over shards; its values are part of the agreement between replicas.

/// The 32-bit FNV-1a hash of `bytes`.
///
/// ```
/// assert_eq!(alertkube_lang::fnv32a(b"Pod/default/web-0") % 3, 1);
/// ```
#[must_use]
pub fn fnv32a(bytes: &[u8]) -> u32 {
    const OFFSET: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shards_of_the_reference() {
        let shard = |subject: &str| fnv32a(subject.as_bytes()) % 3;
        assert_eq!(
            [shard("Pod/default/web-0"), shard("Node//node-a"), shard("Deployment/prod/api")],
            [1, 2, 0]
        );
    }

    #[test]
    fn the_published_vectors() {
        assert_eq!([fnv32a(b""), fnv32a(b"a"), fnv32a(b"foobar")], [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
    }
}
