"""When requests are repeated, and what errors mean: BACKEND-6, BACKEND-7."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import AlreadyExistsError, DeniedError, StorageError, UsageError, WbtableError
from wbtable.storage.fsspec_backend import FsspecBackend
from wbtable.storage.remote_errors import Meaning, meaning_of
from wbtable.storage.retry import Retrier, RetryPolicy, policy_from_environment

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class World:
    """A clock that runs only while somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def failing(times: int, error: Exception) -> Callable[[int], str]:
    def action(attempt: int) -> str:
        if attempt < times:
            raise error
        return f"attempt {attempt}"

    return action


def warm(policy: RetryPolicy, world: World, luck: float = 1.0) -> Retrier:
    retrier = Retrier(policy, world.clock, world.sleep, lambda: luck)
    retrier.call(lambda _: None, lambda _: False)
    return retrier


def test_backoff() -> None:
    """BACKEND-7: pauses double up to a longest one."""
    world = World()
    retrier = warm(RetryPolicy(first=1, most=5, budget=100), world)
    assert retrier.call(failing(5, TimeoutError()), lambda _: True) == "attempt 5"
    assert world.slept == [1, 2, 4, 5, 5]


def test_budget() -> None:
    """BACKEND-7: no attempt begins after the budget is spent; the last error is raised."""
    world = World()
    retrier = warm(RetryPolicy(first=1, most=5, budget=10), world)
    with pytest.raises(TimeoutError, match="again"):
        retrier.call(failing(99, TimeoutError("again")), lambda _: True)
    assert world.slept == [1, 2, 4]
    assert sum(world.slept) <= 10


def test_what_will_not_pass_is_raised_at_once() -> None:
    world = World()
    with pytest.raises(PermissionError):
        warm(RetryPolicy(), world).call(failing(1, PermissionError()), lambda _: False)
    assert world.slept == []


def test_a_place_that_never_answered_is_given_up_soon() -> None:
    """BACKEND-7: five seconds, until there was an answer."""
    world = World()
    with pytest.raises(ConnectionError):
        Retrier(RetryPolicy(), world.clock, world.sleep, lambda: 0.5).call(
            failing(99, ConnectionError()), lambda _: True
        )
    assert 1 < sum(world.slept) <= 5


def test_interruption_is_never_held_up() -> None:
    def interrupted(attempt: int) -> None:
        raise KeyboardInterrupt

    world = World()
    with pytest.raises(KeyboardInterrupt):
        warm(RetryPolicy(), world).call(interrupted, lambda _: True)
    assert world.slept == []


@given(st.integers(0, 10_000), st.floats(0, 1000), st.floats(0, 1))
def test_pauses_are_bounded(attempt: int, spent: float, luck: float) -> None:
    policy = RetryPolicy()
    pause = policy.pause(attempt, spent, luck)
    if pause is None:
        assert spent + policy.most > policy.budget
    else:
        assert policy.first / 2 <= pause <= policy.most
        assert spent + pause <= policy.budget


@pytest.mark.parametrize("wrong", [{"first": 0}, {"first": 9, "most": 1}, {"factor": 0.5}, {"budget": -1}])
def test_policies_that_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        RetryPolicy(**wrong)


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_RETRY_SECONDS", "2.5")
    assert policy_from_environment().budget == 2.5
    monkeypatch.setenv("WBTABLE_RETRY_SECONDS", "soon")
    with pytest.raises(UsageError, match="WBTABLE_RETRY_SECONDS"):
        policy_from_environment()


class BotoError(Exception):
    """As botocore's ClientError."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}


class AzureError(Exception):
    """As Azure's HttpResponseError."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.error_code, self.status_code = code, status


class HttpError(Exception):
    """As gcsfs's."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class EndpointConnectionError(Exception):
    """As botocore's."""


class DefaultCredentialsError(Exception):
    """As Google's."""


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


MEANINGS: list[tuple[Exception, Meaning]] = [
    (FileExistsError(), Meaning.EXISTS),
    (caused(OSError(errno.EINVAL, ""), BotoError("PreconditionFailed", 412)), Meaning.EXISTS),
    (caused(OSError(errno.EIO, ""), BotoError("ConditionalRequestConflict", 409)), Meaning.TRANSIENT),
    (caused(OSError(errno.EBUSY, ""), BotoError("409", 409)), Meaning.EXISTS),
    (AzureError("BlobAlreadyExists", 409), Meaning.EXISTS),
    (OSError(errno.EINVAL, "Invalid argument"), Meaning.MAY_EXIST),
    (OSError(errno.EIO, "Input/output error"), Meaning.MAY_EXIST),
    (FileNotFoundError(), Meaning.MISSING),
    (caused(FileNotFoundError(), BotoError("NoSuchBucket", 404)), Meaning.NO_ROOT),
    (FileNotFoundError("The specified bucket does not exist"), Meaning.NO_ROOT),
    (AzureError("ContainerNotFound", 404), Meaning.NO_ROOT),
    (caused(OSError(), BotoError("PermanentRedirect", 301)), Meaning.REGION),
    (caused(OSError(), BotoError("AuthorizationHeaderMalformed", 400)), Meaning.REGION),
    (caused(PermissionError(), BotoError("InvalidAccessKeyId", 403)), Meaning.NO_CREDENTIALS),
    (caused(PermissionError(), BotoError("AccessDenied", 403)), Meaning.DENIED),
    (OSError("Forbidden: url"), Meaning.DENIED),
    (DefaultCredentialsError(), Meaning.NO_CREDENTIALS),
    (HttpError(401), Meaning.NO_CREDENTIALS),
    (HttpError(503), Meaning.TRANSIENT),
    (HttpError(429), Meaning.TRANSIENT),
    (caused(OSError(errno.EBUSY, ""), BotoError("SlowDown", 503)), Meaning.TRANSIENT),
    (EndpointConnectionError(), Meaning.TRANSIENT),
    (ConnectionResetError(), Meaning.TRANSIENT),
    (TimeoutError(), Meaning.TRANSIENT),
    (caused(OSError(errno.EINVAL, ""), BotoError("InvalidRange", 416)), Meaning.RANGE),
    (OSError(errno.EROFS, ""), Meaning.READ_ONLY),
    (ValueError("odd"), Meaning.OTHER),
]


@pytest.mark.parametrize(("error", "meaning"), MEANINGS)
def test_meanings(error: Exception, meaning: Meaning) -> None:
    """BACKEND-6: every way in which the libraries say it."""
    assert meaning_of(error) is meaning


class Scripted:
    """A file system that answers from a script, then as fsspec's own in memory."""

    def __init__(self, inner: Any, answers: dict[str, list[Exception | None]]) -> None:
        self.inner = inner
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def pipe_file(self, path: str, data: bytes, mode: str = "overwrite", **_: Any) -> None:
        script = self.answers.get("pipe_file", [])
        error = script.pop(0) if script else None
        lands = error is None or "landed" in str(error)
        if lands and mode == "create" and self.inner.exists(path):
            raise FileExistsError(path)
        if lands:
            self.inner.pipe_file(path, data)
            self.marks[path] = self.mark
        if error is not None:
            raise error

    marks: dict[str, str] = {}  # noqa: RUF012 - a test's own
    mark = ""


def scripted(name: str, *answers: Exception | None) -> FsspecBackend:
    backend = FsspecBackend(f"memory://{name}")
    fs = Scripted(backend._fs, {"pipe_file": list(answers)})
    backend._connected = fs
    backend._memory = False
    backend._retrier = warm(RetryPolicy(), World())

    class Place(type(backend._place)):  # type: ignore[misc]
        def can_create(self, fs: Any) -> bool:
            return True

        def create(self, fs: Any, path: str, data: bytes, mark: str) -> None:
            fs.mark = mark
            fs.pipe_file(path, data, mode="create")

        def mark_of(self, fs: Any, path: str) -> str | None:
            found: str | None = fs.marks.get(path)
            return found

    backend._place = Place()
    return backend


def test_an_answer_that_is_lost_is_no_conflict() -> None:
    """BACKEND-7: the first attempt landed, its answer was lost; the second finds its own mark."""
    backend = scripted("lost", TimeoutError("landed"), None)
    backend.create("k", b"mine")
    assert backend.get("k") == b"mine"


def test_a_request_that_is_lost_is_sent_again() -> None:
    backend = scripted("again", ConnectionResetError("gone"), None)
    backend.create("k", b"mine")
    assert backend.get("k") == b"mine"


def test_another_writer_s_key_is_a_conflict_after_a_lost_request() -> None:
    backend = scripted("other", None, TimeoutError("gone"), None)
    backend.create("k", b"theirs")
    with pytest.raises(AlreadyExistsError):
        backend.create("k", b"mine")
    assert backend.get("k") == b"theirs"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (caused(PermissionError("no"), BotoError("AccessDenied", 403)), DeniedError, "may not write"),
        (caused(OSError(errno.EROFS, "x"), ValueError()), DeniedError, "can be read from, not written to"),
        (caused(OSError("x"), BotoError("PermanentRedirect", 301)), StorageError, "AWS_DEFAULT_REGION"),
        (caused(FileNotFoundError("x"), BotoError("NoSuchBucket", 404)), StorageError, "there is no place 'words'"),
    ],
)
def test_messages(error: Exception, kind: type[WbtableError], words: str) -> None:
    """BACKEND-6: what to do stands in the message."""
    backend = scripted("words", error)
    with pytest.raises(kind, match=words):
        backend.replace("k", b"x")
