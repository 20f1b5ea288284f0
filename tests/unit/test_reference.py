"""Does the reference page say what the registry says?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.model.definitions import LAYERS, LIFECYCLE, IdentificationRule
from cmdb.model.reference import KINDS, SEVERAL, STAGES, main, render_reference
from cmdb.model.registry_json import encode_class, extended
from cmdb.model.shipped import shipped_registry
from cmdb.model.values import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "classes.md"


def section(page: str, class_name: str) -> str:
    after = page.split(f"\n#### {class_name}\n", 1)[1]
    return after.split("\n##", 1)[0]


def test_the_page_in_the_repository_is_the_one_that_the_registry_gives() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert written == render_reference(shipped_registry()), "run `make docs` and commit the page"


def test_the_command_writes_the_page_and_makes_its_folder(tmp_path: Path) -> None:
    page = tmp_path / "new" / "classes.md"

    assert main([str(page)]) == 0
    assert page.read_bytes() == PAGE.read_bytes()


def test_the_command_without_a_file_says_how_it_is_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "FILE" in capsys.readouterr().err


def test_every_kind_stage_and_meaning_of_several_is_described() -> None:
    assert set(KINDS) == set(CHECKS)
    assert tuple(STAGES) == LIFECYCLE
    assert set(SEVERAL) >= {kind.several for kind in shipped_registry().types.values()}


def test_every_class_attribute_and_type_is_on_the_page() -> None:
    registry = shipped_registry()
    page = render_reference(registry)

    for name, ci_class in registry.classes.items():
        own = section(page, name)
        assert ci_class.summary in own
        assert all(f"| `{attribute.name}` |" in own for attribute in ci_class.attributes)
    assert all(f"| `{name}` |" in page for name in registry.types)


def test_rules_stand_in_priority_order_with_those_of_the_parent_last() -> None:
    own = section(render_reference(shipped_registry()), "PhysicalServer")

    rules = [line.strip() for line in own.splitlines() if line.startswith("    ")]
    assert rules == [
        "1. `serial` + `vendor`",
        "2. `uuid`",
        "3. `macs`",
        "4. `fqdn`",
        "5. `ip` + `scope` (of the parent)",
    ]


def test_a_class_that_an_administrator_adds_appears_in_its_layer() -> None:
    shipped = shipped_registry()
    robot = shipped.classes["Rack"]
    added = encode_class(
        type(robot)("Robot", "facility", (IdentificationRule(("serial",)),), summary="An arm.")
    )

    page = render_reference(extended(shipped, [added], []))

    assert "An arm." in section(page, "Robot")
    assert page.index("#### Robot") > page.index("### Layer: facility")


def test_every_link_leads_to_a_class_on_the_page() -> None:
    page = render_reference(shipped_registry())
    headings = {line[5:].lower() for line in page.splitlines() if line.startswith("#### ")}

    linked = {part.split(")", 1)[0] for part in page.split("](#")[1:]}
    assert linked <= headings
    assert all(f"### Layer: {layer}" in page for layer in LAYERS)
