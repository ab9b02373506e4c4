"""When a schedule is due, at both changes of summer time too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.operator.schedule_world import moment
from transcription_operator.schedule.timetable import MOST_COUNTED, Timetable, TimetableError

MADRID = "Europe/Madrid"
SUMMER_BEGINS = "2026-03-29"  # 02:00 becomes 03:00, at 01:00 UTC
SUMMER_ENDS = "2026-10-25"  # 03:00 becomes 02:00, at 01:00 UTC


def dues(expression: str, zone: str | None, after: str, until: str) -> list[str]:
    """Local times with their offset, such as 03:00+0200."""
    table, found, last = Timetable.read(expression, zone), [], moment(after)
    while (following := table.next(last)) and following <= moment(until):
        found.append(following.astimezone(table.zone).strftime("%H:%M%z"))
        last = following
    return found


def test_without_a_zone_it_is_utc() -> None:
    assert dues("30 3 * * *", None, "2026-07-01T00:00", "2026-07-02T00:00") == ["03:30+0000"]


def test_a_zone_is_followed_through_the_year() -> None:
    assert Timetable.read("0 3 * * *", MADRID).next(moment("2026-07-01T00:00")) == moment("2026-07-01T01:00")
    assert Timetable.read("0 3 * * *", MADRID).next(moment("2026-12-01T00:00")) == moment("2026-12-01T02:00")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 2 * * *", ["03:00+0200"]),
        ("0 3 * * *", ["03:00+0200"]),
        ("15,45 2 * * *", ["03:00+0200"]),
        ("0 1-3 * * *", ["01:00+0100", "03:00+0200"]),
    ],
)
def test_a_fixed_hour_that_the_change_to_summer_time_skips_runs_once_right_after_it(expression: str, expected: list[str]) -> None:
    assert dues(expression, MADRID, "2026-03-28T23:30", "2026-03-29T22:00") == expected


def test_an_hourly_run_is_hourly_when_summer_time_begins() -> None:
    found = dues("0 * * * *", MADRID, "2026-03-28T22:30", "2026-03-29T03:00")
    assert found == ["00:00+0100", "01:00+0100", "03:00+0200", "04:00+0200", "05:00+0200"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 2 * * *", ["02:30+0200"]),
        ("0 3 * * *", ["03:00+0100"]),
        ("15,45 2 * * *", ["02:15+0200", "02:45+0200"]),
        ("0 1-3 * * *", ["01:00+0200", "02:00+0200", "03:00+0100"]),
    ],
)
def test_a_fixed_hour_that_comes_twice_when_summer_time_ends_runs_once(expression: str, expected: list[str]) -> None:
    assert dues(expression, MADRID, "2026-10-24T22:30", "2026-10-25T22:00") == expected


def test_an_hourly_run_is_hourly_when_summer_time_ends() -> None:
    found = dues("0 * * * *", MADRID, "2026-10-24T22:30", "2026-10-25T03:00")
    assert found == ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100", "04:00+0100"]


def test_in_the_hour_that_comes_twice_what_has_been_is_not_due_again() -> None:
    second_time = "2026-10-25T01:40+00:00"  # 02:40 in winter time
    assert Timetable.read("30 2 * * *", MADRID).next(moment(second_time)) == moment("2026-10-26T01:30")
    assert Timetable.read("50 2 * * *", MADRID).next(moment(second_time)) == moment("2026-10-26T01:50")


@settings(max_examples=40)
@given(
    st.sampled_from(["30 2 * * *", "0 * * * *", "*/7 * * * *", "15,45 2 * * *", "0 1-3 * * *", "30 */2 * * *", "* 2 * * 0"]),
    st.sampled_from([SUMMER_BEGINS, SUMMER_ENDS]),
    st.integers(-3000, 3000),
)
def test_due_times_only_ever_move_on(expression: str, day: str, minutes: int) -> None:
    table = Timetable.read(expression, MADRID)
    last = moment(f"{day}T01:00") + timedelta(minutes=minutes)
    for _ in range(20):
        following = table.next(last)
        assert following is not None
        assert following > last
        assert following.second == 0
        assert table.next(following - timedelta(seconds=1)) in (following, table.next(following - timedelta(seconds=60)))
        last = following


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("* * * * *", 0.01),
        ("* * * * *", 1),
        ("* * * * *", 40),
        ("*/7 2-4 * * *", 300),
        ("* * * * 1", 90),
        ("0 3 * * *", 300),
        ("0 3 * * *", 3000),
        ("30 2 29 2 *", 3000),
    ],
)
def test_the_last_of_many_missed_runs_is_found_without_counting_them_all(expression: str, hours: float) -> None:
    table, after = Timetable.read(expression, MADRID), datetime(2026, 3, 1, tzinfo=UTC)
    until = after + timedelta(hours=hours)
    moments, last = [], after
    while (following := table.next(last)) and following <= until:
        moments.append(following)
        last = following
    due = table.due(after, until)
    assert due.latest == (moments[-1] if moments else None)
    assert due.count == min(len(moments), MOST_COUNTED + 1)


@pytest.mark.parametrize(
    ("expression", "means"), [("@daily", "0 0 * * *"), ("@hourly", "0 * * * *"), ("0 3 * jan-mar mon-fri", "0 3 * 1-3 1-5")]
)
def test_names_are_understood(expression: str, means: str) -> None:
    one, other, after = Timetable.read(expression, None), Timetable.read(means, None), moment("2026-01-01T00:30")
    assert one.next(after) == other.next(after)


@pytest.mark.parametrize("expression", ["0 3 * *", "0 3 * * * *", "0 25 * * *", "5-1 * * * *", "0 0 30 2 *", "@every 5m", "x"])
def test_an_expression_that_cannot_be_used_is_named(expression: str) -> None:
    with pytest.raises(TimetableError, match=r"spec\.schedule") as failed:
        Timetable.read(expression, None)
    assert failed.value.reason == "InvalidSchedule"
    assert repr(expression) in str(failed.value)


@pytest.mark.parametrize("zone", ["Europe/Madriz", "Europe", "../../etc/passwd", "/etc/localtime", "x" * 300])
def test_a_zone_that_nobody_knows_is_named(zone: str) -> None:
    with pytest.raises(TimetableError, match=r"spec\.timeZone") as failed:
        Timetable.read("0 3 * * *", zone)
    assert failed.value.reason == "UnknownTimeZone"
