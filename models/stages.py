"""The seven stage kinds: one class each, told apart by `kind`. A process is a list of them.

Each field is one rule of the practice. What this version does not run yet is declared with `later(...)`:
setting it is answered with "not supported yet", so that no declaration is ever obeyed in part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from models import draw_rules, healing, relations, tie_breaks
from models.asking import REASON_CODES, Composition, NotAgain, PublicityProof, ReasonCode
from models.declared import ClosingTime, Declared, Exact, LocalTime, Misfit, Share, Slug, Words, later, not_yet, refuse
from models.draw_rules import MOST_RESERVES, DrawRules, PanelSize
from models.relations import Relation
from models.sheets import Criterion, Distribution, Flaw, misfits
from models.tie_breaks import Limits, ReReview, TieLink

Confirmation = Literal["admin", "automatic"]
Method = Literal["mean", "trimmed_mean", "median", "calibrated", "calibrated_robust", "calibrated_scaled", "borda", "rank_sum"]
Normalise = Literal["none", "zscore_by_reviewer", "rank_in_group"]
ALONE: tuple[Method, ...] = ("mean", "trimmed_mean", "median")
"""Methods by which the mark of an entry follows from its own sheets alone."""
ORDINAL: tuple[Method | Normalise, ...] = ("borda", "rank_sum", "rank_in_group")
"""What keeps the order on each reviewer's list and nothing else, so that marks do not lie on the scale of the score sheets."""


class _Stage(Declared):
    name: Slug = ""
    """Unique within the process; the kind if left out."""
    title: Words | None = None
    """How people call it; the kind's own name if left out."""
    opens: LocalTime | None = None
    """Not before this time; as soon as the stage before has closed if left out."""
    closes: ClosingTime | None = None
    """The deadline; a bare date means 24:00 of that day."""
    grace_minutes: int = Field(default=0, ge=0, le=24 * 60)
    """What arrives within this many minutes after `closes` is still taken."""
    last_call_hours: int = Field(default=15, ge=1, le=24)
    """A reminder "0 days before" goes out this many hours before `closes`."""


class SubmissionStage(_Stage):
    """Waits for nominators, a deadline and form checkers."""

    kind: Literal["submission"]
    closes: ClosingTime
    """The deadline; a bare date means 24:00 of that day."""
    accept_by: Literal["rule", "checker"] = "rule"
    """Who decides that an entry is eligible: the declared rules alone, or a person who looks at each after the deadline."""
    remind_days_before: tuple[int, ...] = (7, 1)
    """Nominators without an entry, or with drafts, are reminded this many days before `closes`."""
    duplicates: Literal["refuse", "ask"] = "refuse"
    """What happens to a subject that another nominator has put forward: refused, or taken and shown to the office (rule N4)."""
    similarity: Share = Field(default="9/10", validate_default=True)
    """Titles at least this alike are shown to the office as possible duplicates."""
    correction_days: int = Field(default=3, ge=1)
    """Working days to correct what a form checker sends back, counted from the day after the mail (rule F1)."""
    max_corrections: int = Field(default=1, ge=0)
    """How often an entry may be sent back (rule F2)."""
    reason_codes: tuple[ReasonCode, ...] = REASON_CODES
    """What a form checker can name (rule F3)."""
    four_eyes: bool = False
    """Two form checkers decide on each entry; the second sees the first result only after giving an own one (rule F4)."""
    publicity_days: int = Field(default=0, ge=0)
    """Natural days for which the list of accepted entries is public before the review; 0 = it is not (rule F5)."""
    sealed: bool = False
    """Nobody but its nominator sees an entry before the deadline, the office included."""
    postmark: bool = False
    """Entries on paper count by their postmark: the office may add them while forms are checked (rule N8)."""
    excluded_genres: tuple[str, ...] = ()
    """Values of the field `genre` that are not admissible (rule F3)."""
    ranked: bool = False
    """A unit's entries of a class carry the ranks 1, 2, 3 … without gaps, and are handed in together (rule N3)."""
    publicity_proof: PublicityProof | None = None
    """The unit proves its own publicity before it hands in (rule N6)."""
    consent: bool = False
    """The nominee agrees by a link of their own before the form check."""
    unit_opinion: bool = False
    """The nominee's unit gives its opinion by link."""
    opinions: int = Field(default=0, ge=0)
    """So many experts sign an opinion by link; who did cannot review (rule N7)."""
    not_again: NotAgain | None = None
    """Earlier winners are not eligible (rule N5)."""
    exclusive_with: tuple[Slug, ...] = ()
    """Names of processes in whose running edition the same subject may not stand (rule N4)."""
    composition: tuple[Composition, ...] = ()
    """Limits on what a unit's list consists of (rule N9)."""
    classified: bool = False
    """Classified entries may be announced by number only: no file, no review online; the committee deals with them."""


class Aggregate(Declared):
    """How the totals of one entry become its mark (rules S2-S4)."""

    method: Method = "trimmed_mean"
    """How totals become one mark; `trimmed_mean` drops one highest and one lowest, the `calibrated` ones take out how lenient
    reviewers are, `borda` and `rank_sum` go by the order on each reviewer's list alone, on a scale of their own (docs/ranking.md)."""
    trim_min: int = Field(default=5, ge=3)
    """One highest and one lowest are dropped from this many valid scores on; below, the plain mean is taken."""
    min_valid: int = Field(default=3, ge=1)
    """An entry with fewer valid scores needs another reviewer; the stage does not close."""
    places: int = Field(default=2, ge=0, le=6)
    """Decimal places of the printed mark, half up, rounded once at the end."""


class Flags(Declared):
    """What is shown as divergent (rule S5)."""

    spread: Exact = Field(default="25", validate_default=True)
    """Flag when the highest and lowest total differ by this much or more."""
    distance: Exact = Field(default="20", validate_default=True)
    """Flag when a total is this far or farther from the median."""
    reason_days: int = Field(default=3, ge=1)
    """Natural days that a divergent reviewer gets to write a reason, when the office asks for one; the link lives as long."""
    reason_max: int = Field(default=1000, ge=50, le=5000)
    """Characters of such a reason."""


class TopUp(Declared):
    """What happens at the deadline to entries with too few valid scores; unsigned sheets of all others are closed then."""

    rounds: int = Field(default=1, ge=0)
    """So many times further reviewers are drawn; after that the stage is blocked and an admin decides."""
    days: int = Field(default=5, ge=1)
    """Natural days that the further reviewers get; who was late with one of these entries may sign as long."""


class ScoringStage(_Stage):
    """Waits for reviewers and a deadline; draws panels and computes the marks."""

    kind: Literal["scoring"]
    closes: ClosingTime
    """The deadline; a bare date means 24:00 of that day."""
    panel: int = Field(default=5, ge=1)
    """Reviewers per entry."""
    panel_by_class: dict[Slug, PanelSize] = Field(default_factory=dict)
    """Reviewers per entry of some classes, `{team: 7}`, in place of `panel` (rule R2)."""
    panel_by_group: dict[Slug, PanelSize] = Field(default_factory=dict)
    """Reviewers per entry of some groups, such as levels of the award, `{senior: 9, junior: 3}`, in place of `panel` (rule R2); an entry
    of a small group that was merged goes by the group into which it went. Give sizes by class or by group, not both."""
    max_load: int = Field(default=40, ge=1)
    """Entries per reviewer at most; a reviewer's own limit, where given, goes first."""
    min_load: int = Field(default=0, ge=0)
    """Entries that each reviewer gets at least, as far as seats, limits and fitting disciplines allow; a reviewer's own number, where
    given, goes first."""
    per_unit: int = Field(default=1, ge=1)
    """So many reviewers of one unit sit on a panel at most (rule R1)."""
    draw: DrawRules = DrawRules()
    """How panels are drawn, beyond the numbers above."""
    match: str | None = None
    """Field of the entry that a reviewer's disciplines must cover, exactly or by first level; none if left out."""
    conflicts: tuple[Relation, ...] = ("self", "same_unit", "nominator")
    """Relations that forbid a pair (rule R3); what each means stands under "Conflicts of interest"."""
    soft_conflicts: tuple[Relation, ...] = ()
    """Relations about which the office decides: such a pair is not drawn until it was allowed (rule R3)."""
    coauthor_within_years: int | None = Field(default=None, ge=0)
    """A joint paper counts as `recent_coauthor` for so many years before the year in which nominations close; needed with it."""
    avoid_requests: int = Field(default=0, ge=0)
    """So many people at most may each nominator ask to keep away from its entries, with a reason (rule R3)."""
    avoid_grants: Literal["office", "automatic"] = "office"
    """Who grants such a request: the office, or the rule at once."""
    blind: Literal["none", "single", "double"] = "single"
    """`double`: reviewers see code, title and anonymised material only (rule R6)."""
    criteria: tuple[Criterion, ...] = ()
    """The score sheet; the same for all classes."""
    criteria_by_class: dict[Slug, tuple[Criterion, ...]] = Field(default_factory=dict)
    """The score sheet of each class, where they differ."""
    aggregate: Aggregate = Aggregate()
    """How the sheets of an entry become its mark."""
    flags: Flags = Flags(spread="25", distance="20")
    """When marks count as divergent."""
    top_up: TopUp = TopUp()
    """What happens when too few marks have arrived at the deadline."""
    remind_days_before: tuple[int, ...] = (7, 2, 0)
    """Reviewers with unsigned sheets are reminded this many days before `closes`."""
    link_days_after: int = Field(default=2, ge=0)
    """A reviewer's link still opens, for reading, this many days after `closes`."""
    chips: tuple[Share, ...] = Field(default=("1", "9/10", "4/5", "7/10", "3/5"), validate_default=True)
    """Buttons beside the number field of a criterion without anchors, as shares of its highest mark."""
    fatal: tuple[Flaw, ...] = ()
    """Flaws that a reviewer may name on a sheet."""
    distribution: Distribution | None = None
    """How many high totals one reviewer may give (rule S6); free if left out."""
    advice: bool = False
    """Offer a second comment that is meant for the applicant; the first is for the review office."""
    downloads: bool = False
    """Let reviewers download a document itself; they see its pages in any case."""
    pledge: Words | None = None
    """The promise of confidentiality that a reviewer makes before seeing anything; the usual one if left out."""
    link_code: bool = False
    """A browser that enters by a reviewer's link must also type a code mailed to the registered address."""
    reserve: int = Field(default=0, ge=0, le=MOST_RESERVES)
    """So many reserves are drawn for each entry together with its panel; whenever somebody leaves it, the first of them who still fits
    steps in (rule R4). They are not invited and have nothing to read until then. 0 = the substitute is drawn when one is needed."""
    reply_by_days: int | None = Field(default=None, ge=1, le=90)
    """Natural days that a reviewer has to answer an invitation, counted from the day after it; entries without an answer by 24:00 of
    the last one go to substitutes (rule R8). Without it an invitation waits until the deadline."""
    silent_days: int | None = Field(default=None, ge=1, le=90)
    """Who has accepted and saves nothing for so many natural days loses the sheets that were not begun to substitutes; begun ones stay."""
    warn_days_before: int = Field(default=2, ge=1)
    """So many days before either of these takes effect the reviewer is reminded, and told the date."""
    replace_bounced_days: int | None = Field(default=None, ge=0, le=90)
    """So many natural days after a mail server has refused a reviewer's address for good, what was not begun goes to substitutes, 0 = at
    once; correcting the address prevents it. Without it the office alone decides."""
    normalise: Normalise = "none"
    """What is done to a reviewer's totals before they become marks (rule S7): `zscore_by_reviewer` gives all reviewers one mean and one
    spread, `rank_in_group` keeps the order on each list alone, from 0 to 100. Both find fewer of the best on small panels, because
    they take it that everybody drew equally good entries; `aggregate.method: calibrated` corrects no further than scores prove."""
    tie_break: tuple[str, ...] = ()
    """Not here: the chain stands at the shortlisting stage, whose line it moves (rule S8)."""

    @model_validator(mode="after")
    def _sheet_is_whole(self) -> ScoringStage:
        refuse("ScoringStage", self._misfits())
        return self

    def _misfits(self) -> Iterator[Misfit]:
        if self.tie_break:
            yield Misfit("the chain stands at the shortlisting stage, whose line it moves; move tie_break there", "tie_break")
        loads = {"min_load": self.min_load, "max_load": self.max_load}
        yield from draw_rules.misfits(self.draw, match=self.match, per_unit=self.per_unit, **loads)
        yield from healing.misfits(self)
        if bool(self.criteria) == bool(self.criteria_by_class):
            yield Misfit("give either criteria or criteria_by_class")
        if self.criteria:
            yield from misfits(self.criteria, "criteria")
        for name, criteria in self.criteria_by_class.items():
            yield from misfits(criteria, "criteria_by_class", name)
        yield from relations.misfits(
            self.conflicts, self.soft_conflicts, self.coauthor_within_years, self.avoid_requests, self.avoid_grants
        )
        by = {"panel_by_class": self.panel_by_class, "panel_by_group": self.panel_by_group}
        yield from draw_rules.size_misfits(self.panel, by, min_valid=self.aggregate.min_valid)
        if self.normalise != "none" and self.aggregate.method not in ALONE:
            what = f"{self.normalise} and {self.aggregate.method} would correct for the same differences between reviewers twice"
            yield Misfit(f"{what}; drop `normalise`, or choose one of {', '.join(ALONE)} as the method", "normalise")

    def panel_of(self, class_name: str, group: str) -> int:
        """Reviewers for an entry of a class, in a group as `rules.eligibility.group_of` names it (rule R2)."""
        return self.panel_by_group.get(group.rpartition("/")[2], self.panel_by_class.get(class_name, self.panel))

    @property
    def largest_panel(self) -> int:
        """Reviewers of the entries that need most."""
        return max([self.panel, *self.panel_by_class.values(), *self.panel_by_group.values()])

    def sheet_of(self, class_name: str) -> tuple[Criterion, ...]:
        """The criteria on which entries of a class are scored."""
        return self.criteria or self.criteria_by_class[class_name]


class ShortlistingStage(_Stage):
    """Waits for the admin; cuts the ranking and sends a packet to the committee."""

    kind: Literal["shortlisting"]
    ratio: Exact | None = None
    """Places = ceil(seats x ratio), per group (rule L1)."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Places per class or group, by its name."""
    min_score: Exact | None = None
    """Only entries with at least this mark."""
    top_share: Share | None = None
    """Places = ceil(ranked entries x share), per group."""
    ties: Literal["include_all", "exclude_all", "re_review"] = "include_all"
    """What happens to entries that share the mark on the cut line and that `tie_break` does not part (rule L2): all stay in, all stay
    out, or they are reviewed again before the review closes; whom that does not part the committee decides on (docs/shortlisting.md)."""
    confirm: Confirmation = "admin"
    """Who releases the list to the committee; `automatic` does so at `closes`, or at once."""
    re_review: ReReview = ReReview()
    """The further round that `ties: re_review` asks for."""
    tie_break: tuple[TieLink, ...] = ()
    """What parts entries with the same printed mark where a line runs between them, one link after another (rule S8):
    `criterion:<name>` and `raw_mean` the mean as printed, `top_marks:<total>` how many totals reach it, `spread` the smaller one,
    `recommended` the share of reviewers who gave the criterion of that name its highest mark, `re_review` the further round,
    `committee` leaves it to the committee, `lot` draws lots by the edition's seed. The seats of the award go by it too."""
    group_bounds: dict[Slug, Limits] = Field(default_factory=dict)
    """Places of a group at least and at most, `{crossing: [3, 12]}`: the places of a class go to the best of all its groups within
    these bounds (rule L1)."""

    @model_validator(mode="after")
    def _one_way_to_cut(self) -> ShortlistingStage:
        ways = [self.ratio is not None, bool(self.counts), self.min_score is not None, self.top_share is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of ratio, counts, min_score, top_share")
        if self.ratio is not None and self.ratio < 1:
            raise Misfit(f"ratio {self.ratio} keeps fewer entries than there are seats; raise it to 1 or more", "ratio")
        refuse("ShortlistingStage", tie_breaks.chain_misfits(self))
        return self


class VotingStage(_Stage):
    """Waits for the committee; each member agrees to the list, strikes entries, or returns it."""

    kind: Literal["voting"]
    committee: int = Field(ge=1)
    """How many members the committee has."""
    quorum: Share = Field(default="2/3", validate_default=True)
    """So large a share of the members must take part, inclusive (rule V1)."""
    passing: Literal["two_thirds_of_present", "half_or_more", "more_than_half"] = "more_than_half"
    """How many of those present must agree to an entry (rule V2)."""
    remind_days_before: tuple[int, ...] = (2, 0)
    """Members who have not voted are reminded this many days before `closes`."""
    ballot: Annotated[Literal["named", "secret"], not_yet("secret", what="the secret ballot, rule V4")] = "named"
    """Whether a vote is kept with the name of the member (rule V4)."""
    cascade: bool = later(False, "tier by tier with cascade, rule V5")
    max_rounds: int = later(1, "further rounds, rule V5")
    vacant: str = later("keep", "moving vacant seats, rule V6")
    substitutes: bool = later(False, "substitutes, rule V7")
    scrutineers: int = later(0, "scrutineers and the tally sheet, rule V8")
    recused_in_base: bool = later(False, "recusal of committee members, rule R5")

    @model_validator(mode="after")
    def _deadline(self) -> VotingStage:
        if self.ballot == "secret" and self.committee < 5:
            raise Misfit(f"a secret ballot needs at least 5 members, the committee has {self.committee} (rule V4)", "committee")
        return self


class Party(Declared):
    """A body that must agree."""

    name: Slug
    """Unique within the stage; signatories are imported under it."""
    title: Words
    """As printed in the signature."""


class SignoffStage(_Stage):
    """Waits for several bodies; each agrees to the list or returns it with a comment."""

    kind: Literal["signoff"]
    parties: tuple[Party, ...] = Field(min_length=1)
    """In the order of signature; the first leads (rule J3)."""
    mode: Annotated[Literal["all", "sequence", "quorum"], not_yet("sequence", "quorum", what="sequence and quorum of parties, rule J1")] = (
        "all"
    )
    """Who must agree (rule J1)."""
    overdue: Literal["wait", "agree"] = "wait"
    """What a missing answer means at `closes` (rule J2)."""
    remind_days_before: tuple[int, ...] = (2, 0)
    """Bodies that have not answered are reminded this many days before `closes`."""
    clearance: dict[str, Any] | None = later(None, "clearance per entry and department, rule J2")

    @model_validator(mode="after")
    def _parties_differ(self) -> SignoffStage:
        if len({party.name for party in self.parties}) < len(self.parties):
            raise Misfit("two parties have the same name; rename one", "parties")
        if self.overdue == "agree" and self.closes is None:
            raise Misfit("`overdue: agree` needs a deadline; add closes", "overdue")
        return self


class NoticeStage(_Stage):
    """Waits for the public for a number of days; the list is frozen meanwhile."""

    kind: Literal["notice"]
    days: int = Field(ge=1)
    """How long the list is shown."""
    unit: Literal["workday", "day"] = "workday"
    """Working days by the official calendar, or natural days (rule G1)."""
    first_day: Literal["next_day", "same_day"] = "next_day"
    """Which day counts as the first, inclusive (rule G2)."""
    objections_to: Words
    """Where an objection is sent: office, address, telephone."""
    form_check_days: int = later(3, "acceptance of objections, rule O4")
    decide_days: int = later(30, "decision of objections, rule O4")
    supplementary: bool = later(False, "supplementary publicity, rule O5")


class PublicationStage(_Stage):
    """Waits for the admin; publishes the result and tells those concerned."""

    kind: Literal["publication"]
    instrument: Literal["commendation_decision", "commendation_notice", "announcement", "recommendation", "approval"] = "announcement"
    """表彰决定, 通报表扬, 公布通知, 推荐报告, 认定通知 (rule D1)."""
    approver: Words | None = None
    """Who approves the result, as printed."""
    confirm: Confirmation = "admin"
    """Who publishes; `automatic` does so at `opens`, or at once."""
    exhibition: bool = False
    """Show the awarded works' pictures on a gallery page."""
    certificates: dict[str, Any] | None = later(None, "numbered certificates, rules D2 and D3")
    recommend_up: dict[str, Any] | None = later(None, "recommendation to a higher body")
    substitute: str = later("none", "substitutes for vacated seats, rule D5")
    documents: tuple[str, ...] = later((), "decision documents")
    representatives: int = later(0, "representatives at the ceremony")
    archive_years: int | None = later(None, "the archive package, rule D6")


Stage = Annotated[
    SubmissionStage | ScoringStage | ShortlistingStage | VotingStage | SignoffStage | NoticeStage | PublicationStage,
    Field(discriminator="kind"),
]
STAGE_CLASSES: dict[str, type[_Stage]] = {
    "submission": SubmissionStage,
    "scoring": ScoringStage,
    "shortlisting": ShortlistingStage,
    "voting": VotingStage,
    "signoff": SignoffStage,
    "notice": NoticeStage,
    "publication": PublicationStage,
}
