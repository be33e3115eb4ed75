"""Mails to the office about things that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence

from models.edition import Edition, NewMail, Nominator, StageRun
from notifications.envelopes import about, digest, iso

_ADMIN = {"zh_CN": "管理员", "en": "Administrator"}


def file_quarantined(edition: Edition, address: str, unit: Nominator, upload: str, said: str, *, locale: str = "zh_CN") -> NewMail:
    """Tells an admin that the virus scanner did not pass a file (its upload's id), with what the scanner said."""
    return NewMail(
        template="file_quarantined",
        cause=f"submission:quarantine:{upload}",
        to_name=_ADMIN[locale],
        to_address=address,
        role=None,
        person=None,
        locale=locale,
        params=about(edition) | {"unit": unit.name, "said": said[:500]},
    )


def seats_empty(edition: Edition, run: StageRun, address: str, codes: Sequence[str], *, locale: str = "zh_CN") -> NewMail:
    """Tells an admin that entries (codes) lost a reviewer and nobody is free to step in; once for the same entries."""
    return NewMail(
        template="seats_empty",
        cause=f"{run.name}:short:{digest(*sorted(codes))}",
        to_name=_ADMIN[locale],
        to_address=address,
        role=None,
        person=None,
        locale=locale,
        params=about(edition) | {"codes": list(codes), "count": len(codes), "closes": iso(run.closes_at)},
    )
