"""Quart on hypercorn over TLS, so HTTP/2; jsonschema checks the body. hypercorn closes a connection that all requests
share over a header that HTTP/2 forbids. Python's JSON parser takes NaN."""
import uuid

from jsonschema import Draft7Validator
from quart import Quart, g, jsonify, request
from werkzeug.exceptions import HTTPException

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}
SCHEMA = Draft7Validator({
    "type": "object",
    "required": ["user_id"],
    "properties": {"user_id": {"type": "string"}},
})

app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
connections = {}


def error(status, message, headers=None):
    return jsonify(error=message), status, headers or {}


@app.before_request
async def authenticate():
    if request.url_rule is None:
        return None
    manufacturer = MANUFACTURERS.get(request.headers.get("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        return error(401, "Invalid API key")
    g.manufacturer = manufacturer["name"]
    return None


@app.post("/v2/manufacturer/device-connections")
async def create_device_connection():
    if not request.is_json:
        return error(400, "Content-Type must be application/json")
    body = await request.get_json()
    if not SCHEMA.is_valid(body):
        return error(400, "user_id is required and must be a string")
    user_id = body["user_id"]
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    nox_user_id = connections.setdefault((g.manufacturer, user_id), str(uuid.uuid4()))
    return jsonify(manufacturer_user_id=user_id, nox_user_id=nox_user_id), 201


@app.errorhandler(HTTPException)
async def handle_http_exception(exc):
    if exc.code == 405:
        return error(405, exc.name, {"Allow": ", ".join(exc.valid_methods)})
    if exc.code in (404, 413):
        return error(exc.code, exc.name)
    if exc.code < 500:
        return error(400, exc.description)
    return error(500, "Internal server error")


@app.errorhandler(Exception)
async def handle_unexpected(exc):
    app.logger.error("unexpected: %r", exc)
    return error(500, "Internal server error")
