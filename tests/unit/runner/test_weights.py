"""A model's weights are put away when nobody works with them, and are there when somebody does."""

from threading import Event, Thread

import pytest

from transcription_runner.engine.recognition.weights import Weights


class Model:
    """Stands for CTranslate2's. `full`: there is no memory to load it."""

    def __init__(self) -> None:
        self.model_is_loaded, self.full, self.loaded = True, False, 0

    def load_model(self) -> None:
        if self.full:
            raise RuntimeError("CUDA failed with error out of memory")
        self.model_is_loaded, self.loaded = True, self.loaded + 1

    def unload_model(self) -> None:
        self.model_is_loaded = False


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_they_are_put_away_once_nobody_has_worked_with_them_for_so_long() -> None:
    model, clock = Model(), Clock()
    weights = Weights(model, clock)
    clock.now = 59.0
    assert not weights.put_away(60.0)
    clock.now = 60.0
    assert weights.put_away(60.0)
    assert not weights.at_hand
    assert not weights.put_away(60.0), "they are put away once"


def test_work_fetches_them_and_begins_the_wait_anew() -> None:
    model, clock = Model(), Clock()
    weights = Weights(model, clock)
    clock.now = 60.0
    weights.put_away(60.0)
    with weights.in_work():
        assert weights.at_hand
    assert model.loaded == 1
    clock.now = 119.0
    assert not weights.put_away(60.0)


def test_they_stay_as_long_as_anybody_works_with_them() -> None:
    weights, begun, go_on = Weights(Model(), Clock()), Event(), Event()

    def work() -> None:
        with weights.in_work():
            begun.set()
            go_on.wait(5)

    worker = Thread(target=work)
    worker.start()
    begun.wait(5)
    assert not weights.put_away(0.0)
    go_on.set()
    worker.join()
    assert weights.put_away(0.0)


def test_where_there_is_no_memory_for_them_the_next_work_tries_again() -> None:
    model = Model()
    weights = Weights(model, Clock())
    weights.put_away(0.0)
    model.full = True
    with pytest.raises(RuntimeError), weights.in_work():
        pass
    model.full = False
    with weights.in_work():
        assert weights.at_hand
    assert weights.put_away(0.0), "nobody works with them"
