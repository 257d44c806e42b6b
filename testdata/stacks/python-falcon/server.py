"""Falcon on one synchronous gunicorn worker, gunicorn's default. Falcon compares the media type with case, and
its response has no body when it cannot be encoded, as with a lone surrogate."""
import logging
import uuid

import falcon

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

connections = {}


class Authentication:
    def process_resource(self, req, resp, resource, params):
        if req.method != "POST":
            return
        manufacturer = MANUFACTURERS.get(req.get_header("x-api-key"))
        if manufacturer is None or not manufacturer["enabled"]:
            raise falcon.HTTPUnauthorized(title="Invalid API key")
        req.context.manufacturer = manufacturer


class DeviceConnections:
    def on_post(self, req, resp):
        body = req.get_media()
        user_id = body.get("user_id") if isinstance(body, dict) else None
        if not isinstance(user_id, str):
            raise falcon.HTTPBadRequest(title="user_id is required and must be a string")
        if user_id == "provoke-500":
            raise RuntimeError("provoked")
        name = req.context.manufacturer["name"]
        nox_user_id = connections.setdefault((name, user_id), str(uuid.uuid4()))
        resp.status = falcon.HTTP_201
        resp.media = {"manufacturer_user_id": user_id, "nox_user_id": nox_user_id}


def handle_http_error(req, resp, exc, params):
    resp.status = exc.status if exc.status[:3] in ("401", "404", "405") else falcon.HTTP_400
    resp.media = {"error": exc.title}
    if exc.headers:
        resp.set_headers(exc.headers)


def handle_unexpected(req, resp, exc, params):
    logging.error("unexpected: %r", exc)
    resp.status = falcon.HTTP_500
    resp.media = {"error": "Internal server error"}


app = falcon.App(middleware=[Authentication()])
app.add_error_handler(Exception, handle_unexpected)
app.add_error_handler(falcon.HTTPError, handle_http_error)
app.add_route("/v2/manufacturer/device-connections", DeviceConnections())
