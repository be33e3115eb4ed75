"""`python -m bench.review_server pages|bare <port>`: one web process, the pages of the installation or the bare handler."""

from __future__ import annotations

import sys

import uvicorn

from bench.bare import bare_app
from tasks.installation import installation
from web import app, logs


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "pages":
        app.serve(installation(), "127.0.0.1", port)
        return
    logs.redact()
    uvicorn.run(bare_app(installation().settings.data_dir / "bare.db"), host="127.0.0.1", port=port, server_header=False, log_level="info")


if __name__ == "__main__":
    main()
