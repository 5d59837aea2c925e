"""The tables of settings in the docs are what is declared."""

from __future__ import annotations

from dataclasses import fields

from tests.docs.pages import PAGES
from tests.docs.tables import TABLES, tables_in, with_tables


def test_each_table_stands_in_the_docs_as_it_is_declared() -> None:
    """`python -m tests.docs --write` brings them up to date."""
    seen = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert with_tables(text) == text, page.name
        seen += tables_in(text)
    assert sorted(seen) == sorted(TABLES)


def test_a_table_has_a_row_for_every_setting() -> None:
    for name, cls in TABLES.items():
        rows = with_tables(f"<!-- table: {name} -->\n<!-- end -->").splitlines()[3:-1]
        assert [row.split("`")[1] for row in rows] == [field.name for field in fields(cls)]
