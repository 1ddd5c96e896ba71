import pytest

from integrations.circuit_breaker import CircuitBreaker
from server.models.circuit import model_circuit
from server.models.protocol import FailureKind, ModelUnavailable
from server.models.upstream_errors import RequestRefused


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> CircuitBreaker:
    return model_circuit("the model m", failures=3, open_s=30, clock=clock)


def fail(circuit: CircuitBreaker, times: int = 1, error: BaseException | None = None) -> None:
    for _ in range(times):
        with pytest.raises(BaseException), circuit.guard():  # noqa: B017 - whatever was raised comes out again
            raise error or ModelUnavailable("down")


def test_it_opens_after_failures_in_a_row_only(circuit: CircuitBreaker) -> None:
    fail(circuit, 2)
    with circuit.guard():
        pass
    fail(circuit, 2)
    assert not circuit.is_open
    fail(circuit)
    assert circuit.is_open


def test_while_open_nothing_is_tried(circuit: CircuitBreaker) -> None:
    fail(circuit, 3)
    tried = False
    with (
        pytest.raises(ModelUnavailable, match=r"the model m failed too often .* last time: down") as refusal,
        circuit.guard(),
    ):
        tried = True
    assert not tried
    assert refusal.value.kind == FailureKind.CIRCUIT_OPEN


def test_one_attempt_decides_after_the_rest(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 30
    with circuit.guard():
        assert circuit.is_open, "others wait for the one attempt"
    assert not circuit.is_open


def test_a_failed_attempt_opens_it_again_for_the_whole_time(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 30
    fail(circuit)
    clock.now += 29
    assert circuit.is_open
    clock.now += 1
    assert not circuit.is_open


@pytest.mark.parametrize(
    "error", [GeneratorExit(), KeyboardInterrupt(), RequestRefused("too long"), ValueError("ours")]
)
def test_what_is_not_the_models_fault_does_not_count(
    circuit: CircuitBreaker, clock: Clock, error: BaseException
) -> None:
    fail(circuit, 10, error)
    assert not circuit.is_open
    fail(circuit, 3)
    clock.now += 30
    fail(circuit, 1, error)
    assert not circuit.is_open, "an attempt that told nothing lets the next one try"
