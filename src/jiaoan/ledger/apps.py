from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "jiaoan.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jiaoan import scope
        from jiaoan.ledger import models as m

        # The text of a notice is read by everybody who may see notices at all; whether an
        # unpublished plan shows is asked in queries.
        for text in (m.Plan, m.Clause, m.SourceSentence, m.IntakeDraft, m.UnitName, m.ReportDate):
            scope.register(text, public=True)
        own = ["organisation_id", "duty__units__organisation_id"]
        scope.register(
            m.Duty, organisations=["units__organisation_id", "occurrences__organisation_id"]
        )
        scope.register(m.Occurrence, organisations=own)
        for part in (m.ReportBack, m.Evidence, m.SystemEvidence, m.Closing, m.Extension, m.Urge):
            scope.register(part, organisations=[f"occurrence__{path}" for path in own])
        scope.register(m.ProgressReport)
