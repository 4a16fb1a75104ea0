#!/usr/bin/env python3
"""Fetches access tokens with google-auth as Application Default Credentials do, and prints one JSON line for each way.

usage: adc_client.py --base-url URL

The ways are a service account's file, whose token address is URL/token, workload identity federation that ends in an account's token, both by
URL, and the metadata server at URL. A line is
{"way", "token", "account", "seconds"}: what was issued, for whom, and for how long. Exit codes: 0, 1 a way failed, 64 usage.
"""

import argparse
import datetime
import json
import os
import sys
import tempfile

import google.auth
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import identity_pool
from google.auth.transport.requests import Request

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def account_file(folder, base_url):
    """A file as Google's console writes it, with a key that was made a moment ago."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = os.path.join(folder, "account.json")
    with open(path, "w", encoding="utf-8") as file:
        content = {"type": "service_account", "project_id": "p1", "private_key_id": "k1", "private_key": secret.decode()}
        json.dump(content | {"client_email": "caller@p1.iam.gserviceaccount.com", "token_uri": f"{base_url}/token"}, file)
    return path


def federation_file(folder, base_url):
    """A file as `gcloud iam workload-identity-pools create-cred-config` writes it, and the subject token it names."""
    subject = os.path.join(folder, "subject")
    with open(subject, "w", encoding="utf-8") as file:
        file.write("header.claims.signature")
    path = os.path.join(folder, "federation.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(
            {
                "type": "external_account",
                "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": f"{base_url}/v1/token",
                "service_account_impersonation_url": f"{base_url}/v1/projects/-/serviceAccounts/"
                "caller@p1.iam.gserviceaccount.com:generateAccessToken",
                "credential_source": {"file": subject},
            },
            file,
        )
    return path


def fetch(way, credentials=None):
    credentials = credentials or google.auth.default(scopes=SCOPES)[0]
    credentials.refresh(Request())
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    seconds = round((credentials.expiry - now).total_seconds())
    print(json.dumps({"way": way, "token": credentials.token, "account": credentials.service_account_email, "seconds": seconds}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.error = lambda message: parser.exit(64, f"adc_client.py: {message}\n")
    parser.add_argument("--base-url", required=True)
    base_url = parser.parse_args().base_url.rstrip("/")
    with tempfile.TemporaryDirectory() as folder:
        # Nothing of this machine may count: neither a file of gcloud's nor a metadata server.
        os.environ["CLOUDSDK_CONFIG"] = folder
        os.environ["GCE_METADATA_HOST"] = os.environ["GCE_METADATA_IP"] = base_url.removeprefix("http://")
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = account_file(folder, base_url)
        fetch("file")
        # Not by default(), which would ask Google for the name of the pool's project.
        fetch("federation", identity_pool.Credentials.from_file(federation_file(folder, base_url), scopes=SCOPES))
        del os.environ["GOOGLE_APPLICATION_CREDENTIALS"]
        fetch("metadata")
    return 0


if __name__ == "__main__":
    sys.exit(main())
