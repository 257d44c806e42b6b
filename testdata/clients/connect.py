"""Connects a user:  python3 connect.py USER_ID

Prints the user's nox_user_id. Keep it: it stays the same. NOX_BASE_URL and
NOX_API_KEY say where and as whom; nox-mock exec sets both.
"""

import json
import os
import random
import sys
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TRIES = 4


def connect(user_id: str) -> str:
    request = Request(
        os.environ["NOX_BASE_URL"] + "/manufacturer/device-connections",
        data=json.dumps({"user_id": user_id}).encode(),
        headers={"x-api-key": os.environ["NOX_API_KEY"], "content-type": "application/json"},
    )
    asked = 0.0  # how long a response said to wait
    for n in range(TRIES):
        if n > 0:
            time.sleep(max(asked, 0.1 * 2**n * (1 + random.random())))  # from 200, 400, 800 ms on
        asked = 0.0
        try:
            with urlopen(request, timeout=10) as response:
                return json.load(response)["nox_user_id"]
        except HTTPError as error:
            if error.code == 400:
                sys.exit("not valid: " + json.load(error)["error"])
            if error.code == 401:
                sys.exit("the API key was refused")
            if error.code < 500:
                sys.exit(f"unexpected status {error.code}")
            after = error.headers.get("Retry-After", "")
            asked = float(after) if after.isdigit() else 0.0
        except (OSError, HTTPException):
            pass  # the connection broke: the same user gets the same id, so ask again
    sys.exit(f"no success after {TRIES} tries")


if len(sys.argv) != 2:
    sys.exit("give the user_id as argument")
print(connect(sys.argv[1]))
