//! What every live bus does.
//!
//! A bus may lose events, so the suite is run where nothing is lost; that nothing comes twice, out of
//! order or uncalled for holds always.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::samples::{group, user};
use crate::{Channel, Event, LiveBus, Subscriber};

/// Remembers what it heard, in order: the channel, and the number of the user who typed.
#[derive(Default)]
struct Ear(Mutex<Vec<(Channel, u64)>>);

impl Subscriber for Ear {
    fn on_event(&self, channel: Channel, event: &Arc<Event>) {
        let Event::Typing { user, .. } = &**event else { panic!("not published: {event:?}") };
        self.0.lock().push((channel, user.get()));
    }
}

/// A node that publishes, a node that hears, which may be the same.
struct Pair {
    from: Arc<dyn LiveBus>,
    to: Arc<dyn LiveBus>,
    ear: Arc<Ear>,
}

impl Pair {
    fn new((from, to): (Arc<dyn LiveBus>, Arc<dyn LiveBus>)) -> Self {
        let ear = Arc::new(Ear::default());
        to.attach(Arc::downgrade(&ear) as Weak<dyn Subscriber>);
        Self { from, to, ear }
    }

    fn publish(&self, channel: Channel, number: u64) {
        self.from.publish(channel, typing(number));
    }

    fn heard(&self) -> Vec<(Channel, u64)> {
        std::mem::take(&mut *self.ear.0.lock())
    }
}

fn typing(number: u64) -> Arc<Event> {
    Arc::new(Event::Typing { chat: group(1), user: user(number), on: true })
}

/// The guarantees of [`LiveBus`]. `make` gives the ends of two nodes on a fresh bus, or the same end
/// twice; `settle` waits until what was subscribed is subscribed and what was published has arrived.
pub async fn live_bus_contract(
    make: impl AsyncFn() -> (Arc<dyn LiveBus>, Arc<dyn LiveBus>),
    settle: impl AsyncFn(),
) {
    what_is_subscribed_is_heard_in_order(&Pair::new(make().await), &settle).await;
    what_is_not_subscribed_is_not_heard(&Pair::new(make().await), &settle).await;
    what_was_before_is_not_heard(&Pair::new(make().await), &settle).await;
    subscribing_twice_is_subscribing_once(&Pair::new(make().await), &settle).await;
    a_bus_without_a_subscriber_takes_events(make().await, &settle).await;
    a_subscriber_may_use_the_bus_while_it_is_called(make().await, &settle).await;
    a_bus_does_not_keep_its_subscriber_alive(Pair::new(make().await), &settle).await;
}

async fn a_bus_does_not_keep_its_subscriber_alive(pair: Pair, settle: &impl AsyncFn()) {
    let Pair { from, to, ear } = pair;
    to.subscribe(Channel::User(user(1)));
    settle().await;
    let gone = Arc::downgrade(&ear);
    drop(ear);
    from.publish(Channel::User(user(1)), typing(1));
    settle().await;
    assert!(gone.upgrade().is_none());
}

async fn what_is_subscribed_is_heard_in_order(pair: &Pair, settle: &impl AsyncFn()) {
    let channel = Channel::User(user(1));
    pair.to.subscribe(channel);
    settle().await;
    (1..=100).for_each(|number| pair.publish(channel, number));
    settle().await;
    assert_eq!(pair.heard(), (1..=100).map(|number| (channel, number)).collect::<Vec<_>>());
}

async fn what_is_not_subscribed_is_not_heard(pair: &Pair, settle: &impl AsyncFn()) {
    // The same number in each kind of channel.
    let channels = [Channel::User(user(1)), Channel::Group(group(1)), Channel::Presence(user(1))];
    for subscribed in channels {
        pair.to.subscribe(subscribed);
        settle().await;
        for (number, channel) in (1..).zip(channels) {
            pair.publish(channel, number);
        }
        settle().await;
        let heard = pair.heard();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].0, subscribed);
        pair.to.unsubscribe(subscribed);
        settle().await;
        pair.publish(subscribed, 9);
        settle().await;
        assert_eq!(pair.heard(), []);
    }
}

async fn what_was_before_is_not_heard(pair: &Pair, settle: &impl AsyncFn()) {
    let channel = Channel::Group(group(1));
    pair.publish(channel, 1);
    settle().await;
    pair.to.subscribe(channel);
    settle().await;
    pair.publish(channel, 2);
    settle().await;
    assert_eq!(pair.heard(), [(channel, 2)]);
}

async fn subscribing_twice_is_subscribing_once(pair: &Pair, settle: &impl AsyncFn()) {
    let channel = Channel::Presence(user(1));
    pair.to.unsubscribe(channel);
    pair.to.subscribe(channel);
    pair.to.subscribe(channel);
    settle().await;
    pair.publish(channel, 1);
    settle().await;
    assert_eq!(pair.heard(), [(channel, 1)], "at most once");
    pair.to.unsubscribe(channel);
    settle().await;
    pair.publish(channel, 2);
    pair.to.unsubscribe(channel);
    settle().await;
    assert_eq!(pair.heard(), []);
}

async fn a_bus_without_a_subscriber_takes_events(
    ends: (Arc<dyn LiveBus>, Arc<dyn LiveBus>),
    settle: &impl AsyncFn(),
) {
    ends.0.publish(Channel::User(user(1)), typing(1));
    settle().await;
    let pair = Pair::new(ends);
    pair.to.subscribe(Channel::User(user(1)));
    settle().await;
    pair.publish(Channel::User(user(1)), 2);
    settle().await;
    assert_eq!(pair.heard(), [(Channel::User(user(1)), 2)]);
}

/// Subscribes, publishes and unsubscribes from within a call, as a gateway does.
struct Busy {
    bus: Arc<dyn LiveBus>,
    ear: Ear,
}

impl Subscriber for Busy {
    fn on_event(&self, channel: Channel, event: &Arc<Event>) {
        self.ear.on_event(channel, event);
        if channel == Channel::User(user(1)) {
            self.bus.subscribe(Channel::Group(group(2)));
            self.bus.unsubscribe(channel);
            self.bus.publish(Channel::Presence(user(3)), typing(4));
        }
    }
}

async fn a_subscriber_may_use_the_bus_while_it_is_called(
    (from, to): (Arc<dyn LiveBus>, Arc<dyn LiveBus>),
    settle: &impl AsyncFn(),
) {
    let busy = Arc::new(Busy { bus: Arc::clone(&to), ear: Ear::default() });
    to.attach(Arc::downgrade(&busy) as Weak<dyn Subscriber>);
    to.subscribe(Channel::User(user(1)));
    to.subscribe(Channel::Presence(user(3)));
    settle().await;
    from.publish(Channel::User(user(1)), typing(1));
    settle().await;
    from.publish(Channel::User(user(1)), typing(2));
    from.publish(Channel::Group(group(2)), typing(3));
    settle().await;
    let mut heard = busy.ear.0.lock().clone();
    heard.sort_by_key(|(_, number)| *number);
    let expected =
        [(Channel::User(user(1)), 1), (Channel::Group(group(2)), 3), (Channel::Presence(user(3)), 4)];
    assert_eq!(heard, expected);
}
