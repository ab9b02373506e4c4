"""The chart's table of values says of each value where it is, what it is, and what the comment above it says."""

from pathlib import Path

import pytest

from transcription_api.chart_values import BEGIN, END, value_rows, with_values

VALUES = """\
# A group.
image:
  # One of them,
  # in two lines.
  name: "x"
  plain: 3
# Not of the next value.

empty: {}
flow: {a: 1,
  b: [2]}
# a | b <c>
last: null
"""


def test_each_value_has_a_row_with_the_comment_that_stands_right_above_it() -> None:
    assert list(value_rows(VALUES)) == [
        ("image", "", "A group."),
        ("image.name", '`"x"`', "One of them, in two lines."),
        ("image.plain", "`3`", ""),
        ("empty", "`{}`", ""),
        ("flow", "`{a: 1, b: [2]}`", ""),
        ("last", "`null`", "a \\| b &lt;c>"),
    ]


def test_the_table_takes_the_place_of_the_one_before_and_of_nothing_else() -> None:
    readme = f"before\n{BEGIN}old\n{END}after\n"
    once = with_values(readme, "one: 1\n")
    assert once.startswith(f"before\n{BEGIN}")
    assert once.endswith(f"| `one` | `1` |  |\n{END}after\n")
    assert "old" not in once
    assert with_values(once, "one: 1\n") == once


@pytest.mark.parametrize("readme", ["", BEGIN, END])
def test_a_readme_without_its_marks_is_said_to_lack_them(readme: str) -> None:
    with pytest.raises(ValueError, match="lacks a mark"):
        with_values(readme, "one: 1\n")


def test_every_list_and_map_of_the_values_that_a_reader_has_to_fill_is_explained() -> None:
    values = Path(__file__).parents[3] / "deploy" / "helm" / "transcription-operator" / "values.yaml"
    rows = {path: meaning for path, _, meaning in value_rows(values.read_text())}
    assert len(rows) > 100
    for path in ("storage.caSecret", "propagateLabels", "runner.extraEnv", "runner.modelCache.size", "policy.endpoints"):
        assert rows[path], path
