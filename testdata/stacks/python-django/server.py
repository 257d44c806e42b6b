"""Django on SQLite, served by three synchronous gunicorn workers, which close every connection. Django finds
no body in a chunked request, and refuses a Host that is not in ALLOWED_HOSTS."""
import json
import uuid
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import JsonResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not used: there are no sessions",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(__file__).parent / "build" / "connections.sqlite3",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
django.setup()

MANUFACTURERS = {
    "acme-test-key-5c1d0a": {"name": "acme", "enabled": True},
    "globex-test-key-e83b27": {"name": "globex", "enabled": True},
    "initech-test-key-94f6bd": {"name": "initech", "enabled": False},
}


class DeviceConnection(models.Model):
    manufacturer = models.CharField(max_length=64)
    user_id = models.TextField()
    nox_user_id = models.UUIDField(default=uuid.uuid4)

    class Meta:
        app_label = "device_connections"
        unique_together = [("manufacturer", "user_id")]


def create_tables():
    with connection.schema_editor() as editor:
        editor.create_model(DeviceConnection)


def create_device_connection(request):
    if request.method != "POST":
        response = error(405, "Method not allowed")
        response["Allow"] = "POST"
        return response
    manufacturer = MANUFACTURERS.get(request.headers.get("x-api-key"))
    if manufacturer is None or not manufacturer["enabled"]:
        return error(401, "Invalid API key")
    if request.content_type.lower() != "application/json":
        return error(400, "Content-Type must be application/json")
    try:
        body = json.loads(request.body)
    except ValueError:
        return error(400, "request body is not valid JSON")
    user_id = body.get("user_id") if isinstance(body, dict) else None
    if not isinstance(user_id, str):
        return error(400, "user_id is required and must be a string")
    if user_id == "provoke-500":
        raise RuntimeError("provoked")
    found, _ = DeviceConnection.objects.get_or_create(manufacturer=manufacturer["name"], user_id=user_id)
    return JsonResponse({"manufacturer_user_id": user_id, "nox_user_id": str(found.nox_user_id)}, status=201)


def error(status, message):
    return JsonResponse({"error": message}, status=status)


def handler400(request, exception):
    return error(400, "Bad request")


def handler404(request, exception):
    return error(404, "Not found")


def handler500(request):
    return error(500, "Internal server error")


urlpatterns = [path("v2/manufacturer/device-connections", create_device_connection)]
app = get_wsgi_application()
