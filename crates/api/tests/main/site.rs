//! The web app's files.

use std::fs;

use omnibus_api::{ApiConfig, ApiError, Server};
use tempfile::TempDir;

use crate::{
    access::pool,
    world::{World, config, public},
};

fn app() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(
        dir.path().join("index.html"),
        "<!doctype html><title>app</title>",
    )
    .unwrap();
    fs::write(dir.path().join("favicon.svg"), "<svg/>").unwrap();
    fs::create_dir(dir.path().join("assets")).unwrap();
    fs::write(dir.path().join("assets/app-1a2b.js"), "export {}").unwrap();
    dir
}

#[tokio::test]
async fn every_page_of_the_app_is_its_index() {
    let dir = app();
    let mut config = config();
    config.web_dir = Some(dir.path().to_owned());
    let world = World::with(config).await;
    for page in ["/", "/stake", "/validators/3", "/index.html"] {
        let answer = world.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.text.contains("<title>app</title>"), "{page}");
        assert_eq!(answer.header("content-type"), "text/html", "{page}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{page}");
    }
    let script = world.get("/assets/app-1a2b.js").await;
    assert_eq!((script.status, script.text.as_str()), (200, "export {}"));
    assert!(script.header("cache-control").contains("immutable"));
    assert_eq!(
        world.get("/favicon.svg").await.header("content-type"),
        "image/svg+xml"
    );

    // HTML in place of a script, or of an answer, would be a riddle.
    assert_eq!(world.get("/assets/app-0000.js").await.code(), "no_route");
    assert_eq!(world.get("/api/v1/nothing").await.code(), "no_route");
    assert_eq!(world.get("/healthz").await.json()["status"], "ok");
    let answer = world.send(world.http.post(world.url("/stake"))).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (405, "method_not_allowed")
    );
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let dir = app();
    let inside = dir.path().join("web");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("index.html"), "inside").unwrap();
    fs::write(dir.path().join("secret"), "outside").unwrap();
    let mut config = config();
    config.web_dir = Some(inside);
    let world = World::with(config).await;
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/assets/..%2f..%2fsecret",
        "/%2e%2e%2fsecret",
        "//etc/passwd",
    ] {
        // Past the client's own tidying of paths.
        let text = raw(&world, path).await;
        assert!(
            !text.contains("outside") && !text.contains("root:"),
            "{path}: {text}"
        );
    }
}

async fn raw(world: &World, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(world.addr).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        world.addr
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_folder_without_the_app_is_said_at_the_start() {
    let dir = TempDir::new().unwrap();
    let mut config = ApiConfig::new(public());
    config.web_dir = Some(dir.path().to_owned());
    let world = World::new().await;
    let error = Server::bind(config, world.store.clone(), pool(&world).await)
        .await
        .err()
        .unwrap();
    assert!(matches!(&error, ApiError::WebDir { dir: named } if named == dir.path()));
    assert!(error.hint().contains("Build the web app"));
}

#[tokio::test]
async fn o16_pages_may_run_no_script_from_elsewhere() {
    let dir = app();
    let mut config = config();
    config.web_dir = Some(dir.path().to_owned());
    let world = World::with(config).await;
    for path in [
        "/",
        "/api/v1/config",
        "/nothing.html",
        "/assets/none.js",
        "/api/v1/nothing",
    ] {
        let answer = world.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            policy.contains("connect-src 'self' http://127.0.0.1:8545;"),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
}
