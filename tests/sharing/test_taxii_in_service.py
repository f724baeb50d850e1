"""The TAXII server and the service of gateways at one address: neither is in the other's way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from taxii_places import MINUTE, Place, furnished, indicator, served_to_gateways_too

from revenuer.cli import main
from revenuer.sharing.taxii.media import TAXII
from revenuer.state import open_state

TOKEN = "what gateways present"  # noqa: S105
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Both, with a token for gateways; the key of a reader of figures lies in `key` beside the store."""
    folder = tmp_path_factory.mktemp("both")
    open_state(str(folder / "state.db")).close()
    made = CliRunner().invoke(main, ["keys", "create", "desk", "--state", str(folder / "state.db"), "--scope", "read"])
    (folder / "key").write_text(made.stdout.split()[-1])
    with served_to_gateways_too(furnished(str(folder / "store.db")), REVENUER_SERVE_TOKEN=TOKEN) as running:
        yield running


def asked(place: Place, path: str, secret: str, **given: object) -> httpx.Response:
    """An answer of the service to who presents a secret."""
    headers = {"Authorization": f"Bearer {secret}"}
    method = "POST" if "json" in given else "GET"
    return httpx.request(method, f"{place.address}{path}", headers=headers, timeout=MINUTE, trust_env=False, **given)  # type: ignore[arg-type]


def key_of(place: Place) -> str:
    return Path(place.store).with_name("key").read_text()


def test_gateways_and_peers_are_answered_at_one_address(place: Place):
    """A decision, objects taken and given, and a decision again."""
    for number in (1, 2):
        told = asked(place, "/v1/decide", TOKEN, json={"account_id": "acct-1", "prompt": "How do I bake bread?"})
        assert (told.status_code, told.json()["action"]) == (200, "allow")
        assert place.add(indicator(number))["success_count"] == 1
        with place.http() as http:
            answer = http.get(f"{place.url()}objects/{indicator(number)['id']}/")
        assert (answer.headers["content-type"], answer.json()["objects"]) == (TAXII, [indicator(number)])


def test_a_secret_opens_its_own_door_alone(place: Place):
    """The gateways' token and a key of the state are strangers to TAXII, and a peer is one to the rest."""
    for secret in (TOKEN, key_of(place)):
        answer = asked(place, "/taxii2/", secret)
        assert (answer.status_code, answer.headers["content-type"]) == (401, TAXII)
    assert asked(place, "/v1/decide", place.secret, json={"account_id": "a", "prompt": "b"}).status_code == 401
    assert asked(place, "/v1/campaigns", place.secret).status_code == 401
    assert asked(place, "/v1/campaigns", key_of(place)).status_code == 200
    assert asked(place, "/taxii2/", place.secret).status_code == 200


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/nothing", PROBLEM),
        ("/nothing/", PROBLEM),
        ("/api1/collections/", PROBLEM),
        ("/taxii", PROBLEM),
        ("/taxii2/api1/nothing/here/", TAXII),
        ("/taxii2/v1/decide/", TAXII),
    ],
)
def test_each_side_words_its_own_errors(place: Place, path: str, media: str):
    """Below `/taxii2/` as TAXII has them, elsewhere as RFC 9457."""
    answer = asked(place, path, place.secret)
    assert (answer.status_code, answer.headers["content-type"]) == (404, media)


def test_the_description_of_the_api_is_that_of_the_api(place: Place):
    """TAXII has a description of its own, at OASIS."""
    described = asked(place, "/openapi.json", "nobody's").json()["paths"]
    assert "/v1/decide" in described
    assert not [path for path in described if "taxii" in path]


def test_peers_are_in_the_figures(place: Place):
    """By operation, as everybody else."""
    place.add(indicator(3))
    assert 'operation="taxii_add",status="202"' in asked(place, "/metrics", key_of(place)).text


def test_a_store_that_is_not_there_stops_the_start(tmp_path: Path):
    """In one line, before anything is listened on or written; an address of others is refused without a token as ever."""
    command = ["serve", "--state", tmp_path / "state.db", "--journal", tmp_path / "journal", "--listen", "127.0.0.1:0"]
    done = CliRunner().invoke(main, [*map(str, command), "--taxii", str(tmp_path / "typo.db")])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "no such store" in done.stderr
    assert list(tmp_path.iterdir()) == []
    store = furnished(str(tmp_path / "store.db")).store
    done = CliRunner().invoke(main, [*map(str, command[:-1]), "0.0.0.0:0", "--taxii", store])
    assert done.exit_code == 2
    assert "REVENUER_SERVE_TOKEN" in done.stderr


@pytest.mark.parametrize(
    "command", [["list"], ["list", "--json"], ["peer", "lab"], ["remove", "lab"], ["allow", "lab", "x"], ["serve"]]
)
def test_a_mistyped_store_is_said_and_not_made(tmp_path: Path, command: list[str]):
    """Also where a folder, an empty file, another's database or no database stands in its place."""
    empty, folder, other, text = (tmp_path / name for name in ("empty", "folder", "other", "text"))
    empty.touch()
    folder.mkdir()
    text.write_text(json.dumps({"no": "database"}) * 100)
    open_state(str(other)).close()
    before = sorted(tmp_path.iterdir())
    for store in (tmp_path / "typo.db", empty, folder, other, text):
        done = CliRunner().invoke(main, ["taxii", *command, "--store", str(store)])
        assert (done.exit_code, done.stdout) == (2, ""), store
        assert done.stderr.count("\n") == 1
        assert str(store) in done.stderr
    assert sorted(tmp_path.iterdir()) == before
