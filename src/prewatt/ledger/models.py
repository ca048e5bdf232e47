"""Double entry. It knows nothing of electricity. Nothing here is ever changed but balances of party accounts."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class Book(models.Model):
    """The books of one site: entries never cross it."""

    code = models.CharField(max_length=60)
    issuer = models.CharField(max_length=120, help_text="Legal entity printed on documents")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="book_code_unique")]

    @override
    def __str__(self) -> str:
        return self.code


class AccountKind(models.TextChoices):
    """Party accounts carry a running balance; house accounts are summed."""

    PARTY = "party", _("Party")
    HOUSE = "house", _("House")


class LedgerAccount(models.Model):
    """An account of a book. What a party owns is positive on it; the house's side is its mirror."""

    book = models.ForeignKey(Book, models.PROTECT)
    code = models.CharField(max_length=80)
    kind = models.CharField(max_length=5, choices=AccountKind)
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(null=True, blank=True, help_text="Minor units; party accounts only")
    last_seq = models.BigIntegerField(null=True, blank=True)
    floor = models.BigIntegerField(null=True, blank=True, help_text="No posting may take the balance below it")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "code"], name="ledger_account_code_unique"),
            models.CheckConstraint(
                condition=Q(kind=AccountKind.PARTY, balance__isnull=False, last_seq__isnull=False)
                | Q(kind=AccountKind.HOUSE, balance=None, last_seq=None),
                name="ledger_account_balance_is_partys",
            ),
            models.CheckConstraint(
                condition=Q(floor=None) | Q(balance__gte=F("floor")), name="ledger_account_floor_held"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.code


class JournalEntry(models.Model):
    """Postings that sum to zero, with the key of what caused them and a hash of its inputs."""

    book = models.ForeignKey(Book, models.PROTECT)
    kind = models.CharField(max_length=40)
    cause_key = models.CharField(max_length=160)
    input_hash = models.CharField(max_length=64)
    occurred_at = models.DateTimeField(help_text="Estate time")
    booking_date = models.DateField()
    reverses = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    action_id = models.BigIntegerField(null=True, blank=True, help_text="access.Action that caused it")
    memo = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "cause_key"], name="journal_entry_cause_unique"),
            models.UniqueConstraint(fields=["reverses"], name="journal_entry_reversed_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["book", "booking_date", "id"], name="journal_entry_day")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.cause_key}"


class Posting(models.Model):
    """One leg of an entry. On a party account it carries its place in the row and the balance after it."""

    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="postings")
    ledger_account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="postings", db_index=False)
    amount = models.BigIntegerField(help_text="Minor units")
    seq = models.BigIntegerField(null=True, blank=True)
    balance_after = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount=0), name="posting_amount_not_zero"),
            models.UniqueConstraint(
                fields=["ledger_account", "seq"], condition=Q(seq__isnull=False), name="posting_seq_unique"
            ),
            models.CheckConstraint(
                condition=Q(seq=None, balance_after=None) | Q(seq__isnull=False, balance_after__isnull=False),
                name="posting_seq_with_balance",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ledger_account", "id"], include=["amount"], name="posting_account_id"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.ledger_account_id} {self.amount}"


class DayState(models.TextChoices):
    """Whether a book-day still takes entries."""

    OPEN = "open", _("Open")
    SEALED = "sealed", _("Sealed")


class LedgerDay(models.Model):
    """A sealed day: a hash over its entries in id order and the seal before."""

    book = models.ForeignKey(Book, models.PROTECT)
    date = models.DateField()
    state = models.CharField(max_length=6, choices=DayState)
    entries = models.PositiveIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)
    seal_before = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["book", "date"], name="ledger_day_unique")]

    @override
    def __str__(self) -> str:
        return f"{self.book_id} {self.date}"


class DailyBalance(models.Model):
    """What a house account turned over on a sealed day, and where it stood at its end."""

    ledger_account = models.ForeignKey(LedgerAccount, models.PROTECT)
    date = models.DateField()
    debit = models.BigIntegerField(help_text="Sum of postings below zero, as a positive number")
    credit = models.BigIntegerField()
    closing = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ledger_account", "date"], name="daily_balance_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.ledger_account_id} {self.date}"


class DocumentSeries(models.Model):
    """Numbers without gaps per issuer, kind, year and till or channel."""

    book = models.ForeignKey(Book, models.PROTECT)
    kind = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    point = models.CharField(max_length=40, help_text="Till or channel")
    next_no = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "kind", "year", "point"], name="document_series_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind}-{self.year}-{self.point}"


ISSUED_ONCE = ("account_month", "site_day", "account_terms")
"""Kinds of subjects that have one paper of a kind in force: a corrected one needs the other void."""


class Document(models.Model):
    """An issued paper: its number, what it says, and the hash of that."""

    public_id = models.UUIDField(unique=True)
    series = models.ForeignKey(DocumentSeries, models.PROTECT)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=60)
    entry = models.ForeignKey(JournalEntry, models.PROTECT, null=True, blank=True)
    issued_at = models.DateTimeField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "number"], name="document_number_unique"),
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"],
                condition=Q(voided_at=None, subject_kind__in=ISSUED_ONCE),
                name="document_in_force_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id"], name="document_subject"),
            models.Index(KeyTextTransform("account_public_id", "content"), F("id"), name="document_account"),
            models.Index(fields=["issued_at"], name="document_issued_at"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.series} {self.number}"


class DocumentFile(models.Model):
    """A paper as it was first printed. It is handed out again byte for byte, whatever has become of the layout."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="files", db_index=False)
    form = models.CharField(max_length=20, help_text="a4, a5 or roll; with :void behind it once the paper is void")
    sha256 = models.CharField(max_length=64, help_text="Of the file as it is handed out")
    packed = models.BinaryField(help_text="The file, deflated")
    printed_at = models.DateTimeField(help_text="Machine time")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "form"], name="document_file_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.document_id} {self.form}"
