"""A bucket in another region: what S3 answers, what is said then, and that what is said helps.

Neither moto nor Ceph's gateway minds in which region a request was signed. So a server before moto minds, and answers
in the two ways that S3 documents, or as a server does that has one region and no header that names it.
"""

from __future__ import annotations

import http.client
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.servers.process import HOST
from wbtable.artifacts.store import create_store
from wbtable.errors import StorageError
from wbtable.storage.fsspec_backend import FsspecBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.remote.places import RemotePlace

HERE: Final = "eu-west-1"
ANSWERS: Final = {
    "unhelpful": (
        400,
        (
            "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the "
            f"region is wrong; expecting '{HERE}'.</Message></Error>"
        ),
    ),
    "malformed": (
        400,
        (
            "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the "
            f"region 'us-west-2' is wrong; expecting '{HERE}'</Message><Region>{HERE}</Region></Error>"
        ),
    ),
    "redirected": (
        301,
        (
            "<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be addressed "
            "using the specified endpoint. Please send all future requests to this endpoint.</Message>"
            f"<Endpoint>bucket.s3.{HERE}.amazonaws.com</Endpoint><Bucket>bucket</Bucket></Error>"
        ),
    ),
}


class Minding(BaseHTTPRequestHandler):
    """Passes on what was signed for the bucket's region; an answer to HEAD has no body."""

    protocol_version = "HTTP/1.1"
    port: int
    answer: tuple[int, str]

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        signed = re.search(r"Credential=[^/]+/\d+/([^/]+)/s3/", self.headers.get("Authorization", ""))
        headers: list[tuple[str, str]]
        if signed is not None and signed[1] == HERE:
            inner = http.client.HTTPConnection(HOST, self.port)
            inner.request(self.command, self.path, data, dict(self.headers))
            response = inner.getresponse()
            status, body = response.status, response.read()
            skipped = {"content-length", "transfer-encoding", "connection"}
            length = response.headers.get("Content-Length") if self.command == "HEAD" else str(len(body))
            headers = [(name, value) for name, value in response.headers.items() if name.lower() not in skipped]
            inner.close()
        else:
            status, text = self.answer
            body = b"" if self.command == "HEAD" else text.encode()
            headers = [("Content-Type", "application/xml")]
            headers += [] if self.answer is ANSWERS["unhelpful"] else [("x-amz-bucket-region", HERE)]
            length = str(len(body))
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", length or "0")]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
    setattr(Minding, f"do_{method}", Minding._handle)


@pytest.fixture
def options(request: pytest.FixtureRequest, place: RemotePlace) -> Iterator[dict[str, Any]]:
    """Storage options that reach moto through a server that minds."""
    names = {"port": int(place.options["endpoint_url"].rpartition(":")[2]), "answer": ANSWERS[request.param]}
    server = ThreadingHTTPServer((HOST, 0), type("Handler", (Minding,), names))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield place.options | {"endpoint_url": f"http://{HOST}:{server.server_port}"}
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.only("moto")
@pytest.mark.parametrize("options", ["malformed", "redirected"], indirect=True)
def test_where_a_server_says_the_region_it_is_followed(place: RemotePlace, options: dict[str, Any]) -> None:
    store = create_store(place.url("region"), **options, client_kwargs={"region_name": "us-west-2"})
    store.backend.create("a", b"x")
    assert (store.backend.get("a"), store.backend.size("a"), "a" in store.backend.list("")) == (b"x", 1, True)


@pytest.mark.only("moto")
@pytest.mark.parametrize("options", ["unhelpful"], indirect=True)
def test_the_error_names_the_region_and_what_to_set(place: RemotePlace, options: dict[str, Any]) -> None:
    backend = FsspecBackend(place.url("region"), **options, client_kwargs={"region_name": "us-west-2"})
    calls: list[Callable[[], object]] = [
        lambda: backend.create("a", b"x"),
        lambda: backend.put("objects/aa/1", b"x"),
        lambda: backend.replace("hint", b"x"),
        lambda: backend.get("a"),
        lambda: backend.get_range("a", 0, 1),
        lambda: list(backend.list("")),
        lambda: backend.delete(["a"]),
    ]
    for call in calls:
        with pytest.raises(StorageError) as caught:
            call()
        said = str(caught.value)
        assert f"is in the region {HERE}: set AWS_DEFAULT_REGION={HERE}" in said
        assert f"client_kwargs={{'region_name': '{HERE}'}}" in said
    # An answer to HEAD has no reason in it.
    with pytest.raises(StorageError, match=r"wrong region.*AWS_DEFAULT_REGION"):
        create_store(place.url("region"), **options, client_kwargs={"region_name": "us-west-2"})


@pytest.mark.only("moto")
@pytest.mark.parametrize("options", ["unhelpful"], indirect=True)
def test_what_is_said_helps(place: RemotePlace, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways."""
    store = create_store(place.url("region"), **options, client_kwargs={"region_name": HERE})
    store.backend.create("a", b"x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", HERE)
    assert FsspecBackend(store.url, **options, use_listings_cache=False).get("a") == b"x"
