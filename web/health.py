"""For machines: is the process alive, and can it serve?"""

from __future__ import annotations

import logging

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tasks import schema
from web import visitors
from web.routes import Pages

router = Pages()
_LOG = logging.getLogger("jinbang.web")


@router.show("/healthz")
def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.show("/readyz")
def ready(request: Request) -> Response:
    """The database answers and has the schema of this version; 503 otherwise."""
    try:
        present, wanted = schema.schema_version(visitors.database(request))
    except sa.exc.SQLAlchemyError as error:
        _LOG.warning("not ready: %s", type(error).__name__)
        return PlainTextResponse("the database does not answer\n", 503)
    if present != wanted:
        return PlainTextResponse("the database has the schema of another version\n", 503)
    return PlainTextResponse("ready\n")
