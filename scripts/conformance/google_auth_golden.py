"""Makes a service account's assertion with Google's own library and prints its header and claims as one JSON object.

usage: google_auth_golden.py KEY_FILE SCOPE
"""
import base64
import json
import sys

from google.oauth2 import service_account


def part(text: bytes) -> dict:
    return json.loads(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))


def main() -> None:
    if len(sys.argv) != 3:
        print("usage: google_auth_golden.py KEY_FILE SCOPE", file=sys.stderr)
        sys.exit(64)
    credentials = service_account.Credentials.from_service_account_file(sys.argv[1], scopes=[sys.argv[2]])
    # The library has no public way to an assertion without sending it; its versions are pinned.
    header, claims, _ = credentials._make_authorization_grant_assertion().split(b".")
    print(json.dumps({"header": part(header), "claims": part(claims)}))


main()
