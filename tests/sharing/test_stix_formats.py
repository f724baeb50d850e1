"""The same facts for MISP, OCSF and lists: no more than the bundle tells, and safe to open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import jsonschema
import pytest
from pymisp import MISPEvent
from stix_samples import FRAME, SECRET, SHARED, write_findings, write_traffic

from revenuer.errors import ConfigError
from revenuer.sharing.bundle import Telling, bundle_of
from revenuer.sharing.facts import Observed, observe_traffic
from revenuer.sharing.feeds import OCSF, as_csv, as_json, as_ocsf
from revenuer.sharing.misp import as_misp, push
from revenuer.sharing.preview import leaves
from revenuer.summary import read_findings


@pytest.fixture
def bundle(tmp_path: Path) -> dict[str, Any]:
    found = read_findings(write_findings(tmp_path / "findings"))[0]
    seen = observe_traffic(write_traffic(tmp_path / "traffic"), found)
    return bundle_of(found, seen, Telling(producer="Lab B", secret=SECRET, volumes=True))


def test_the_csv_feed_holds_a_row_for_each_value(bundle: dict[str, Any]) -> None:
    """Networks, domains and templates of the bundle, with confidence, marking and how long they hold."""
    rows = list(csv.DictReader(io.StringIO(as_csv(bundle))))
    assert sorted(row["channel"] for row in rows) == ["domain", "network", "template", "template"]
    assert {row["value"] for row in rows} >= {f"{SHARED}.0/24", "farm.example"}
    assert {(row["tlp"], row["confidence"]) for row in rows} == {("TLP:AMBER", "90")}
    assert all(row["valid_until"] > row["valid_from"] for row in rows)
    assert json.loads(as_json(bundle))["indicators"][0]["value"] == rows[0]["value"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    """A value that a spreadsheet would run is led by a quote, wherever it came from."""
    found = read_findings(write_findings(tmp_path / "findings"))[0]
    made = bundle_of(found, [Observed(domains=("farm.example",))], Telling())
    evil = json.loads(json.dumps(made).replace("farm.example", f"{start}cmd".replace("\t", "\\t").replace("\r", "\\r")))
    (row,) = csv.DictReader(io.StringIO(as_csv(evil), newline=""))
    assert row["value"] == f"'{start}cmd"


def test_a_detection_finding_has_what_its_class_requires(bundle: dict[str, Any]) -> None:
    """OCSF 1.8: class, category, type and activity agree; time, severity, product, version and the finding's id are there."""
    (line,) = as_ocsf(bundle).splitlines()
    one = json.loads(line)
    assert (one["class_uid"], one["category_uid"], one["activity_id"], one["type_uid"]) == (2004, 2, 1, 200401)
    assert one["time"] == one["finding_info"]["last_seen_time"] > one["finding_info"]["first_seen_time"]
    assert one["finding_info"]["uid"].startswith("campaign--")
    assert one["metadata"]["version"] == "1.8.0"
    assert one["metadata"]["product"]["vendor_name"]
    assert one["severity_id"] in range(7)
    assert {(entry["name"], entry["type_id"]) for entry in one["observables"]} == {
        ("network", 12),
        ("domain", 1),
        ("template", 99),
    }


def test_a_detection_finding_is_valid_by_the_published_schema(bundle: dict[str, Any]) -> None:
    """The release's own schema, which knows every name and allows no other, finds nothing; a foreign name it finds."""
    ocsf = pytest.importorskip("ocsf_json_schema")
    release = ocsf.OcsfJsonSchemaEmbedded(ocsf.get_ocsf_schema(version=OCSF))
    schema = jsonschema.Draft202012Validator(release.get_class_schema("detection_finding", profiles=[]))
    one = json.loads(as_ocsf(bundle))
    assert not list(schema.iter_errors(one))
    assert list(schema.iter_errors({**one, "finding_info": {**one["finding_info"], "campaign": "x"}}))
    assert list(schema.iter_errors({**one, "severity_id": 77}))


def test_the_misp_template_is_valid_by_the_schema_of_misp_objects() -> None:
    """Ours by the schema that MISP's own templates are held against, which the public client ships; a foreign key it finds."""
    schema = json.loads(files("pymisp").joinpath("data/misp-objects/schema_objects.json").read_text())
    ours = files("revenuer.sharing").joinpath("misp_objects/llm-harvest/definition.json").read_text(encoding="utf-8")
    held = jsonschema.Draft4Validator(schema)
    assert not list(held.iter_errors(json.loads(ours)))
    assert list(held.iter_errors({**json.loads(ours), "colour": "red"}))
    known = json.loads(files("pymisp").joinpath("data/describeTypes.json").read_text())["result"]
    types = {one["misp-attribute"] for one in json.loads(ours)["attributes"].values()}
    assert types <= set(known["types"])
    assert json.loads(ours)["meta-category"] in schema["properties"]["meta-category"]["enum"]


def test_the_misp_event_is_read_back_and_blocks_nothing(bundle: dict[str, Any]) -> None:
    """PyMISP accepts the event under our template; same bundle, same bytes; no attribute is marked for automatic detection."""
    text = as_misp(bundle)
    assert text == as_misp(bundle)
    event = MISPEvent()
    event.load(text)
    (one,) = event.objects
    assert one.name == "llm-harvest"
    values = {(attribute.object_relation, str(attribute.value)) for attribute in one.attributes}
    assert {("network", f"{SHARED}.0/24"), ("domain", "farm.example"), ("technique", "AML.T0040")} <= values
    assert not any(attribute.to_ids for attribute in one.attributes)
    assert [tag.name for tag in event.tags] == ["tlp:amber"]


def test_no_format_tells_more_than_the_bundle(bundle: dict[str, Any]) -> None:
    """Each value of a feed stands in the bundle, or is a constant of the format."""
    told = json.dumps(bundle)
    for row in csv.DictReader(io.StringIO(as_csv(bundle))):
        assert all(part in told for part in row["value"].split("|"))
        assert row["campaign"] in told
    for text in (as_csv(bundle), as_misp(bundle), as_ocsf(bundle), as_json(bundle)):
        assert "acct_" not in text
        assert FRAME[:20] not in text
    shown = {str(value) for path, value in leaves(json.loads(as_ocsf(bundle))) if path.startswith("unmapped")}
    assert all(value in told for value in shown)


class _Misp(BaseHTTPRequestHandler):
    """The calls that PyMISP makes to add an event, as MISP answers them."""

    got: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        if self.path.endswith("servers/getVersion"):
            return self._answer(200, {"version": "2.5.34", "pymisp_recommended_version": "2.5.34", "perm_sync": True})
        if self.path.endswith("users/view/me"):
            user = {"id": "1", "email": "sharing@lab.example", "org_id": "1"}
            return self._answer(200, {"User": user, "Role": {"id": "3", "name": "User"}, "UserSetting": []})
        return self._answer(404, {"name": "not here"})

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != "right":
            return self._answer(403, {"name": "Authentication failed.", "message": "no such key"})
        assert self.path.endswith("events/add")
        self.got.append(sent)
        return self._answer(200, {"Event": sent.get("Event", sent)})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Misp) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_an_event_is_pushed_by_the_real_client(bundle: dict[str, Any]) -> None:
    """PyMISP adds the event, unpublished; a refusal and a server that is not there are said in a line."""
    _Misp.got.clear()
    with serving() as url:
        assert push(bundle, url, "right") == json.loads(as_misp(bundle))["Event"]["uuid"]
        with pytest.raises(ConfigError, match="MISP"):
            push(bundle, url, "wrong")
        with pytest.raises(ConfigError, match="key"):
            push(bundle, url, "")
    with pytest.raises(ConfigError, match="does not answer"):
        push(bundle, url, "right")
    (sent,) = _Misp.got
    sent = sent.get("Event", sent)
    assert not sent.get("published")
    assert sent["Object"][0]["name"] == "llm-harvest"
