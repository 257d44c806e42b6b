"""Bottle on waitress, which reads the whole body before the handler runs. Bottle refuses JSON over 100 KB
and a media type with a space before its semicolon."""
import json
import os
import threading
import uuid

from bottle import Bottle, HTTPError, request, response

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

app = Bottle()
connections = {}
connections_lock = threading.Lock()


def authenticate():
    manufacturer = MANUFACTURERS.get(request.get_header("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        raise HTTPError(401, "Invalid API key")
    return manufacturer


@app.post("/v2/manufacturer/device-connections")
def create_device_connection():
    manufacturer = authenticate()
    try:
        body = request.json
    except ValueError:
        raise HTTPError(400, "request body is not valid JSON")
    user_id = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user_id, str):
        raise HTTPError(400, "user_id is required and must be a string")
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    with connections_lock:
        nox_user_id = connections.setdefault((manufacturer["name"], user_id), str(uuid.uuid4()))
    response.status = 201
    return {"manufacturer_user_id": user_id, "nox_user_id": nox_user_id}


def handle_error(error):
    message = "Internal server error" if error.status_code >= 500 else error.body
    if error.status_code not in (401, 404, 405, 500):
        response.status = 400
    response.content_type = "application/json"
    return json.dumps({"error": message})


app.default_error_handler = handle_error
app.run(server="waitress", host="127.0.0.1", port=int(os.environ["PORT"]), quiet=True)
