"""People who sign in elsewhere: bearer tokens of an OpenID Connect issuer, and the roles that its claims give."""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from revenuer.errors import ConfigError, MissingExtraError
from revenuer.service.answers import Refused
from revenuer.service.roles import Caller, Role, scopes_of

try:
    import jwt
except ImportError as error:
    raise MissingExtraError("signing in", "service") from error

__all__ = ["Issuer", "People"]

_log: Final = logging.getLogger(__name__)

# Signatures by a key pair alone: `none` is none, and with HS256 the public key would be the secret.
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
_ASYMMETRIC: Final = frozenset({"RSA", "EC", "OKP"})
LONGEST_TOKEN: Final = 16_384
LONGEST_PERSON: Final = 200
MOST_BYTES: Final = 1_000_000
FRESH_SECONDS: Final = 300.0
STALE_SECONDS: Final = 86_400.0
_TIMEOUT: Final = 5.0
_LEEWAY: Final = 30
_CHALLENGE: Final = ((b"www-authenticate", b'Bearer error="invalid_token"'),)
# Names that the audit log has for others than people.
_RESERVED: Final = ("revenuer", "key ", "applicant ")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where people sign in, and what their tokens must say.

    Attributes:
        url: of the issuer, as in the claim `iss`; `https`, or a loopback address.
        audience: that the claim `aud` must name.
        roles_claim: where roles stand in the token; a path with dots.
        roles: what a word there means; others mean nothing, so none means that nobody may do anything.
        again_seconds: keys of the issuer are not asked for more often.

    Raises:
        ConfigError: the address is not one that can be trusted, or there is no audience.
    """

    url: str
    audience: str
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)
    again_seconds: float = 10.0

    def __post_init__(self) -> None:
        if not _trusted(self.url):
            raise ConfigError(f"issuer {self.url}: expected https://..., since whoever alters its keys can be anybody")
        if not self.audience:
            raise ConfigError("an issuer needs an audience: a token that was made for others must not open this")


class People:
    """Tells people by their tokens. Any number of threads may ask; the issuer may be asked for its keys meanwhile.

    Args:
        issuer: whose tokens count.
    """

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self._guard = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = self._asked_at = float("-inf")

    def caller(self, token: str) -> Caller:
        """The person whose token this is.

        Raises:
            Refused: 401 it is none that counts; 503 the issuer's keys are not known and cannot be had.
        """
        if len(token) > LONGEST_TOKEN:
            raise _not_known("the token is too long")
        try:
            claims = self._claims(token)
        except jwt.PyJWTError as error:
            raise _not_known(f"the token does not count: {_said(error)}") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise _not_known("the token is none") from error
        name = claims["sub"]
        if not isinstance(name, str) or not _is_person(name):
            raise _not_known("the token names nobody who can be told by it")
        return Caller(name, person=True, scopes=scopes_of(self._roles(claims)))

    def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        key = self._key(header.get("kid"))
        return jwt.decode(
            token, key, algorithms=list(ALGORITHMS), audience=self.issuer.audience, issuer=self.issuer.url,
            leeway=_LEEWAY, options={"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )  # fmt: skip

    def _roles(self, claims: dict[str, Any]) -> list[Role]:
        found: Any = claims
        for part in self.issuer.roles_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        words = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return [self.issuer.roles[word] for word in words if isinstance(word, str) and word in self.issuer.roles]

    def _key(self, kid: object) -> jwt.PyJWK:
        now = time.monotonic()
        if now - self._read_at > FRESH_SECONDS or self._chosen(kid) is None:
            self._ask(now)
        if now - self._read_at > STALE_SECONDS:
            raise Refused(503, "the issuer cannot be reached", [(b"retry-after", b"10")])
        key = self._chosen(kid)
        if key is None:
            raise jwt.InvalidKeyError("its key is not among the issuer's")
        return key

    def _chosen(self, kid: object) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    def _ask(self, now: float) -> None:
        """Ask the issuer for its keys, unless that was done a moment ago: tokens with made-up keys cost it nothing."""
        with self._guard:
            if now - self._asked_at < self.issuer.again_seconds:
                return
            self._asked_at = now
            try:
                self._keys = _keys_of(self.issuer.url)
                self._read_at = now
            except (OSError, HTTPException, ValueError, jwt.PyJWTError) as error:
                _log.warning("keys of the issuer cannot be had: %s", error)


def _keys_of(issuer: str) -> dict[str, jwt.PyJWK]:
    told = _fetched(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if told.get("issuer") != issuer:
        raise ValueError("its configuration names another issuer")
    place = told.get("jwks_uri")
    if not isinstance(place, str) or not _trusted(place):
        raise ValueError("its configuration names no place for keys that can be trusted")
    found: dict[str, jwt.PyJWK] = {}
    for one in _fetched(place).get("keys", ()):
        if not isinstance(one, dict) or one.get("kty") not in _ASYMMETRIC or one.get("use", "sig") != "sig":
            continue
        try:
            found[str(one.get("kid", ""))] = jwt.PyJWK(one)
        except jwt.PyJWTError as error:
            _log.warning("a key of the issuer cannot be used: %s", type(error).__name__)
    if not found:
        raise ValueError("it has no keys for signatures")
    return found


class _Still(urllib.request.HTTPRedirectHandler):
    """An issuer that sends us elsewhere is not followed: elsewhere may be anywhere."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _fetched(url: str) -> dict[str, Any]:
    # what is on this machine is asked directly, whatever proxy the environment names
    direct = [urllib.request.ProxyHandler({})] if _is_loopback(url) else []
    opener = urllib.request.build_opener(_Still, *direct)
    with opener.open(url, timeout=_TIMEOUT) as answer:
        body = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ValueError("its answer is too long")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("its answer is no object")  # noqa: TRY004 (what it sent, not what we did)
    return found


def _trusted(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(url)))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_person(name: str) -> bool:
    plain = " ".join(name.split()).casefold()
    return 0 < len(plain) <= LONGEST_PERSON and name.isprintable() and not plain.startswith(_RESERVED)


def _not_known(detail: str) -> Refused:
    return Refused(401, detail, _CHALLENGE)


def _said(error: jwt.PyJWTError) -> str:
    """In our words: what a library says may repeat the token."""
    told = {
        jwt.ExpiredSignatureError: "it has expired",
        jwt.ImmatureSignatureError: "it is not valid yet",
        jwt.InvalidAudienceError: "it was made for others",
        jwt.InvalidIssuerError: "it is of another issuer",
        jwt.InvalidAlgorithmError: "its algorithm is not accepted",
        jwt.InvalidSignatureError: "its signature is wrong",
        jwt.MissingRequiredClaimError: "a claim is missing",
    }
    return told.get(type(error), "it cannot be verified")
