// tiny_http with eight threads and serde_json's values.
// Notable defaults: serde_json stops at a depth of 128, and the last of two equal names wins.
use serde_json::{json, Value};
use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use tiny_http::{Header, Method, Request, Response, Server};

const PATH: &str = "/v2/manufacturer/device-connections";

type Users = Mutex<HashMap<(&'static str, String), String>>;
type Refusal = (u16, &'static str);

// manufacturer names the enabled manufacturer of a key.
fn manufacturer(key: &str) -> Option<&'static str> {
    match key {
        "acme-test-key-5c1d0a" => Some(("acme", true)),
        "globex-test-key-e83b27" => Some(("globex", true)),
        "initech-test-key-94f6bd" => Some(("initech", false)),
        _ => None,
    }
    .and_then(|(name, enabled)| enabled.then_some(name))
}

fn header<'a>(request: &'a Request, name: &'static str) -> &'a str {
    let found = request.headers().iter().find(|h| h.field.equiv(name));
    found.map_or("", |h| h.value.as_str())
}

fn connect(request: &mut Request, users: &Users) -> Result<Value, Refusal> {
    if request.url().split('?').next() != Some(PATH) {
        return Err((404, "Not found"));
    }
    if *request.method() != Method::Post {
        return Err((405, "Method not allowed"));
    }
    let manufacturer = manufacturer(header(request, "x-api-key")).ok_or((401, "Invalid API key"))?;
    let media_type = header(request, "Content-Type").split(';').next().unwrap_or("");
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err((400, "Content-Type must be application/json"));
    }
    let body: Value =
        serde_json::from_reader(request.as_reader()).map_err(|_| (400, "body must be valid JSON"))?;
    let user_id = body.get("user_id").and_then(Value::as_str);
    let user_id = user_id.ok_or((400, "user_id is required and must be a string"))?;
    if user_id == "provoke-500" {
        panic!("provoked");
    }
    let mut users = users.lock().unwrap();
    let id = users
        .entry((manufacturer, user_id.to_owned()))
        .or_insert_with(|| uuid::Uuid::new_v4().to_string());
    Ok(json!({"manufacturer_user_id": user_id, "nox_user_id": id}))
}

fn serve(server: &Server, users: &Users) {
    for mut request in server.incoming_requests() {
        let (status, body) = match catch_unwind(AssertUnwindSafe(|| connect(&mut request, users))) {
            Ok(Ok(body)) => (201, body),
            Ok(Err((status, message))) => (status, json!({ "error": message })),
            Err(_) => (500, json!({"error": "Internal server error"})),
        };
        let mut response = Response::from_string(body.to_string())
            .with_status_code(status)
            .with_header(Header::from_bytes("Content-Type", "application/json").unwrap());
        if status == 405 {
            response.add_header(Header::from_bytes("Allow", "POST").unwrap());
        }
        let _ = request.respond(response); // the client has gone
    }
}

fn main() {
    let port = std::env::var("PORT").expect("PORT");
    let server = Arc::new(Server::http(format!("127.0.0.1:{port}")).expect("listen"));
    let users = Arc::new(Users::default());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (server, users) = (server.clone(), users.clone());
            std::thread::spawn(move || serve(&server, &users))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
