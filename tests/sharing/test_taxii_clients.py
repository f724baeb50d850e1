"""Our server under the public client, our client on a public server, and both on each other."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from taxii_places import MINUTE, Place, furnished, identity, indicator, served, served_to_gateways_too

from revenuer.cli import main
from revenuer.errors import InputError
from revenuer.sharing.taxii import Access, connected, discovered, pull, push


@pytest.fixture(scope="module", params=[served, served_to_gateways_too])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for all clients, once by its own verb and once in the service."""
    with request.param(furnished(str(tmp_path_factory.mktemp("taxii") / "store.db"))) as running:
        yield running


def bundle(folder: Path, *objects: dict[str, Any]) -> Path:
    file = folder / "bundle.json"
    file.write_text(json.dumps({"type": "bundle", "id": f"bundle--{indicator(0)['id'][11:]}", "objects": objects}))
    return file


def pulled(file: Path) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = json.loads(file.read_text()).get("objects", [])
    return objects


def run(place: Place, *arguments: str | Path) -> Result:
    return CliRunner(env={"REVENUER_TAXII_KEY": place.secret}).invoke(main, ["taxii", *map(str, arguments)])


def test_the_public_client_finds_its_way(place: Place):
    """taxii2-client, of OASIS, reads, adds, pages, filters, lists versions and deletes."""
    from taxii2client.v21 import Server, as_pages  # noqa: PLC0415

    with Server(f"{place.address}/taxii2/", user="lab", password=place.secret) as server:
        (root,) = server.api_roots
        assert root.title == "api1"
        shelf = {one.alias: one for one in root.collections}["both"]
        sent = [indicator(number) for number in range(20, 27)]
        status = shelf.add_objects({"objects": sent})
        assert (status.status, status.success_count) == ("complete", 7)
        assert root.get_status(status.id).success_count == 7
        pages = list(as_pages(shelf.get_objects, per_request=3, id=[one["id"] for one in sent]))
        assert [len(page["objects"]) for page in pages] == [3, 3, 1]
        assert [one for page in pages for one in page["objects"]] == sent
        assert len(shelf.get_manifest(type="indicator", id=[sent[0]["id"]])["objects"]) == 1
        shelf.add_objects({"objects": [indicator(20, modified="2026-03-02T00:00:00.000Z")]})
        versions = shelf.object_versions(sent[0]["id"])["versions"]
        assert versions == ["2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"]
        when = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        assert shelf.get_object(sent[0]["id"], version=when)["objects"] == [sent[0]]
        shelf.delete_object(sent[1]["id"])
        assert shelf.get_objects(id=[sent[1]["id"]]) == {}


def test_what_is_pushed_here_is_pulled_there(place: Place, tmp_path: Path):
    """By commands: the first run carries all, the second nothing, the third what is new."""
    url, out, seen = place.url(), tmp_path / "in.json", tmp_path / "seen.json"
    assert run(place, "pull", url, "--out", out, "--checkpoint", seen).exit_code == 0
    sent = [indicator(number) for number in range(10_000, 11_200)]
    done = run(place, "push", bundle(tmp_path, *sent), url, "--checkpoint", tmp_path / "sent.json")
    assert (done.exit_code, done.output) == (0, "1,200 objects taken, 0 before, 0 refused\n")
    again = run(place, "push", bundle(tmp_path, *sent, identity(1)), url, "--checkpoint", tmp_path / "sent.json")
    assert again.output == "1 objects taken, 1,200 before, 0 refused\n"
    assert run(place, "pull", url, "--out", out, "--checkpoint", seen).exit_code == 0
    assert sorted(one["id"] for one in pulled(out)) == sorted(one["id"] for one in [*sent, identity(1)])
    assert run(place, "pull", url, "--out", out, "--checkpoint", seen).output.startswith("0 objects")
    assert pulled(out) == []
    place.add(identity(2))
    assert run(place, "pull", url, "--out", out, "--checkpoint", seen, "--type", "identity").exit_code == 0
    assert pulled(out) == [identity(2)]


def test_what_a_peer_brought_is_its_own(place: Place, tmp_path: Path):
    """Another peer can neither revise, rewrite nor delete it; the push says so and exits 1."""
    one = indicator(500_000)
    place.add(one, peer="rival")
    forged = [indicator(500_000, name="forged"), indicator(500_000, modified="2026-04-01T00:00:00Z", revoked=True)]
    done = run(place, "push", bundle(tmp_path, *forged), place.url())
    assert done.exit_code == 1
    assert "another object with this id and version" in done.output
    assert "another peer brought the first version" in done.output
    with place.http() as http:
        assert http.delete(f"{place.url()}objects/{one['id']}/").status_code == 403
        assert http.get(f"{place.url()}objects/{one['id']}/").json()["objects"] == [one]


def test_collections_are_listed_for_people_and_programs(place: Place):
    """Each with its URL and rights."""
    told = json.loads(run(place, "look", f"{place.address}/taxii2/", "--json").output)
    assert {one["alias"] for one in told} == {"both", "inbox", "feed", "closed"}
    assert told[0]["url"] in run(place, "look", place.root).output


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/taxii2/api1/collections/nowhere/", "404: no such collection"),
        ("/taxii2/api1/collections/inbox/", "403: this collection"),
    ],
)
def test_refusals_are_told_in_one_line(place: Place, tmp_path: Path, path: str, said: str):
    """With the server's words and exit code 2, and nothing is written."""
    done = run(place, "pull", f"{place.address}{path}", "--out", tmp_path / "in.json")
    assert done.exit_code == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_collection_is_refused(place: Place, tmp_path: Path):
    """Else objects would be passed over."""
    seen = tmp_path / "seen.json"
    assert run(place, "pull", place.url(), "--out", tmp_path / "a", "--checkpoint", seen).exit_code == 0
    done = run(place, "pull", place.url("feed"), "--out", tmp_path / "a", "--checkpoint", seen)
    assert done.exit_code == 2
    assert "is the checkpoint of" in done.stderr


def test_a_store_is_administered_by_commands(tmp_path: Path):
    """A collection, a peer, its rights, and their end."""
    store = str(tmp_path / "store.db")
    runner = CliRunner()

    def administer(*arguments: str) -> Result:
        return runner.invoke(main, ["taxii", *arguments, "--store", store])

    made = administer("make", "--title", "Campaigns", "--alias", "campaigns").output.strip()
    secret = administer("peer", "lab").output.strip()
    assert administer("allow", "lab", "campaigns", "--read").exit_code == 0
    told = administer("list", "--json").output
    assert secret not in told
    assert json.loads(told)["rights"][0] | {"collection_id": made, "can_write": 0} == json.loads(told)["rights"][0]
    assert "read yes, write no" in administer("list").output
    assert administer("peer", "lab").output.strip() != secret
    assert administer("remove", "lab").exit_code == 0
    assert administer("remove", "lab").exit_code == 2
    assert administer("allow", "lab", "campaigns", "--read").exit_code == 2
    assert administer("make", "--title", "x", "--root", "a/b").exit_code == 2


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "example.org:0", "127.0.0.1", "127.0.0.1:99999"])
def test_secrets_do_not_travel_in_the_clear(tmp_path: Path, listen: str):
    """Without TLS only this machine is listened to; nonsense is refused as well."""
    done = CliRunner().invoke(main, ["taxii", "serve", "--store", str(tmp_path / "s.db"), "--listen", listen])
    assert done.exit_code == 2
    assert "--listen" in done.stderr


def test_3_1_3_certificate_authentication(tmp_path: Path):
    """A server that asks for certificates lets in who has one of its authority, and nobody else."""
    files = certificates(tmp_path)
    place = furnished(str(tmp_path / "store.db"))
    options = ("--certificate", files["server"], "--certificate-key", files["server key"], "--clients", files["ca"])
    with served(place, *options) as running:
        assert running.address.startswith("https://")
        access = Access(key=place.secret, authority=Path(files["ca"]))
        with connected(access, pause=lambda _: None) as client, pytest.raises(InputError, match="cannot be reached"):
            discovered(client, f"{running.address}/taxii2/")
        shown = Access("lab", place.secret, "", Path(files["lab"]), Path(files["lab key"]), Path(files["ca"]))
        with connected(shown) as client:
            assert len(discovered(client, f"{running.address}/taxii2/")) == 4


def certificates(folder: Path) -> dict[str, str]:
    """An authority of our own, and certificates of a server and a client that come from it."""
    authority = ec.generate_private_key(ec.SECP256R1())
    files = {"ca": issued(folder, "ca", authority, authority)}
    for name in ("server", "lab"):
        key = ec.generate_private_key(ec.SECP256R1())
        files[name] = issued(folder, name, key, authority)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        files[f"{name} key"] = str(folder / f"{name}.key")
        Path(files[f"{name} key"]).write_bytes(key.private_bytes(*form))
    return files


def issued(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey) -> str:
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    signs = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=name == "ca", crl_sign=name == "ca", encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called("ca"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
        .add_extension(address, critical=False)
        .add_extension(own, critical=False)
        .add_extension(issuer, critical=False)
        .add_extension(signs, critical=True)
        .sign(authority, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return str(file)


ROOM = "472c94ae-3113-4e3e-a4dd-a9f4ac7471d4"


@pytest.fixture
def medallion(tmp_path: Path) -> Iterator[str]:
    """The public server medallion, of OASIS, with one collection; the collection's URL."""
    room = {"id": ROOM, "title": "Room", "can_read": True, "can_write": True, "media_types": [], "objects": []}
    about = {"title": "Root", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 20_000}
    data = {
        "/discovery": {"title": "medallion", "api_roots": []},
        "api1": {"information": about, "status": [], "collections": [room | {"manifest": []}]},
    }
    (tmp_path / "data.json").write_text(json.dumps(data))
    backend = {
        "module": "medallion.backends.memory_backend",
        "module_class": "MemoryBackend",
        "filename": str(tmp_path / "data.json"),
    }
    config = {"backend": backend, "users": {"lab": "secret"}, "taxii": {"max_page_size": 100}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = [Path(sys.executable).with_name("medallion"), "--port", "0", str(tmp_path / "config.json")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
        try:
            yield f"{address_in(tmp_path / 'log')}/api1/collections/{ROOM}/"
        finally:
            process.kill()  # its session checker would outlive a polite end
            process.wait(MINUTE)


def address_in(log: Path) -> str:
    """Where a server of Flask's says that it listens."""
    until = time.monotonic() + MINUTE
    while time.monotonic() < until:
        if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text()):
            return found[1]
        time.sleep(0.1)
    pytest.fail(f"nothing listens: {log.read_text()}")


def test_our_client_on_a_public_server(medallion: str, tmp_path: Path):
    """In batches that it takes and pages that it gives: everything arrives, and only what is new the next time."""
    sent = [indicator(number) for number in range(250)]
    with connected(Access("lab", "secret")) as client:
        assert push(client, medallion, sent).taken == 250
        out, seen = tmp_path / "in.json", tmp_path / "seen.json"
        assert pull(client, medallion, out, checkpoint=seen).objects == 250
        assert sorted(pulled(out), key=str) == sorted(sent, key=str)
        assert pull(client, medallion, out, checkpoint=seen).objects == 0
        push(client, medallion, [identity(1)])
        assert pull(client, medallion, out, checkpoint=seen).objects == 1
        assert pull(client, medallion, out, kinds=["identity"]).objects == 1


def test_what_a_public_server_cannot_bear_is_left_out(medallion: str, tmp_path: Path):
    """An extension definition's `version` is a time to medallion, which fails from then on: --skip avoids it."""
    definition = indicator(1, type="extension-definition", id=f"extension-definition--{indicator(1)['id'][11:]}")
    file = bundle(tmp_path, indicator(2), definition | {"version": "1.0.0"})
    env = {"REVENUER_TAXII_USER": "lab", "REVENUER_TAXII_PASSWORD": "secret"}
    command = ["taxii", "push", str(file), medallion]
    done = CliRunner(env=env).invoke(main, [*command, "--skip", "extension-definition"])
    assert (done.exit_code, done.output) == (0, "1 objects taken, 0 before, 0 refused\n")
    with connected(Access("lab", "secret")) as client:
        assert pull(client, medallion, tmp_path / "in.json").objects == 1
        push(client, medallion, [definition | {"version": "1.0.0"}])
        with pytest.raises(InputError, match="500"):
            pull(client, medallion, tmp_path / "in.json")
