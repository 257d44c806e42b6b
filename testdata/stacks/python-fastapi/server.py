"""FastAPI on uvicorn. FastAPI parses the body before its dependencies run, so that malformed JSON is 400 even
without a key; a body without a Content-Type is parsed as JSON."""
import uuid

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, StrictStr
from starlette.exceptions import HTTPException as StarletteHTTPException

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}

app = FastAPI(title="Manufacturer device connections")
api_key_header = APIKeyHeader(name="x-api-key", auto_error=False)
connections = {}


class DeviceConnectionRequest(BaseModel):
    user_id: StrictStr


class DeviceConnection(BaseModel):
    manufacturer_user_id: str
    nox_user_id: str


async def authenticate(api_key=Security(api_key_header)):
    manufacturer = MANUFACTURERS.get(api_key)
    if manufacturer is None or not manufacturer["enabled"]:
        raise HTTPException(401, "Invalid API key")
    return manufacturer


@app.post("/v2/manufacturer/device-connections", status_code=201, response_model=DeviceConnection)
async def create_device_connection(body: DeviceConnectionRequest, manufacturer=Depends(authenticate)):
    if body.user_id == "provoke-500":
        raise RuntimeError("provoked")
    nox_user_id = connections.setdefault((manufacturer["name"], body.user_id), str(uuid.uuid4()))
    return {"manufacturer_user_id": body.user_id, "nox_user_id": nox_user_id}


@app.exception_handler(RequestValidationError)
async def handle_validation_error(request, exc):
    return JSONResponse({"error": "user_id is required and must be a string"}, 400)


@app.exception_handler(StarletteHTTPException)
async def handle_http_exception(request, exc):
    return JSONResponse({"error": exc.detail}, exc.status_code, exc.headers)


@app.exception_handler(Exception)
async def handle_unexpected(request, exc):
    return JSONResponse({"error": "Internal server error"}, 500)
