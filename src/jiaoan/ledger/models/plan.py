"""The notice as it was read: plan, clauses, sentences, drafts, unit names, report dates."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.states import DraftState, PlanState

# The longer words first: 专项行动方案 is one too that ends in 方案.
_DOCUMENT_WORDS = (
    *("专项行动方案", "专项整治方案", "行动方案", "整治方案", "实施方案", "工作方案", "方案"),
    *("要点", "计划", "意见", "通知"),
)


class Plan(models.Model):
    """A notice 要点 with its year. The original octets lie with the journal, by hash.

    ``under`` makes it the second document 配套方案 of a clause (and perhaps of one duty there) of
    another plan: its duties then stand in that plan's ledger. ``assigned_at``: 交办, see
    :mod:`jiaoan.ledger.actions.assign`.
    """

    title = models.CharField(max_length=200)
    doc_number = models.CharField(max_length=60, blank=True)
    issuer = models.CharField(max_length=120, blank=True)
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, default=PlanState.INTAKE)
    text = models.TextField()
    original = models.ForeignKey(
        "journal.Attachment", on_delete=models.PROTECT, related_name="plans"
    )
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    imported_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    effective_from = models.DateField(null=True)
    assigned_at = models.DateTimeField(null=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    under = models.ForeignKey(
        "ledger.Clause", null=True, on_delete=models.PROTECT, related_name="attached"
    )
    under_duty = models.ForeignKey(
        "ledger.Duty", null=True, on_delete=models.PROTECT, related_name="attached"
    )

    class Meta:
        ordering = ["-year", "-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.state == PlanState.PUBLISHED

    @property
    def word(self) -> str:
        """What kind of document it is, for chips: 实施方案, 要点 …"""
        return next((word for word in _DOCUMENT_WORDS if word in self.title), "文件")


class ReportDate(models.Model):
    """A day on which progress is to be reported 推进情况报告日."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="report_dates")
    day = models.DateField()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["plan", "day"], name="report_date_once")]


class Clause(models.Model):
    """A numbered place 条款; ``path`` is ``["一", "3"]``, the empty one is the letter."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="clauses")
    path = models.JSONField(default=list)
    title = models.CharField(max_length=200)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    sort = models.PositiveSmallIntegerField()
    is_item = models.BooleanField(default=True)

    class Meta:
        ordering = ["sort"]
        constraints = [models.UniqueConstraint(fields=["plan", "sort"], name="clause_sort_once")]

    @property
    def label(self) -> str:
        """As the chip shows it: ``要点 一·3``, or ``通知正文`` for the covering letter."""
        return f"要点 {'·'.join(self.path)}" if self.path else "通知正文"


class Judgement(models.TextChoices):
    """What a sentence turned out to be."""

    UNREAD = "unread", _("Not judged")
    DUTY = "duty", _("Has duties")
    NO_DUTY = "no_duty", _("Judged no duty")
    STRUCTURE = "structure", _("Heading, units or letter")


class SourceSentence(models.Model):
    """One sentence of the notice by its span in ``Plan.text``."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="sentences")
    clause = models.ForeignKey(
        Clause, null=True, on_delete=models.CASCADE, related_name="sentences"
    )
    number = models.PositiveSmallIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    judgement = models.CharField(max_length=10, choices=Judgement.choices, default=Judgement.UNREAD)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="sentence_once")]


class UnitName(models.Model):
    """A unit as the notice writes it and whom it means here; one question for each name.

    ``group`` names (有关股室、局属各单位) stand for several organisations and are only settled when
    a person has said which. ``outside``: a body of another authority (公安, 应急): it gets no work
    here and is only named beside the duty.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="unit_names")
    name = models.CharField(max_length=120)
    group = models.BooleanField(default=False)
    settled = models.BooleanField(default=False)
    outside = models.BooleanField(default=False)
    organisations = models.ManyToManyField("org.Organisation", blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "name"], name="unit_name_once")]


class IntakeDraft(models.Model):
    """A duty as the reader proposes it 任务草稿, until a person judges it.

    ``doubts`` is a list of ``{code, phrase, question, alternatives: [{text, value}], answer,
    other}``; ``answer`` is the index of the chosen alternative or ``null``. ``spans`` is a list of
    ``[start, end]`` in ``Plan.text``: the words that it rests on, several after a merge. ``trust``
    is the confidence of each group of fields, 0..1: ``who``, ``object``, ``when``, ``evidence``.
    ``heads``: how many persons were named for a duty that counts by person; else all leaders.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="drafts")
    clause = models.ForeignKey(Clause, on_delete=models.CASCADE, related_name="drafts")
    sentence = models.ForeignKey(SourceSentence, on_delete=models.CASCADE, related_name="drafts")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, default=DraftState.OPEN)
    title = models.CharField(max_length=120)
    actor_phrase = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=20)
    condition = models.CharField(max_length=40, default="all")
    lead_units = models.JSONField(default=list)
    coop_units = models.JSONField(default=list)
    joint = models.BooleanField(default=False)
    every = models.CharField(max_length=12, blank=True)
    min_count = models.PositiveSmallIntegerField(default=1)
    per_person = models.BooleanField(default=False)
    heads = models.PositiveSmallIntegerField(null=True)
    deadline = models.DateField(null=True)
    phrase = models.CharField(max_length=200, blank=True)
    targets = models.JSONField(default=list)
    ongoing = models.BooleanField(default=False)
    evidence = models.JSONField(default=list)
    activity = models.CharField(max_length=20, default="general")
    tags = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    confidence = models.FloatField(default=1.0)
    spans = models.JSONField(default=list)
    trust = models.JSONField(default=dict)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="merged"
    )
    replaces = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    edited = models.BooleanField(default=False)
    reject_reason = models.CharField(max_length=200, blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    judged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="draft_once")]

    @property
    def open_doubts(self) -> int:
        return sum(1 for doubt in self.doubts if doubt["answer"] is None)


class TypedDraft(models.Model):
    """What a person has typed on a draft's card and not sent yet 暂存; theirs alone."""

    draft = models.ForeignKey(IntakeDraft, on_delete=models.CASCADE, related_name="typed")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    fields = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "author"], name="typed_draft_once"),
        ]


class IntakeStep(models.Model):
    """One act on a plan in intake and what it changed, so that it can be undone 撤销.

    ``before`` and ``after`` are ``{table: {id: {column: value}}}`` of the changed columns alone;
    rows in ``after`` that ``before`` lacks were made by the step.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    verb = models.CharField(max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
