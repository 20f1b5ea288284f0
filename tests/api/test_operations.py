"""Does every document that people copy run, one after the other, on a served estate?"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

from cmdb_graphql.feed import FeedWatcher
from cmdb_graphql.workers import Workers
from tests.api.serving import Client, CountedService

FOLDER = Path(__file__).parents[2] / "graphql" / "operations"
DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.graphql"))
WINDOW = {"startAt": "2030-02-01T22:00:00Z", "endAt": "2030-02-02T00:00:00Z"}
SERVICE = {"class": "BusinessService", "name": "copied"}


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def run(api: Client, document: str, /, **variables: Any) -> Any:
    (data,) = api(text_of(document), variables).data.values()
    return data


def write(api: Client, document: str, /, **given: Any) -> Any:
    result = run(api, document, input=given)
    assert "code" not in result, result
    return result


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_fits_the_contract_and_says_what_it_is_for(api: Client, name: str) -> None:
    text = text_of(name)

    assert validate(api.schema._schema, parse(text)) == []
    assert text.startswith("# ")


def test_documents_about_the_inventory(api: Client, service: CountedService) -> None:
    name = "Online shop"
    page = run(api, "list-cis", filter={"class": {"eq": "BusinessService"}})["nodes"]
    assert name in [each["name"] for each in page]
    last = run(api, "list-cis", sort={"field": "name", "direction": "DESC"})["nodes"]
    found = run(api, "find-ci", id=f"BusinessService/{name}")
    assert found["providers"]["edges"]

    assert run(api, "neighbourhood", startsWith=name[:3])["edges"]
    assert run(api, "search", text=name)["hits"]
    assert run(api, "history", id=found["id"])["history"]["events"]
    provider = found["providers"]["edges"][0]["node"]["id"]
    assert run(api, "blast-radius", cis=[provider])["hitCount"] > 0
    assert run(api, "explain-impact", cis=[provider], hit=found["id"])["steps"]
    target = {"ci": provider, "effect": "OUTAGE"}
    assert run(api, "preview-change", targets=[target], **WINDOW)["slices"]
    names = [each["name"].casefold() for each in last]
    assert names == sorted(names, reverse=True)
    data = api(text_of("log")).data
    assert data["anchor"]["revision"] == data["log"]["entries"][0]["revision"]
    assert service.head().revision == data["anchor"]["revision"]


def test_documents_that_write(api: Client) -> None:
    before = api("{ anchor { revision } }").data["anchor"]["revision"]
    made = write(api, "add-ci", **SERVICE, idempotencyKey="copied-1")["ci"]
    again = write(api, "add-ci", **SERVICE, idempotencyKey="copied-1")["ci"]
    other = write(api, "add-ci", **{**SERVICE, "name": "copied too"})["ci"]
    change = {"ci": made["id"], "values": {"criticality": 2}, "expectedVersion": made["version"]}
    assert made == again

    assert write(api, "set-attributes", **change)["ci"]["attributes"]["criticality"] == 2
    stale = run(api, "set-attributes", input=change)
    assert (stale["__typename"], stale["code"]) == ("Conflict", "STALE_VERSION")
    ends = {"dependent": made["id"], "provider": other["id"]}
    write(api, "relate", type="depends_on", **ends)
    write(api, "add-group", name="copied pair", members=[made["id"], other["id"]], kMin=1)
    assert write(api, "retire-ci", ci=made["id"])["ci"]["lifecycle"] == "RETIRED"
    told = run(api, "diff", first=before, second="2100-01-01T00:00:00Z")
    assert {each["change"] for each in told["changes"]} >= {"added"}


def test_documents_about_incidents_and_changes(api: Client) -> None:
    service = run(api, "find-ci", id="BusinessService/Online shop")
    provider = service["providers"]["edges"][0]["node"]["id"]

    incident = write(
        api, "open-incident", title="it is down", affected=[{"ci": provider}], reason="a call"
    )["incident"]
    assert incident["id"] in [each["id"] for each in run(api, "open-incidents")["nodes"]]
    notify = run(api, "whom-to-notify", incident=incident["id"])
    assert service["name"] in [each["ci"]["name"] for each in notify["impact"]["services"]]
    moved = {"incident": incident["id"], "expectedVersion": incident["version"]}
    done = write(api, "update-incident", **moved, state="RESOLVED", resolution="restarted")
    assert done["incident"]["resolution"] == "restarted"
    stale = run(api, "update-incident", input={**moved, "state": "CLOSED"})
    assert stale["__typename"] == "Conflict"

    target = {"ci": provider, "effect": "OUTAGE"}
    change = write(api, "plan-change", title="restart", targets=[target], **WINDOW)["change"]
    kept = write(api, "keep-preview", title="tonight", change=change["id"])["preview"]
    compared = run(api, "compare-preview", id=kept["id"])
    assert compared["keptRevision"] == kept["preview"]["basis"]["revision"]
    near = run(api, "changes-near", cis=[provider], sinceAt="2000-01-01T00:00:00Z")
    assert near["events"]


def test_documents_about_failures_in_the_long_run(api: Client) -> None:
    told = run(api, "availability", cis=["Online shop"])
    terms = {"targetPercent": 99.9, "periodHours": 168.0, "planned": "EXCLUDED"}
    under = run(api, "availability", cis=["Online shop"], **terms)

    assert told["services"][0]["unavailability"]["method"] == "exact"
    assert told["services"][0]["target"] is None
    assert under["services"][0]["target"]["missed"]["value"] > 0
    assert under["planned"]["mode"] == "EXCLUDED"
    assert run(api, "conflicts", **WINDOW)["isComplete"]
    assert run(api, "root-cause", symptoms=[{"ci": "Online shop"}])["candidates"]


def test_documents_about_the_system(api: Client) -> None:
    assert api(text_of("registries")).data["relationshipTypes"]["types"]
    token = write(api, "create-token", actor="scanner", roles=["IMPORTER"], source="copied")
    assert token["secret"].startswith("cmdb_")
    record = {
        "class": "PhysicalServer",
        "key": "copied",
        "name": "copied-1",
        "attributes": {"serial": "copied-1", "vendor": "acme"},
    }
    report = write(api, "upsert-records", source="copied", records=[record])
    assert report["results"][0]["ci"]


def test_documents_that_subscribe(api: Client, service: CountedService) -> None:

    async def work() -> tuple[Any, Any]:
        workers = Workers(4)
        watcher = FeedWatcher(lambda: service.head().revision, workers, interval_seconds=0.05)
        context = api.context(watcher=watcher)
        feed: Any = await api.schema.subscribe(text_of("change-feed"), {"after": 0}, context)
        async with aclosing(feed):
            entry = await asyncio.wait_for(anext(feed), 30)
        runs = await api.execute("{ importRuns { runs { id state } } }")
        id_ = runs.data["importRuns"]["runs"][0]["id"]
        progress: Any = await api.schema.subscribe(text_of("import-progress"), {"id": id_}, context)
        told = [each async for each in progress]
        await watcher.close()
        workers.close()
        return entry, told

    entry, told = asyncio.run(work())
    assert not entry.errors
    assert entry.data["changeFeed"]["entry"]["revision"] == 1
    assert [each.data["importProgress"]["state"] for each in told] == ["finished"]


def test_every_document_is_run_by_a_test() -> None:
    told = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in DOCUMENTS if f'"{name}"' not in told] == []
    assert len(DOCUMENTS) >= 15
