from django.apps import AppConfig
from django.db.models.signals import post_migrate


class JournalConfig(AppConfig):
    name = "jiaoan.journal"
    label = "journal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jiaoan import scope
        from jiaoan.journal import guard
        from jiaoan.journal.models import Attachment, Fact

        scope.register(Fact)
        scope.register(Attachment, organisations=["organisation_id"], person="kept_by_id")
        # An ordinary field change on SQLite copies the table and drops its triggers.
        post_migrate.connect(guard.remake, sender=self)
