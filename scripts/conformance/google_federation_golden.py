"""Prints what Google's own library sends for a credential file of federation or impersonation, one JSON object for each request.

usage: google_federation_golden.py CREDENTIAL_FILE SCOPE

Nothing is sent: the transport is one of ours, which answers every request with a token. An object is {"url", "form", "json",
"authorization"}; `form` or `json` is null.
"""
import json
import sys
import urllib.parse

from google.auth import identity_pool


class Reply:
    status = 200
    headers = {}

    def __init__(self, url):
        reply = {"access_token": "ya29.federated", "expires_in": 3599, "token_type": "Bearer"}
        if url.endswith(":generateAccessToken"):
            reply = {"accessToken": "ya29.account", "expireTime": "2100-01-01T00:00:00Z"}
        self.data = json.dumps(reply).encode()


def transport(url, method="GET", body=None, headers=None, **_):
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    text = body.decode() if isinstance(body, bytes) else body or ""
    is_json = headers.get("content-type", "").startswith("application/json")
    print(
        json.dumps(
            {
                "url": url,
                "form": None if is_json else dict(urllib.parse.parse_qsl(text)),
                "json": json.loads(text) if is_json else None,
                "authorization": headers.get("authorization"),
            }
        )
    )
    return Reply(url)


def main() -> None:
    if len(sys.argv) != 3:
        print("usage: google_federation_golden.py CREDENTIAL_FILE SCOPE", file=sys.stderr)
        sys.exit(64)
    # Not google.auth.default, which would ask Google for the name of the project.
    credentials = identity_pool.Credentials.from_file(sys.argv[1], scopes=[sys.argv[2]])
    credentials.refresh(transport)


main()
