"""The test cases of the OASIS TAXII 2.1 Interoperability Test Document 1.0 (CSD01), by their section numbers.

Each test case is put to our server; the last tests put those that a client has to pass by way of our client.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from taxii_places import Place, furnished, identity, indicator, served, served_to_gateways_too

from revenuer.sharing.taxii.media import TAXII

_numbers = itertools.count(1_000)


@pytest.fixture(scope="module", params=[served, served_to_gateways_too])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for all cases, once by its own verb and once in the service; each case brings objects of its own."""
    with request.param(furnished(str(tmp_path_factory.mktemp("taxii") / "store.db"))) as running:
        yield running


@pytest.fixture
def http(place: Place) -> Iterator[httpx.Client]:
    with place.http() as client:
        yield client


def fresh() -> int:
    return next(_numbers)


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TAXII
    return [one["id"] for one in answer.json().get("objects", [])]


def refused(answer: httpx.Response, status: int) -> bool:
    """Whether it is the error resource of the standard, in its media type."""
    told = answer.json()
    right = answer.status_code == status and answer.headers["content-type"] == TAXII
    return right and told["http_status"] == str(status) and bool(told["title"])


def test_3_1_1_missing_authorization(place: Place):
    """Whoever shows nothing is told how to show something."""
    answer = httpx.get(f"{place.address}/taxii2/", headers={"Accept": TAXII}, trust_env=False)
    assert refused(answer, 401)
    assert "Basic realm=" in answer.headers["www-authenticate"]


def test_3_1_2_authorization_error(place: Place):
    """A wrong secret, another's name and a broken header are refused alike."""
    for auth in (("lab", "wrong"), ("rival", place.secret), ("nobody", place.secret)):
        assert refused(httpx.get(f"{place.address}/taxii2/", auth=auth, trust_env=False), 401)
    for header in ("Basic %%%", "Basic bGFi", "Bearer", "Digest x"):
        headers = {"Authorization": header}
        assert refused(httpx.get(f"{place.address}/taxii2/", headers=headers, trust_env=False), 401)


def test_3_1_4_http_basic(place: Place):
    """A name and its secret let in."""
    assert httpx.get(f"{place.address}/taxii2/", auth=("lab", place.secret), trust_env=False).status_code == 200


def test_3_2_1_get_discovery(http: httpx.Client):
    """The discovery names the API roots that the peer knows of, the default among them."""
    found = http.get("/taxii2/").json()
    assert found["title"]
    assert found["api_roots"] == ["/taxii2/api1/"]
    assert found["default"] in found["api_roots"]


def test_3_3_1_get_api_root(http: httpx.Client):
    """An API root tells its versions and how large a body may be."""
    found = http.get("/taxii2/api1/").json()
    assert found["versions"] == [TAXII]
    assert found["max_content_length"] > 0


def test_3_3_2_incorrect_api_root(http: httpx.Client):
    """One that is not there is not found, on any endpoint below it."""
    for path in ("", "collections/", "collections/both/objects/", "status/x/"):
        assert refused(http.get(f"/taxii2/nowhere/{path}"), 404)


def test_3_4_1_get_collections(http: httpx.Client):
    """Exactly those that the peer knows of, each with its rights."""
    found = {one["alias"]: one for one in http.get("/taxii2/api1/collections/").json()["collections"]}
    assert set(found) == {"both", "inbox", "feed", "closed"}
    assert all({"id", "title", "can_read", "can_write", "media_types"} <= set(one) for one in found.values())


@pytest.mark.parametrize(
    ("alias", "can_read", "can_write"),
    [
        pytest.param("inbox", False, True, id="3.5.1.1"),
        pytest.param("both", True, True, id="3.5.1.2"),
        pytest.param("feed", True, False, id="3.5.1.3"),
        pytest.param("closed", False, False, id="3.5.1.4"),
    ],
)
def test_3_5_1_get_a_collection(http: httpx.Client, alias: str, can_read: bool, can_write: bool):  # noqa: FBT001
    """A collection tells what the peer may do with it, by alias and by id."""
    found = http.get(f"/taxii2/api1/collections/{alias}/").json()
    assert (found["can_read"], found["can_write"]) == (can_read, can_write)
    assert http.get(f"/taxii2/api1/collections/{found['id']}/").json() == found


def test_3_5_2_1_reading_what_may_only_be_written_to(http: httpx.Client):
    """Forbidden on every endpoint that reads."""
    for path in ("objects/", "manifest/", f"objects/{indicator(1)['id']}/", f"objects/{indicator(1)['id']}/versions/"):
        assert refused(http.get(f"/taxii2/api1/collections/inbox/{path}"), 403)


def test_3_5_2_2_writing_to_what_may_only_be_read(place: Place, http: httpx.Client):
    """Forbidden, and nothing is added."""
    body = {"objects": [indicator(fresh())]}
    answer = http.post("/taxii2/api1/collections/feed/objects/", json=body, headers={"Content-Type": TAXII})
    assert refused(answer, 403)
    assert body["objects"][0]["id"] not in ids(http.get(f"{place.url('feed')}objects/"))


@pytest.mark.parametrize("alias", ["inbox", "feed"])
def test_3_5_2_3_deleting_without_both_rights(place: Place, http: httpx.Client, alias: str):
    """Forbidden to who may only read or only write."""
    one = indicator(fresh())
    place.add(one, alias=alias, peer="rival")
    assert refused(http.delete(f"/taxii2/api1/collections/{alias}/objects/{one['id']}/"), 403)


def test_3_5_2_4_deleting_without_any_right(place: Place, http: httpx.Client):
    """Not found, so that nothing is learnt of what is there."""
    one = indicator(fresh())
    place.add(one, alias="closed", peer="rival")
    assert refused(http.delete(f"/taxii2/api1/collections/closed/objects/{one['id']}/"), 404)


def test_3_5_3_incorrect_collection(http: httpx.Client):
    """What is not there and what the peer does not know of look the same."""
    answers = [http.get(f"/taxii2/api1/collections/{name}/").json() for name in ("nowhere", "hidden")]
    assert answers[0] == answers[1]
    assert answers[0]["http_status"] == "404"


def test_3_6_1_get_manifest(place: Place, http: httpx.Client):
    """An entry for each object, with when it was added; the headers give the first and the last time."""
    both = [indicator(fresh()), indicator(fresh())]
    place.add(*both)
    answer = http.get(f"{place.url()}manifest/", params={"match[id]": ",".join(one["id"] for one in both)})
    entries = answer.json()["objects"]
    assert [one["id"] for one in entries] == [one["id"] for one in both]
    assert {one["version"] for one in entries} == {"2026-03-01T00:00:00.000Z"}
    assert {one["media_type"] for one in entries} == {"application/stix+json;version=2.1"}
    times = [one["date_added"] for one in entries]
    assert [answer.headers[f"x-taxii-date-added-{end}"] for end in ("first", "last")] == times


def test_3_7_1_get_objects(place: Place, http: httpx.Client):
    """Objects come back as they were sent, in the order in which they were added."""
    sent = [indicator(fresh(), name='ünï ☃ "quoted"'), identity(fresh())]
    place.add(*sent)
    answer = http.get(f"{place.url()}objects/", params={"match[id]": ",".join(one["id"] for one in sent)})
    assert answer.json() == {"objects": sent}
    assert answer.headers["x-taxii-date-added-first"] < answer.headers["x-taxii-date-added-last"]


def test_3_7_2_no_objects(place: Place, http: httpx.Client):
    """Where nothing fits, the envelope is empty, and there are no times."""
    answer = http.get(f"{place.url()}objects/", params={"match[type]": "malware"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert "x-taxii-date-added-first" not in answer.headers


def test_3_8_1_get_object(place: Place, http: httpx.Client):
    """The newest version of it, in an envelope."""
    number = fresh()
    newer = indicator(number, modified="2026-03-05T00:00:00.000Z")
    place.add(indicator(number), newer)
    assert http.get(f"{place.url()}objects/{newer['id']}/").json() == {"objects": [newer]}


def test_3_8_2_object_not_found(place: Place, http: httpx.Client):
    """Nor its versions, nor its deletion."""
    path = f"{place.url()}objects/{indicator(fresh())['id']}/"
    assert refused(http.get(path), 404)
    assert refused(http.get(f"{path}versions/"), 404)
    assert refused(http.delete(path), 404)


def test_3_9_1_get_versions(place: Place, http: httpx.Client):
    """All versions of an object."""
    number = fresh()
    times = [f"2026-03-0{day}T00:00:00.000Z" for day in (1, 2, 3)]
    place.add(*[indicator(number, modified=time) for time in times])
    answer = http.get(f"{place.url()}objects/{indicator(number)['id']}/versions/")
    assert answer.json() == {"versions": times}


def test_3_10_1_add_objects(place: Place):
    """The status tells of each object; one that is sent again is taken again and kept once."""
    sent = [indicator(fresh()), identity(fresh())]
    for _ in range(2):
        status = place.add(*sent)
        assert (status["status"], status["total_count"], status["success_count"]) == ("complete", 2, 2)
        assert (status["failure_count"], status["pending_count"]) == (0, 0)
        assert [one["id"] for one in status["successes"]] == [one["id"] for one in sent]


def test_3_11_1_get_status(place: Place, http: httpx.Client):
    """What came of a request can be asked for later, by who made it and nobody else."""
    status = place.add(indicator(fresh()))
    assert http.get(f"/taxii2/api1/status/{status['id']}/").json() == status
    with place.http("rival") as rival:
        assert refused(rival.get(f"/taxii2/api1/status/{status['id']}/"), 404)


def test_3_11_2_all_properties_of_a_status(place: Place):
    """Failures are told with id, version and reason, and cost the others nothing."""
    good, number = indicator(fresh()), fresh()
    bad: list[Any] = [
        indicator(number, type="malware"),
        {"id": "indicator--x", "type": "indicator"},
        indicator(number, modified="yesterday"),
        indicator(number, modified="2026-02-30T00:00:00Z"),
        indicator(number, spec_version="3.0"),
        indicator(number, name="zero \0 byte"),
        "no object",
    ]
    status = place.add(*bad, good)
    assert (status["total_count"], status["success_count"], status["failure_count"]) == (8, 1, 7)
    assert all({"id", "version", "message"} == set(one) for one in status["failures"])
    assert [one["id"] for one in status["successes"]] == [good["id"]]


def test_3_12_1_delete_object(place: Place, http: httpx.Client):
    """What was deleted is gone from every endpoint, and nothing else is; it may be added again, later than all before."""
    one, other, another = indicator(fresh()), indicator(fresh()), indicator(fresh())
    place.add(one, other)
    place.add(another, peer="rival")
    before = http.get(f"{place.url()}objects/{one['id']}/").headers["x-taxii-date-added-last"]
    assert http.delete(f"{place.url()}objects/{one['id']}/").status_code == 200
    assert refused(http.get(f"{place.url()}objects/{one['id']}/"), 404)
    left = ids(http.get(f"{place.url()}manifest/", params={"match[id]": f"{one['id']},{other['id']},{another['id']}"}))
    assert left == [other["id"], another["id"]]
    place.add(one)
    assert http.get(f"{place.url()}objects/{one['id']}/").headers["x-taxii-date-added-last"] > before


@pytest.mark.parametrize(
    ("version", "left"), [("", [1, 2]), ("first", [2, 3]), ("all", None), ("2026-03-02T00:00:00Z", [1, 3])]
)
def test_3_12_1_delete_versions(place: Place, http: httpx.Client, version: str, left: list[int] | None):
    """The newest version is deleted unless others are named; the rest stays."""
    number = fresh()
    place.add(*[indicator(number, modified=f"2026-03-0{day}T00:00:00Z") for day in (1, 2, 3)])
    path = f"{place.url()}objects/{indicator(number)['id']}/"
    assert http.delete(path, params={"match[version]": version} if version else {}).status_code == 200
    answer = http.get(f"{path}versions/")
    if left is None:
        assert refused(answer, 404)
    else:
        assert answer.json()["versions"] == [f"2026-03-0{day}T00:00:00Z" for day in left]


def test_3_13_1_1_added_after(place: Place, http: httpx.Client):
    """Only what was added later, not what was added then."""
    first, second = indicator(fresh()), indicator(fresh())
    place.add(first, second)
    both = {"match[id]": f"{first['id']},{second['id']}"}
    times = http.get(f"{place.url()}objects/", params=both).headers
    after = both | {"added_after": times["x-taxii-date-added-first"]}
    assert ids(http.get(f"{place.url()}objects/", params=after)) == [second["id"]]
    assert ids(http.get(f"{place.url()}manifest/", params=after)) == [second["id"]]
    assert ids(http.get(f"{place.url()}objects/", params=after | {"added_after": "2999-01-01T00:00:00Z"})) == []
    for bad in ("yesterday", "2026-03-01", "2026-13-01T00:00:00Z"):
        assert refused(http.get(f"{place.url()}objects/", params={"added_after": bad}), 400)


def test_3_13_1_2_limit(place: Place, http: httpx.Client):
    """No more than was asked for, and a word that there is more; nonsense is refused."""
    sent = [indicator(fresh()) for _ in range(3)]
    place.add(*sent)
    query = {"match[id]": ",".join(one["id"] for one in sent), "limit": "2"}
    answer = http.get(f"{place.url()}objects/", params=query)
    assert ids(answer) == [one["id"] for one in sent[:2]]
    assert answer.json()["more"] is True
    for bad in ("0", "-1", "1.5", "many", ""):
        assert refused(http.get(f"{place.url()}objects/", params={"limit": bad}), 400)


@pytest.fixture(scope="module")
def shelf(place: Place) -> dict[str, dict[str, Any]]:
    """Objects that differ in type, version and STIX."""
    old = {**indicator(7), "name": "of STIX 2.0"}
    del old["spec_version"]
    shelf = {
        "first": indicator(6, modified="2026-03-01T00:00:00Z"),
        "middle": indicator(6, modified="2026-03-02T00:00:00.5Z"),
        "last": indicator(6, modified="2026-03-03T00:00:00Z"),
        "old": old,
        "lab": identity(8),
    }
    place.add(*shelf.values(), alias="closed", peer="rival")
    return shelf


def chosen(
    place: Place, shelf: dict[str, dict[str, Any]], endpoint: str, alias: str = "closed", **query: str
) -> set[str]:
    """Names of the shelf's objects that come, asked for by match filters."""
    with place.http("rival") as http:
        params = {f"match[{name}]": value for name, value in query.items()}
        answer = http.get(f"{place.url(alias)}{endpoint}/", params=params)
    assert answer.status_code == 200, answer.text
    found = [(one["id"], one.get("modified", one.get("version"))) for one in answer.json().get("objects", [])]
    return {name for name, one in shelf.items() if (one["id"], one["modified"]) in found}


@pytest.mark.parametrize("endpoint", ["objects", "manifest"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"id": "indicator 6"}, {"last"}, id="3.13.1.3 id"),
        pytest.param({"type": "identity"}, {"lab"}, id="3.13.1.4 type"),
        pytest.param({"version": "last"}, {"last", "old", "lab"}, id="3.13.1.5 last"),
        pytest.param({"version": "first", "id": "indicator 6"}, {"first"}, id="3.13.1.5 first"),
        pytest.param({"version": "all", "id": "indicator 6"}, {"first", "middle", "last"}, id="3.13.1.5 all"),
        pytest.param({"version": "2026-03-02T00:00:00.500Z"}, {"middle"}, id="3.13.1.5 time, other digits"),
        pytest.param({"spec_version": "2.0"}, {"old"}, id="3.13.1.6 STIX 2.0"),
        pytest.param({"spec_version": "2.0,2.1"}, {"last", "old", "lab"}, id="3.13.1.6 both"),
        pytest.param({"type": "identity,indicator"}, {"last", "old", "lab"}, id="3.13.1.7 or"),
        pytest.param({"version": "first,last", "id": "indicator 6"}, {"first", "last"}, id="3.13.1.7 or of versions"),
        pytest.param({"type": "identity", "id": "indicator 6"}, set(), id="3.13.1.8 and"),
        pytest.param({"type": "identity,indicator", "spec_version": "2.1"}, {"last", "lab"}, id="3.13.1.9 or and"),
    ],
)
def test_3_13_1_match(
    place: Place, shelf: dict[str, dict[str, Any]], endpoint: str, query: dict[str, str], expected: set[str]
):
    """Values within a filter are alternatives, filters all have to hold; the newest version is meant unless said."""
    given = {name: value.replace("indicator 6", indicator(6)["id"]) for name, value in query.items()}
    assert chosen(place, shelf, endpoint, **given) == expected


GREEN = "34098fce-860f-48ae-8e50-ebd3cc5e41da"
TIE = "relationship--00000000-0000-4000-8000-000000000003"
LAB, CARD = "identity--00000000-0000-4000-8000-000000000001", "infrastructure--00000000-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def cabinet(place: Place) -> dict[str, dict[str, Any]]:
    """Objects that differ in what stands in them."""
    hashes = {"content_ref": "artifact--1", "hashes": {"MD5": "d41d8cd98f00b204e9800998ecf8427e"}}
    cabinet = {
        "sure": indicator(900, confidence=90, labels=["harvest", "proxy"], valid_until="2026-06-01T00:00:00Z"),
        "unsure": indicator(901, confidence=20, labels=["harvest"], modified="2026-05-01T00:00:00.000Z"),
        "back": indicator(902, revoked=True, object_marking_refs=["marking-definition--" + GREEN]),
        "atlas": indicator(903, external_references=[{"source_name": "mitre-atlas", "external_id": "AML.T0040"}]),
        "deep": indicator(904, extensions={"extension-definition--1": hashes}),
        "tied": indicator(905, type="relationship", id=TIE, source_ref=LAB, target_ref=CARD, relationship_type="uses"),
        "odd": indicator(906, confidence=True, labels="harvest", valid_until=5, revoked="yes", external_id="AML.T0040"),
    }
    place.add(*cabinet.values(), alias="inbox", peer="rival")
    return cabinet


@pytest.mark.parametrize("endpoint", ["objects", "manifest"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"confidence": "90"}, {"sure"}, id="3.13.2 number"),
        pytest.param({"confidence": "20,90"}, {"sure", "unsure"}, id="3.13.2 or"),
        pytest.param({"revoked": "true"}, {"back"}, id="3.13.2 truth"),
        pytest.param({"revoked": "false", "type": "relationship"}, {"tied"}, id="3.13.2 truth, not said"),
        pytest.param({"relationship_type": "uses"}, {"tied"}, id="3.13.2 word"),
        pytest.param({"labels": "proxy,other"}, {"sure"}, id="3.13.2 list"),
        pytest.param({"external_id": "AML.T0040"}, {"atlas"}, id="3.13.2 inside"),
        pytest.param({"MD5": "d41d8cd98f00b204e9800998ecf8427e"}, {"deep"}, id="3.13.2 deep inside"),
        pytest.param({"tlp": "green"}, {"back"}, id="3.13.2 marking"),
        pytest.param({"relationships-all": LAB}, {"tied"}, id="3.13.2 source"),
        pytest.param({"relationships-all": CARD}, {"tied"}, id="3.13.2 target"),
        pytest.param({"confidence-gte": "20"}, {"sure", "unsure"}, id="3.13.2 at least"),
        pytest.param({"confidence-gte": "20", "confidence-lte": "89"}, {"unsure"}, id="3.13.2 and"),
        pytest.param({"modified-gte": "2026-04-01T00:00:00Z"}, {"unsure"}, id="3.13.2 time"),
        pytest.param({"valid_until-gte": "2026-06-01T00:00:00Z"}, {"sure"}, id="3.13.2 end"),
        pytest.param({"labels": "harvest", "confidence-lte": "50"}, {"unsure"}, id="3.13.2 of two kinds"),
    ],
)
def test_3_13_2_optional_filters(
    place: Place, cabinet: dict[str, dict[str, Any]], endpoint: str, query: dict[str, str], expected: set[str]
):
    """Objects are chosen by what stands in them; what has another form than the standard's fits nothing."""
    assert chosen(place, cabinet, endpoint, "inbox", **query) == expected


def test_3_13_2_pages_and_nonsense(place: Place, cabinet: dict[str, dict[str, Any]]):
    """Pages of what fits follow each other to the end, a token belongs to these filters too, and nonsense is refused."""
    with place.http("rival") as http:
        path, query = f"{place.url('inbox')}objects/", {"match[labels]": "harvest", "limit": "1"}
        first = http.get(path, params=query).json()
        second = http.get(path, params=query | {"next": first["next"]}).json()
        assert [*first["objects"], *second["objects"]] == [cabinet["sure"], cabinet["unsure"]]
        assert "more" not in second
        assert refused(http.get(path, params={"match[labels]": "proxy", "next": first["next"]}), 400)
        for name, value in (("confidence", "high"), ("revoked", "yes"), ("modified-gte", "soon"), ("tlp", "blue")):
            assert refused(http.get(path, params={f"match[{name}]": value}), 400)


def test_3_13_1_10_duplicate_filter(place: Place, http: httpx.Client):
    """A filter that is given twice is refused."""
    assert refused(http.get(f"{place.url()}objects/?match[type]=indicator&match[type]=identity"), 400)


@pytest.mark.parametrize("endpoint", ["objects", "manifest"])
@pytest.mark.parametrize("manner", ["next", "added_after"])
def test_3_14_1_pagination(place: Place, http: httpx.Client, endpoint: str, manner: str):
    """Pages by token or by the time of the last object: all objects, none twice, in order."""
    sent = [indicator(fresh()) for _ in range(7)]
    place.add(*sent)
    query = {"match[id]": ",".join(one["id"] for one in sent), "limit": "3"}
    turn: dict[str, str] = {}
    found: list[str] = []
    for size in (3, 3, 1):
        answer = http.get(f"{place.url()}{endpoint}/", params=query | turn)
        assert len(ids(answer)) == size
        found += ids(answer)
        last = answer.headers["x-taxii-date-added-last"]
        turn = {"next": answer.json().get("next", "")} if manner == "next" else {"added_after": last}
    assert "more" not in answer.json()
    assert found == [one["id"] for one in sent]


def test_3_14_1_pagination_of_versions(place: Place, http: httpx.Client):
    """Versions come in pages, too."""
    number = fresh()
    times = [f"2026-04-{day:02d}T00:00:00.000Z" for day in range(1, 6)]
    place.add(*[indicator(number, modified=time) for time in times])
    path, found, turn = f"{place.url()}objects/{indicator(number)['id']}/versions/", [], {}
    for _ in range(3):
        answer = http.get(path, params={"limit": "2", **turn}).json()
        found += answer["versions"]
        turn = {"next": answer.get("next", "")}
    assert found == times


def test_3_14_1_a_token_belongs_to_its_filters(place: Place, http: httpx.Client):
    """Filters may not change from page to page, and what is no token is refused."""
    place.add(*[indicator(fresh()) for _ in range(3)])
    token = http.get(f"{place.url()}objects/", params={"limit": "1"}).json()["next"]
    changed = {"limit": "1", "next": token, "match[type]": "indicator"}
    assert refused(http.get(f"{place.url()}objects/", params=changed), 400)
    for bad in ("nonsense", "%%%", ""):
        assert refused(http.get(f"{place.url()}objects/", params={"next": bad}), 400)


def test_3_15_1_custom_properties(place: Place, http: httpx.Client):
    """Properties that the standard does not know come back as they were sent."""
    one = indicator(fresh(), x_lab_note={"deep": [1, 2.5, None, True, "x"]}, extensions={})
    place.add(one)
    assert http.get(f"{place.url()}objects/{one['id']}/").json()["objects"] == [one]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (TAXII, 200),
        ("application/taxii+json", 200),
        ("application/taxii+json; version=2.1", 200),
        ("text/html, application/taxii+json;version=2.1;q=0.5", 200),
        ("*/*", 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/vnd.oasis.taxii+json; version=2.0", 406),
        ("application/json", 406),
        ("*/*;q=0", 406),
    ],
)
def test_what_is_sent_is_negotiated(http: httpx.Client, accept: str, status: int):
    """TAXII 2.1 is sent to who takes it; the others are told that nothing else is to be had."""
    answer = http.get("/taxii2/api1/", headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"] == TAXII


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("application/taxii+json", b'{"objects":[{}]}', 202),
        ("application/json", b'{"objects":[{}]}', 415),
        ("application/taxii+json;version=2.0", b'{"objects":[{}]}', 415),
        (TAXII, b"", 400),
        (TAXII, b"{", 400),
        (TAXII, b"\xff\xfe", 400),
        (TAXII, b'{"objects":[NaN]}', 400),
        (TAXII, b"[" * 100_000, 400),
        (TAXII, b"[]", 422),
        (TAXII, b'{"objects":[]}', 422),
        (TAXII, b'{"objects":{}}', 422),
        (TAXII, b'{"type":"bundle","objects":null}', 422),
        (TAXII, b" " * 10_000_001, 413),
    ],
)
def test_bodies_are_judged_before_they_are_kept(http: httpx.Client, media: str, body: bytes, status: int):
    """Another medium, no JSON, no envelope, too much: each has its answer, and the server lives on."""
    answer = http.post("/taxii2/api1/collections/both/objects/", content=body, headers={"Content-Type": media})
    assert answer.status_code == status, answer.text[:200]
    assert answer.headers["content-type"] == TAXII


def test_other_methods_and_paths_are_refused(http: httpx.Client):
    """In the words of the standard."""
    assert refused(http.get("/taxii2/api1/nothing/here/at/all/"), 404)
    assert refused(http.put("/taxii2/api1/collections/both/objects/"), 405)


def test_strangers_are_not_listened_to(place: Place):
    """A body without a secret is refused for the secret, whatever is in it."""
    answer = httpx.post(f"{place.url()}objects/", content=b"x" * 1_000, headers={"Accept": TAXII}, trust_env=False)
    assert refused(answer, 401)
