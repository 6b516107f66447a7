//! The mutants, kept by hand: each takes one promise away. A text that stands no more, or twice, fails loudly.

/// One change that must not go unnoticed.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    /// The file, from the root; what stands in it, once; and what stands there instead.
    pub(crate) file: &'static str,
    pub(crate) text: &'static str,
    pub(crate) instead: &'static str,
    pub(crate) killer: Killer,
}

/// What must notice.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Killer {
    /// Ordeals: the first seeds.
    Ordeals,
    /// This test of the core that plays replicas.
    Core(&'static str),
    /// This test of the program.
    Program(&'static str),
}

const fn ordeal(name: &'static str, file: &'static str, text: &'static str, instead: &'static str) -> Mutant {
    Mutant { name, file, text, instead, killer: Killer::Ordeals }
}

const fn tested(
    name: &'static str,
    file: &'static str,
    (text, instead): (&'static str, &'static str),
    test: &'static str,
) -> Mutant {
    Mutant { name, file, text, instead, killer: Killer::Core(test) }
}

pub(crate) const MUTANTS: &[Mutant] = &[
    ordeal(
        "a fenced ledger goes on",
        "crates/alertkube-core/src/store/ledger/judge.rs",
        "let fenced = other || head.term > self.head.term;",
        "let fenced = other && head.term > self.head.term + 1_000_000;",
    ),
    ordeal(
        "a seal does not raise the term",
        "crates/alertkube-core/src/store/ledger/take.rs",
        "        head.term += 1;\n",
        "        head.term += u64::from(head.term == 0);\n",
    ),
    ordeal(
        "a message leaves before its commit",
        "crates/alertkube-core/src/replica/sending.rs",
        "(seq, attempt)));\n        self.committed(now, done);",
        "(seq, attempt)));\n        self.committed(now, done.max(Seq(u64::MAX)));",
    ),
    tested(
        "what was in doubt is certain after a recovery",
        "crates/alertkube-core/src/store/facts.rs",
        (
            "        } = fact;\n        let digest =",
            "        } = fact;\n        let (doubt, doubted) = (doubt && doubted && false, false);\n        let digest =",
        ),
        "seats::what_began_in_doubt_ends_twice_where_a_late_beginning_could_open_it_again",
    ),
    ordeal(
        "told records are not restored",
        "crates/alertkube-core/src/store/facts.rs",
        "if memory.get(fingerprint, sink).is_none_or(Told::is_unheard) {",
        "if memory.get(fingerprint, sink).is_none_or(Told::is_unheard) && fact.silent {",
    ),
    ordeal(
        "a lost reply counts as nothing sent",
        "crates/alertkube-core/src/replica/settling.rs",
        "        if in_doubt {\n            flight.doubt(&mut self.memory);",
        "        if in_doubt && flight.job.attempts > 1_000_000 {\n            flight.doubt(&mut self.memory);",
    ),
    tested(
        "a keyed sink hears no second end",
        "crates/alertkube-core/src/replica/settling.rs",
        (
            "let again = late.then(|| now.stamp().plus(RESOLVE_AGAIN_AFTER));",
            "let again = late.then(|| now.stamp().plus(RESOLVE_AGAIN_AFTER)).filter(|_| told.silent);",
        ),
        "seats::what_began_in_doubt_ends_twice_where_a_late_beginning_could_open_it_again",
    ),
    ordeal(
        "an end goes to every sink of the route",
        "crates/alertkube-core/src/decide.rs",
        "Decision::Tell(Action::First),\n        _ => Decision::Nothing,",
        "Decision::Tell(Action::First),\n        None if alert.ended.is_some() && !event => Decision::Tell(Action::Resolved),\n        \
         _ => Decision::Nothing,",
    ),
    ordeal(
        "a try has an id of its own",
        "crates/alertkube-core/src/replica/sending.rs",
        "            Some(said) => said,\n",
        "            Some(said) => Said { delivery: format!(\"{}-{}\", said.delivery, job.attempts), ..said },\n",
    ),
    ordeal(
        "the window of unsettled sends is open",
        "crates/alertkube-core/src/settle/mod.rs",
        "        self.wake(now);\n        if self.in_flight >= self.window_now() {",
        "        self.wake(now);\n        if self.in_flight >= self.window_now() + 1000 {",
    ),
    ordeal(
        "a Lease is taken too early",
        "crates/alertkube-core/src/own/lease/steps.rs",
        "Some(record) => seen.changed + record.duration.max(self.candidate.duration),",
        "Some(record) => seen.changed + record.duration.max(self.candidate.duration) / 5,",
    ),
    ordeal(
        "a holder believes in its Lease for too long",
        "crates/alertkube-core/src/own/lease/outcome.rs",
        "let until = flight.started + self.candidate.renew_deadline;",
        "let until = now + self.candidate.renew_deadline * 2;",
    ),
    ordeal(
        "the seat of an object follows from its name alone",
        "crates/alertkube-core/src/own/mod.rs",
        "fnv32a(format!(\"{kind}/{namespace}/{name}\").as_bytes())",
        "fnv32a(format!(\"{kind}/{namespace}\").as_bytes().get(name.len()..).unwrap_or_default())",
    ),
    ordeal(
        "a shard tells of what others own",
        "crates/alertkube-core/src/replica/telling.rs",
        "if !self.owns(alert) {",
        "if !self.owns(alert) && alert.subject.name.is_empty() {",
    ),
    ordeal(
        "what is inhibited or silenced is told",
        "crates/alertkube-core/src/judge/mod.rs",
        "        self.suppressed(alert)?;\n        self.explained(alert)",
        "        self.explained(alert)",
    ),
    ordeal(
        "an answer to an earlier hold is taken for this one's",
        "crates/alertkube-core/src/replica/tenure.rs",
        "let id = WriteId(self.writes_before + id.0);",
        "let id = WriteId(self.writes_before * 0 + id.0);",
    ),
    tested(
        "a digest forgets a member",
        "crates/alertkube-core/src/replica/first_run.rs",
        (
            "Job::digest(members, Digest::Standing)",
            "Job::digest(members.into_iter().skip(1).collect(), Digest::Standing)",
        ),
        "policy::a_first_run_tells_what_stood_as_one_digest_as_single_messages_or_not_at_all",
    ),
    tested(
        "a backlog that is folded leaves one behind",
        "crates/alertkube-core/src/settle/queue.rs",
        (
            "members.extend(self.take(tenor, rank).into_iter().flat_map(|job| job.members));",
            "members.extend(self.take(tenor, rank).into_iter().flat_map(|job| job.members).skip(rank.1 as usize % 2));",
        ),
        "storm::ends_and_reminders_fold_too_and_not_with_news",
    ),
    tested(
        "a successor does not know which digest is in doubt",
        "crates/alertkube-core/src/replica/outliving.rs",
        (
            "if let Some(digest) = told.digest {",
            "if let Some(digest) = told.digest.filter(|_| told.silent) {",
        ),
        "storm::a_crash_repeats_a_digest_that_is_in_doubt_as_the_same_one",
    ),
    tested(
        "a lost kind counts as heard",
        "crates/alertkube-core/src/replica/looking.rs",
        (
            "        self.picture.lost(kind, why, now.boot);\n",
            "        self.picture.lost(kind, why, now.boot);\n        self.picture.synced(kind);\n",
        ),
        "ourselves::an_api_server_that_is_away_is_one_problem_and_its_return_is_one_end",
    ),
    tested(
        "a hold-down is over at once",
        "crates/alertkube-core/src/track/mod.rs",
        (
            "alert.phase = Phase::Resolving { until: context.now.boot + hold_down };",
            "alert.phase = Phase::Resolving { until: context.now.boot + hold_down / 1000 };",
        ),
        "life::a_crash_loop_is_told_once_to_every_sink_and_its_end_after_the_hold_down",
    ),
    tested(
        "who knows that another wrote its head tells without a store as soon as ever",
        "crates/alertkube-core/src/replica/unsaved.rs",
        ("contested.map_or(since, |until| since.max(until))", "contested.map_or(since, |_| since)"),
        "seats_store::one_whose_head_another_wrote_and_who_then_hears_nothing_waits_as_a_start_does",
    ),
    tested(
        "who would tell without a store does not ask it first",
        "crates/alertkube-core/src/replica/sending.rs",
        ("                ledger.rouse();\n", "                ledger.committed();\n"),
        "seats_store::who_would_tell_without_a_store_that_did_not_answer_asks_it_first",
    ),
    tested(
        "what comes back after an end that was refused is another incident",
        "crates/alertkube-core/src/replica/sending.rs",
        ("(told.open && !(told.closing && told.doubt))", "(told.open && !told.closing)"),
        "delivery::what_comes_back_after_an_end_that_was_refused_goes_on_in_its_episode",
    ),
    ordeal(
        "another layout is in force before every seat has its share",
        "crates/alertkube-core/src/replica/layout/steps.rs",
        " && come(to.total, Step::Loaded) => Act::GoBy(to)",
        " => Act::GoBy(to)",
    ),
    tested(
        "what was loaded for a change that was called off counts for the next one",
        "crates/alertkube-core/src/store/ledger/interface.rs",
        ("Layout { epoch: next.layout.epoch, total }", "Layout { epoch: next.layout.epoch - 1, total }"),
        "layouts::a_change_that_is_asked_for_again_is_loaded_again",
    ),
    tested(
        "an heir goes on from where its lost watch stopped",
        "crates/alertkube-core/src/replica/outliving.rs",
        ("|| self.has_lost_sight()", "|| self.has_lost_sight() && now.boot.is_zero()"),
        "seats::an_heir_that_has_lost_a_watch_looks_anew_and_does_not_go_on_from_where_that_stopped",
    ),
    Mutant {
        name: "the gate does not ask how old the right to send is",
        file: "crates/alertkube/src/send/gate.rs",
        text: "if held && now < self.within.begin &&",
        instead: "if held && now < self.within.end.max(self.within.begin) &&",
        killer: Killer::Program(
            "send::gate::tests::what_may_not_begin_any_more_stays_though_an_answer_could_still_be_waited_for",
        ),
    },
];
