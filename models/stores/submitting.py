"""Forms that nominators fill in, files on their way in, facts about units, further quotas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import submission_tables as t
from models.errors import NotFound, Stale
from models.stores.base import StoreBase
from models.submitting import DraftState, Fact, FormDraft, QuotaGrant, Upload


class SubmittingStore(StoreBase):
    """Reads and writes of the nominators' pages."""

    # -- forms ------------------------------------------------------------------------------------------------------

    def add_draft(self, draft: FormDraft) -> None:
        """Keep a new form."""
        self._run(t.DRAFTS.insert().values(**asdict(draft)))

    def draft(self, draft_id: str) -> FormDraft:
        """One form, whatever its state.

        Raises:
            NotFound: there is none of that id.
        """
        row = self._one(sa.select(t.DRAFTS).where(t.DRAFTS.c.id == draft_id))
        if row is None:
            raise NotFound("there is no such form")
        return FormDraft(**row._asdict())

    def draft_of(self, entry: str) -> FormDraft | None:
        """The form from which an entry was made, or by which it is changed."""
        row = self._one(sa.select(t.DRAFTS).where(t.DRAFTS.c.entry == entry))
        return None if row is None else FormDraft(**row._asdict())

    def drafts(self, edition: str, *, nominator: str | None = None, state: DraftState | None = None) -> tuple[FormDraft, ...]:
        """Forms of an edition, the latest change first."""
        query = sa.select(t.DRAFTS).where(t.DRAFTS.c.edition == edition)
        query = query if nominator is None else query.where(t.DRAFTS.c.nominator == nominator)
        query = query if state is None else query.where(t.DRAFTS.c.state == state)
        found = [FormDraft(**row._asdict()) for row in self._all(query)]
        return tuple(sorted(found, key=lambda one: (one.updated_at, one.id), reverse=True))

    def save_draft(self, draft: FormDraft, values: Mapping[str, Any], *, revision: int, at: datetime) -> int:
        """Keep what was typed, if nothing was saved since `revision` was read. Yields the new revision.

        Raises:
            Stale: the form was changed elsewhere.
        """
        table = t.DRAFTS
        same = (table.c.id == draft.id) & (table.c.revision == revision)
        if not self._run(table.update().where(same).values(values=dict(values), revision=revision + 1, updated_at=at)):
            raise Stale("the form was changed elsewhere since it was read")
        return revision + 1

    def move_draft(self, draft_id: str, state: DraftState, *, at: datetime, entry: str | None = None) -> None:
        """Hand a form in, take it back to the drafts, or remove it; `entry` ties it to the entry that it became."""
        tied: dict[str, Any] = {} if entry is None else {"entry": entry}
        self._run(t.DRAFTS.update().where(t.DRAFTS.c.id == draft_id).values(state=state, updated_at=at, **tied))

    # -- files on their way in --------------------------------------------------------------------------------------

    def put_upload(self, upload: Upload) -> None:
        """Keep how far a file has come."""
        self._upsert(t.UPLOADS, asdict(upload), ["id"])

    def upload(self, upload_id: str, *, to_change: bool = False) -> Upload:
        """One file on its way in; `to_change` locks it for this transaction.

        Raises:
            NotFound: there is none of that id.
        """
        query = sa.select(t.UPLOADS).where(t.UPLOADS.c.id == upload_id)
        row = self._one(query.with_for_update() if to_change else query)
        if row is None:
            raise NotFound("there is no such upload", zh="没有这个上传的文件")
        return Upload(**row._asdict())

    def uploads(self, *, draft: str | None = None, nominator: str | None = None) -> tuple[Upload, ...]:
        """Files of a form, or of a unit, the latest first."""
        query = sa.select(t.UPLOADS)
        query = query if draft is None else query.where(t.UPLOADS.c.draft == draft)
        query = query if nominator is None else query.where(t.UPLOADS.c.nominator == nominator)
        found = [Upload(**row._asdict()) for row in self._all(query)]
        return tuple(sorted(found, key=lambda one: (one.at, one.id), reverse=True))

    def uploads_of_edition(self, edition: str) -> tuple[Upload, ...]:
        """Files that came in for an edition, the latest first."""
        found = [Upload(**row._asdict()) for row in self._all(sa.select(t.UPLOADS).where(t.UPLOADS.c.edition == edition))]
        return tuple(sorted(found, key=lambda one: (one.at, one.id), reverse=True))

    def drop_uploads(self, uploads: Iterable[str]) -> None:
        """Forget files by their ids; what is kept by hash stays."""
        self._run(t.UPLOADS.delete().where(t.UPLOADS.c.id.in_(list(uploads))))

    # -- facts and quotas -------------------------------------------------------------------------------------------

    def put_fact(self, fact: Fact) -> None:
        """Keep a fact about a unit in place of an earlier one."""
        self._upsert(t.FACTS, asdict(fact), ["nominator", "name"])

    def facts(self, nominator: str) -> dict[str, Fact]:
        """All facts about a unit, by name."""
        rows = self._all(sa.select(t.FACTS).where(t.FACTS.c.nominator == nominator))
        return {row.name: Fact(**row._asdict()) for row in rows}

    def facts_of_edition(self, edition: str, name: str) -> dict[str, Any]:
        """Nominator id -> the value of one fact; units about which it is not known are left out."""
        rows = self._all(sa.select(t.FACTS).where(t.FACTS.c.nominator.startswith(f"{edition}/n/", autoescape=True), t.FACTS.c.name == name))
        return {row.nominator: row.value for row in rows}

    def add_quota_grant(self, grant: QuotaGrant) -> None:
        """Keep a further quota."""
        self._run(t.QUOTA_GRANTS.insert().values(**asdict(grant)))

    def quota_grants(self, edition: str, *, nominator: str | None = None) -> tuple[QuotaGrant, ...]:
        """Further quotas, revoked ones included, the earliest first."""
        query = sa.select(t.QUOTA_GRANTS).where(t.QUOTA_GRANTS.c.edition == edition)
        query = query if nominator is None else query.where(t.QUOTA_GRANTS.c.nominator == nominator)
        found = [QuotaGrant(**row._asdict()) for row in self._all(query)]
        return tuple(sorted(found, key=lambda one: (one.at, one.id)))

    def revoke_quota_grant(self, grant_id: str, at: datetime) -> bool:
        """End a further quota. False if it had ended already, or there is none."""
        table = t.QUOTA_GRANTS
        return bool(self._run(table.update().where(table.c.id == grant_id, table.c.revoked_at.is_(None)).values(revoked_at=at)))
