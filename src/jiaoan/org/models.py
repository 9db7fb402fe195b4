"""The tree of bureau, sections 股室, units 局属单位 and enterprises, and the people in it."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from jiaoan.org.roles import ROLES


class OrganisationKind(models.TextChoices):
    BUREAU = "bureau", _("Bureau")
    SECTION = "section", _("Section")
    UNIT = "unit", _("Subordinate unit")
    ENTERPRISE = "enterprise", _("Enterprise")
    OUTSIDE_CARRIER = "outside_carrier", _("Outside carrier")


class Organisation(models.Model):
    """A node of the tree. ``path`` is "/1/4/": the ids from the root, for own-and-below."""

    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=20, choices=OrganisationKind.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=200, blank=True, db_index=True)
    sort = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["sort", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name for lists; the full name stands on the object's page."""
        return self.short_name or self.name

    @property
    def is_official(self) -> bool:
        return self.kind in (
            OrganisationKind.BUREAU,
            OrganisationKind.SECTION,
            OrganisationKind.UNIT,
        )


class User(AbstractUser):
    """A person who logs in. Facts name them by id (``user:7``), never by name."""

    display_name = models.CharField(max_length=60, blank=True)

    @property
    def journal_name(self) -> str:
        return f"user:{self.pk}"

    @property
    def name(self) -> str:
        return self.display_name or self.username

    def main_post(self) -> Post | None:
        return self.posts.select_related("organisation").first()

    @property
    def organisation(self) -> Organisation | None:
        post = self.main_post()
        return post.organisation if post else None


class Post(models.Model):
    """A person's place 岗位 in an organisation; the first one is the main post."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="posts")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    title = models.CharField(max_length=60, blank=True)
    leads = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="post_once"),
        ]


class Assignment(models.Model):
    """A role held by a person at an organisation, from which its scopes are counted."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=30, choices=[(key, r.title) for key, r in ROLES.items()])
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    chosen = models.ManyToManyField(Organisation, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "organisation"], name="role_once"),
        ]
