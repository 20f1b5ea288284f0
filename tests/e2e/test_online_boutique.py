"""Does a real shop's manifest give the blast radius that can be counted in it by hand?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command_line import CommandLine
from tests.importers.reading_items import real_file


@pytest.fixture(scope="module")
def manifest() -> Path:
    return real_file("kubernetes/online-boutique.yaml")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, manifest: Path) -> CommandLine:
    cmdb = CommandLine(tmp_path_factory.mktemp("shop") / "data")
    ended = cmdb("import", "kubernetes", manifest)
    assert ended.code == 0, ended
    return cmdb


def test_without_options_it_says_which_source_and_cluster_it_took(
    tmp_path: Path, manifest: Path
) -> None:
    err = CommandLine(tmp_path)("import", "kubernetes", manifest, "--dry-run").err

    assert "Source online-boutique" in err
    assert "cluster online-boutique" in err


def test_the_counts_are_those_of_the_manifest(shop: CommandLine, manifest: Path) -> None:
    report = shop.json("import", "kubernetes", manifest)

    assert report["read"]["records_by_class"]["ContainerWorkload"] == 12
    assert report["read"]["records_by_class"]["ClusterService"] == 12
    assert report["read"]["records_by_class"]["ContainerImage"] == 13
    assert report["read"]["links_by_type"]["routes_to"] == 12
    assert report["read"]["links_by_type"]["depends_on"] == 16
    assert report["read"]["inferred_links"] == 16


def test_a_second_import_makes_no_revision(shop: CommandLine, manifest: Path) -> None:
    again = shop.json("import", "kubernetes", manifest)

    assert (again["first_revision"], again["last_revision"]) == (0, 0)
    assert shop.json("log", "anchor")["revision"] == 1


def test_losing_the_cart_store_takes_exactly_nine_others_down(shop: CommandLine) -> None:
    hits = shop.json("blast-radius", "ContainerWorkload/redis-cart")["hits"]

    down = {(hit["ci"]["class"], hit["ci"]["name"]) for hit in hits if hit["state"] == "DOWN"}
    workloads = ("cartservice", "checkoutservice", "frontend", "loadgenerator")
    services = ("redis-cart", "cartservice", "checkoutservice", "frontend", "frontend-external")
    assert down == {
        *(("ContainerWorkload", name) for name in workloads),
        *(("ClusterService", name) for name in services),
    }
    assert len(hits) == 9


def test_it_says_that_the_sixteen_edges_are_inferred_and_taken_as_hard(shop: CommandLine) -> None:
    out = shop("blast-radius", "ContainerWorkload/redis-cart").out

    assert (
        "In all, 16 of the 40 relationships that bear on impact are inferred and taken as hard."
        in out
    )


def test_the_two_that_are_called_redis_cart_are_told_apart(shop: CommandLine) -> None:
    ended = shop("blast-radius", "redis-cart")

    assert ended.code == 3
    assert "ClusterService/redis-cart" in ended.err
    assert "ContainerWorkload/redis-cart" in ended.err
