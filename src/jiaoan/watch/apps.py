from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "jiaoan.watch"
    label = "watch"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jiaoan import scope
        from jiaoan.watch import models as m

        owner = "vehicle__enterprise__organisation_id"
        scope.register(m.Alarm, organisations=[owner])
        scope.register(m.Disposition, organisations=[f"alarm__{owner}"])
        scope.register(m.Finding, organisations=[owner])
        scope.register(m.Response, public=True)
        # An outside carrier has no vehicle here: the request itself says to whom it went.
        scope.register(m.AnswerRequest, organisations=["organisation_id"])
        scope.register(m.AnswerFile, organisations=["request__organisation_id"])
        scope.register(m.Command, organisations=[owner])
        scope.register(m.TerminalFile, organisations=[f"command__{owner}"])
        scope.register(m.TrackHold, organisations=[owner])
        scope.register(m.Upload, organisations=[owner])
        scope.register(m.UpwardReport, organisations=[f"alarm__{owner}"])
        scope.register(m.Post)
        scope.register(m.PlatformMessage)
        scope.register(m.ReportedAlarm, organisations=[owner])
        scope.register(m.RuleChange, public=True)
        scope.register(m.Rehearsal, public=True)
        scope.register(m.RehearsalFinding, organisations=[owner])
        scope.register(m.Supervision, organisations=[owner])
        scope.register(m.SupervisionAnswer, organisations=[f"supervision__{owner}"])
