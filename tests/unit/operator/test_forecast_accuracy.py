"""How good is a forecast after a tenth of the files? In simulated runs, with the runner's tally and the operator's reconcile."""

import pytest

from tests.unit.operator.simulated_run import Miss, SimulatedRun, corpus, miss_of

SEEDS = range(10)


def misses(files: int, pods: int, share: float = 0.1) -> list[Miss]:
    return [miss_of(SimulatedRun(corpus(seed, files), seed, pods=pods), share) for seed in SEEDS]


@pytest.mark.parametrize(("files", "pods"), [(600, 1), (600, 4), (1500, 12)])
def test_after_a_tenth_of_the_files_the_end_is_known_to_a_quarter(files: int, pods: int) -> None:
    found = misses(files, pods)
    assert max(abs(miss.of_the_end) for miss in found) < 0.25
    assert sum(miss.in_band for miss in found) >= 8, "nine of ten ends lie in the band, or nearly"


def test_later_it_is_known_better() -> None:
    early, late = (sum(abs(miss.of_the_end) for miss in misses(600, 4, share)) for share in (0.1, 0.6))
    assert late < early / 2


def test_a_source_that_changes_its_format_midway_is_told_with_a_wide_band() -> None:
    found = [miss_of(SimulatedRun(corpus(seed, 300, sorted_by_format=True), seed, pods=4), 0.1) for seed in SEEDS]
    assert sum(miss.in_band for miss in found) >= 8
    assert all(miss.error_percent > 50 for miss in found)
