"""A dossier says the same each time, keeps facts and conclusions apart, and shows every change."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from revenuer.cli import main
from revenuer.findings import Alternative, Campaign, Evidence, campaigns_document
from revenuer.sharing.dossier_archive import packed
from revenuer.summary import InputFile, ScanSummary, Traffic, to_json
from traffic_samples import put_parquet, rows

DOCS = Path(__file__).parents[2] / "docs"
AT = ("--at", "2026-11-23T12:00:00Z", "--by", "Ada")


def campaign(name: str) -> Campaign:
    return Campaign(
        campaign_id=name,
        confidence=0.97,
        accounts=2,
        exchanges=34,
        first_seen="2026-03-01T00:00:00Z",
        last_seen="2026-03-09T00:00:00Z",
        capabilities={"reasoning": 1.0},
        pathways={"first_party": 1.0},
        account_ids=(f"acct-of-{name}", f"acct-two-of-{name}"),
        frames=("Solve <TEXT>",),
        evidence=(Evidence("template", "2 accounts share a frame", 4.2, 2), Evidence("timing", "hours agree", 1.5, 2)),
        alternatives=(Alternative("classroom", "no common deadline"),),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Findings of two campaigns, and the traffic that they came of."""
    put_parquet(tmp_path / "traffic", rows(5))
    (tmp_path / "traffic" / "truth").mkdir()
    (tmp_path / "traffic" / "truth" / "accounts.parquet").write_bytes(b"labels")
    findings = tmp_path / "findings"
    findings.mkdir()
    (findings / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document((campaign("C1"), campaign("C2")))))
    (findings / "scan.json").write_bytes(to_json(ScanSummary(version="0.1.0", traffic=Traffic(exchanges=5))))
    (findings / "report.html").write_text("<p>report</p>")
    (findings / "accounts.parquet").write_bytes(b"acct-innocent")
    return tmp_path


def scan_said(folder: Path, **hashes: str | None) -> None:
    """Have the scan say of the log what it read, by its SHA-256: that of the file unless another is given."""
    log = folder / "traffic" / "exchanges.parquet"
    digest = hashes.get("sha256", hashlib.sha256(log.read_bytes()).hexdigest())
    read = (InputFile(log.name, log.stat().st_size, digest),)
    (folder / "findings" / "scan.json").write_bytes(to_json(ScanSummary(version="0.1.0", inputs=read)))


def run(*arguments: object, **env: str) -> Result:
    return CliRunner(env=env).invoke(main, ["dossier", *map(str, arguments)])


def built(folder: Path, *options: object, name: str = "d.zip") -> Path:
    out = folder / name
    done = run(folder / "findings", "--traffic", folder / "traffic", "--out", out, *options)
    assert done.exit_code == 0, done.stderr
    return out


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def signed(folder: Path) -> Path:
    assert run("key", folder / "key").exit_code == 0
    return built(folder, *AT, "--sign", folder / "key", "--timestamp-request")


def test_the_same_twice_is_the_same_bytes(folder: Path, signed: Path):
    """Signature and time-stamp request included; the printed digest is the file's."""
    again = built(folder, *AT, "--sign", folder / "key", "--timestamp-request", name="again.zip")
    assert again.read_bytes() == signed.read_bytes()
    done = run("build", folder / "findings", "--traffic", folder / "traffic", "--out", folder / "c.zip", *AT)
    assert hashlib.sha256((folder / "c.zip").read_bytes()).hexdigest() in done.output


def test_facts_and_conclusions_stand_apart(folder: Path):
    """Facts carry neither weight nor confidence; each conclusion names the facts that it rests on."""
    files = members(built(folder, *AT))
    facts, conclusions = (json.loads(files[f"{name}.json"])["campaigns"] for name in ("facts", "conclusions"))
    assert not re.search(r"confidence|likelihood|0\.97|4\.2|classroom|acct-of", files["facts.json"].decode())
    for observed, concluded in zip(facts, conclusions, strict=True):
        known = {one["fact"] for one in observed["observations"]}
        assert {one["fact"] for one in concluded["rests_on"]} == known
        assert concluded["rejected_explanations"][0]["hypothesis"] == "classroom"
        assert 0 < concluded["confidence"] < 1


def test_no_log_and_no_innocent_goes_in(folder: Path):
    """Logs and the tables of all accounts are hashed, not copied; labels of simulated traffic are left alone."""
    file = built(folder, *AT)
    steps = json.loads(members(file)["custody.json"])["steps"]
    logs = {one["path"]: one["sha256"] for one in steps[0]["files"]}
    log = folder / "traffic" / "exchanges.parquet"
    assert logs == {"exchanges.parquet": hashlib.sha256(log.read_bytes()).hexdigest()}
    assert {one["path"] for one in steps[1]["files"]} >= {"accounts.parquet", "campaigns.json"}
    assert b"spiders" not in file.read_bytes()
    assert b"acct-innocent" not in file.read_bytes()


def test_custody_begins_with_the_scan(folder: Path):
    """The logs as the scan read them are the first step, bound to the logs as they are; without that, it is said."""
    log = folder / "traffic" / "exchanges.parquet"
    scan_said(folder)
    file = built(folder, *AT)
    steps = json.loads(members(file)["custody.json"])["steps"]
    assert [step["what"] for step in steps[:2]] == ["logs, as the scan read them", "logs, as they are"]
    assert steps[0]["files"] == steps[1]["files"]
    assert steps[0]["files"][0]["sha256"] == hashlib.sha256(log.read_bytes()).hexdigest()
    assert "custody of the logs begins" not in run("verify", file, "--traffic", folder / "traffic").output
    scan_said(folder, sha256=None)
    assert json.loads(members(built(folder, *AT))["custody.json"])["steps"][0]["detail"] == {
        "written_to_meanwhile": ["exchanges.parquet"]
    }
    (folder / "findings" / "scan.json").write_bytes(to_json(ScanSummary()))
    assert "custody of the logs begins" in run("verify", built(folder, *AT)).output


@pytest.mark.parametrize("said", ["was changed", "is missing"])
def test_logs_that_the_scan_did_not_read_make_no_dossier(folder: Path, said: str):
    """Findings prove nothing about a log that was exchanged or taken away since; a file beside it changes nothing."""
    scan_said(folder)
    log = folder / "traffic" / "exchanges.parquet"
    (folder / "traffic" / "more.jsonl").write_text("{}")
    built(folder, *AT)
    log.rename(folder / "gone")
    if said == "was changed":
        put_parquet(folder / "traffic", rows(6))
    done = run(folder / "findings", "--traffic", folder / "traffic", "--out", folder / "x.zip", *AT)
    assert (done.exit_code, (folder / "x.zip").exists()) == (2, False)
    assert f"exchanges.parquet: {said} since it was scanned" in done.stderr


def test_a_scan_that_names_other_logs_is_seen(folder: Path):
    """Who exchanges the findings has to exchange the chain of custody as well."""
    scan_said(folder)
    file = built(folder, *AT)
    files = members(file)
    scan_said(folder, sha256="0" * 64)
    file.write_bytes(packed(files | {"findings/scan.json": (folder / "findings" / "scan.json").read_bytes()}))
    assert "name other logs" in run("verify", file).output


def test_a_choice_of_campaigns_tells_of_no_other(folder: Path):
    """Not even by the findings, which stay out then."""
    content = built(folder, *AT, "--campaign", "C1").read_bytes()
    assert b"acct-of-C1" in content
    assert b"acct-of-C2" not in content
    done = run(folder / "findings", "--traffic", folder / "traffic", "--out", folder / "x.zip", *AT, "--campaign", "C9")
    assert done.exit_code == 2
    assert "no campaign C9" in done.stderr


def test_error_rates_are_those_published(folder: Path):
    """Each count stands in the results as it is shipped, and comes with an interval that holds it."""
    rates = json.loads(members(built(folder, *AT))["error-rates.json"])["published"]
    published = (DOCS / "results.md").read_text(encoding="utf-8").replace(",", "")
    assert rates["commit"] in published
    for one in rates["rates"]:
        assert f"{one['hits']}/{one['total']} " in published
        assert one["low"] <= one["rate"] <= one["high"]


def test_a_time_is_given_never_guessed(folder: Path):
    """Without one there is no dossier; nonsense is refused."""
    to = (folder / "findings", "--traffic", folder / "traffic", "--out", folder / "x.zip", "--by", "Ada")
    assert "needs a time" in run(*to).stderr
    for bad in ("yesterday", "2026-11-23T12:00:00"):
        assert run(*to, "--at", bad).exit_code == 2
    assert not (folder / "x.zip").exists()


def test_the_audit_log_gives_time_and_custody(folder: Path):
    """Its head, its length and its entries about the campaigns stand in the chain."""
    from revenuer.state import append, open_state  # noqa: PLC0415

    state = open_state(str(folder / "state.db"))
    with state.write() as connection:
        told: dict[str, Any] = {"actor": "Ada", "action": "campaign.judge", "detail": {"note": "secret remark"}}
        append(connection, at="2026-11-20T08:00:00Z", subject="C1", **told)
        head = append(connection, at="2026-11-21T08:00:00Z", subject="other", **told)
    state.close()
    file = built(folder, "--by", "Ada", "--state", folder / "state.db")
    files = members(file)
    assert json.loads(files["MANIFEST.json"])["at"] == "2026-11-21T08:00:00Z"
    step = json.loads(files["custody.json"])["steps"][2]
    assert (step["detail"]["entries"], step["detail"]["head"]) == (2, head)
    assert [one["subject"] for one in step["detail"]["about_these_campaigns"]] == ["C1"]
    assert b"secret remark" not in file.read_bytes()
    assert "says its maker: audit log" in run("verify", file).output


def test_a_whole_dossier_is_verified(folder: Path, signed: Path):
    """With the key and the logs it is whole; a stranger's key is told apart from the one expected."""
    done = run("verify", signed, "--public", folder / "key.pub", "--traffic", folder / "traffic")
    assert (done.exit_code, "Whole" in done.output, "by the key given" in done.output) == (0, True, True)
    assert "compare this" in run("verify", signed).output
    run("key", folder / "other")
    wrong = run("verify", signed, "--public", folder / "other.pub", "--json")
    assert (wrong.exit_code, json.loads(wrong.output)["known"]) == (1, False)
    assert "another key" in wrong.output
    unsigned = built(folder, *AT, name="unsigned.zip")
    assert "nobody vouches" in run("verify", unsigned).output
    assert run("verify", unsigned, "--public", folder / "key.pub").exit_code == 1


def changed(name: str, before: bytes, after: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        assert before in files[name]
        return files | {name: files[name].replace(before, after, 1)}

    return change


TAMPERED: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "facts.json was changed": changed("facts.json", b'"exchanges": 34', b'"exchanges": 35'),
    "conclusions.json was changed": changed("conclusions.json", b"0.97", b"0.99"),
    "findings/report.html was changed": changed("findings/report.html", b"report", b"REPORT"),
    "the signature is not of this manifest": changed("MANIFEST.json", b"Ada", b"Bob"),
    "README.md is missing": lambda files: {name: files[name] for name in files if name != "README.md"},
    "extra.txt does not stand": lambda files: files | {"extra.txt": b"x"},
    "the signature is missing": lambda files: {name: files[name] for name in files if name[-3:] not in {"sig", "pem"}},
    "not of this manifest": lambda files: files | {"MANIFEST.sig": bytes(64)},
    "it cannot be read": lambda files: {name: files[name] for name in files if name != "MANIFEST.json"},
    "time-stamp is about something else": lambda files: files | {"MANIFEST.tsr": b"something"},
}


@pytest.mark.parametrize("said", TAMPERED)
def test_every_change_is_seen(said: str, signed: Path):
    """Whatever is changed, added, taken out or exchanged, and it is said."""
    signed.write_bytes(packed(TAMPERED[said](members(signed))))
    done = run("verify", signed)
    assert done.exit_code == 1
    assert said in done.output


def test_who_rewrites_all_and_signs_anew_is_seen_by_the_key(folder: Path, signed: Path):
    """A forger can make a dossier that is whole in itself, but not one of the signer's key."""
    document = campaigns_document((campaign("C1"),))
    (folder / "findings" / "campaigns.json").write_bytes(msgspec.json.encode(document))
    run("key", folder / "forger")
    forged = built(folder, *AT, "--sign", folder / "forger", name="forged.zip")
    assert run("verify", forged).exit_code == 0
    assert run("verify", forged, "--public", folder / "key.pub").exit_code == 1
    files = members(forged) | {"SIGNER.pem": members(signed)["SIGNER.pem"]}
    forged.write_bytes(packed(files))
    assert run("verify", forged).exit_code == 1


def test_any_byte_of_the_archive_counts(signed: Path):
    """A byte changed anywhere, in front or behind is seen, as are other ways of packing the same files."""
    whole = signed.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 97)):
        signed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert run("verify", signed).exit_code == 1, place
    for other in (b"x" + whole, whole + b"x", whole[:-1], b"", b"PK"):
        signed.write_bytes(other)
        assert run("verify", signed).exit_code == 1
    signed.write_bytes(whole)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(signed).items():
            archive.writestr(name, content)
        archive.writestr("../../escape", b"x")
    signed.write_bytes(out.getvalue())
    assert run("verify", signed).exit_code == 1


def test_changed_logs_are_seen(folder: Path, signed: Path):
    """A log that was changed, taken away or added since."""
    log = folder / "traffic" / "exchanges.parquet"
    log.write_bytes(log.read_bytes() + b"x")
    (folder / "traffic" / "more.jsonl").write_text("{}")
    done = run("verify", signed, "--traffic", folder / "traffic")
    assert done.exit_code == 1
    assert "log exchanges.parquet was changed" in done.output
    assert "log more.jsonl is new" in done.output
    assert run("verify", signed).exit_code == 0


def test_keys_are_kept_well(folder: Path):
    """For their owner alone, locked where a passphrase is given, and never overwritten."""
    lock = {"REVENUER_DOSSIER_PASSPHRASE": "open sesame"}
    made = run("key", folder / "locked", **lock)
    assert made.output.startswith("Fingerprint: ")
    assert (folder / "locked").stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in (folder / "locked").read_bytes()
    to = (
        folder / "findings",
        "--traffic",
        folder / "traffic",
        "--out",
        folder / "x.zip",
        *AT,
        "--sign",
        folder / "locked",
    )
    assert run(*to).exit_code == 2
    assert run(*to, **dict.fromkeys(lock, "wrong")).exit_code == 2
    assert run(*to, **lock).exit_code == 0
    assert run("key", folder / "locked").exit_code == 2
    assert run(*to[:-1], folder / "locked.pub").exit_code == 2


def openssl(*arguments: object, cwd: Path) -> str:
    command = [shutil.which("openssl") or "", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
def test_another_program_verifies_signature_and_time(folder: Path, signed: Path):
    """The program openssl accepts the signature, answers the time-stamp request as an authority, and verifies its reply."""
    with zipfile.ZipFile(signed) as archive:
        archive.extractall(folder / "open")
    told = ("-pubin", "-inkey", folder / "key.pub", "-rawin", "-in", "MANIFEST.json", "-sigfile", "MANIFEST.sig")
    assert "Verified" in openssl("pkeyutl", "-verify", *told, cwd=folder / "open")
    usage = ("-addext", "extendedKeyUsage=critical,timeStamping", "-days", "2", "-nodes")
    subject = ("-newkey", "rsa:2048", "-subj", "/CN=authority", "-keyout", "tsa.key", "-out", "tsa.pem")
    openssl("req", "-x509", *subject, *usage, cwd=folder)
    config = "[tsa]\ndefault_tsa=a\n[a]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\n"
    (folder / "tsa.cnf").write_text(config + "ess_cert_id_alg=sha256\n")
    (folder / "serial").write_text("01")
    keys = ("-signer", "tsa.pem", "-inkey", "tsa.key", "-config", "tsa.cnf")
    openssl("ts", "-reply", "-queryfile", "open/MANIFEST.tsq", *keys, "-out", "reply.tsr", cwd=folder)
    told = ("-data", "open/MANIFEST.json", "-in", "reply.tsr", "-CAfile", "tsa.pem")
    assert "Verification: OK" in openssl("ts", "-verify", *told, cwd=folder)
    other = built(folder, "--at", "2026-11-23T13:00:00Z", "--by", "Ada", name="other.zip")
    assert "no time-stamp of this dossier" in run("stamp", other, folder / "reply.tsr").stderr
    assert run("stamp", signed, folder / "reply.tsr").exit_code == 0
    assert "carries a time-stamp" in run("verify", signed, "--public", folder / "key.pub").output
    assert run("stamp", signed, folder / "reply.tsr").exit_code == 2


@pytest.mark.parametrize("missing", ["findings", "traffic"])
def test_what_is_not_there_is_named(folder: Path, missing: str):
    """Findings without campaigns as well; nothing is written."""
    shutil.rmtree(folder / missing)
    done = run(folder / "findings", "--traffic", folder / "traffic", "--out", folder / "x.zip", *AT)
    assert (done.exit_code, (folder / "x.zip").exists()) == (2, False)
    assert missing in done.stderr
    assert run("verify", folder / "nowhere.zip").exit_code == 2
