"""What stands in the log when the program ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from transcription_operator.program import told_unless_over


async def unclosable() -> AsyncIterator[int]:
    """As a watch of kopf whose connection is in the middle of something."""
    try:
        yield 1
    finally:
        raise RuntimeError("generator didn't stop")


def test_a_watch_that_cannot_be_closed_at_the_end_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    async def program() -> None:
        asyncio.get_running_loop().set_exception_handler(told_unless_over)
        opened.append(unclosable())
        await anext(opened[0])

    opened: list[AsyncIterator[int]] = []
    asyncio.run(program())
    assert not caplog.records


def test_any_other_fault_of_the_loop_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("a callback failed")

    async def program() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(told_unless_over)
        loop.call_soon(fails)
        await asyncio.sleep(0.01)

    asyncio.run(program())
    assert "a callback failed" in caplog.text
