"""The page's modules by themselves: their types, by TypeScript, and what they compute, by Node's own test runner."""

from tests.page import npm


def test_types_hold(judges: None) -> None:
    npm.ran("node_modules/.bin/tsc", "--project", "tsconfig.json")


def test_what_the_modules_compute(judges: None) -> None:
    told = npm.ran("node", "--test", "--test-reporter=spec")
    assert "fail 0" in told
    assert "pass 0" not in told


def test_nothing_that_a_stranger_wrote_can_become_markup() -> None:
    for file in (npm.PAGE / "static").glob("*.js"):
        content = file.read_text()
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            'setAttribute("style',
        ):
            assert way not in content, f"{file.name} uses {way}"


def test_the_locks_name_no_registry() -> None:
    for folder in (npm.HERE, npm.PAGE):
        assert "http" not in (folder / "package-lock.json").read_text()
