//! Tables of addresses that no request may reach, or only outside of strict mode.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(words: [u16; 8], bits: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = words;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), bits)
}

/// What nobody sends alerts to: this host by its odd name, one's neighbours on the link, everybody at once, and the
/// metadata servers of clouds, which give credentials to whoever asks.
const NEVER_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16), // link-local, with the metadata of AWS, Azure, GCP and of EKS and ECS tasks
    v4(224, 0, 0, 0, 4),    // multicast
    v4(255, 255, 255, 255, 32), // limited broadcast
    v4(168, 63, 129, 16, 32), // Azure's wire server
    v4(100, 100, 100, 200, 32), // Alibaba's metadata
    v4(192, 0, 0, 192, 32), // Oracle's metadata
];

const NEVER_V6: &[Ipv6Net] = &[
    v6([0; 8], 128),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),            // link-local
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),             // multicast
    v6([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0], 32),       // AWS: metadata, pod identity, DNS
    v6([0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254], 128), // GCP's metadata
];

/// What a sink outside of the cluster's own network cannot have as its address.
const STRICT_V4: &[Ipv4Net] = &[
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10), // carrier NAT; many clusters number their pods from it
    v4(127, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(240, 0, 0, 0, 4),
];

const STRICT_V6: &[Ipv6Net] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128),
    v6([0x0064, 0xff9b, 0x0001, 0, 0, 0, 0, 0], 48), // translation inside one site
    v6([0x0100, 0, 0, 0, 0, 0, 0, 0], 64),           // discard
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),           // protocol assignments, Teredo among them
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),  // unique local
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), // site-local, the elder unique local
];

/// Where the bytes of an IPv4 address stand inside an IPv6 address of a range that embeds one.
struct Embedding {
    range: Ipv6Net,
    places: &'static [[usize; 4]],
    flipped: bool,
}

const fn embedding(range: Ipv6Net, places: &'static [[usize; 4]]) -> Embedding {
    Embedding { range, places, flipped: false }
}

const LAST: [usize; 4] = [12, 13, 14, 15];

const EMBEDDINGS: &[Embedding] = &[
    embedding(v6([0; 8], 96), &[LAST]),                        // IPv4-compatible
    embedding(v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), &[LAST]), // IPv4-mapped
    embedding(v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), &[LAST]), // IPv4-translated
    embedding(v6([0x0064, 0xff9b, 0, 0, 0, 0, 0, 0], 96), &[LAST]), // NAT64
    // NAT64 inside one site: RFC 6052 lets the site choose where the address stands.
    embedding(
        v6([0x0064, 0xff9b, 0x0001, 0, 0, 0, 0, 0], 48),
        &[[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], LAST],
    ),
    embedding(v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), &[[2, 3, 4, 5]]), // 6to4
    // Teredo: the server's address as it is, the client's with every bit flipped.
    embedding(v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), &[[4, 5, 6, 7]]),
    Embedding { range: v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), places: &[LAST], flipped: true },
];

/// Whether an address, or an IPv4 address that it embeds, is one of those that may not be reached.
pub(crate) fn forbidden(address: IpAddr, strict: bool) -> bool {
    match address {
        IpAddr::V4(address) => forbidden_v4(address, strict),
        IpAddr::V6(address) => {
            let listed = |nets: &[Ipv6Net]| nets.iter().any(|net| net.contains(&address));
            listed(NEVER_V6)
                || (strict && listed(STRICT_V6))
                || embedded(address).any(|inner| forbidden_v4(inner, strict))
        }
    }
}

fn forbidden_v4(address: Ipv4Addr, strict: bool) -> bool {
    let listed = |nets: &[Ipv4Net]| nets.iter().any(|net| net.contains(&address));
    listed(NEVER_V4) || (strict && listed(STRICT_V4))
}

/// All IPv4 addresses that an IPv6 address may lead to. `::1` is loopback, not 0.0.0.1.
fn embedded(address: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let bytes = address.octets();
    let pick = move |place: &[usize; 4], flipped: bool| {
        Ipv4Addr::from(place.map(|at| if flipped { !bytes[at] } else { bytes[at] }))
    };
    let isatap = matches!(bytes[8..12], [0 | 2, 0, 0x5e, 0xfe]).then(|| pick(&LAST, false));
    let listed = EMBEDDINGS
        .iter()
        .filter(move |embedding| embedding.range.contains(&address))
        .flat_map(move |embedding| embedding.places.iter().map(move |place| pick(place, embedding.flipped)));
    listed.chain(isatap).filter(move |_| !address.is_loopback())
}
