use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::breaker::Breaker;
use super::limit::Limit;
use super::{Gate, Permit, Turned};
use crate::time::{ManualClock, Time};

const FAST: Duration = Duration::from_millis(10);
const SLOW: Duration = Duration::from_millis(2001);
const PATIENCE: Duration = Duration::from_secs(5);

fn at(millis: i64) -> Time {
    Time::from_millis(millis)
}

#[test]
fn the_limit_grows_by_one_a_second_where_it_is_what_holds_calls_back() {
    let mut limit = Limit::new(at(0));
    let mut seen = Vec::new();
    for (millis, full) in
        [(500, true), (1000, true), (1500, true), (1999, true), (2000, true), (9000, false), (9001, true)]
    {
        limit.answered(at(millis), FAST, limit.era(), full);
        seen.push(limit.current());
    }
    assert_eq!(seen, [8, 9, 9, 9, 10, 10, 11]);
    for second in 10..200 {
        limit.answered(at(second * 1000), FAST, limit.era(), true);
    }
    assert_eq!(limit.current(), 64);
}

#[test]
fn a_429_halves_the_limit_once_for_all_that_were_under_way() {
    let mut limit = Limit::new(at(0));
    let era = limit.era();
    for _ in 0..8 {
        limit.throttled(at(10_000), era);
    }
    assert_eq!(limit.current(), 4);
    // It does not grow within a second of the last 429, even of one that did not cut.
    limit.answered(at(10_999), FAST, limit.era(), true);
    assert_eq!(limit.current(), 4);
    limit.answered(at(11_000), FAST, limit.era(), true);
    assert_eq!(limit.current(), 5);
    for round in 0..9 {
        limit.throttled(at(20_000 + round), limit.era());
    }
    assert_eq!(limit.current(), 1);
}

#[test]
fn slow_answers_halve_the_limit_when_they_are_more_than_one_in_a_hundred() {
    for (fast, slow, expected) in [
        // Too few to tell; one alone; one in a hundred; two in a hundred; all.
        (10, 9, 8),
        (40, 1, 8),
        (99, 1, 8),
        (98, 2, 4),
        (0, 20, 4),
    ] {
        let mut limit = Limit::new(at(0));
        for took in std::iter::repeat_n(FAST, fast).chain(std::iter::repeat_n(SLOW, slow)) {
            limit.answered(at(0), took, limit.era(), true);
        }
        assert_eq!(limit.current(), expected, "{fast} {slow}");
    }
}

struct Stage {
    clock: Arc<ManualClock>,
    gate: Gate,
}

fn stage() -> Stage {
    let clock = Arc::new(ManualClock::at_millis(0));
    Stage { gate: Gate::new(clock.clone()), clock }
}

impl Stage {
    fn permits(&self, count: usize) -> Vec<Permit> {
        let enter = || self.gate.enter(PATIENCE).now_or_never().expect("there is room").ok().unwrap();
        std::iter::repeat_with(enter).take(count).collect()
    }
}

#[tokio::test]
async fn calls_go_in_the_order_they_came_and_a_turn_not_taken_is_passed_on() {
    let stage = stage();
    let mut permits = stage.permits(8);
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(stage.gate.enter(PATIENCE))).collect();
    for turn in &mut waiting {
        assert!(turn.as_mut().now_or_never().is_none());
    }
    assert_eq!(stage.gate.counts(), (8, 8, 4));

    // The first gives up while it waits, the second after its turn was given to it.
    drop(waiting.remove(0));
    assert_eq!(stage.gate.counts(), (8, 8, 3));
    permits.pop();
    drop(waiting.remove(0));
    assert!(waiting[1].as_mut().now_or_never().is_none());
    let third = waiting[0].as_mut().now_or_never().unwrap();
    assert!(third.is_ok());
    // Nobody overtakes who waits.
    let mut late = Box::pin(stage.gate.enter(PATIENCE));
    assert!(late.as_mut().now_or_never().is_none());
    permits.pop();
    assert!(late.as_mut().now_or_never().is_none());
    assert!(waiting[1].as_mut().now_or_never().is_some());
    drop(third);
    assert!(late.as_mut().now_or_never().is_some());
}

#[tokio::test]
async fn nothing_passes_before_the_pause_is_over() {
    let stage = stage();
    stage.gate.hold(Duration::from_secs(3));
    // A shorter one asked for later does not shorten it.
    stage.gate.hold(Duration::from_secs(1));
    let mut call = Box::pin(stage.gate.enter(PATIENCE));
    let mut watch = Box::pin(stage.gate.passed(PATIENCE));
    for _ in 0..3 {
        assert!(call.as_mut().now_or_never().is_none() && watch.as_mut().now_or_never().is_none());
        stage.clock.advance(Duration::from_millis(999));
    }
    assert!(call.as_mut().now_or_never().is_none());
    stage.clock.advance(Duration::from_millis(3));
    assert!(call.as_mut().now_or_never().unwrap().is_ok());
    assert_eq!(watch.as_mut().now_or_never(), Some(Ok(())));

    stage.gate.hold(Duration::from_secs(6));
    let turned = stage.gate.enter(PATIENCE).await.err();
    assert_eq!(turned, Some(Turned::Held(Duration::from_secs(6))));
    assert_eq!(stage.gate.counts().1, 0);
    stage.gate.hold(Duration::from_secs(u64::MAX));
    assert_eq!(stage.gate.passed(PATIENCE).await, Err(Turned::Held(Duration::from_hours(1))));
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_prolong_a_pause() {
    struct Back(parking_lot::Mutex<i64>);
    #[async_trait::async_trait]
    impl crate::time::Clock for Back {
        fn now(&self) -> Time {
            at(*self.0.lock())
        }
        async fn sleep(&self, _: Duration) {}
    }
    let clock = Arc::new(Back(parking_lot::Mutex::new(10_000_000)));
    let gate = Gate::new(clock.clone());
    gate.hold(Duration::from_secs(30));
    *clock.0.lock() = 0;
    assert_eq!(gate.passed(PATIENCE).await, Err(Turned::Held(Duration::from_secs(30))));
}

#[tokio::test]
async fn a_cut_limit_takes_no_turn_away_but_gives_none_until_there_is_room() {
    let stage = stage();
    let mut permits = stage.permits(8);
    permits[0].throttled();
    permits[1].throttled();
    assert_eq!(stage.gate.counts(), (4, 8, 0));
    let mut next = Box::pin(stage.gate.enter(PATIENCE));
    for _ in 0..4 {
        permits.pop();
        assert!(next.as_mut().now_or_never().is_none());
    }
    permits.pop();
    assert!(next.as_mut().now_or_never().is_some());
}

/// `.` an answer, `x` none, a number that many seconds; answers after how many steps it opened.
fn opens(steps: &str) -> Option<usize> {
    let (mut breaker, mut now) = (Breaker::default(), 0);
    for (at_step, step) in steps.chars().enumerate() {
        match step {
            '.' => {
                breaker.answered(at(now));
            }
            'x' if breaker.failed(at(now), "broke", 0.0) => return Some(at_step + 1),
            'x' => {}
            digit => now += i64::from(digit.to_digit(10).unwrap()) * 1000,
        }
    }
    None
}

#[test]
fn a_server_is_taken_for_dead_by_its_silence() {
    for (steps, expected) in [
        ("xxxx", None),
        ("xxxxx", Some(5)),
        ("xxxx.xxxx.", None),
        ("x9x9x9x9x", Some(9)),
        // More than half of at least ten.
        ("xxx.xxx.x.xx", Some(11)),
        (".x.x.x.x.x.x", None),
        // What is older than 20 s no longer counts.
        ("xxxx.99999xxxx.x", None),
        ("xxxx.xxxx.x", Some(11)),
    ] {
        assert_eq!(opens(steps), expected, "{steps}");
    }
}

#[test]
fn probes_come_ever_later_up_to_a_minute() {
    let mut breaker = Breaker::default();
    (0..5).for_each(|_| {
        breaker.failed(at(0), "refused", 0.0);
    });
    let next = |breaker: &Breaker| breaker.refuses().map(|(_, probe)| probe.as_millis());
    assert_eq!((breaker.open(), next(&breaker)), (Some(1), Some(1000)));
    let mut pauses = Vec::new();
    for jitter in [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0] {
        breaker.probed(at(0), "silent", jitter);
        pauses.push(next(&breaker).unwrap() / 1000);
    }
    assert_eq!(pauses, [2, 6, 8, 16, 32, 60, 60]);
    assert_eq!(breaker.refuses().unwrap().0, "silent");
    // What is sent meanwhile and fails opens nothing anew; any answer closes it.
    assert!(!breaker.failed(at(0), "x", 0.0));
    assert!(breaker.answered(at(0)) && !breaker.answered(at(0)));
    assert_eq!((breaker.open(), breaker.refuses()), (None, None));
    (0..5).for_each(|_| {
        breaker.failed(at(0), "refused", 0.0);
    });
    assert_eq!(breaker.open(), Some(2));
}
