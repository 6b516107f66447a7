//! Alerts about ourselves, the gate, and what stood before a kind was first heard of.

use alertkube_core::{Kind, KindId, LostWhy};

use crate::desk::{Desk, settings};
use crate::objects::crashing;

fn refused() -> LostWhy {
    LostWhy::Unreachable("connection refused".to_owned())
}

#[test]
fn an_api_server_that_is_away_is_one_problem_and_its_return_is_one_end() {
    let mut desk = Desk::live(settings());
    for kind in Kind::ALL {
        desk.lose(kind.id, refused());
        desk.seconds(1);
    }
    desk.seconds(600);
    for kind in Kind::ALL {
        desk.sync(kind.id, 1);
        desk.seconds(2);
    }
    desk.seconds(600);
    let told: Vec<String> =
        desk.told("stdout").iter().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect();
    assert_eq!(
        told,
        ["first ApiServerUnreachable kube-apiserver", "resolved ApiServerUnreachable kube-apiserver"]
    );
}

#[test]
fn a_kind_that_stays_away_when_the_server_is_back_is_told() {
    let mut desk = Desk::live(settings());
    for kind in Kind::ALL {
        desk.lose(kind.id, refused());
    }
    desk.seconds(600);
    for kind in Kind::ALL.iter().filter(|kind| kind.id != KindId::Job) {
        desk.sync(kind.id, 1);
    }
    desk.seconds(600);
    assert_eq!(desk.told("stdout")[2..], ["720 first WatchStale jobs"]);
}

#[test]
fn nothing_is_told_of_a_cluster_that_cannot_be_read_but_that_it_cannot() {
    let mut desk = Desk::cold(settings());
    for kind in Kind::ALL {
        desk.lose(kind.id, refused());
    }
    desk.seconds(300);
    assert_eq!(desk.told("stdout"), ["60 first ApiServerUnreachable kube-apiserver"]);
}

#[test]
fn what_stood_of_a_kind_that_comes_late_is_a_digest_too() {
    let mut desk = Desk::cold(settings());
    desk.sync_all_but(KindId::Pod);
    desk.begin(KindId::Pod, 1);
    desk.seconds(20);
    for n in 0..5 {
        desk.see(KindId::Pod, &crashing(&format!("web-{n}"), &desk.time(50)));
    }
    desk.seconds(1);
    desk.sync(KindId::Pod, 1);
    desk.seconds(5);
    assert_eq!(desk.told("stdout"), ["21 digest 5"]);
    desk.see(KindId::Pod, &crashing("news", &desk.time(0)));
    desk.seconds(5);
    assert_eq!(desk.told("stdout").len(), 2, "what comes then is told by itself");
}
