//! The destination guard: what must never be reached, in every spelling, and what must stay reachable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use alertkube_core::Why;
use alertkube_sinks::Guard;
use proptest::prelude::*;

fn lax() -> Guard {
    Guard::default()
}

fn strict() -> Guard {
    Guard { strict: true, ..Guard::default() }
}

fn proxied(hosts: &[&str]) -> Guard {
    let allowed_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    Guard { proxied: true, allowed_hosts, ..Guard::default() }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("no address: {text}"))
}

const NEVER: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "::",
    "fe80::1",
    "febf::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    // The same, embedded.
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1::a9:fea9:fe00:0",
    "2001:0:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "2a00::5efe:169.254.169.254",
    "2a00::200:5efe:169.254.169.254",
    "::ffff:168.63.129.16",
    "::ffff:255.255.255.255",
    "::ffff:0.0.0.0",
];

const STRICT: &[&str] = &[
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "240.0.0.1",
    "192.0.0.8",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "2001:db8::1",
    "100::1",
    "3fff::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::c0a8:101",
    "2002:7f00:1::",
];

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "169.253.1.1",
    "192.0.1.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "64:ff9b::101:101",
    "2002:101:101::1",
    "::ffff:1.1.1.1",
];

#[test]
fn addresses_are_judged_in_every_form() {
    for text in NEVER {
        assert!(!lax().admits(ip(text)) && !strict().admits(ip(text)), "{text}");
    }
    for text in STRICT {
        assert!(lax().admits(ip(text)) && !strict().admits(ip(text)), "{text}");
    }
    for text in PUBLIC {
        assert!(lax().admits(ip(text)) && strict().admits(ip(text)), "{text}");
    }
}

#[test]
fn an_address_in_a_url_is_judged_however_it_is_written() {
    for host in [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "0xa9.0xfe.0xa9.0xfe",
        "169.254.43518",
        "169.16689662",
        "169.254.169.254.",
        "①⑥⑨.254.169.254",
        "169。254。169。254",
        "%31%36%39.254.169.254",
        "[::ffff:a9fe:a9fe]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[FE80::1]",
        "user:password@169.254.169.254",
        "169.254.169.254:8080",
        "0",
        "0x0",
    ] {
        assert_eq!(lax().check_url(&format!("http://{host}/latest/meta-data")), Err(Why::Blocked), "{host}");
    }
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "127.1",
        "017700000001",
        "[::1]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
    ] {
        let url = format!("http://{host}/");
        assert!(lax().check_url(&url).is_ok(), "{host}");
        assert_eq!(strict().check_url(&url), Err(Why::Blocked), "{host}");
    }
}

#[test]
fn names_of_metadata_servers_are_refused() {
    for host in [
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "metadata",
        "metadata%2egoogle.internal",
        "instance-data",
    ] {
        assert_eq!(lax().check_url(&format!("http://{host}/computeMetadata")), Err(Why::Blocked), "{host}");
    }
    assert!(lax().check_url("https://metadata.example.com/").is_ok());
}

#[test]
fn a_destination_says_where_and_never_with_what() {
    let to =
        strict().check_url("HTTPS://us%65r:pass@Hooks.Example.COM/path?token=1#x").expect("a public name");
    assert_eq!((to.scheme, to.host.as_str(), to.port), ("https", "hooks.example.com", 443));
    assert_eq!(format!("{to}"), "https://hooks.example.com:443");
    let to = lax().check_url("http://[2606:4700::1111]:8080/").expect("a public address");
    assert_eq!(to.to_string(), "http://[2606:4700::1111]:8080");
}

#[test]
fn only_http_urls_with_a_host_are_urls() {
    for url in ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "data:text/plain,x"] {
        assert_eq!(lax().check_url(url), Err(Why::Blocked), "{url}");
    }
    let long = format!("https://example.com/{}", "x".repeat(10_000));
    for url in [
        "",
        "example.com",
        "https://",
        "https://[fe80::1%25eth0]/",
        "http://exa mple/",
        "http://1.2.3.4.5/",
        &long,
    ] {
        assert_eq!(lax().check_url(url), Err(Why::Unconfigured), "{url}");
    }
}

#[test]
fn behind_a_proxy_only_listed_hosts_are_reached() {
    let guard =
        proxied(&["hooks.example.com", ".corp.example", "*.wild.example", "1.1.1.1", "metadata", "*", ""]);
    for host in ["hooks.example.com", "HOOKS.example.com.", "a.corp.example", "a.b.wild.example", "1.1.1.1"] {
        assert!(guard.check_url(&format!("https://{host}/x")).is_ok(), "{host}");
    }
    for host in [
        "example.com",
        "x.hooks.example.com",
        "corp.example",
        "evilcorp.example",
        "8.8.8.8",
        "metadata",
        "169.254.169.254",
    ] {
        assert_eq!(guard.check_url(&format!("https://{host}/x")), Err(Why::Blocked), "{host}");
    }
    assert_eq!(proxied(&[]).check_url("https://hooks.example.com/"), Err(Why::Blocked));
}

proptest! {
    #[test]
    fn an_embedded_address_is_judged_as_itself(bits in any::<u32>(), is_strict in any::<bool>()) {
        let guard = Guard { strict: is_strict, ..Guard::default() };
        let inner = Ipv4Addr::from(bits);
        let mapped = inner.to_ipv6_mapped();
        prop_assert_eq!(guard.admits(inner.into()), guard.admits(mapped.into()));
        let nat64 = Ipv6Addr::from((0x0064_ff9b_u128 << 96) | u128::from(bits));
        prop_assert_eq!(guard.admits(inner.into()), guard.admits(nat64.into()));
        let sixtofour = Ipv6Addr::from((0x2002_u128 << 112) | (u128::from(bits) << 80) | 1);
        prop_assert_eq!(guard.admits(inner.into()), guard.admits(sixtofour.into()));
    }

    #[test]
    fn what_strict_admits_is_admitted_anyway(bits in any::<u128>()) {
        let address = IpAddr::from(Ipv6Addr::from(bits));
        prop_assert!(lax().admits(address) || !strict().admits(address));
    }

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        let answer = strict().check_url(&text);
        prop_assert!(answer.is_ok() || matches!(answer, Err(Why::Blocked | Why::Unconfigured)));
    }
}
