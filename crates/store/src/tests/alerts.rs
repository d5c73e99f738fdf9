use super::{Script, fresh, raise};
use crate::{AlertOp, AlertState, Error, MessageKind, MessageState, PageRequest, RETRACTED, Store};

fn resolve(dedupe: &str, at: u64) -> AlertOp {
    AlertOp::Resolve {
        dedupe: dedupe.to_owned(),
        at,
        resolution: "over".to_owned(),
    }
}

async fn kinds(store: &Store, alert: i64) -> Vec<(MessageKind, MessageState)> {
    store
        .messages(alert)
        .await
        .unwrap()
        .into_iter()
        .map(|m| (m.kind, m.state))
        .collect()
}

async fn send_all(store: &Store, at: u64) -> usize {
    let mut sent = 0;
    while let Some(message) = store.due_messages(at, 1).await.unwrap().pop() {
        store.message_sent(message.id, at).await.unwrap();
        sent += 1;
    }
    sent
}

#[tokio::test]
async fn o10_an_alert_is_told_once_and_its_end_too() {
    let (_dir, store) = fresh(8).await;
    for at in [100, 110, 120] {
        store
            .apply_alerts(vec![raise("x", 1, at, 60)])
            .await
            .unwrap();
    }
    assert_eq!(send_all(&store, 120).await, 1);
    let alert = store
        .alerts(Some(AlertState::Open), &PageRequest::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!((alert.times, alert.opened_at, alert.seen_at), (3, 100, 120));
    store
        .acknowledge_alert(alert.id, "ann".into(), 125)
        .await
        .unwrap();
    let again = store
        .acknowledge_alert(alert.id, "bob".into(), 126)
        .await
        .unwrap();
    assert_eq!(again.acknowledged_by.as_deref(), Some("ann"));
    store
        .apply_alerts(vec![
            resolve("x", 130),
            resolve("x", 131),
            resolve("never", 1),
        ])
        .await
        .unwrap();
    assert!(matches!(
        store
            .acknowledge_alert(alert.id, "bob".into(), 132)
            .await
            .unwrap_err(),
        Error::NoSuch { .. }
    ));
    assert_eq!(send_all(&store, 131).await, 1);
    use {MessageKind::*, MessageState::*};
    assert_eq!(
        kinds(&store, alert.id).await,
        [(Opened, Sent), (Resolved, Sent)]
    );

    // It flaps while it cools down: the same alert, no message. It stays: told at the first sight afterwards.
    store
        .apply_alerts(vec![raise("x", 1, 140, 60)])
        .await
        .unwrap();
    assert_eq!(send_all(&store, 140).await, 0);
    let flapped = store.alert(alert.id).await.unwrap().unwrap();
    assert_eq!(
        (flapped.state, flapped.acknowledged_by),
        (AlertState::Open, None)
    );
    store
        .apply_alerts(vec![raise("x", 1, 191, 60)])
        .await
        .unwrap();
    assert_eq!(send_all(&store, 191).await, 1);
    // After the cooldown it is a new alert.
    store.apply_alerts(vec![resolve("x", 200)]).await.unwrap();
    store
        .apply_alerts(vec![raise("x", 1, 261, 60)])
        .await
        .unwrap();
    assert_eq!(
        store
            .alerts(None, &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

#[tokio::test]
async fn o10_a_short_alert_with_the_channel_down_still_arrives_in_order() {
    let (_dir, store) = fresh(8).await;
    store
        .apply_alerts(vec![raise("x", 1, 100, 60)])
        .await
        .unwrap();
    let first = store.due_messages(100, 9).await.unwrap().remove(0);
    store
        .message_failed(first.id, "connection refused".into(), Some(150))
        .await
        .unwrap();
    store.apply_alerts(vec![resolve("x", 110)]).await.unwrap();
    // The end is due, but waits for the beginning.
    assert!(store.due_messages(149, 9).await.unwrap().is_empty());
    let retry = store.due_messages(150, 9).await.unwrap();
    assert_eq!(
        retry
            .iter()
            .map(|m| (m.id, m.kind, m.attempts))
            .collect::<Vec<_>>(),
        [(first.id, MessageKind::Opened, 1)]
    );
    store.message_sent(first.id, 150).await.unwrap();
    assert!(matches!(
        store.message_sent(first.id, 151).await.unwrap_err(),
        Error::NoSuch { .. }
    ));
    assert_eq!(
        store.due_messages(150, 9).await.unwrap()[0].kind,
        MessageKind::Resolved
    );
    let last = store.due_messages(150, 9).await.unwrap().remove(0);
    store
        .message_failed(last.id, "gone".into(), None)
        .await
        .unwrap();
    assert_eq!(kinds(&store, first.alert).await[1].1, MessageState::Dead);
}

#[tokio::test]
async fn o10_a_reorg_retracts_what_its_blocks_raised() {
    let (_dir, store) = fresh(8).await;
    let script = Script { fork: 3 };
    for number in 1..=3 {
        store.apply_block(script.batch(b'a', number)).await.unwrap();
    }
    let with = |branch, number, dedupe: &str| {
        let mut batch = script.batch(branch, number);
        batch.alerts = vec![raise(dedupe, number, batch.block.timestamp, 3600)];
        batch
    };
    store.apply_block(with(b'a', 4, "told")).await.unwrap();
    send_all(&store, u64::MAX >> 1).await;
    store.apply_block(with(b'a', 5, "untold")).await.unwrap();
    store.rollback_to(3).await.unwrap();
    let alerts = store
        .alerts(None, &PageRequest::default())
        .await
        .unwrap()
        .items;
    assert!(
        alerts
            .iter()
            .all(|a| a.resolution.as_deref() == Some(RETRACTED))
    );
    let [untold, told] = &alerts[..] else {
        panic!()
    };
    use {MessageKind::*, MessageState::*};
    assert_eq!(
        kinds(&store, told.id).await,
        [(Opened, Sent), (Retracted, Pending)]
    );
    assert_eq!(kinds(&store, untold.id).await, [(Opened, Dropped)]);
    // On the other branch it is true again: a new alert with a new message, cooldown or not.
    store.apply_block(with(b'b', 4, "told")).await.unwrap();
    let again = store
        .alerts(Some(AlertState::Open), &PageRequest::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert!(again.id > told.id);
    assert_eq!(kinds(&store, again.id).await, [(Opened, Pending)]);
}

/// A reorganisation while the message is on its way: whoever got it is told that it was wrong, and nothing fails.
#[tokio::test]
async fn o10_what_was_on_its_way_during_a_reorg_is_retracted() {
    use {MessageKind::*, MessageState::*};
    for arrives in [true, false] {
        let (_dir, store) = fresh(8).await;
        let script = Script { fork: 3 };
        for number in 1..=3 {
            store.apply_block(script.batch(b'a', number)).await.unwrap();
        }
        let mut batch = script.batch(b'a', 4);
        batch.alerts = vec![raise("x", 4, batch.block.timestamp, 3600)];
        store.apply_block(batch).await.unwrap();
        let at = u64::MAX >> 1;
        let taken = store.due_messages(at, 1).await.unwrap().remove(0);
        store.rollback_to(3).await.unwrap();
        let opened = if arrives {
            store.message_sent(taken.id, at).await.unwrap();
            Sent
        } else {
            let error = "no answer in time".to_owned();
            store
                .message_failed(taken.id, error, Some(at))
                .await
                .unwrap();
            Dropped
        };
        assert_eq!(
            kinds(&store, taken.alert).await,
            [(Opened, opened), (Retracted, Pending)]
        );
        // Once: what is noted twice is refused, or told no second time.
        let _ = store.message_sent(taken.id, at).await;
        assert_eq!(send_all(&store, at).await, 1);
    }
}
