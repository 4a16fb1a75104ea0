"""A mail server for the tests: aiosmtpd on a free port of this machine, with STARTTLS or TLS from the first byte and a login.

usage: smtp_server.py --tls starttls|implicit|off [--login USER:PASSWORD] [--folder DIR] [--refuse ADDRESS] [--busy N]

Writes DIR/ca.pem, prints {"port": N} and then one line of JSON for each message: {"from", "to", "tls", "user", "data"}, and
{"refused": CODE} for each command it refuses. Ends when its standard input is closed.
"""

import argparse
import asyncio
import json
import pathlib
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(value):
    print(json.dumps(value), flush=True)


class Mailbox:
    def __init__(self, options):
        self.options = options
        self.busy = options.busy

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.options.refuse:
            say({"refused": 550})
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.busy > 0:
            self.busy -= 1
            say({"refused": 451})
            return "451 4.3.0 busy, come back"
        say({
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": server.transport.get_extra_info("sslcontext") is not None,
            "user": getattr(session, "auth_data", None) and session.auth_data.login.decode(),
            "data": envelope.original_content.decode("utf-8", "surrogateescape"),
        })
        return "250 2.0.0 taken"


def authenticator(login):
    user, password = login.split(":", 1)

    def check(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        if not good:
            say({"refused": 535})
        return AuthResult(success=good, handled=good, auth_data=data)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["starttls", "implicit", "off"], required=True)
    parser.add_argument("--login")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--refuse", action="append", default=[])
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--exclude", action="append", default=[], help="a mechanism of AUTH that is not offered")
    parser.add_argument("--name", default="localhost", help="the name in the certificate")
    options = parser.parse_args()

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(pathlib.Path(options.folder) / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(options.name).configure_cert(context)

    mailbox = Mailbox(options)
    arguments = {"hostname": "localhost", "auth_exclude_mechanism": options.exclude}
    if options.login:
        arguments |= {"authenticator": authenticator(options.login), "auth_required": True}
        arguments["auth_require_tls"] = options.tls == "starttls"
    if options.tls == "starttls":
        arguments |= {"tls_context": context, "require_starttls": True}

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, **arguments), host="127.0.0.1", port=0, ssl=context if options.tls == "implicit" else None)
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
