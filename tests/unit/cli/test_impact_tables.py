"""Is a blast radius told so that nobody misreads it?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb.cli.explanation_tables import chain_text
from cmdb.cli.impact_tables import ALL, BRIEF, print_blast_radius, verdict
from cmdb.cli.trust_tables import basis_lines
from cmdb.model.impact_reports import PresentOutage, Trust
from tests.unit.cli.reports import CHAIN, RACK, SHOP, TRUSTED, WEB, WHOLE, hit, report


def test_the_verdict_counts_services_before_all_else() -> None:
    assert verdict(WHOLE.outages, WHOLE.hits) == (
        "PowerSource/feed DOWN takes 1 service DOWN, 0 DEGRADED, 0 AT_RISK (up to critical); "
        "of all: 4 CIs DOWN, 0 DEGRADED, 0 AT_RISK."
    )


def test_without_services_the_verdict_says_that_none_is_affected() -> None:
    found = report(hit(RACK), hit(WEB, "AT_RISK"))

    text = verdict(found.outages, found.hits)

    assert text.endswith(
        "takes 1 CI DOWN, 0 DEGRADED, 1 AT_RISK; no service on record is affected."
    )


def test_nothing_affected_is_said_with_its_limits() -> None:
    assert "as far as is on record" in verdict(report().outages, ())


def test_a_chain_marks_guesses_and_tells_equal_names_apart() -> None:
    assert chain_text(CHAIN) == (
        "feed -> rack -> ContainerWorkload/web -> ClusterService/web ->? shop"
    )


def test_a_long_chain_loses_its_middle_and_says_how_much() -> None:
    assert chain_text(CHAIN, 3) == "feed -> rack -> (2 more) ->? shop"


def test_an_inferred_relationship_is_said_to_be_guessed_and_taken_as_hard() -> None:
    trust = Trust(
        share=0.9,
        relationships_used=9,
        inferred_used=5,
        inferred_by={"environment": 5},
        inferred_hard=5,
        relationships_known=40,
        inferred_known=16,
        inferred_known_hard=16,
    )

    lines = basis_lines(replace(TRUSTED, trust=trust))

    assert (
        "Trust: 5 of the 9 relationships used are inferred (guessed from environment (5)) and "
        "taken as hard; marked ->? above."
    ) in lines
    assert (
        "In all, 16 of the 40 relationships that bear on impact are inferred and taken as hard."
        in lines
    )


def test_an_answer_cut_short_never_looks_complete() -> None:
    assert any(
        text.startswith("PARTIAL") for text in basis_lines(replace(TRUSTED, is_partial=True))
    )


def test_stale_cis_problems_and_assumptions_are_told() -> None:
    trust = replace(TRUSTED.trust, stale_count=1, stale=(RACK,))
    basis = replace(TRUSTED, trust=trust, problems=("a problem",), assumptions=("a guess.",))

    lines = basis_lines(basis)

    assert "Problem: a problem." in lines
    assert "Assumed: a guess." in lines
    assert any(text.startswith("Stale: 1 CI ") and "Rack/rack" in text for text in lines)


def test_what_is_not_listed_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    many = report(hit(SHOP), *[hit(replace(RACK, id=f"r{n}"), "AT_RISK") for n in range(30)])

    print_blast_radius(many)
    usual = capsys.readouterr().out
    print_blast_radius(many, BRIEF)
    brief = capsys.readouterr().out
    print_blast_radius(many, ALL)
    whole = capsys.readouterr().out

    assert "... and 20 more; --all lists them." in usual
    assert "AT RISK: works, with less redundancy than planned (30); --all lists them." in brief
    assert whole.count("Rack/rack") == 30


def test_a_name_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    nasty = replace(RACK, name="[red]ra\x1b[31mck")

    print_blast_radius(report(hit(nasty)))

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[red]ra" in out


def test_what_is_so_already_does_not_count_and_stands_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    already = replace(hit(SHOP, steps=4), present_state="DOWN", is_present=True)
    present = PresentOutage(RACK, "DOWN", "incident", "i", "rack lost", None, None)
    found = replace(report(already, hit(WEB)), present=(present,))

    print_blast_radius(found)
    out = capsys.readouterr().out

    assert "takes 1 CI DOWN, 0 DEGRADED, 0 AT_RISK; no service on record is affected." in out
    assert "SERVICES" not in out.split("ALREADY SO, BY INCIDENTS AND OTHER CHANGES (1)")[0]
    assert "rack lost" in out
    assert "nothing more than is so already is affected" in verdict(found.outages, (already,))


def test_what_was_worse_than_up_before_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    print_blast_radius(report(replace(hit(SHOP), present_state="AT_RISK")))

    assert "AT_RISK already" in capsys.readouterr().out
