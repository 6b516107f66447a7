//! Facts as a replica lays them down: names, numbers and identities that differ, words that do not.

use alertkube_core::Fingerprint;

/// The alert with this number: its subject, and its fact.
pub(crate) fn alert(number: u64) -> (u64, Box<[u8]>) {
    let [one, two, three] = [1, 2, 3].map(|part| mixed(number ^ part << 50));
    let (namespace, app) = (number % 300, number % 6_000);
    let name = format!("app-{app:05}-{:010x}-{number:07x}", one >> 24);
    let fingerprint = Fingerprint::of("Pod", &format!("team-{namespace:03}"), &name, "CrashLoopBackOff");
    let (since, opened) = (1_795_000_000_000 + one % 90_000_000, 1_795_000_000_000 + two % 90_000_000);
    let text = format!(
        concat!(
            r#"{{"id":"{:016x}{:016x}","kind":"Pod","namespace":"team-{:03}","name":"{}","node":"node-{:05}","#,
            r#""owners":[["ReplicaSet","app-{:05}-{:010x}","{:016x}{:016x}"],["Deployment","app-{:05}","{:016x}{:016x}"]],"#,
            r#""labels":[["app","app-{:05}"],["pod-template-hash","{:010x}"]],"reason":"CrashLoopBackOff","#,
            r#""text":"container app is waiting: back-off 5m0s restarting failed container; it ended with exit code {}, "#,
            r#"{} restarts","parts":[{{"name":"app","text":"exit code {}"}}],"severity":"critical","since":{},"opened":{},"state":"firing"}}"#
        ),
        one,
        two,
        namespace,
        name,
        three % 5_000,
        app,
        one >> 24,
        two,
        three,
        app,
        three,
        one,
        app,
        one >> 24,
        two % 200,
        three % 40,
        two % 200,
        since,
        opened,
    );
    (u64::from_str_radix(&fingerprint.to_string(), 16).unwrap_or(one), text.into_bytes().into())
}

/// What a sink knows of it, while an attempt is on its way or after it.
pub(crate) fn told(number: u64, intent: bool) -> Box<[u8]> {
    let at = 1_795_000_000_000 + mixed(number) % 90_000_000;
    let text = match intent {
        true => format!(
            r#"{{"episode":{at},"severity":"critical","at":0,"open":true,"doubt":true,"doubted":true,"attempts":{}}}"#,
            number + 1
        ),
        false => format!(r#"{{"episode":{at},"severity":"critical","at":{},"open":true}}"#, at + 300),
    };
    text.into_bytes().into()
}

/// The finisher of SplitMix64.
pub(crate) fn mixed(number: u64) -> u64 {
    let one = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let two = (one ^ (one >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let three = (two ^ (two >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    three ^ (three >> 31)
}
