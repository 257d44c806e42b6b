"""Flask on gunicorn with threads. Python's JSON parser takes NaN, UTF-16 and UTF-32, and the last of two
properties with one name; Flask also takes application/*+json."""
import threading
import uuid

from flask import Flask, g, jsonify, request
from werkzeug.exceptions import HTTPException

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024

connections = {}
connections_lock = threading.Lock()


def resolve(manufacturer, user_id):
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    with connections_lock:
        return connections.setdefault((manufacturer["name"], user_id), str(uuid.uuid4()))


def authenticate():
    manufacturer = MANUFACTURERS.get(request.headers.get("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        return error(401, "Invalid API key")
    g.manufacturer = manufacturer
    return None


@app.post("/v2/manufacturer/device-connections")
def create_device_connection():
    refusal = authenticate()
    if refusal is not None:
        return refusal
    body = request.get_json()
    user_id = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user_id, str):
        return error(400, "user_id is required and must be a string")
    nox_user_id = resolve(g.manufacturer, user_id)
    return jsonify(manufacturer_user_id=user_id, nox_user_id=nox_user_id), 201


def error(status, message):
    return jsonify(error=message), status


@app.errorhandler(HTTPException)
def handle_http_exception(exc):
    if exc.code == 405:
        return jsonify(error=exc.name), 405, {"Allow": ", ".join(exc.valid_methods)}
    if exc.code == 404:
        return error(404, exc.name)
    if exc.code < 500:
        return error(400, exc.description)
    return error(500, "Internal server error")


@app.errorhandler(Exception)
def handle_unexpected(exc):
    app.logger.error("unexpected: %r", exc)
    return error(500, "Internal server error")
