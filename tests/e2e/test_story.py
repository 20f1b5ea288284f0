"""Can a discovery tool, a planner, a responder and a subscriber work together over real HTTP?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmdb.client import Client
from cmdb.errors import Forbidden
from cmdb.model.impact_reports import Hit, PreviewReport
from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.records import ImportInput
from cmdb.ports import EditReason, Target
from cmdb.ports.requests import IncidentUpdate, NewAffected, NewIncident
from tests.e2e.serve_process import Place, ServeProcess, neo4j_or_skip, wipe
from tests.e2e.subscribing import Listening, Subscriber
from tests.importers.reading_items import REAL_FILES
from tests.peers.neo4j_somewhere import Address
from tests.peers.unavailable import skip_for_good

BEGIN = datetime(2030, 1, 5, 22, tzinfo=UTC)
END = datetime(2030, 1, 5, 23, tzinfo=UTC)
SCAN, PAGER, FIXED = "nightly scan", "pager", "restarted"


@dataclass(frozen=True, slots=True)
class Shop:
    """A manifest, and what can be read in it by hand.

    Attributes:
        manifest: The file.
        workloads: Number of workloads in it.
        changed: The workload that the planner wants to stop.
        struck: The workload that the incident stops.
        change_alone: What the change takes down, by class and name.
        incident_alone: What the incident takes down.
    """

    manifest: Path
    workloads: int
    changed: str
    struck: str
    change_alone: frozenset[str]
    incident_alone: frozenset[str]


def named(workloads: str, services: str) -> frozenset[str]:
    return frozenset(
        [f"ContainerWorkload/{name}" for name in workloads.split()]
        + [f"ClusterService/{name}" for name in services.split()]
    )


SHOPS = {
    "teashop": Shop(
        Path(__file__).parents[2] / "docs" / "examples" / "teashop.yaml",
        3,
        "ContainerWorkload/store",
        "ContainerWorkload/basket",
        named("basket web", "store basket web"),
        named("web", "basket web"),
    ),
    "online-boutique": Shop(
        REAL_FILES / "kubernetes" / "online-boutique.yaml",
        12,
        "ContainerWorkload/redis-cart",
        "ContainerWorkload/currencyservice",
        named(
            "cartservice checkoutservice frontend loadgenerator",
            "redis-cart cartservice checkoutservice frontend frontend-external",
        ),
        named(
            "checkoutservice frontend loadgenerator",
            "currencyservice checkoutservice frontend frontend-external",
        ),
    ),
}


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest) -> Shop:
    found = SHOPS[request.param]
    if not found.manifest.exists():
        skip_for_good(f"the real file {found.manifest.name} is not here")
    return found


@pytest.fixture(scope="module")
def neo4j_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with neo4j_or_skip(tmp_path_factory.mktemp("neo4j")) as address:
        yield address


@pytest.fixture(params=["embedded", pytest.param("neo4j", marks=pytest.mark.server)])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServeProcess]:
    if request.param == "embedded":
        yield from running(Place(tmp_path / "data"), tmp_path)
        return
    address = request.getfixturevalue("neo4j_address")
    wipe(address)
    yield from running(Place(tmp_path / "data", address), tmp_path)


def running(place: Place, folder: Path) -> Iterator[ServeProcess]:
    with ServeProcess(place, place.make_administrator(), folder / "serve.log") as started:
        yield started


class Crew:
    """Everybody who takes part, each with a token of their own."""

    def __init__(self, server: ServeProcess) -> None:
        self.scanner = server.client(server.token("scanner", "importer", source="cluster"))
        self.planner = server.client(server.token("paula", "planner"))
        self.responder = server.client(server.token("rashid", "responder"))
        self.viewer_secret = server.token("vera", "viewer")
        self.viewer = server.client(self.viewer_secret)

    def close(self) -> None:
        for client in (self.scanner, self.planner, self.responder, self.viewer):
            client.close()


@pytest.fixture
def crew(server: ServeProcess) -> Iterator[Crew]:
    made = Crew(server)
    yield made
    made.close()


@pytest.fixture
def listening(server: ServeProcess, crew: Crew) -> Iterator[list[Listening]]:
    """One subscriber by server-sent events, one by WebSocket, both from here on."""
    head = crew.viewer.anchor_log().revision
    made = [Subscriber(server.address, crew.viewer_secret, head) for _ in range(2)]
    both = [
        Listening(made[0], made[0].follow_events),
        Listening(made[1], made[1].follow_socket),
    ]
    for each in both:
        each.start()
    yield both
    for each in both:
        each.stop()


def post(scanner: Client, manifest: Path, source: str = "cluster") -> ImportReport:
    request = ImportRequest(source, "kubernetes", scope={"cluster": "prod"}, reason=SCAN)
    return scanner.import_inventory(ImportInput(path=manifest, name=manifest.name), request)


def preview(planner: Client, shop: Shop) -> PreviewReport:
    return planner.preview_change([Target(shop.changed)], BEGIN, END)


def down(hits: tuple[Hit, ...]) -> frozenset[str]:
    return frozenset(f"{hit.ci.class_name}/{hit.ci.name}" for hit in hits if hit.state == "DOWN")


def hits_of(report: PreviewReport) -> list[Hit]:
    return sorted(report.worst, key=lambda hit: hit.ci.id)


def wait_all(listening: list[Listening], crew: Crew) -> int:
    """Return the newest revision, once both subscribers were told of it."""
    head = crew.viewer.anchor_log().revision
    for each in listening:
        each.wait_for(head)
    return head


def test_the_whole_story(
    server: ServeProcess, crew: Crew, listening: list[Listening], shop: Shop
) -> None:
    begin = listening[0].subscriber.after
    affected = (NewAffected(shop.struck),)

    # The discovery tool posts what it saw, of its own source only, and twice is as good as once.
    with pytest.raises(Forbidden):
        post(crew.scanner, shop.manifest, source="another")
    report = post(crew.scanner, shop.manifest)
    assert report.records_by_class["ContainerWorkload"] == shop.workloads
    assert report.last_revision == crew.viewer.anchor_log().revision > begin
    assert post(crew.scanner, shop.manifest).last_revision == 0
    assert wait_all(listening, crew) == report.last_revision

    # The planner sees what the change would do.
    before = preview(crew.planner, shop)
    assert down(before.added) == shop.change_alone
    assert before.present == ()

    # Both subscribers go away, and the responder opens an incident; who only views may not.
    for each in listening:
        each.stop()
    with pytest.raises(Forbidden):
        crew.viewer.open_incident(NewIncident("no", affected), EditReason())
    opened = crew.responder.open_incident(NewIncident("it hangs", affected), EditReason(PAGER))
    during = preview(crew.planner, shop)
    (present,) = during.present
    assert (present.kind, present.id, present.title) == ("incident", opened.id, "it hangs")
    assert f"{present.ci.class_name}/{present.ci.name}" == shop.struck
    there_already = tuple(hit for hit in during.worst if hit.is_present)
    assert down(there_already) == shop.incident_alone | {shop.struck}
    assert down(during.added) == shop.change_alone - shop.incident_alone - {shop.struck}

    # They come back and learn what they missed; the server is restarted under them.
    for each in listening:
        each.start()
    assert wait_all(listening, crew) == opened.version
    server.stop()
    server.start()

    # The incident is resolved, and the preview is as it was.
    update = IncidentUpdate(state="resolved", resolution="by hand")
    crew.responder.update_incident(opened.id, update, EditReason(FIXED))
    after = preview(crew.planner, shop)
    assert (hits_of(after), after.present) == (hits_of(before), ())
    assert [each.hits for each in after.slices] == [each.hits for each in before.slices]

    # Each was told of every step, in order, none missing and none twice.
    head = wait_all(listening, crew)
    steps = {
        report.last_revision: ("scanner", SCAN),
        opened.version: ("rashid", PAGER),
        head: ("rashid", FIXED),
    }
    for each in listening:
        told = each.subscriber.told
        assert each.failure is None
        assert each.subscriber.revisions == list(range(begin + 1, head + 1))
        assert {
            entry.revision: (entry.actor, entry.reason) for entry in told if entry.revision in steps
        } == steps
    assert crew.viewer.verify_log().entries == head
