"""Does a picture show what the report says, without overlaps and without a way to break out?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from cmdb.cli.mermaid import draw_mermaid
from cmdb.cli.pictures import MOST_DRAWN, draw
from cmdb.cli.svg import HEIGHT, WIDTH, draw_svg
from cmdb.model.impact_reports import PresentOutage, Step
from tests.unit.cli.reports import FEED, RACK, WEB, WHOLE, hit, report

SVG = "{http://www.w3.org/2000/svg}"


def test_every_ci_stands_in_the_column_of_its_distance() -> None:
    columns = {str(box.ci): box.column for box in draw(WHOLE).boxes}

    assert columns == {
        "PowerSource/feed": 0,
        "Rack/rack": 1,
        "ContainerWorkload/web": 2,
        "ClusterService/web": 3,
        "BusinessService/shop": 4,
    }


def test_arrows_lead_the_way_failure_goes_and_mark_guesses() -> None:
    arrows = draw(WHOLE).arrows

    assert len(arrows) == 4
    assert [arrow.label for arrow in arrows if arrow.is_inferred] == ["depends_on"]


def test_missing_members_of_a_group_are_drawn_too() -> None:
    group = replace(RACK, id="g", name="pool", class_name="RedundancyGroup")
    other = replace(FEED, id="o", name="other feed")
    step = Step(FEED, group, "has_member", "gate")
    found = report(
        replace(hit(group), evidence=(step,), members=(FEED, other)),
        replace(hit(other), evidence=()),
    )

    picture = draw(found)

    keys = {box.key: box.ci.name for box in picture.boxes}
    assert {(keys[a.start], keys[a.to]) for a in picture.arrows} == {
        ("feed", "pool"),
        ("other feed", "pool"),
    }


def test_too_many_cis_are_counted_not_drawn() -> None:
    many = [
        replace(
            hit(replace(RACK, id=f"r{n}")),
            evidence=(Step(FEED, replace(RACK, id=f"r{n}"), "powered_by", "hard"),),
        )
        for n in range(MOST_DRAWN + 7)
    ]

    found = report(*many)

    assert draw(found).left_out == 7
    assert "7 more CIs are not drawn" in draw_svg(found)
    assert 'rest["and 7 more"]' in draw_mermaid(found)


def test_boxes_never_overlap_and_stay_inside() -> None:
    root = ET.fromstring(draw_svg(WHOLE))  # noqa: S314 - our own picture
    corners = [
        (float(box.attrib["x"]), float(box.attrib["y"]))
        for box in root.findall(f"{SVG}g/{SVG}rect")
    ]
    width, height = float(root.attrib["width"]), float(root.attrib["height"])

    assert len(corners) == 5
    assert all(x + WIDTH <= width and y + HEIGHT <= height for x, y in corners)
    for number, (x, y) in enumerate(corners):
        for other_x, other_y in corners[number + 1 :]:
            assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT


def test_an_evil_name_stays_text() -> None:
    evil = '"]; click n0 "javascript:alert(1)" <script>&'
    rack = replace(RACK, name=evil)
    found = report(replace(hit(rack), evidence=(Step(FEED, rack, "powered_by", "hard"),)))

    root = ET.fromstring(draw_svg(found))  # noqa: S314 - our own picture
    diagram = draw_mermaid(found)

    assert root.find(f".//{SVG}script") is None
    assert 'click n0 "' not in diagram
    assert "<script>" not in diagram


def test_an_outage_without_effect_is_a_single_box() -> None:
    assert len(draw(report()).boxes) == 1
    assert draw_svg(report()).startswith("<svg")


def test_what_is_so_already_is_drawn_only_where_a_chain_needs_it() -> None:
    other = replace(FEED, id="o", name="other feed")
    unrelated = replace(FEED, id="u", name="unrelated")
    over = replace(hit(RACK), evidence=(Step(other, RACK, "powered_by", "hard"),))
    already = replace(hit(WEB), is_present=True)
    present = tuple(
        PresentOutage(ci, "DOWN", "incident", "i", "lost", None, None) for ci in (other, unrelated)
    )

    picture = draw(replace(report(over, already), present=present))

    drawn = {box.ci.name: (box.column, box.state) for box in picture.boxes}
    assert drawn == {"feed": (0, "DOWN"), "other feed": (0, "DOWN"), "rack": (1, "DOWN")}
    assert picture.left_out == 0
