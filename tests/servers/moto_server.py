"""moto's S3 server in a process of its own.

moto looks for the key and then writes it. A lock around writing requests makes that one step, as it is on a real
server; without it two of 60 rounds of racers had two winners.
"""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any


def serve(port: int) -> None:
    """Serve until the process ends."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    inner = DomainDispatcherApplication(create_backend_app)
    guard = Lock()

    def application(environment: dict[str, Any], start: Any) -> Any:
        if environment["REQUEST_METHOD"] in ("PUT", "POST", "DELETE"):
            with guard:
                return inner(environment, start)
        return inner(environment, start)

    run_simple("127.0.0.1", port, application, threaded=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
