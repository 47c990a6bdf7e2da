"""A fake of Google Cloud Storage at the level of HTTP: gcsfs's requests, answered as the JSON API documents.

It is no Google server, and says so: what it is for is that preconditions are honoured, which the emulators on the
package indexes do not do. `ifGenerationMatch=0` and the write are one step under a lock; generations grow with each
write; ranges, resumable uploads, pages of listings and the errors 404, 412 and 416 are as documented.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_PAGE = 1000


@dataclass(slots=True)
class _Object:
    name: str
    data: bytes
    generation: int
    metadata: dict[str, str]
    updated: str = field(default_factory=lambda: datetime.now(UTC).isoformat().replace("+00:00", "Z"))

    def resource(self, bucket: str) -> dict[str, Any]:
        digest = base64.b64encode(hashlib.md5(self.data, usedforsecurity=False).digest()).decode()
        return {
            "kind": "storage#object",
            "name": self.name,
            "bucket": bucket,
            "generation": str(self.generation),
            "size": str(len(self.data)),
            "md5Hash": digest,
            "metadata": self.metadata,
            "contentType": "application/octet-stream",
            "timeCreated": self.updated,
            "updated": self.updated,
        }


class FakeGcs:
    """The server.

    Attributes:
        endpoint: its URL.
        buckets: what it holds.

    """

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, _Object]] = {}
        self.guard = threading.Lock()
        self.generations = itertools.count(1_700_000_000_000_000)
        self.uploads: dict[str, tuple[str, dict[str, Any], bool, bytearray]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, name="fake-gcs", daemon=True)

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)

    def options(self) -> dict[str, object]:
        """Return the storage options of the server."""
        return {"endpoint_url": self.endpoint, "token": "anon"}

    def write(self, bucket: str, meta: dict[str, Any], data: bytes, *, new_only: bool) -> tuple[int, dict[str, Any]]:
        """Store an object; looking and writing are one step."""
        with self.guard:
            held = self.buckets.get(bucket)
            if held is None:
                return 404, _error(404, "The specified bucket does not exist.", "notFound")
            if new_only and meta["name"] in held:
                return 412, _error(
                    412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet"
                )
            made = _Object(meta["name"], data, next(self.generations), meta.get("metadata") or {})
            held[made.name] = made
            return 200, made.resource(bucket)


def _error(code: int, message: str, reason: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "errors": [{"message": message, "reason": reason}]}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeGcs

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes | dict[str, Any] = b"", headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "application/json" if isinstance(body, dict) else "application/octet-stream")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _parts(self) -> tuple[str, dict[str, str]]:
        url = urlsplit(self.path)
        return url.path, {name: values[0] for name, values in parse_qs(url.query).items()}

    def do_GET(self) -> None:
        path, query = self._parts()
        if match := re.fullmatch(r"(?:/download)?/storage/v1/b/([^/]+)/o/(.+)", path):
            self._get_object(unquote(match[1]), unquote(match[2]), query)
        elif match := re.fullmatch(r"/storage/v1/b/([^/]+)/o/?", path):
            self._list(unquote(match[1]), query)
        elif (match := re.fullmatch(r"/storage/v1/b/([^/]+)", path)) and unquote(match[1]) in self.fake.buckets:
            self._answer(200, {"kind": "storage#bucket", "name": unquote(match[1]), "location": "HERE"})
        else:
            self._answer(404, _error(404, "The specified bucket does not exist.", "notFound"))

    def _get_object(self, bucket: str, name: str, query: dict[str, str]) -> None:
        with self.fake.guard:
            held = self.fake.buckets.get(bucket)
            found = None if held is None else held.get(name)
        if held is None:
            self._answer(404, _error(404, "The specified bucket does not exist.", "notFound"))
        elif found is None:
            self._answer(404, _error(404, f"No such object: {bucket}/{name}", "notFound"))
        elif query.get("alt") == "media":
            self._download(found)
        else:
            self._answer(200, found.resource(bucket))

    def _download(self, found: _Object) -> None:
        total = len(found.data)
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if match is None or match[0] == "bytes=-":
            self._answer(200, found.data)
            return
        if match[1]:
            start, end = int(match[1]), min(int(match[2]) if match[2] else total - 1, total - 1)
        else:
            start, end = max(0, total - int(match[2])), total - 1
        if start >= total:
            self._answer(416, b"Request range not satisfiable", {"Content-Range": f"bytes */{total}"})
            return
        self._answer(206, found.data[start : end + 1], {"Content-Range": f"bytes {start}-{end}/{total}"})

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        with self.fake.guard:
            held = self.fake.buckets.get(bucket)
            objects = sorted(held.values(), key=lambda one: one.name) if held is not None else []
        if held is None:
            self._answer(404, _error(404, "The specified bucket does not exist.", "notFound"))
            return
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        items, prefixes = [], []
        for one in objects:
            if not one.name.startswith(prefix) or one.name <= query.get("pageToken", ""):
                continue
            at = one.name.find(delimiter, len(prefix)) if delimiter else -1
            if at >= 0:
                prefixes.append(one.name[: at + 1])
            else:
                items.append(one.resource(bucket))
        most = int(query.get("maxResults") or _PAGE)
        body: dict[str, Any] = {"kind": "storage#objects", "items": items[:most]}
        if prefixes:
            body["prefixes"] = sorted(set(prefixes))
        if len(items) > most:
            body["nextPageToken"] = items[most - 1]["name"]
        self._answer(200, body)

    def do_POST(self) -> None:
        path, query = self._parts()
        data = self._body()
        if path == "/storage/v1/b":
            name = json.loads(data)["name"]
            with self.fake.guard:
                self.fake.buckets.setdefault(name, {})
            self._answer(200, {"kind": "storage#bucket", "name": name})
        elif match := re.fullmatch(r"/upload/storage/v1/b/([^/]+)/o", path):
            self._upload(unquote(match[1]), query, data)
        elif path.startswith("/resumable/"):
            self._upload_more(data)
        else:
            self._answer(404, _error(404, f"no such method: POST {path}", "notFound"))

    def _upload(self, bucket: str, query: dict[str, str], data: bytes) -> None:
        new_only = query.get("ifGenerationMatch") == "0"
        if query.get("uploadType") == "resumable":
            meta = json.loads(data or b"{}")
            upload = str(next(self.fake.generations))
            self.fake.uploads[upload] = (bucket, meta, new_only, bytearray())
            self._answer(200, b"", {"Location": f"{self.fake.endpoint}/resumable/{upload}"})
            return
        meta, content = _multipart(self.headers["Content-Type"], data)
        self._answer(*self.fake.write(bucket, meta, content, new_only=new_only))

    def do_PUT(self) -> None:
        self._upload_more(self._body())

    def _upload_more(self, data: bytes) -> None:
        """Take a part of a resumable upload: by PUT as documented, or by POST, which is understood too."""
        upload = self.path.rpartition("/")[2].partition("?")[0].partition("&")[0]
        state = self.fake.uploads.get(upload)
        if state is None:
            self._answer(404, _error(404, "no such upload", "notFound"))
            return
        bucket, meta, new_only, held = state
        held += data
        total = self.headers.get("Content-Range", "").rpartition("/")[2]
        if total == "*" or (total and len(held) < int(total)):
            self._answer(308, b"", {"Range": f"bytes=0-{len(held) - 1}"})
            return
        del self.fake.uploads[upload]
        self._answer(*self.fake.write(bucket, meta, bytes(held), new_only=new_only))

    def do_DELETE(self) -> None:
        path, _ = self._parts()
        match = re.fullmatch(r"/storage/v1/b/([^/]+)/o/(.+)", path)
        with self.fake.guard:
            held = self.fake.buckets.get(unquote(match[1])) if match else None
            gone = None if held is None or match is None else held.pop(unquote(match[2]), None)
        if gone is None:
            self._answer(404, _error(404, "No such object", "notFound"))
        else:
            self._answer(204)


def _multipart(content_type: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the metadata and the content of a simple upload."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = str(header.get_param("boundary")).encode()
    # The first boundary opens the body; the last one, with two dashes more, ends it.
    start = data.index(b"--" + boundary) + len(boundary) + 2
    middle = data.index(b"--" + boundary, start)
    end = data.rindex(b"\n--" + boundary + b"--")
    meta = _content(data[start:middle])
    return json.loads(meta), _content(data[middle + len(boundary) + 2 : end])


def _content(part: bytes) -> bytes:
    """Return what follows the headers of a part; gcsfs ends lines with a newline alone."""
    text = part.lstrip(b"\r\n")
    match = re.search(rb"\r?\n\r?\n", text)
    assert match is not None
    BytesHeaderParser().parsebytes(text[: match.end()])
    return text[match.end() :]
