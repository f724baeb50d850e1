"""A live service and a live OpenID Connect issuer on loopback, for the tests of the administration."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import msgspec
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from revenuer.response import default_policy
from revenuer.service import Office
from revenuer.service.access import accessed
from revenuer.service.admin import Desk, administration, routes
from revenuer.service.keys import create
from revenuer.service.problems import handlers
from revenuer.service.roles import KEY_SCOPES, Scope
from revenuer.state import AccountFound, Proposal, propose, record_scan
from state_worlds import campaign_of

AUDIENCE = "revenuer-tests"
AT = "2026-03-01T12:00:00Z"
END = "2126-03-01T12:00:00Z"
APPEAL_KEY = b"k" * 32


@contextlib.contextmanager
def listening(app: Any) -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        bound.close()


class Idp:
    """An issuer with RSA keys of its own; `hidden` keys sign and are not published."""

    def __init__(self) -> None:
        self.url, self.asked, self.broken = "", 0, False
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.hidden = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def app(self) -> Starlette:
        """What it serves: its configuration and its keys."""
        return Starlette(
            routes=[Route("/.well-known/openid-configuration", self._about), Route("/keys", self._published)]
        )

    async def _about(self, _request: Request) -> JSONResponse:
        self.asked += 1
        if self.broken:
            return JSONResponse({}, 500)
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})

    async def _published(self, _request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.public(kid) for kid in self.keys]})

    def public(self, kid: str) -> dict[str, Any]:
        """A key as it is published."""
        algorithm = jwt.algorithms.RSAAlgorithm
        found = msgspec.json.decode(algorithm.to_jwk(self.keys[kid].public_key()))
        return {**found, "kid": kid, "use": "sig", "alg": "RS256"}

    def pem(self, kid: str) -> bytes:
        """A public key as text, which anybody has."""
        public = self.keys[kid].public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def claims(self, person: str, *roles: str) -> dict[str, Any]:
        """What a token says."""
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": person, "iat": now, "exp": now + 600}
        return {**said, "roles": [f"revenuer-{role}" for role in roles]}

    def token(self, person: str, *roles: str, kid: str = "one") -> str:
        """A token as it should be."""
        return jwt.encode(self.claims(person, *roles), self.keys[kid], "RS256", {"kid": kid})


class Site:
    """A live service.

    Attributes:
        desk: what it works with.
        idp: where its people sign in.
        http: asks it.
    """

    def __init__(self, desk: Desk, idp: Idp, http: httpx.Client, app: Starlette) -> None:
        self.desk, self.idp, self.http, self.app = desk, idp, http, app

    def key(self, *scopes: Scope, **how: Any) -> str:
        """The secret of a new key."""
        made = create(self.desk.state, name="test", scopes=scopes or KEY_SCOPES, by="test", at=AT, **how)
        self.desk.doors.ring.refresh()
        return made.secret

    def ask(self, method: str, path: str, secret: str | None = None, **how: Any) -> httpx.Response:
        """One request by somebody."""
        headers = dict(how.pop("headers", {}))
        if secret is not None:
            headers["authorization"] = f"Bearer {secret}"
        return self.http.request(method, path, headers=headers, **how)

    def person(self, name: str, *roles: str) -> str:
        """A token of somebody with these roles."""
        return self.idp.token(name, *roles)


@contextlib.contextmanager
def site(url: str, folder: Path, *, per_minute: int = 1_000_000, **more: Any) -> Iterator[Site]:
    """A live service on a state, with people and a folder for exchanges; `more` is of its office."""
    idp = Idp()
    with listening(idp.app()) as there:
        idp.url = there
        office = Office(False, there, AUDIENCE, ingest=folder, appeal_key=APPEAL_KEY, per_minute=per_minute, **more)
        with administration(url, enforced(), office) as desk:
            app = Starlette(routes=routes(desk), exception_handlers=handlers())
            with listening(accessed(app, desk.metrics)) as here, httpx.Client(base_url=here, timeout=60) as http:
                yield Site(desk, idp, http, app)


def enforced() -> Any:
    """The policy that is shipped, enforced."""
    return msgspec.structs.replace(default_policy(), mode="enforce")


def fill(desk: Desk, campaigns: int = 3) -> list[str]:
    """Campaigns of three accounts each, and a decision on each of them that two people have to agree to.

    Returns:
        Ids of the decisions.
    """
    found, accounts = [], []
    for number in range(campaigns):
        names = [f"acct-{number}-{part}" for part in range(3)]
        found.append(campaign_of(f"C-{number}", names))
        accounts += [AccountFound(one, f"C-{number}", 0.9, True, 0.8, 0.7) for one in names]
    record_scan(desk.state, found, accounts, at=AT)
    return propose(desk.state, [proposal(f"acct-{number}-0") for number in range(campaigns)], actor="revenuer")


def proposal(subject: str, needed: int = 2, **how: Any) -> Proposal:
    """A decision on an account."""
    made = Proposal("account", subject, "suspend", "harvest", "HARVEST", {"confidence": 0.97}, "p-1", needed, AT, END)
    return replace(made, **how)
