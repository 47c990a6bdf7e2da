"""The headers that bound what a browser does with an answer."""

from __future__ import annotations

from typing import Final

IMMUTABLE: Final = "private, max-age=31536000, immutable"

BASE: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""What every answer has that does not say otherwise itself."""

BLOB_CSP: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"


def page_csp(nonce: str) -> str:
    """Return the policy of the page: its own files only, nothing inline without the nonce, no text as markup."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def frame_csp(*, scripts: bool) -> str:
    """Return the policy of a document of a cell: an origin of its own, no network, shown by the page only."""
    sandbox = "sandbox allow-scripts" if scripts else "sandbox"
    script = "'unsafe-inline'" if scripts else "'none'"
    return (
        f"{sandbox}; default-src 'none'; script-src {script}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
