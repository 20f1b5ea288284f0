"""Can the inventory be read: by name, by page, by words, by history?"""

from __future__ import annotations

from tests.e2e.command_line import CommandLine


def test_a_ci_is_found_by_id_by_name_and_by_class_and_name(estate: CommandLine) -> None:
    by_name = estate.json("ci", "show", "hv-sq-2")["ci"]

    assert estate.json("ci", "show", by_name["id"])["ci"] == by_name
    assert estate.json("ci", "show", "hypervisor/HV-SQ-2")["ci"] == by_name
    assert estate.json("ci", "show", "Host/hv-sq-2")["ci"] == by_name


def test_an_ambiguous_name_lists_the_candidates(estate: CommandLine) -> None:
    ended = estate("ci", "show", "storefront", "--json")

    assert ended.code == 3
    assert ended.json["error"]["code"] == "AMBIGUOUS_NAME"
    labels = [text.split(" (")[0] for text in ended.json["error"]["facts"]["candidates"]]
    assert labels == ["ClusterService/storefront", "ContainerWorkload/storefront"]


def test_an_unknown_name_suggests_the_nearest(estate: CommandLine) -> None:
    ended = estate("ci", "show", "hv-sq2")

    assert ended.code == 3
    assert "Hypervisor/hv-sq-2" in ended.err


def test_show_tells_both_directions(estate: CommandLine) -> None:
    details = estate.json("ci", "show", "Rack/SQ-2")

    providers = {(n["relationship"]["type"], n["other"]["name"]) for n in details["providers"]}
    assert providers == {("hosted_in", "Southquay"), ("powered_by", "SQ-B")}
    assert {n["other"]["name"] for n in details["dependents"]} == {"hv-sq-2", "sw-sq-2"}
    assert "RELIES ON (2)" in estate("ci", "show", "Rack/SQ-2").out


def test_pages_of_a_list_join_without_gap_or_repetition(estate: CommandLine) -> None:
    whole = [ci["id"] for ci in estate.json("ci", "list", "--limit", 200)["cis"]]
    paged: list[str] = []
    after = ""
    while True:
        page = estate.json("ci", "list", "--limit", 40, "--after", after)
        paged += [ci["id"] for ci in page["cis"]]
        after = page["next"]
        if not after:
            break

    assert len(whole) == 87
    assert paged == whole


def test_a_list_can_be_narrowed(estate: CommandLine) -> None:
    hosts = estate.json("ci", "list", "--class", "Hypervisor")["cis"]
    named = estate.json("ci", "list", "--name", "orders")["cis"]
    owned = estate.json("ci", "list", "--where", "owner=Payments team")["cis"]

    assert len(hosts) == 4
    assert {ci["name"] for ci in named} >= {"orders-db-1", "vm-orders-2"}
    assert [ci["name"] for ci in owned] == ["Card payments"]


def test_an_unknown_class_suggests_the_nearest(estate: CommandLine) -> None:
    ended = estate("ci", "list", "--class", "hypervisor")

    assert ended.code == 3
    assert "Hypervisor" in ended.err


def test_search_finds_words_of_names(estate: CommandLine) -> None:
    hits = estate.json("search", "orders", "database")["hits"]

    assert [hit["ci"]["name"] for hit in hits] == ["orders database"]


def test_classes_are_listed_with_their_numbers(estate: CommandLine) -> None:
    classes = {c["name"]: c for c in estate.json("classes")["classes"]}

    assert classes["Hypervisor"]["count"] == 4
    assert classes["Hypervisor"]["rules"][0] == "uuid"
    assert classes["Circuit"]["layer"] == "network"


def test_history_follows_a_ci_and_its_relationships(own_estate: CommandLine) -> None:
    own_estate("ci", "set", "Rack/SQ-2", "notes=look here", "--reason", "seen on site")

    history = own_estate.json("ci", "history", "Rack/SQ-2")

    newest = history["events"][0]
    assert (newest["revision"], newest["reason"]) == (2, "seen on site")
    assert newest["after"]["a_notes"] == "look here"
    assert len(history["events"]) == 6
    assert own_estate.json("ci", "history", "Rack/SQ-2", "--limit", 2)["is_partial"]
