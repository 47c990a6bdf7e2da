"""What an error of a remote file system means, told from its status, code and class. Pure.

The libraries are not imported: their errors are known by the words that they carry.
"""

from __future__ import annotations

import enum
import errno
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Meaning(enum.Enum):
    """What an error says about a request."""

    EXISTS = "the key exists"
    MAY_EXIST = "the request was refused, perhaps because the key exists"
    MISSING = "the key does not exist"
    NO_ROOT = "the bucket or container does not exist"
    DENIED = "access is denied"
    NO_CREDENTIALS = "there are no credentials, or they are not valid"
    REGION = "the bucket is in another region"
    RANGE = "the key is shorter than that"
    TRANSIENT = "it may work when asked again"
    READ_ONLY = "the place cannot be written to"
    OTHER = "anything else"


class Answer(NamedTuple):
    """What a server answered.

    Attributes:
        status: the HTTP status, 0 if none was found.
        code: the server's own word, such as `NoSuchKey`; empty if it gave none.

    """

    status: int
    code: str


_DEPTH: Final = 8
_EXISTS: Final = {"PreconditionFailed", "BlobAlreadyExists", "ConditionNotMet"}
_NO_ROOT: Final = {"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"}
_REGION: Final = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
_EXPECTED_REGION: Final = re.compile(r"expecting '([a-z0-9-]+)'")
_NO_CREDENTIALS: Final = frozenset(
    """
    InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken AuthenticationFailed NoCredentialsError
    PartialCredentialsError CredentialRetrievalError TokenRetrievalError ProfileNotFound
    UnauthorizedSSOTokenError DefaultCredentialsError RefreshError ClientAuthenticationError
    CredentialUnavailableError NoAuthTokenError SSOTokenLoadError
    """.split()
)
_BUSY: Final = frozenset(
    """
    ConditionalRequestConflict OperationAborted SlowDown ServiceUnavailable InternalError RequestTimeout
    ServerBusy OperationTimedOut Throttling ThrottlingException RequestLimitExceeded BandwidthLimitExceeded
    """.split()
)
_BUSY_STATUS: Final = {408, 425, 429, 500, 502, 503, 504}
_NETWORK: Final = frozenset(
    """
    EndpointConnectionError ConnectTimeoutError ReadTimeoutError ConnectionClosedError ResponseStreamingError
    IncompleteReadError ClientConnectionError ServerDisconnectedError ClientPayloadError ClientOSError
    ServiceRequestError ServiceResponseError ProxyError ProxyConnectionError FSTimeoutError ChecksumError
    SSLError HTTPClientError ConnectionError Timeout ChunkedEncodingError
    """.split()
)
_NETWORK_ERRNO: Final = {
    errno.EBUSY, errno.EAGAIN, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED, errno.ECONNABORTED, errno.EPIPE,
    errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, getattr(errno, "EREMOTEIO", errno.EIO),
}  # fmt: skip


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it came from, the outermost first."""
    found: BaseException | None = error
    for _ in range(_DEPTH):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def answer_of(error: BaseException) -> Answer:
    """Return what the server answered, as far as the error or its causes carry it."""
    for one in chain(error):
        response = getattr(one, "response", None)
        if isinstance(response, dict):  # botocore
            told = response.get("Error") or {}
            status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode")
            code = str(told.get("Code") or "")
            return Answer(_number(status) or _number(code), code)
        for name in ("status_code", "status", "code"):  # Azure; aiohttp; gcsfs
            status = _number(getattr(one, name, None))
            if 100 <= status < 600:
                return Answer(status, str(getattr(one, "error_code", None) or ""))
    return Answer(0, "")


def region_of(error: BaseException) -> str | None:
    """Return the region in which a bucket is, where S3 says so: beside the error, in a header, or only in its words."""
    for one in chain(error):
        response = getattr(one, "response", None)
        if isinstance(response, dict):
            headers = (response.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}
            told = response.get("Error") or {}
            said = _EXPECTED_REGION.search(str(told.get("Message"))[:1000])
            found = told.get("Region") or headers.get("x-amz-bucket-region") or (said and said[1])
            return str(found)[:64] if found else None
    return None


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 5 else 0


def meaning_of(error: BaseException) -> Meaning:  # noqa: C901 - one table, in the order in which it is decided
    """Return what an error means."""
    status, code = answer_of(error)
    names = {kind.__name__ for one in chain(error) for kind in type(one).__mro__}
    if code in _NO_ROOT or _says_no_bucket(error):
        return Meaning.NO_ROOT
    if code in _REGION or status in (301, 307) or (code == "400" and region_of(error)):
        return Meaning.REGION
    if code in _NO_CREDENTIALS or status == 401 or names & _NO_CREDENTIALS:
        return Meaning.NO_CREDENTIALS
    # Before 409 and 412: S3 answers so when two conditional requests meet, and says to ask again.
    if code in _BUSY or status in _BUSY_STATUS:
        return Meaning.TRANSIENT
    if code in _EXISTS or status in (409, 412) or isinstance(error, FileExistsError):
        return Meaning.EXISTS
    if status == 416 or code in ("InvalidRange", "RequestedRangeNotSatisfiable"):
        return Meaning.RANGE
    if status == 404 or isinstance(error, FileNotFoundError):
        return Meaning.MISSING
    if status == 403 or isinstance(error, PermissionError) or str(error).startswith("Forbidden"):
        return Meaning.DENIED
    if status == 405 or any(name.startswith("NotImplemented") for name in names):
        return Meaning.READ_ONLY
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return Meaning.READ_ONLY
    if names & _NETWORK or isinstance(error, TimeoutError | ConnectionError):
        return Meaning.TRANSIENT
    if isinstance(error, OSError) and error.errno in _NETWORK_ERRNO:
        return Meaning.TRANSIENT
    if isinstance(error, OSError) and error.errno in (errno.EINVAL, errno.EIO):
        # Some libraries keep nothing but this of a failed condition.
        return Meaning.MAY_EXIST
    return Meaning.OTHER


def _says_no_bucket(error: BaseException) -> bool:
    """Whether the text says so, where a library keeps no code."""
    text = str(error).lower()
    return "bucket does not exist" in text or "no such container" in text
