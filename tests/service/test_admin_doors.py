"""Who gets in: the whole route table is walked by everybody, and tokens that do not count are tried."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

pytest.importorskip("uvicorn", reason="needs the extra 'service'")
pytest.importorskip("httpx", reason="needs httpx to ask with")

from admin_world import AT, AUDIENCE, Idp, Site, listening, site
from revenuer.errors import ConfigError
from revenuer.service.admin import endpoints
from revenuer.service.answers import Refused
from revenuer.service.keys import create, revoke, rotate
from revenuer.service.limits import Buckets
from revenuer.service.people import Issuer, People
from revenuer.service.roles import KEY_SCOPES, ROLES


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One service for all that only ask and look at the answer."""
    folder = tmp_path_factory.mktemp("site")
    with site(str(folder / "state.db"), folder / "traffic") as found:
        yield found


def path_of(path: str) -> str:
    """A path with names in it that nothing has."""
    for name in ("campaign_id", "account_id", "decision_id", "appeal_id", "consent_id", "key_id"):
        path = path.replace(f"{{{name}}}", "nothing-is-called-so")
    return path


def test_every_route_asks_for_its_scope_and_its_role(here: Site):
    """Walks the whole table as nobody, with every scope of keys and every role: in come those that should and no other."""
    keys = {scope: here.key(scope) for scope in KEY_SCOPES}
    people = {role: here.person(f"p-{role}", role) for role in ROLES}
    for one in endpoints(here.desk):
        path = path_of(one.path)
        if one.scope is None:
            assert here.ask(one.method, path).status_code not in {401, 403}
            continue
        assert here.ask(one.method, path).status_code == 401, one.name
        assert here.ask(one.method, path, "rvk_aaaaaaaaaa_" + "a" * 43).status_code == 401, one.name
        for scope, secret in keys.items():
            may = scope == one.scope and not one.person
            assert (here.ask(one.method, path, secret).status_code not in {401, 403}) is may, (one.name, scope)
        for role, token in people.items():
            may = one.scope in ROLES[role]
            assert (here.ask(one.method, path, token).status_code not in {401, 403}) is may, (one.name, role)


def test_the_walk_meets_every_route_that_is_served(here: Site):
    """There is no route beside the table: each has a scope, or is one of the few that are open on purpose."""
    table = {(one.method, one.path.replace("{account_id}", "{account_id:path}")) for one in endpoints(here.desk)}
    served = {(method, route.path) for route in here.app.routes for method in route.methods - {"HEAD"}}
    assert served == table
    assert {one.name for one in endpoints(here.desk) if one.scope is None} == {"file_appeal", "ask_appeal", "describe"}


def test_what_needs_a_person_is_open_to_no_key(here: Site):
    """Approvals, hearings and consents are acts of people: a key with all scopes gets none of them."""
    secret = here.key()
    personal = [one for one in endpoints(here.desk) if one.person]
    assert {one.name for one in personal} >= {"approve_decision", "resolve_appeal", "judge_campaign", "grant_consent"}
    assert [here.ask(one.method, path_of(one.path), secret).status_code for one in personal] == [403] * len(personal)


def test_a_key_opens_until_it_is_revoked_or_expires(here: Site):
    """Within its time a key opens, afterwards and once revoked it does not; its secret stands nowhere in the state."""
    state, ring = here.desk.state, here.desk.doors.ring
    made = create(state, name="a", scopes=["read"], by="t", at=AT, expires_at="2026-03-02T00:00:00Z")
    ring.refresh()
    assert ring.find(made.secret, AT) == made.key.caller()
    assert ring.find(made.secret, "2026-03-02T00:00:00Z") is None
    assert ring.find(made.secret[:-1] + ("a" if made.secret[-1] != "a" else "b"), AT) is None
    revoke(state, made.key.key_id, by="t", at=AT)
    ring.refresh()
    assert ring.find(made.secret, AT) is None
    raw = b"".join(path.read_bytes() for path in Path(str(state.engine.url.database)).parent.glob("state.db*"))
    assert made.key.key_id.encode() in raw
    assert made.secret.removeprefix(f"{made.key.key_id}_").encode() not in raw


def test_a_rotated_key_overlaps_with_the_one_that_follows(here: Site):
    """Both open during the overlap, only the new one afterwards, with the same scopes, rate and end."""
    state, ring = here.desk.state, here.desk.doors.ring
    old = create(state, name="a", scopes=["read", "act"], by="t", at=AT, per_minute=7, expires_at="2026-06-01")
    new = rotate(state, old.key.key_id, by="t", at=AT, overlap_hours=2)
    ring.refresh()
    during, after = "2026-03-01T13:59:59Z", "2026-03-01T14:00:00Z"
    assert [ring.find(one.secret, during) is not None for one in (old, new)] == [True, True]
    assert [ring.find(one.secret, after) is not None for one in (old, new)] == [False, True]
    assert (new.key.scopes, new.key.per_minute, new.key.expires_at, new.key.follows) == (
        ("read", "act"), 7, "2026-06-01T00:00:00Z", old.key.key_id,
    )  # fmt: skip


def test_when_a_key_was_last_used_is_kept(here: Site):
    """To the minute, and only forwards."""
    secret = here.key("read")
    ring = here.desk.doors.ring
    for at in ("2026-03-03T10:11:12Z", "2026-03-02T10:11:12Z"):
        assert ring.find(secret, at) is not None
        ring.keep_uses()
    listed = {key["key_id"]: key for key in here.ask("GET", "/v1/keys?limit=200", here.key("admin")).json()["keys"]}
    assert listed[secret[:14]]["last_used_at"] == "2026-03-03T10:11:00Z"


def test_a_rate_is_kept_to_by_key(here: Site):
    """A key with two requests a minute gets a third answered with 429 and when to come again; another key is not held up."""
    slow, other = here.key("read", per_minute=2), here.key("read")
    answers = [here.ask("GET", "/v1/policy", slow) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert here.ask("GET", "/v1/policy", other).status_code == 200


def test_buckets_fill_up_evenly_and_are_bounded():
    """Sixty a minute is one a second after the first sixty; of more names than there is room for the oldest is forgotten."""
    buckets = Buckets(most=2)
    assert [buckets.take("a", 60, 0.0) for _ in range(61)][-2:] == [0.0, 1.0]
    assert buckets.take("a", 60, 1.0) == 0.0
    assert buckets.take("a", 60, 1.5) == pytest.approx(0.5)
    assert buckets.take("a", 60, 1.0) > 0
    for name in "bc":
        buckets.take(name, 60, 2.0)
    assert buckets.take("a", 60, 2.0) == 0.0


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    """An issuer."""
    made = Idp()
    with listening(made.app()) as there:
        made.url = there
        yield made


def people(idp: Idp, **how: Any) -> People:
    roles = {f"revenuer-{role}": role for role in ROLES}
    return People(Issuer(idp.url, AUDIENCE, **{"again_seconds": 0.0, "roles": roles, **how}))


def test_a_token_of_the_issuer_names_a_person_with_roles(idp: Idp):
    """The subject is the name, words that mean no role give none, and several roles add up."""
    caller = people(idp).caller(idp.token("ada", "viewer", "approver", "nonsense"))
    assert (caller.name, caller.person, caller.scopes) == ("ada", True, frozenset({"read", "act", "approve"}))
    assert people(idp).caller(idp.token("ada")).scopes == frozenset()


def test_roles_may_stand_deeper_and_be_called_otherwise(idp: Idp):
    """A path with dots leads to them, one word alone is taken too."""
    claims = idp.claims("ada") | {"realm_access": {"roles": "boss"}}
    token = jwt.encode(claims, idp.keys["one"], "RS256", {"kid": "one"})
    caller = people(idp, roles_claim="realm_access.roles", roles={"boss": "admin"}).caller(token)
    assert caller.scopes == ROLES["admin"]


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(idp: Idp, kind: str) -> str:
    """A token that must not count."""
    claims, now = idp.claims("eve", "admin"), int(time.time())
    changed: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 60}, "early": {"iat": now + 600, "nbf": now + 600}, "audience": {"aud": "others"},
        "issuer": {"iss": "https://elsewhere.example"}, "nobody": {"sub": "   "}, "reserved": {"sub": "key rvk_x"},
        "ours": {"sub": "Revenuer"}, "long": {"sub": "e" * 201}, "control": {"sub": "e\x00ve"}, "number": {"sub": 7},
    }  # fmt: skip
    claims |= changed.get(kind, {})
    if kind.startswith("no-"):
        del claims[kind.removeprefix("no-")]
    if kind == "none":
        return f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}."
    if kind == "hs":
        signing = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
        mac = hmac.new(idp.pem("one"), signing.encode(), "sha256").digest()
        return f"{signing}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    if kind == "other-algorithm":
        return jwt.encode(claims, idp.keys["one"], "PS256", {"kid": "one"})
    if kind == "unknown-kid":
        return jwt.encode(claims, idp.hidden, "RS256", {"kid": "two"})
    signed = jwt.encode(claims, idp.hidden if kind == "signature" else idp.keys["one"], "RS256", {"kid": "one"})
    head, body, signature = signed.split(".")
    if kind == "edited":
        return f"{head}.{part(claims | {'sub': 'ada'})}.{signature}"
    return {"cut": f"{head}.{body}", "long-token": signed + "a" * 20_000, "empty": "..", "words": "a.b.c"}.get(
        kind, signed
    )


@pytest.mark.parametrize(
    "kind",
    [
        "expired", "early", "audience", "issuer", "nobody", "reserved", "ours", "long", "control", "number", "none", "hs",
        "other-algorithm", "unknown-kid", "signature", "edited", "cut", "long-token", "empty", "words", "no-exp", "no-iat",
        "no-iss", "no-aud", "no-sub",
    ],
)  # fmt: skip
def test_a_token_that_does_not_count_is_refused(idp: Idp, kind: str):
    """Expired, for others, by others, unsigned, signed with the public key as a secret, edited: 401, and no word of the token."""
    token = forged(idp, kind)
    with pytest.raises(Refused) as refused:
        people(idp).caller(token)
    assert refused.value.status == 401
    assert not token.split(".")[0] or token.split(".")[0] not in refused.value.detail or kind == "words"


def test_keys_of_the_issuer_are_kept_and_asked_for_anew_when_one_is_unknown():
    """One asking serves many tokens; a rotated key is found; made-up key ids do not make us ask again and again."""
    idp = Idp()
    with listening(idp.app()) as there:
        idp.url = there
        patient, eager = people(idp, again_seconds=3600.0), people(idp)
        for _ in range(3):
            patient.caller(idp.token("ada"))
        assert idp.asked == 1
        idp.keys["two"] = idp.hidden
        assert eager.caller(idp.token("ada", kid="two")).name == "ada"
        for _ in range(5):
            with pytest.raises(Refused):
                patient.caller(idp.token("ada", kid="two"))
        assert idp.asked == 2


def test_an_issuer_that_is_gone_does_not_lock_people_out_at_once():
    """Its keys go on counting while they are known; where none are known people cannot be told, and that is no 401."""
    idp = Idp()
    with listening(idp.app()) as there:
        idp.url = there
        known = people(idp)
        known.caller(idp.token("ada"))
        idp.broken = True
        assert known.caller(idp.token("ada")).name == "ada"
        with pytest.raises(Refused) as refused:
            people(idp).caller(idp.token("ada"))
    assert refused.value.status == 503
    known._read_at = float("-inf")
    with pytest.raises(Refused) as refused:
        known.caller(idp.token("ada"))
    assert refused.value.status == 503


@pytest.mark.parametrize(("url", "how"), [("http://example.org", {}), ("ftp://x", {}), ("https://x", {"audience": ""})])
def test_an_issuer_that_cannot_be_trusted_is_none(url: str, how: dict[str, str]):
    """Keys that come over an open line, and tokens for anybody, are refused when the service is set up."""
    with pytest.raises(ConfigError):
        Issuer(url, how.get("audience", "a"))


def test_an_issuer_that_names_another_place_without_a_lock_is_not_followed(idp: Idp):
    """Keys are taken from https or this machine alone, and redirects are not followed."""
    elsewhere = Idp()
    with listening(elsewhere.app()) as there:
        elsewhere.url = idp.url
        with pytest.raises(Refused) as refused:
            People(Issuer(there, AUDIENCE)).caller(idp.token("ada"))
    assert refused.value.status == 503
