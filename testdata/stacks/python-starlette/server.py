"""Starlette on uvicorn. Python's JSON parser takes NaN, UTF-16 and UTF-32; a lone surrogate, or a body nested
about a thousand levels deep, is an unexpected error."""
import uuid

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

connections = {}


def authenticate(request):
    manufacturer = MANUFACTURERS.get(request.headers.get("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        raise HTTPException(401, "Invalid API key")
    return manufacturer


async def read_json(request):
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(400, "Content-Type must be application/json")
    try:
        return await request.json()
    except ValueError:
        raise HTTPException(400, "request body is not valid JSON")


async def create_device_connection(request):
    manufacturer = authenticate(request)
    body = await read_json(request)
    user_id = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user_id, str):
        raise HTTPException(400, "user_id is required and must be a string")
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    nox_user_id = connections.setdefault((manufacturer["name"], user_id), str(uuid.uuid4()))
    return JSONResponse({"manufacturer_user_id": user_id, "nox_user_id": nox_user_id}, 201)


async def handle_http_exception(request, exc):
    return JSONResponse({"error": exc.detail}, exc.status_code, exc.headers)


async def handle_unexpected(request, exc):
    return JSONResponse({"error": "Internal server error"}, 500)


app = Starlette(
    routes=[Route("/v2/manufacturer/device-connections", create_device_connection, methods=["POST"])],
    exception_handlers={HTTPException: handle_http_exception, Exception: handle_unexpected},
)
