"""The rows of the alarm desk, one file for each thing that lives by its own table of states."""

from jiaoan.watch.models.alarm import Alarm, Disposition
from jiaoan.watch.models.appeal import AnswerFile, AnswerRequest
from jiaoan.watch.models.command import Command, TerminalFile
from jiaoan.watch.models.finding import Finding, Response
from jiaoan.watch.models.hold import TrackHold
from jiaoan.watch.models.platform import PlatformMessage
from jiaoan.watch.models.post import Post
from jiaoan.watch.models.rehearsal import Rehearsal, RehearsalFinding
from jiaoan.watch.models.reported import ReportedAlarm
from jiaoan.watch.models.rules import RuleChange
from jiaoan.watch.models.supervision import Supervision, SupervisionAnswer
from jiaoan.watch.models.upload import Upload
from jiaoan.watch.models.upward import UpwardReport

__all__ = [
    "Alarm",
    "AnswerFile",
    "AnswerRequest",
    "Command",
    "Disposition",
    "Finding",
    "PlatformMessage",
    "Post",
    "Rehearsal",
    "RehearsalFinding",
    "ReportedAlarm",
    "Response",
    "RuleChange",
    "Supervision",
    "SupervisionAnswer",
    "TerminalFile",
    "TrackHold",
    "Upload",
    "UpwardReport",
]
