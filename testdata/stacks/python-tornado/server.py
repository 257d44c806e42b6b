"""Tornado with its own server, which reads the whole body before the handler runs; its 405 has no Allow."""
import asyncio
import logging
import os
import uuid

from tornado import escape, web

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

connections = {}


class JSONHandler(web.RequestHandler):
    def write_error(self, status_code, **kwargs):
        message = "Internal server error" if status_code >= 500 else self._reason
        self.finish({"error": message})


class DeviceConnectionsHandler(JSONHandler):
    def prepare(self):
        if self.request.method != "POST":
            raise web.HTTPError(405)
        self.manufacturer = MANUFACTURERS.get(self.request.headers.get("x-api-key"))
        if self.manufacturer is None or not self.manufacturer["enabled"]:
            raise web.HTTPError(401, reason="Invalid API key")

    def post(self):
        media_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise web.HTTPError(400, reason="Content-Type must be application/json")
        try:
            body = escape.json_decode(self.request.body)
        except ValueError:
            raise web.HTTPError(400, reason="request body is not valid JSON")
        user_id = body.get("user_id") if isinstance(body, dict) else None
        if not isinstance(user_id, str):
            raise web.HTTPError(400, reason="user_id is required and must be a string")
        if user_id == "provoke-500":
            raise RuntimeError("provoked")
        nox_user_id = connections.setdefault((self.manufacturer["name"], user_id), str(uuid.uuid4()))
        self.set_status(201)
        self.write({"manufacturer_user_id": user_id, "nox_user_id": nox_user_id})


class NotFoundHandler(JSONHandler):
    def prepare(self):
        raise web.HTTPError(404)


async def main():
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    app = web.Application(
        [("/v2/manufacturer/device-connections", DeviceConnectionsHandler)],
        default_handler_class=NotFoundHandler,
    )
    app.listen(int(os.environ["PORT"]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
