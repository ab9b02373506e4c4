"""The table of the chart's values (Markdown), read from values.yaml: a row for each value, its comment as its meaning.

It stands in the chart's README between two marks; whatever else the README says is written by hand.
"""

from collections.abc import Iterator

import yaml

BEGIN = "<!-- Generated from values.yaml by `make generate`; do not edit up to the next mark. -->\n"
END = "<!-- The end of what is generated. -->\n"


def with_values(readme: str, values: str) -> str:
    """The README with the table as `values` has it now.

    Raises ValueError if it has not both marks.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the chart's README lacks a mark of the table of values")
    rows = (f"| `{path}` | {default} | {meaning} |\n" for path, default, meaning in value_rows(values))
    return "".join((before, BEGIN, "| value | default | meaning |\n|---|---|---|\n", *rows, END, after))


def value_rows(text: str) -> Iterator[tuple[str, str, str]]:
    """Each value's path, its default as one would write it, and what the comment above it says. A group has a row if it has a
    comment, and no default of its own."""
    root = yaml.compose(text)
    if isinstance(root, yaml.MappingNode):
        yield from _rows(root, text.splitlines(), text, "")


def _rows(node: yaml.MappingNode, lines: list[str], text: str, above: str) -> Iterator[tuple[str, str, str]]:
    for key, value in node.value:
        path, meaning = f"{above}{key.value}", _comment(lines, key.start_mark.line, key.start_mark.column)
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            if meaning:
                yield path, "", meaning
            yield from _rows(value, lines, text, f"{path}.")
        else:
            default = " ".join(text[value.start_mark.index : value.end_mark.index].split())
            yield path, f"`{default}`", meaning


def _comment(lines: list[str], line: int, column: int) -> str:
    """The comment that ends above a line, and begins in the same column."""
    start = line
    while start > 0 and lines[start - 1].startswith(" " * column + "#"):
        start -= 1
    words = " ".join(above.strip().removeprefix("#").strip() for above in lines[start:line])
    return words.replace("|", "\\|").replace("<", "&lt;")
