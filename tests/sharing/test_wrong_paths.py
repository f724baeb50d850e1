"""Every path that the verbs of sharing take: what is not there, empty, cut short or noise is one plain line and exit code 2."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from stix_samples import indicator, write_bundle, write_findings, write_traffic

from revenuer.cli import main
from revenuer.state import open_state

# Arguments in braces are spoilt one by one; a second word says what of it is still good: `?` may be new or empty.
READ = (
    "share {findings} --traffic {traffic} --key {secret?noise} --out new",
    "intel import {bundle.json} --store new --from lab",
    "intel list --store {intel.db}",
    "intel confirm ID --store {intel.db}",
    "intel heard --store {intel.db} --told {bundle.json}",
    "intel sight --store {intel.db} --out new",
    "intel sight --store intel.db --findings {findings} --out new",
    "intel revoke {bundle.json} --out new",
    "taxii push {bundle.json} http://127.0.0.1:9/taxii2/api1/collections/x/",
    "taxii look http://127.0.0.1:9/taxii2/ --authority {dossier.key.pub}",
    "taxii look http://127.0.0.1:9/taxii2/ --certificate {dossier.key.pub} --certificate-key {dossier.key}",
    "taxii serve --store store.db --listen 127.0.0.1:0 --certificate {dossier.key.pub} --certificate-key {dossier.key}",
    "match items {findings} --traffic {traffic} --out new",
    "match hash {items.csv} --key {keys.json} --on 2026-11-23 --out new",
    "match compare {items.csv} {hashes} --key {keys.json} --on 2026-11-23 --peer lab --transcript new --out new",
    "match compare items.csv hashes --key keys.json --on 2026-11-23 --peer lab --transcript {log?missing,empty} --out new",
    "match peer lab --peers {peers.json?missing}",
    "match serve {items.csv} --peers {peers.json} --transcript new --key {keys.json} --listen 127.0.0.1:0",
    "match serve items.csv --peers peers.json --transcript new --psi {set-up} {secret.psi} --listen 127.0.0.1:0",
    "match ask {items.csv} http://127.0.0.1:9 --peer lab --transcript new --out new --key {keys.json}",
    "match psi-setup {items.csv} --out new --secret new",
    "match psi-request {items.csv} --out new --secret new",
    "match psi-answer {request} --out new --secret {secret.psi} --peer lab --transcript new",
    "match psi-reveal {items.csv} {set-up} {answer?cut} --out new --secret {secret.ask} --peer lab --transcript new",
    "match transcript {log?empty,cut,noise}",
    "dossier {findings} --traffic {traffic?cut} --out new --by Ada --at 2026-11-23T12:00:00Z --sign {dossier.key}",
    "dossier findings --traffic traffic --out new --by Ada --state {state.db}",
    "dossier verify {dossier.zip?empty,cut,noise} --public {dossier.key.pub} --traffic {traffic?cut}",
    "dossier stamp {dossier.zip} {dossier.zip}",
)
# Where something is to be written; what tells a transcript beforehand, and a key that is kept, may be there already.
WRITE = (
    "share findings --out {}",
    "share findings --force --out {}",
    "intel import bundle.json --from lab --store {}",
    "intel revoke told.json --force --out {}",
    "taxii make --title Campaigns --store {}",
    "match items findings --traffic traffic --out {}",
    "match key --group g --from 2026-12-01 --until 2026-12-20 --out {}",
    "match hash items.csv --key keys.json --on 2026-11-23 --out {}",
    "match compare items.csv hashes --key keys.json --on 2026-11-23 --peer lab --transcript log --out {}",
    "match compare items.csv hashes --key keys.json --on 2026-11-23 --peer lab --out new --transcript {}",
    "match peer lab --peers {}",
    "match psi-setup items.csv --secret secret.psi --out {}",
    "match psi-request items.csv --out new --secret {}",
    "match psi-answer request --secret secret.psi --peer lab --transcript log --out {}",
    "dossier key {}",
    "dossier findings --traffic traffic --by Ada --at 2026-11-23T12:00:00Z --out {}",
)
SPOILT = ("missing", "folder", "empty", "cut", "noise")
MADE = (
    "share findings --traffic traffic --out told.json",
    "intel import bundle.json --store intel.db --from lab",
    "taxii make --title Campaigns --store store.db",
    "match key --group g --from 2026-11-01 --until 2026-12-01 --out keys.json",
    "match hash items.csv --key keys.json --on 2026-11-23 --out hashes",
    "match compare items.csv hashes --key keys.json --on 2026-11-23 --peer lab --transcript log --out both.csv",
    "match peer lab --peers peers.json",
    "match psi-setup items.csv --out set-up --secret secret.psi",
    "match psi-request items.csv --out request --secret secret.ask",
    "match psi-answer request --out answer --secret secret.psi --peer lab --transcript answered",
    "dossier key dossier.key",
    "dossier findings --traffic traffic --out dossier.zip --by Ada --at 2026-11-23T12:00:00Z --sign dossier.key",
)


def run(command: str) -> Result:
    return CliRunner().invoke(main, command.split())


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the commands read."""
    place = tmp_path_factory.mktemp("good")
    write_findings(place / "findings")
    write_traffic(place / "traffic")
    write_bundle(place / "bundle.json", indicator("[ipv4-addr:value ISSUBSET '81.20.30.0/24']"))
    (place / "secret").write_text("a secret of the whole group")
    (place / "items.csv").write_text("kind,value\nnetwork,203.0.113.7\nmail,a@example.org\n")
    open_state(str(place / "state.db")).close()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for command in MADE:
            done = run(command)
            assert done.exit_code == 0, (command, done.output)
    return place


@pytest.fixture
def here(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, in which commands are run."""
    shutil.copytree(good, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def spoil(file: Path, how: str) -> None:
    """Put something at `bad` that is not the file."""
    bad = file.with_name("bad")
    if how == "folder":
        bad.mkdir()
    elif how == "empty":
        bad.touch()
    elif how == "noise":
        bad.write_bytes(bytes(range(256)) * 8)
    elif how == "cut" and file.is_dir():
        bad.mkdir()
        for one in file.iterdir():
            (bad / one.name).write_bytes(one.read_bytes()[: one.stat().st_size // 2])
    elif how == "cut":
        bad.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def told_plainly(done: Result, *names: str) -> bool:
    """Whether it is one line on the standard error that names a file, with exit code 2."""
    named = any(name in done.stderr for name in names)
    plain = "Errno" not in done.stderr and "codec" not in done.stderr and "_ssl.c" not in done.stderr
    return (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1) and named and plain


def cases() -> list[tuple[str, str, str]]:
    """Command, the file that is spoilt, and how."""
    found = []
    for command in READ:
        for slot in re.findall(r"{([^}]+)}", command):
            name, _, fine = slot.partition("?")
            spoilt = command.replace("{" + slot + "}", "bad", 1)
            plain = re.sub(r"{([^}?]+)[^}]*}", r"\1", spoilt)
            found += [(plain, name, how) for how in SPOILT if how not in fine.split(",")]
    return found


@pytest.mark.parametrize(("command", "name", "how"), cases())
def test_what_cannot_be_read_is_said(here: Path, command: str, name: str, how: str):
    """The file is named, nothing of the system's or a library's inside is shown, and nothing new is left behind."""
    spoil(here / name, how)
    before = set(here.iterdir())
    done = run(command)
    inside = [one.name for one in (here / name).iterdir()] if how == "cut" and (here / name).is_dir() else []
    assert told_plainly(done, "bad", *inside), (done.exit_code, done.output)
    assert {one for one in set(here.iterdir()) - before if one.suffix != ".lock"} == set()


@pytest.mark.parametrize("command", WRITE)
@pytest.mark.parametrize("where", ["nowhere/new", "folder"])
def test_what_cannot_be_written_is_said(here: Path, command: str, where: str):
    """Likewise where the folder is missing, or one stands in the file's place."""
    (here / "folder").mkdir()
    done = run(command.format(where))
    assert told_plainly(done, where), (done.exit_code, done.output)
    assert list((here / "folder").iterdir()) == []
    assert not (here / "nowhere").exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("count", [0, 1, 2, 5, 20, 100])
def test_few_items_are_set_up_for_large_requests(count: int):
    """As many as are asked about by default: the intersection is exact, however small the set."""
    Path("few.csv").write_text("kind,value\n" + "".join(f"mail,user{n}@example.org\n" for n in range(count)))
    Path("asks.csv").write_text("kind,value\n" + "".join(f"mail,user{n}@example.org\n" for n in range(0, 200, 2)))
    for command in (
        "match psi-setup few.csv --out few --secret few.key",
        "match psi-request asks.csv --out asked --secret asks.key",
        "match psi-answer asked --out answered --secret few.key --peer lab --transcript told",
        "match psi-reveal asks.csv few answered --out found.csv --secret asks.key --peer us --transcript learnt",
    ):
        done = run(command)
        assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{(count + 1) // 2} of 100 items")
