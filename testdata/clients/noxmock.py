"""Controls a nox-mock from tests in Python. Copy this file; it needs no packages.

    from noxmock import NoxMock

    mock = NoxMock("acme")              # NOX_CONTROL_URL says where, as nox-mock exec sets it
    mock.reset()                        # forgets users, journal, faults and scorecard of acme
    mock.fault(kind="status", status=503, times=2, retry_after="1s")
    ...                                 # let your client do its work
    mock.verify(user_id="customer-7", status=201, times=1)  # raises, with the nearest miss
    entries = mock.journal(user_id="customer-7")

Where the control API asks for a token, NOX_CONTROL_TOKEN holds it.
"""

import json
import os
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class NoxMock:
    def __init__(self, manufacturer: str, url: str | None = None, token: str | None = None):
        self._manufacturer = manufacturer
        self._url = (url or os.environ.get("NOX_CONTROL_URL", "http://127.0.0.1:4011")).rstrip("/")
        self._token = token or os.environ.get("NOX_CONTROL_TOKEN")

    def reset(self) -> None:
        """Forgets all that belongs to the manufacturer, and brings back the users that the mock began with."""
        self._call("POST", "/reset", {"manufacturer": self._manufacturer})

    def fault(self, **fault) -> dict:
        """Lets requests fail until it is cleared, used up or expired, and returns it with its id."""
        return self._call("POST", "/faults", {"manufacturer": self._manufacturer, **fault})

    def clear_faults(self) -> None:
        """Ends the faults of the manufacturer."""
        self._call("DELETE", "/faults?" + self._query())

    def verify(self, **expected) -> dict:
        """Raises AssertionError unless the mock was called as expected: once or more, or times, at_least, at_most."""
        return self._call("POST", "/verify", {"manufacturer": self._manufacturer, **expected})

    def journal(self, **filter) -> list[dict]:
        """Returns the newest exchanges, oldest first; the filter has user_id, status, path, rule, search, limit ..."""
        return self._call("GET", "/journal?" + self._query(**{"newest": "true", "limit": 1000, **filter}))["entries"]

    def scorecard(self) -> dict:
        """Returns which documented responses the client got, and which mistakes it made; those "pending" are not decided yet."""
        return self._call("GET", "/scorecard?" + self._query())

    def _query(self, **parameters) -> str:
        return urlencode({"manufacturer": self._manufacturer, **parameters})

    def _call(self, method: str, path: str, body: dict | None = None):
        headers = {}
        if body is not None:
            headers["content-type"] = "application/json"
        if self._token:
            headers["authorization"] = "Bearer " + self._token
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(self._url + path, data, headers, method=method), timeout=10) as response:
                text = response.read()
        except HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                reason = json.loads(text)["error"]
            except (ValueError, KeyError, TypeError):
                reason = text  # not the mock's own words
            kind = AssertionError if path == "/verify" and error.code == 409 else RuntimeError
            raise kind(f"nox-mock: {method} {path}: {error.code}: {reason}") from None
        return json.loads(text) if text else None
