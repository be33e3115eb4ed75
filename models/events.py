"""What can happen to an edition. Events are appended in the transaction of the change, and never altered.

`WAKES` lists those after which the engine looks at the edition at once; the sweeper would find it anyway, later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

EventType = Literal[
    "EditionOpened",
    "EditionPublished",
    "ClockMoved",
    "StageOpened",
    "StageClosed",
    "StageBlocked",
    "StageRetried",
    "StageExtended",
    "NextStepRequested",
    "NominatorsImported",
    "ReviewersImported",
    "CommitteeImported",
    "EntriesImported",
    "EntryChecked",
    "EntrySubmitted",
    "EntryWithdrawn",
    "EntryRestored",
    "CorrectionAsked",
    "CorrectionAnswered",
    "CorrectionLapsed",
    "AcceptedPosted",
    "ConfirmationAsked",
    "ConfirmationGiven",
    "DuplicateDecided",
    "LaureatesImported",
    "QuotaGranted",
    "QuotaRevoked",
    "FactStated",
    "FileKept",
    "FileRefused",
    "PanelsDrawn",
    "ReservesDrawn",
    "PanelsChanged",
    "PanelSizeSet",
    "LinkIssued",
    "LinkRevoked",
    "SheetSaved",
    "SheetsSigned",
    "ReopeningAsked",
    "SheetReopened",
    "ReviewerRecused",
    "UnitsImported",
    "RelationsImported",
    "ConflictDecided",
    "EntryTakenBack",
    "AvoidanceAsked",
    "AvoidanceWithdrawn",
    "AvoidanceDecided",
    "SubstitutesDrawn",
    "InvitationAnswered",
    "ReviewerLapsed",
    "ReviewerReturned",
    "ReviewerKept",
    "AddressCorrected",
    "EntryAdmitted",
    "SheetsExpired",
    "AccessRefused",
    "DeviceAdded",
    "MaterialFlagged",
    "RemindersQueued",
    "RuleFrozen",
    "ReasonAsked",
    "ReasonGiven",
    "MarksComputed",
    "ShortlistMade",
    "ShortlistReleased",
    "ShortlistChanged",
    "GroupsMerged",
    "LotSeedPublished",
    "ReReviewOpened",
    "AnswerGiven",
    "AnswersReopened",
    "NoticePosted",
    "ResultPublished",
    "MailFailed",
    "MailReturned",
]

WAKES: frozenset[EventType] = frozenset(
    {
        "EditionOpened",
        "ClockMoved",
        "StageRetried",
        "StageExtended",
        "NextStepRequested",
        "SheetsSigned",
        "AnswerGiven",
        "AnswersReopened",
        "EntryChecked",
        "CorrectionAnswered",
    }
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    seq: int
    edition: str
    at: datetime
    """By the edition's own clock."""
    type: EventType
    actor: str
    """`engine`, `admin:<address>`, `reviewer:<id>`, `cli`."""
    payload: Mapping[str, Any]
