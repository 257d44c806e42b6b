// hyper on tokio, where serde derives the request's struct.
// Notable defaults: serde reads a struct out of an array too, and refuses a name that appears twice.
use hyper::body::to_bytes;
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Method, Request, Response, Server, StatusCode};
use serde_derive::{Deserialize, Serialize};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

const PATH: &str = "/v2/manufacturer/device-connections";

#[derive(Deserialize)]
struct CreateRequest {
    user_id: String,
}

#[derive(Serialize)]
struct CreateResponse {
    manufacturer_user_id: String,
    nox_user_id: String,
}

#[derive(Serialize)]
struct ErrorResponse {
    error: &'static str,
}

type Users = Mutex<HashMap<(&'static str, String), String>>;
type Refusal = (StatusCode, &'static str);

// manufacturer names the enabled manufacturer of a key.
fn manufacturer(key: &[u8]) -> Option<&'static str> {
    let (name, enabled) = match key {
        b"acme-test-key-5c1d0a" => ("acme", true),
        b"globex-test-key-e83b27" => ("globex", true),
        b"initech-test-key-94f6bd" => ("initech", false),
        _ => return None,
    };
    enabled.then_some(name)
}

async fn connect(request: Request<Body>, users: &Users) -> Result<CreateResponse, Refusal> {
    if request.uri().path() != PATH {
        return Err((StatusCode::NOT_FOUND, "Not found"));
    }
    if request.method() != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"));
    }
    let key = request.headers().get("x-api-key");
    let manufacturer = key
        .and_then(|key| manufacturer(key.as_bytes()))
        .ok_or((StatusCode::UNAUTHORIZED, "Invalid API key"))?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or("");
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err((StatusCode::BAD_REQUEST, "Content-Type must be application/json"));
    }
    let invalid = |_| (StatusCode::BAD_REQUEST, "body must be a JSON object with a string user_id");
    let bytes = to_bytes(request.into_body()).await.map_err(|_| (StatusCode::BAD_REQUEST, "body cannot be read"))?;
    let CreateRequest { user_id } = serde_json::from_slice(&bytes).map_err(invalid)?;
    if user_id == "provoke-500" {
        panic!("provoked");
    }
    let mut users = users.lock().unwrap();
    let id = users
        .entry((manufacturer, user_id.clone()))
        .or_insert_with(|| uuid::Uuid::new_v4().to_string());
    Ok(CreateResponse { manufacturer_user_id: user_id, nox_user_id: id.clone() })
}

async fn handle(request: Request<Body>, users: Arc<Users>) -> Result<Response<Body>, Infallible> {
    // A task of its own, so that a panic becomes a 500 instead of a closed connection.
    let result = tokio::spawn(async move { connect(request, &users).await }).await;
    let (status, body) = match result {
        Ok(Ok(created)) => (StatusCode::CREATED, serde_json::to_string(&created)),
        Ok(Err((status, error))) => (status, serde_json::to_string(&ErrorResponse { error })),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            serde_json::to_string(&ErrorResponse { error: "Internal server error" }),
        ),
    };
    let mut response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response = response.header(ALLOW, "POST");
    }
    Ok(response.body(Body::from(body.expect("strings serialize"))).expect("valid response"))
}

#[tokio::main]
async fn main() {
    let port: u16 = std::env::var("PORT").expect("PORT").parse().expect("PORT");
    let users = Arc::new(Users::default());
    let service = make_service_fn(move |_| {
        let users = users.clone();
        async move { Ok::<_, Infallible>(service_fn(move |request| handle(request, users.clone()))) }
    });
    Server::bind(&([127, 0, 0, 1], port).into()).serve(service).await.expect("serve");
}
