from __future__ import annotations

import csv
import re
import time
from collections import Counter
from pathlib import Path
from types import MappingProxyType

import pytest

from harness.catalogue import (
    DIRECTORY,
    MANUAL,
    Catalogue,
    CatalogueError,
    Level,
    Requirement,
    Role,
    Strength,
    load,
)

ROW = MappingProxyType(
    {
        "id": "791-3.1-a",
        "section": "3.1",
        "title": "Time to Live",
        "page": 14,
        "level": "implied-MUST",
        "role": "router",
        "gist": "TTL goes down",
        "observable": "wire",
    }
)


def toml(*rows: dict[str, object]) -> str:
    lines = []
    for row in rows:
        lines.append("[[requirement]]")
        for name, value in row.items():
            lines.append(f"{name} = {value!r}")
    return "\n".join(lines)


def written(folder: Path, *rows: dict[str, object], rfc: str = "791") -> Path:
    (folder / f"rfc{rfc}.toml").write_text(toml(*rows), encoding="utf-8")
    return folder


def row(**changes: object) -> dict[str, object]:
    return {**ROW, **changes}


class TestOneRow:
    def test_carries_what_the_file_says(self, tmp_path: Path) -> None:
        found = load(written(tmp_path, row(note="forward it")))["791-3.1-a"]
        assert found == Requirement(
            id="791-3.1-a",
            rfc="791",
            section="3.1",
            title="Time to Live",
            page=14,
            level=Level.IMPLIED_MUST,
            role=Role.ROUTER,
            gist="TTL goes down",
            observable=found.observable,
            note="forward it",
        )
        assert found.observable == "wire"
        assert not found.explained

    @pytest.mark.parametrize(
        ("level", "strength", "implied"),
        [
            ("MUST", "MUST", False),
            ("MUST NOT", "MUST", False),
            ("SHOULD NOT", "SHOULD", False),
            ("MAY", "MAY", False),
            ("implied-MUST NOT", "MUST", True),
            ("implied-SHOULD", "SHOULD", True),
            ("implied-MAY", "MAY", True),
        ],
    )
    def test_strength_is_the_keyword_alone(
        self, tmp_path: Path, level: str, strength: str, implied: bool
    ) -> None:
        found = load(written(tmp_path, row(level=level)))["791-3.1-a"]
        assert found.strength is Strength(strength)
        assert found.implied is implied
        assert found.judged_level is found.level

    def test_judged_level_decides_the_strength(self, tmp_path: Path) -> None:
        changes = {"judged_as": "implied-SHOULD", "judged_because": "a later text"}
        found = load(written(tmp_path, row(**changes)))["791-3.1-a"]
        assert found.level is Level.IMPLIED_MUST
        assert found.judged_level is Level.IMPLIED_SHOULD
        assert found.strength is Strength.SHOULD

    def test_superseded_clause_binds_nobody(self, tmp_path: Path) -> None:
        found = load(written(tmp_path, row(superseded_by=["2474 3"])))["791-3.1-a"]
        assert found.superseded_by == ("2474 3",)
        assert found.strength is Strength.MAY
        assert found.explained

    @pytest.mark.parametrize(
        ("section", "page", "anchor"),
        [
            ("3.1", 14, "#section-3.1"),
            ("3.1 TTL", 14, "#section-3.1"),
            ("3.2.1.3(a)", 30, "#section-3.2.1.3"),
            ("4.3-4.4", 10, "#section-4.3"),
            ("Appendix A", 34, "#appendix-A"),
            ("Packet Reception", 4, "#page-4"),
            ("Packet Reception", None, ""),
        ],
    )
    def test_url_leads_to_the_clause(
        self, tmp_path: Path, section: str, page: int | None, anchor: str
    ) -> None:
        fields = row(section=section, page=page)
        if page is None:
            del fields["page"]
        found = load(written(tmp_path, fields))["791-3.1-a"]
        assert found.url == f"https://www.rfc-editor.org/rfc/rfc791{anchor}"


class TestSockets:
    """What no RFC lays down."""

    def test_comes_last_and_leads_to_the_manual(self, tmp_path: Path) -> None:
        written(tmp_path, row(id="9776-5-a"), rfc="9776")
        text = toml(row(id="sockets-set-a", section="IP_OPTIONS"))
        (tmp_path / "sockets.toml").write_text(text, encoding="utf-8")
        found = load(tmp_path)
        assert list(found) == ["9776-5-a", "sockets-set-a"]
        assert found["sockets-set-a"].url == MANUAL
        assert (found["sockets-set-a"].document, found["sockets-set-a"].mark) == (
            "Berkeley sockets",
            "sockets",
        )
        assert (found["9776-5-a"].document, found["9776-5-a"].mark) == ("RFC 9776", "rfc9776")

    def test_binds_nobody_by_a_must(self) -> None:
        levels = {row.strength for row in load().matching("sockets")}
        assert levels == {Strength.SHOULD, Strength.MAY}

    def test_an_error_names_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "sockets.toml").write_text(toml(row(id="791-3.1-a")), encoding="utf-8")
        with pytest.raises(CatalogueError, match=r"sockets\.toml: .* does not begin with sockets-"):
            load(tmp_path)


class TestLookUp:
    @pytest.fixture
    def catalogue(self, tmp_path: Path) -> Catalogue:
        names = ("3.2.2-a", "3.2.2.1-a", "3.2.21-a", "3.2.1.8a-a", "A1-a", "ts-a", "tsx-a")
        written(tmp_path, *(row(id=f"1122-{name}") for name in names), rfc="1122")
        return load(written(tmp_path, row()))

    def test_is_a_mapping_in_order_of_rfc_number(self, catalogue: Catalogue) -> None:
        assert list(catalogue)[:3] == ["791-3.1-a", "1122-3.2.2-a", "1122-3.2.2.1-a"]
        assert len(catalogue) == 8
        assert "791-3.1-a" in catalogue
        assert "791-3.1-b" not in catalogue
        assert catalogue.get("791-3.1-b") is None

    @pytest.mark.parametrize(
        ("prefix", "found"),
        [
            ("1122-3.2.2", ["3.2.2-a", "3.2.2.1-a"]),
            ("1122-3.2.2-", ["3.2.2-a"]),
            ("1122-3.2.2.1-a", ["3.2.2.1-a"]),
            ("rfc1122-3.2.21", ["3.2.21-a"]),
            ("1122-3.2.1.8", ["3.2.1.8a-a"]),
            ("1122-ts", ["ts-a"]),
            ("1122", ["3.2.2-a", "3.2.2.1-a", "3.2.21-a", "3.2.1.8a-a", "A1-a", "ts-a", "tsx-a"]),
        ],
    )
    def test_prefix_ends_where_a_part_ends(
        self, catalogue: Catalogue, prefix: str, found: list[str]
    ) -> None:
        assert [row.id for row in catalogue.matching(prefix)] == [f"1122-{name}" for name in found]

    @pytest.mark.parametrize("prefix", ["", "112", "1122-A", "1122-3.2.3", "1122-t"])
    def test_prefix_without_rows_is_an_error(self, catalogue: Catalogue, prefix: str) -> None:
        with pytest.raises(CatalogueError, match="no requirement begins with"):
            catalogue.matching(prefix)

    def test_unknown_id_is_one_line_with_the_nearest(self, catalogue: Catalogue) -> None:
        with pytest.raises(CatalogueError) as caught:
            _ = catalogue["1122-3.2.2-b"]
        message = str(caught.value)
        assert message.startswith("unknown requirement '1122-3.2.2-b'; near: 1122-3.2.2-a")
        assert "\n" not in message

    def test_far_off_id_gets_no_hint(self, catalogue: Catalogue) -> None:
        with pytest.raises(CatalogueError) as caught:
            _ = catalogue["nonsense"]
        assert str(caught.value) == "unknown requirement 'nonsense'"


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"lvel": "MUST"}, "unknown field 'lvel'"),
            ({"level": "must"}, "unknown level 'must', not one of MUST, MUST NOT"),
            ({"role": "switch"}, "unknown role 'switch'"),
            ({"observable": "smell"}, "unknown observable"),
            ({"judged_as": "WILL", "judged_because": "x"}, "unknown judged_as 'WILL'"),
            ({"judged_as": "MAY"}, "judged_as and judged_because go together"),
            ({"judged_because": "x"}, "judged_as and judged_because go together"),
            ({"id": "792-a"}, "does not begin with 791-"),
            ({"page": 0}, "page is not a positive integer"),
            ({"page": "14"}, "page is not a positive integer"),
            ({"gist": " "}, "gist is not a text"),
            ({"title": 3}, "title is not a text"),
            ({"implied_by": "791-3.1-b"}, "implied_by is not a list"),
            ({"implied_by": []}, "implied_by is not a list"),
            ({"untestable": "x", "out_of_scope": "y"}, "untestable and out_of_scope exclude"),
            (
                {"superseded_by": ["2474 3"], "judged_as": "MAY", "judged_because": "x"},
                "a superseded clause is not judged",
            ),
            ({"superseded_by": ["2474-3-a"]}, "unknown requirement '2474-3-a'"),
            ({"implied_by": ["791-3.1-b"]}, "unknown requirement '791-3.1-b'; near: 791-3.1-a"),
            ({"implied_by": ["791-3.1-a"]}, "refers to itself"),
        ],
    )
    def test_the_message_names_file_row_and_fault(
        self, tmp_path: Path, changes: dict[str, object], message: str
    ) -> None:
        with pytest.raises(CatalogueError) as caught:
            load(written(tmp_path, row(**changes)))
        assert message in str(caught.value)
        assert str(caught.value).startswith("rfc791.toml: ")
        assert str(changes.get("id", "791-3.1-a")) in str(caught.value)

    @pytest.mark.parametrize("name", ["id", "section", "title", "level", "role", "gist"])
    def test_a_needed_field_is_missing(self, tmp_path: Path, name: str) -> None:
        fields = row()
        del fields[name]
        with pytest.raises(CatalogueError, match=f"{name} is missing"):
            load(written(tmp_path, fields))

    def test_two_rows_with_one_id(self, tmp_path: Path) -> None:
        with pytest.raises(CatalogueError, match=r"two rows have the id 791-3\.1-a"):
            load(written(tmp_path, row(), row()))

    def test_implied_by_a_row_that_needs_no_case(self, tmp_path: Path) -> None:
        explained = row(id="791-3.1-b", untestable="hidden")
        with pytest.raises(CatalogueError, match="which no case has to cover"):
            load(written(tmp_path, row(implied_by=["791-3.1-b"]), explained))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[[requirement]\n", r"rfc791\.toml: "),
            ("x = 1\n[[requirement]]\n", "unknown key 'x'"),
            ("", "no .*requirement.* rows"),
            ("requirement = 1\n", "no .*requirement.* rows"),
            ("requirement = [1]\n", "no .*requirement.* rows"),
        ],
    )
    def test_a_file_that_holds_no_rows(self, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "rfc791.toml").write_text(text)
        with pytest.raises(CatalogueError, match=message):
            load(tmp_path)

    def test_octets_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "rfc791.toml").write_bytes(b"\xff")
        with pytest.raises(CatalogueError, match=r"rfc791\.toml"):
            load(tmp_path)

    def test_an_empty_directory(self, tmp_path: Path) -> None:
        (tmp_path / "rfc791-notes.toml").write_text("")
        with pytest.raises(CatalogueError, match=r"no rfc<N>\.toml in"):
            load(tmp_path)


class TestOurCatalogue:
    @pytest.fixture
    def catalogue(self) -> Catalogue:
        return load()

    def test_is_read_once(self) -> None:
        assert load() is load()

    def test_is_read_fast(self) -> None:
        started = time.perf_counter()
        load.__wrapped__()
        assert time.perf_counter() - started < 1  # usually a thirtieth; slow machines are many

    def test_holds_all_rfcs_that_the_project_judges(self, catalogue: Catalogue) -> None:
        per_rfc = Counter(row.rfc for row in catalogue.values())
        assert {"791", "792", "1122", "2113", "6864", "4293", "4113"} <= set(per_rfc)
        assert per_rfc["1122"] == 257
        assert per_rfc["4293"] + per_rfc["4113"] == 35
        assert len(catalogue) >= 662

    def test_every_row_says_where_and_what(self, catalogue: Catalogue) -> None:
        for row in catalogue.values():
            assert row.section.strip()
            assert row.title.strip(" ?.")
            assert not row.gist.endswith(".")
            assert re.fullmatch(rf"{row.rfc}-[A-Za-z0-9.]+(-[a-z])?", row.id), row.id

    def test_what_a_reason_cites_begins_with_rfc_and_section(self, catalogue: Catalogue) -> None:
        for row in catalogue.values():
            for clause in row.superseded_by:
                assert clause in catalogue or re.fullmatch(r"\d+ \d[\d.]*", clause), row.id

    def test_old_rfcs_have_no_keywords(self, catalogue: Catalogue) -> None:
        for row in catalogue.values():
            assert row.implied or row.rfc not in {"768", "791", "792", "826", "894", "919", "922"}

    def test_counters_are_implied_musts(self, catalogue: Catalogue) -> None:
        for row in (*catalogue.matching("4293"), *catalogue.matching("4113")):
            assert row.level is Level.IMPLIED_MUST
            assert row.observable == "counter"

    @pytest.mark.parametrize(
        "clause",
        [
            "791-3.1.tos-a",  # DSCP and ECN took the octet
            "791-3.2.reasm-d",  # 15 s and TTL
            "791-3.2.id-a",  # atomic datagrams need no unique ID
            "792-sq-a",
            "792-info-a",
            "792-intro-b",
            "1122-3.2.2.3-b",
            "1122-3.3.3-e",
            "1122-3.3.6-b",
            "1812-4.2.2.11-c",
            "1812-4.3.3.9-a",
            "1812-5.3.5.2-a",
            "1812-5.3.13-b",
        ],
    )
    def test_clauses_that_time_went_over_fail_nobody(
        self, catalogue: Catalogue, clause: str
    ) -> None:
        assert catalogue[clause].strength is Strength.MAY

    def test_liberal_receipt_is_no_must(self, catalogue: Catalogue) -> None:
        assert catalogue["791-3.1.flags-b"].strength is Strength.SHOULD
        assert catalogue["1812-4.2.2.3-b"].strength is Strength.MUST


class TestSheets:
    def sheet(self, name: str) -> list[dict[str, str]]:
        with (DIRECTORY / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def test_summary_tables_of_rfc_1122_are_complete(self) -> None:
        rows = Counter(line["table"] for line in self.sheet("rfc1122_summary.tsv"))
        assert rows == {"2.5": 15, "3.5": 155, "4.1.5": 19}

    def test_every_summary_row_leads_to_requirements(self) -> None:
        catalogue = load()
        for line in self.sheet("rfc1122_summary.tsv"):
            ids = line["catalogue_ids"].split(",")
            assert ids
            for name in ids:
                assert catalogue[name].rfc == "1122", line

    def test_summary_levels_agree_with_the_text_save_one(self) -> None:
        """Table 3.5 asks for an echo client as MUST and as SHOULD; the text says SHOULD."""
        catalogue = load()
        differing = {
            (line["table"], line["row"], name)
            for line in self.sheet("rfc1122_summary.tsv")
            for name in line["catalogue_ids"].split(",")
            if catalogue[name].level.removeprefix("implied-") != line["level"]
        }
        assert differing == {("3.5", "63", "1122-3.2.2.6-b")}

    def test_tc8_cases_are_listed_once(self) -> None:
        names = [line["case_id"] for line in self.sheet("tc8.tsv")]
        assert len(names) == len(set(names)) == 114
