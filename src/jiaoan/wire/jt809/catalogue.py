"""Which table stands behind which id, for each edition. The first of several is the one to build;
the others are layouts that peers send, told apart by their length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jiaoan.wire.jt809 import alarms, control, exchange, links, location, management, posts
from jiaoan.wire.jt809.header import Edition
from jiaoan.wire.jt809.table import Table

Tables = tuple[type[Table], ...]
_BOTH: Final[dict[int, Tables]] = {
    # links (ids of messages)
    0x1002: (links.LoginAnswer,),
    0x1003: (links.Logout,),
    0x1004: (links.Empty,),
    0x1005: (links.Empty,),
    0x1006: (links.Empty,),
    0x1007: (links.Code,),
    0x1008: (links.Code,),
    0x9001: (links.Verify,),
    0x9002: (links.Result,),
    0x9003: (links.Verify,),
    0x9004: (links.Empty,),
    0x9005: (links.Empty,),
    0x9006: (links.Empty,),
    0x9007: (links.Code,),
    0x9008: (links.Code,),
    0x9101: (management.Tally,),
    # data parts (sub ids)
    0x1207: (exchange.Period,),
    0x1208: (links.Empty,),
    0x1209: (exchange.Period,),
    0x120D: (exchange.WaybillText,),
    0x9204: (exchange.VehicleInfo,),
    0x9205: (exchange.ExchangeReason,),
    0x9206: (exchange.ExchangeReason,),
    0x920A: (links.Empty,),
    0x920B: (links.Empty,),
    0x9501: (control.MonitorRequest,),
    0x9502: (control.PhotoRequest,),
    0x9503: (control.TextRequest,),
    0x9505: (control.EmergencyAccess,),
    0x9601: (links.Empty,),
}
_2011: Final[dict[int, Tables]] = {
    0x1001: (links.Login2011,),
    0x1201: (exchange.Register2011, exchange.RegisterShort),
    0x1202: (location.Realtime2011,),
    0x9202: (location.Realtime2011,),
    0x1203: (location.Backfill2011,),
    0x9203: (location.Backfill2011,),
    0x1205: (links.Empty,),
    0x1206: (links.Empty,),
    0x9207: (exchange.Answer,),
    0x9208: (exchange.Answer,),
    0x9209: (exchange.Answer,),
    0x120A: (exchange.Driver2011,),
    0x120C: (exchange.Driver2011,),
    0x120B: (exchange.WaybillText,),
    0x1301: (posts.PostQuery2011,),
    0x1302: (posts.TextAnswer2011,),
    0x9301: (posts.PostQuery2011,),
    0x9302: (posts.PostQuery2011,),
    0x1401: (alarms.SupervisionAnswer2011,),
    0x1402: (alarms.AlarmReport2011,),
    0x1403: (alarms.AlarmResult2011,),
    0x9401: (alarms.SupervisionRequest,),
    0x9402: (alarms.AlarmTip2011,),
    0x9403: (alarms.AlarmTip2011,),
    0x1501: (exchange.Answer,),
    0x1502: (control.PhotoAnswer2011,),
    0x1503: (control.TextAnswer,),
    0x1504: (control.RecorderAnswer,),
    0x1505: (exchange.Answer,),
    0x9504: (control.RecorderRequest, control.RecorderRequest2019),
    0x1601: (exchange.VehicleInfo,),
}
_REPORT = (alarms.AlarmReport2019, alarms.AlarmReportTwoTimes)
_GAP = (posts.GapRequest, posts.GapRequestShort)
_2019: Final[dict[int, Tables]] = {
    0x1001: (links.Login2019,),
    0x1101: (management.Tally,),
    0x1102: (management.LinkReport,),
    0x9102: (management.LinkReportRequest,),
    0x1103: (management.SerialMarks,),
    0x9103: (management.SerialMarks,),
    0x1201: (exchange.Register2019,),
    0x9201: (exchange.SourceAnswer,),
    0x1202: (location.Carried,),
    0x9202: (location.Carried,),
    0x1203: (location.Backfill2019,),
    0x9203: (location.Backfill2019,),
    0x1205: (links.Empty, posts.Source),
    0x1206: (links.Empty, posts.Source),
    0x9207: (exchange.SourceAnswer,),
    0x9208: (exchange.SourceAnswer,),
    0x9209: (exchange.SourceAnswer,),
    0x120A: (exchange.DriverAnswer2019,),
    0x120C: (exchange.Driver2019,),
    0x120B: (exchange.WaybillAnswer2019,),
    0x120E: (exchange.Route,),
    0x920C: (links.Empty,),
    0x920D: (exchange.RouteAnswer,),
    0x1301: (posts.PostAnswer2019,),
    0x1302: (posts.Source,),
    0x9301: (posts.PostQuery2019,),
    0x9302: (posts.PlatformText2019,),
    0x1303: _GAP,
    0x9303: _GAP,
    0x1401: (alarms.SupervisionAnswer2019,),
    0x1402: _REPORT,
    0x1403: _REPORT,
    0x1411: (exchange.SourceAnswer,),
    0x1412: (exchange.SourceAnswer,),
    0x1413: (alarms.SupervisionNotice,),
    0x9401: (alarms.SupervisionRequest, alarms.SupervisionRequest2019),
    0x9402: _REPORT,
    0x9403: _REPORT,
    0x1501: (exchange.SourceAnswer,),
    0x1502: (control.PhotoAnswer2019, control.PhotoAnswerBody),
    0x1503: (exchange.SourceAnswer, control.TextAnswerLong),
    0x1504: (control.RecorderAnswer2019,),
    0x1505: (exchange.SourceAnswer,),
    0x9504: (control.RecorderRequest2019, control.RecorderRequest),
    0x1601: (control.StaticAnswer2019, exchange.VehicleInfo),
}
CATALOGUE: Final[Mapping[Edition, Mapping[int, Tables]]] = {
    Edition.V2011: _BOTH | _2011,
    Edition.V2019: _BOTH | _2019,
}
DIRECT: Final = frozenset(id_ for id_ in _BOTH | _2011 | _2019 if id_ >> 8 & 0x7F == 0x10)
"""Messages whose data stands directly in the body."""
MANAGEMENT: Final = frozenset({0x1101, 0x1102, 0x1103, 0x9101, 0x9102, 0x9103})
SOURCE_FIRST: Final = frozenset({0x1205, 0x1206})
"""Sub ids whose source stands before the length in 2019."""
WITHOUT_PLATE: Final = frozenset({0x9201})


def has_plate(message_id: int, edition: Edition) -> bool:
    """Whether messages of this family begin with plate and colour."""
    family = message_id >> 8 & 0x7F
    if family == 0x14:
        return edition is Edition.V2011
    return family not in (0x10, 0x11, 0x13)
