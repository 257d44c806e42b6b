"""Pyramid on waitress. A charset that Python does not know is an unexpected error, and a media type with a
space before its semicolon is refused."""
import logging
import os
import threading
import uuid

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPClientError, HTTPUnauthorized
from pyramid.view import exception_view_config, notfound_view_config, view_config
from waitress import serve

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

connections = {}
connections_lock = threading.Lock()


def authenticate(request):
    manufacturer = MANUFACTURERS.get(request.headers.get("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        raise HTTPUnauthorized("Invalid API key")
    return manufacturer


@view_config(route_name="device_connections", request_method="POST", renderer="json")
def create_device_connection(request):
    manufacturer = authenticate(request)
    if request.content_type.lower() != "application/json":
        raise HTTPBadRequest("Content-Type must be application/json")
    try:
        body = request.json_body
    except ValueError:
        raise HTTPBadRequest("request body is not valid JSON")
    user_id = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user_id, str):
        raise HTTPBadRequest("user_id is required and must be a string")
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    with connections_lock:
        nox_user_id = connections.setdefault((manufacturer["name"], user_id), str(uuid.uuid4()))
    request.response.status = 201
    return {"manufacturer_user_id": user_id, "nox_user_id": nox_user_id}


@notfound_view_config(renderer="json")
def not_found(request):
    request.response.status = 404
    return {"error": "Not found"}


@exception_view_config(HTTPClientError, renderer="json")
def client_error(exc, request):
    request.response.status = 401 if exc.code == 401 else 400
    return {"error": exc.detail or exc.title}


@exception_view_config(Exception, renderer="json")
def unexpected(exc, request):
    logging.error("unexpected: %r", exc)
    request.response.status = 500
    return {"error": "Internal server error"}


with Configurator() as config:
    config.add_route("device_connections", "/v2/manufacturer/device-connections")
    config.scan()
    app = config.make_wsgi_app()

serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
