"""What noxmock.py promises:  nox-mock exec -- python3 noxmock_test.py"""

import json
import os
import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from noxmock import NoxMock


def connect(user_id: str) -> int:
    request = Request(
        os.environ["NOX_BASE_URL"] + "/manufacturer/device-connections",
        data=json.dumps({"user_id": user_id}).encode(),
        headers={"x-api-key": os.environ["NOX_API_KEY"], "content-type": "application/json"},
    )
    try:
        with urlopen(request, timeout=10) as response:
            return response.status
    except HTTPError as error:
        return error.code


def refuses(error: type, pattern: str, call, **arguments) -> None:
    try:
        call(**arguments)
    except error as raised:
        assert re.search(pattern, str(raised)), raised
    else:
        raise AssertionError(f"no {error.__name__}")


mock = NoxMock("acme")
assert mock.fault(kind="status", status=503, times=1, retry_after="1s")["id"].startswith("fault-")
assert [connect("customer 7 & more"), connect("customer 7 & more")] == [503, 201]
mock.verify(user_id="customer 7 & more", times=2)
refuses(AssertionError, "nearest.*customer 7", mock.verify, user_id="customer 8")
refuses(RuntimeError, 'the nearest is "status"', mock.fault, kind="status", staus=503)
assert [entry["response"]["status"] for entry in mock.journal(user_id="customer 7 & more")] == [503, 201]
assert mock.scorecard()["requests"] == 2
mock.fault(kind="status")
mock.clear_faults()
assert connect("customer-9") == 201
mock.reset()
assert mock.journal() == []
print("ok")
