"""Mails to the office about things that wait for a person."""

from __future__ import annotations

from models.edition import Edition, NewMail, Nominator
from notifications.envelopes import about

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
