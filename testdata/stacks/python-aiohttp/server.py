"""aiohttp with its own server, which refuses bodies over 1 MB. A charset that Python does not know is an
unexpected error."""
import logging
import os
import uuid

from aiohttp import web

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

connections = {}


def authenticate(request):
    manufacturer = MANUFACTURERS.get(request.headers.get("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        raise web.HTTPUnauthorized(reason="Invalid API key")
    return manufacturer


async def read_json(request):
    if request.content_type != "application/json":
        raise web.HTTPBadRequest(reason="Content-Type must be application/json")
    try:
        return await request.json()
    except ValueError:
        raise web.HTTPBadRequest(reason="request body is not valid JSON")


async def create_device_connection(request):
    manufacturer = authenticate(request)
    body = await read_json(request)
    user_id = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user_id, str):
        raise web.HTTPBadRequest(reason="user_id is required and must be a string")
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    nox_user_id = connections.setdefault((manufacturer["name"], user_id), str(uuid.uuid4()))
    return web.json_response({"manufacturer_user_id": user_id, "nox_user_id": nox_user_id}, status=201)


@web.middleware
async def handle_errors(request, handler):
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as exc:
        return web.json_response({"error": exc.reason}, status=405, headers={"Allow": exc.headers["Allow"]})
    except web.HTTPClientError as exc:
        status = exc.status if exc.status in (401, 404) else 400
        return web.json_response({"error": exc.reason}, status=status)
    except Exception:
        logging.exception("unexpected error")
        return web.json_response({"error": "Internal server error"}, status=500)


app = web.Application(middlewares=[handle_errors])
app.router.add_post("/v2/manufacturer/device-connections", create_device_connection)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None, access_log=None)
