use super::{fresh, open};
use crate::{
    Alert, Attempt, Block, Change, Decision, Error, Event, Hole, Intent, Message, Options, Reader,
    Sample, Store, TxRow, Work,
    rows::DERIVED,
    value::{Row as _, Spec},
};
use sqlx::Row as _;

#[tokio::test]
async fn tables_have_the_columns_that_the_rows_name() {
    let (_dir, store) = fresh(8).await;
    let others = [
        Block::SPEC,
        Event::SPEC,
        Hole::SPEC,
        Sample::SPEC,
        Change::SPEC,
        Work::SPEC,
        Attempt::SPEC,
        TxRow::SPEC,
        Intent::SPEC,
        Decision::SPEC,
        Alert::SPEC,
        Message::SPEC,
    ];
    for Spec {
        table,
        columns,
        keys,
    } in DERIVED.iter().chain(&others)
    {
        let rows = sqlx::query("SELECT name, pk FROM pragma_table_info($1)")
            .bind(*table)
            .fetch_all(&store.pool)
            .await
            .unwrap();
        let names: Vec<String> = rows.iter().map(|r| r.get(0)).collect();
        assert_eq!(names, *columns, "{table}");
        let keyed = rows.iter().filter(|r| r.get::<i64, _>(1) > 0).count();
        assert_eq!(keyed, *keys, "{table}");
    }
}

#[tokio::test]
async fn a_second_writer_is_refused_and_told_what_to_do() {
    let (dir, store) = fresh(8).await;
    let path = dir.path().join("omnibus.db");
    let error = Store::open(&path, Options::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Locked { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains(&format!("pid {}", std::process::id())),
        "{error}"
    );
    assert!(matches!(
        Store::migrate(&path).await.unwrap_err(),
        Error::Locked { .. }
    ));
    // Readers are welcome meanwhile.
    Reader::open(&path).await.unwrap();
    drop(store);
    // The writer task closes its connection first, so the lock goes a moment later.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while let Err(error) = Store::open(&path, Options::default()).await {
        assert!(
            matches!(error, Error::Locked { .. }) && std::time::Instant::now() < deadline,
            "{error}"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_unmigrated_or_newer_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("omnibus.db");
    assert!(matches!(
        Store::open(&path, Options::default()).await.unwrap_err(),
        Error::Missing(_)
    ));
    std::fs::write(&path, b"").unwrap();
    let error = Store::open(&path, Options::default()).await.unwrap_err();
    assert!(
        matches!(error, Error::SchemaVersion { found: 0, .. })
            && error.to_string().contains("omnibus migrate"),
        "{error}"
    );

    let done = Store::migrate(&path).await.unwrap();
    assert_eq!(done.from, 0);
    assert!(done.to >= 1);
    assert_eq!(Store::migrate(&path).await.unwrap().from, done.to);

    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = $1")
        .bind(done.to)
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    for error in [
        Store::open(&path, Options::default()).await.unwrap_err(),
        Store::migrate(&path).await.unwrap_err(),
        Reader::open(&path).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, Error::SchemaVersion { found: 9999, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("newer"), "{error}");
    }
}

#[tokio::test]
async fn a_file_serves_one_deployment() {
    let (dir, store) = fresh(8).await;
    store.bind_deployment("1/a").await.unwrap();
    store.bind_deployment("1/a").await.unwrap();
    assert!(matches!(
        store.bind_deployment("2/a").await.unwrap_err(),
        Error::WrongDeployment { .. }
    ));
    drop((dir, store));
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), 8)
        .await
        .bind_deployment("2/a")
        .await
        .unwrap();
}
