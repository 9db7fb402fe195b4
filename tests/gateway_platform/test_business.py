"""What platforms tell each other besides positions, over real sockets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.platform.orders import BadOrder, message_of
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.stores.bus import BusUnavailable
from jiaoan.wire.jt809 import Edition, EncodeError, Message
from jiaoan.wire.jt809.alarms import (
    AlarmReport2011,
    AlarmReport2019,
    AlarmReportTwoTimes,
    AlarmResult2011,
)
from jiaoan.wire.jt809.exchange import (
    Driver2011,
    Driver2019,
    DriverAnswer2019,
    WaybillAnswer2019,
    WaybillText,
)
from jiaoan.wire.jt809.framing import Profile
from jiaoan.wire.jt809.line import Terms
from jiaoan.wire.jt809.management import (
    LinkReport,
    LinkReportRequest,
    SerialMark,
    SerialMarks,
)
from jiaoan.wire.jt809.posts import (
    GapRequest,
    GapRequestShort,
    PostAnswer2019,
    PostQuery2011,
    PostQuery2019,
)

from .helpers import CODE, MOMENT, Both, run, seconds_of, until
from .helpers import report as report_positions

pytestmark = pytest.mark.socket
EDITIONS = pytest.mark.parametrize("edition", ["2011", "2019"])


def say(sockets: Sockets, message: Message) -> None:
    """One message on the link that carries business now."""
    assert sockets.pair.send(message, sockets.now) is not None
    sockets.flush()


def kept(folder: Path) -> list[dict[str, Any]]:
    path = folder / "kept.jsonl"
    return (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


def query(edition: str) -> PostQuery2011 | PostQuery2019:
    if edition == "2011":
        return PostQuery2011(1, "43060000001", 10, "值班人员姓名？")
    return PostQuery2019(1, "43060000001", 120, 10, "值班人员姓名？")


@EDITIONS
def test_a_post_query_comes_down_and_its_answer_goes_up(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            superior = await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            say(superior.seats[CODE].sockets, Message.of(0x9301, query(edition)))
            await until(lambda: len(both.lower.told()) == 1, "the query arrived")
            (asked,) = both.lower.told()
            assert (asked["kind"], asked["role"]) == ("post_query", "subordinate")
            assert (asked["number"], asked["text"]) == (10, "值班人员姓名？")
            due = (MOMENT + timedelta(seconds=120)).isoformat()
            assert asked["deadline"] == (None if edition == "2011" else due)
            answer = {
                "order": "post-1", "role": "subordinate", "kind": "post_answer",
                "object_type": asked["object_type"], "object_id": asked["object_id"],
                "number": asked["number"], "serial": asked["serial"], "text": "李四在岗",
                "responder": "李四", "responder_phone": "",
            }  # fmt: skip
            await both.lower.say(f"platform.down.{CODE}", answer)
            await until(lambda: len(both.upper.told()) == 1, "the answer arrived")
            (said,) = both.upper.told()
            assert (said["kind"], said["role"], said["text"]) == (
                "post_answer", "superior", "李四在岗",
            )  # fmt: skip
            named = {"number": 10} if edition == "2011" else {
                "source_serial": asked["serial"], "responder": "李四",
            }  # fmt: skip
            assert named.items() <= said.items()
            await until(lambda: len(both.lower.told()) == 2, "told back")
            assert both.lower.told()[1]["order"] == "post-1"

    run(main())


QUERY = {
    "order": "post-1", "role": "superior", "kind": "post_query", "object_type": 1,
    "object_id": str(CODE), "number": 3, "answer_seconds": 120, "text": "谁在岗？",
}  # fmt: skip


@EDITIONS
def test_a_post_query_of_ours_goes_down_and_its_answer_is_told(
    tmp_path: Path, edition: str
) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            await both.upper.say(f"platform.down.{CODE}", QUERY)
            await until(lambda: len(both.lower.told()) == 1, "the query arrived")
            (asked,) = both.lower.told()
            assert (asked["number"], asked["text"], asked["object_id"]) == (
                3,
                "谁在岗？",
                str(CODE),
            )
            await until(lambda: len(both.upper.told()) == 1, "it was read")
            sent = both.upper.told()[0]
            assert (sent["kind"], sent["order"]) == ("order_sent", "post-1")
            assert sent["serial"] == asked["serial"]
            # Another maker's subordinate, that answers by itself.
            answer = (
                PostQuery2011(1, str(CODE), 3, "张三在岗")
                if edition == "2011"
                else PostAnswer2019(
                    1, "张三", "0730", str(CODE), 0x9301, asked["serial"], "张三在岗"
                )
            )
            say(subordinate.ties[0].sockets, Message.of(0x1301, answer))
            await until(lambda: len(both.upper.told()) == 2, "it is told")
            said = both.upper.told()[1]
            assert (said["kind"], said["text"]) == ("post_answer", "张三在岗")
            assert said.get("number", said.get("source_serial")) in (3, asked["serial"])

    run(main())


REPORT: dict[str, Any] = {
    "order": "report-1", "role": "subordinate", "kind": "alarm_report", "number": 5,
    "plate": "湘F32718", "plate_colour": 2, "platform_id": "43060000001", "warn_source": 3,
    "warn_type": 1, "warn_time": MOMENT.isoformat(), "ended_at": None, "text": "超速 78/60",
}  # fmt: skip
"""What the worker orders when an alarm opens."""


@EDITIONS
def test_an_alarm_and_its_result_go_up(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            await both.lower.say(f"platform.down.{CODE}", REPORT)
            await until(lambda: len(both.lower.told()) == 1, "it was read")
            serial = both.lower.told()[0]["serial"]
            (told,) = both.upper.told()
            fields = {
                "kind": "alarm_report", "plate": "湘F32718", "plate_colour": 2, "warn_type": 1,
                "warn_time": MOMENT.isoformat(), "text": "超速 78/60", "serial": serial,
            }  # fmt: skip
            assert fields.items() <= told.items()
            result = REPORT | {
                "order": "report-2", "kind": "alarm_result", "result": 1, "report_serial": serial,
            }  # fmt: skip
            await both.lower.say(f"platform.down.{CODE}", result)
            await until(lambda: len(both.upper.told()) == 2, "the result arrived")
            named = {"number": 5} if edition == "2011" else {"source_serial": serial}
            wanted = {"kind": "alarm_result", "result": 1} | named
            assert wanted.items() <= both.upper.told()[1].items()

    run(main())


def test_an_order_outlives_an_outage_and_a_frame_that_nobody_read(tmp_path: Path) -> None:
    """The superior reads nothing more and dies with what was written to it: it is said again."""

    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            both.upper.trouble = BusUnavailable("full")
            # Read, and not stored: the keep-alive behind it is not answered.
            await both.lower.say(f"platform.down.{CODE}", REPORT)
            words = superior.metrics.messages
            await until(lambda: words["0x1402"] == 1, "it was read")
            assert both.lower.told() == []
            await both.stop_superior()
            both.upper.trouble = None
            assert both.upper.told() == []
            await both.lower.say(f"platform.down.{CODE}", REPORT | {"order": "report-2"})
            await both.start_superior()
            await until(lambda: len(both.lower.told()) == 2, "both were read", 30)
            assert [one["order"] for one in both.lower.told()] == ["report-1", "report-2"]
            assert [one["kind"] for one in both.upper.told()] == ["alarm_report"] * 2
            serials = [one["serial"] for one in both.upper.told()]
            assert serials == [one["serial"] for one in both.lower.told()]

    run(main())


def papers(edition: str) -> list[tuple[int, Any]]:
    """Driver and waybill, told unasked and as an answer."""
    who = ("张三", "430602198001010011", "430602198001010011", "岳阳市交通运输局")
    until_ = MOMENT + timedelta(days=900)
    if edition == "2011":
        return [
            (0x120C, Driver2011(*who)),
            (0x120A, Driver2011(*who)),
            (0x120D, WaybillText("汽油 UN1203")),
            (0x120B, WaybillText("汽油 UN1203")),
        ]
    return [
        (0x120C, Driver2019(*who, until_)),
        (0x120A, DriverAnswer2019(0x920A, 3, *who, until_)),
        (0x120D, WaybillText("汽油 UN1203")),
        (0x120B, WaybillAnswer2019(0x920B, 4, "汽油 UN1203")),
    ]


@EDITIONS
def test_papers_of_a_vehicle_are_told_with_their_octets(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            for sub_type, content in papers(edition):
                say(subordinate.ties[0].sockets, Message.of(sub_type, content, "湘F32718", 2))
            await until(lambda: len(both.upper.told()) == 4, "all are told")
            for said, (sub_type, content) in zip(both.upper.told(), papers(edition), strict=True):
                assert (said["kind"], said["message"]) == ("papers", sub_type)
                assert (said["plate"], said["plate_colour"]) == ("湘F32718", 2)
                assert bytes.fromhex(said["octets"]) == content.build()

    run(main())


DOWN = {"role": "superior", "number": 3, "plate": "湘F32718", "plate_colour": 2}


@EDITIONS
def test_a_request_for_papers_goes_down_and_names_the_frame_that_asked(
    tmp_path: Path, edition: str
) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            for name, kind in (("post-1", "driver_request"), ("post-2", "waybill_request")):
                await both.upper.say(f"platform.down.{CODE}", DOWN | {"order": name, "kind": kind})
            await until(lambda: len(both.upper.told()) == 2, "both were read")
            asked = [one["serial"] for one in both.upper.told()]
            heard = both.lower.told()
            assert [(one["kind"], one["message"], one["plate"]) for one in heard] == [
                ("papers_asked", 0x920A, "湘F32718"), ("papers_asked", 0x920B, "湘F32718"),
            ]  # fmt: skip
            for sub_type, content in papers(edition)[1::2]:
                if isinstance(content, DriverAnswer2019 | WaybillAnswer2019):
                    serial = asked[sub_type & 1]
                    content = replace(content, source_serial=serial)
                say(subordinate.ties[0].sockets, Message.of(sub_type, content, "湘F32718", 2))
            await until(lambda: len(both.upper.told()) == 4, "both answers are told")
            named = [one.get("source_serial") for one in both.upper.told()[2:]]
            assert named == ([None, None] if edition == "2011" else asked)
            # And as our own worker answers.
            about = DOWN | {"role": "subordinate"}
            driver = {
                "order": "papers-1", "kind": "driver_told", "serial": asked[0], "name": "张三",
                "identity": "1", "certificate": "2", "issuer": "3", "valid_until": None,
            }  # fmt: skip
            bill = {"order": "papers-2", "kind": "waybill_told", "serial": asked[1], "text": "汽油"}
            for order in (driver, bill):
                await both.lower.say(f"platform.down.{CODE}", about | order)
            await until(lambda: len(both.upper.told()) == 6, "ours are told")
            ours = both.upper.told()[4:]
            assert [one["message"] for one in ours] == [0x120A, 0x120B]
            assert [one.get("source_serial") for one in ours] == named
            assert "张三".encode("gbk").hex() in ours[0]["octets"]

    run(main())


@EDITIONS
def test_a_message_of_ours_goes_down_and_its_reading_comes_back(
    tmp_path: Path, edition: str
) -> None:
    message = QUERY | {"order": "post-4", "kind": "post_message", "number": 9, "text": "暴雨预警"}

    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            await both.upper.say(f"platform.down.{CODE}", message)
            await until(lambda: len(both.lower.told()) == 1, "the message arrived")
            (told,) = both.lower.told()
            assert (told["kind"], told["number"], told["text"]) == ("post_message", 9, "暴雨预警")
            assert told["deadline"] is None
            read = {
                "order": "post-1", "role": "subordinate", "kind": "post_read",
                "number": told["number"], "serial": told["serial"],
            }  # fmt: skip
            await both.lower.say(f"platform.down.{CODE}", read)
            await until(lambda: len(both.upper.told()) == 2, "sending and reading are told")
            (said,) = [one for one in both.upper.told() if one["kind"] == "post_read"]
            named = {"number": 9} if edition == "2011" else {"source_serial": told["serial"]}
            assert named.items() <= said.items()

    run(main())


def alarms(edition: str) -> list[tuple[int, Any, dict[str, Any]]]:
    """Sub id, content, and what is told of it."""
    begun = MOMENT.isoformat()
    if edition == "2011":
        report = AlarmReport2011(1, 2, MOMENT, 7, "疲劳驾驶")
        return [
            (0x1402, report, {"kind": "alarm_report", "number": 7, "warn_type": 2, "warn_source": 1,
                              "warn_time": begun, "text": "疲劳驾驶", "plate": "湘F32718"}),
            (0x1403, AlarmResult2011(7, 1), {"kind": "alarm_result", "number": 7, "result": 1}),
        ]  # fmt: skip
    later = MOMENT + timedelta(minutes=3)
    seconds = AlarmReport2019(
        "43060000001", 0x11, MOMENT, MOMENT, later, "湘F32718", 2, "", 0, "前向碰撞"
    )
    ms = int(MOMENT.timestamp() * 1000)
    two = AlarmReportTwoTimes(
        "43060000001", 0x12, ms, ms + 180_000, "湘F32718", 2, "", 0, "车道偏离"
    )
    about = {"kind": "alarm_report", "plate": "湘F32718", "plate_colour": 2, "warn_time": begun,
             "ended_at": later.isoformat()}  # fmt: skip
    return [
        (0x1402, seconds, about | {"warn_type": 0x11, "early": False}),
        (0x1402, two, about | {"warn_type": 0x12, "early": False}),
        (0x1403, seconds, about | {"warn_type": 0x11, "early": True}),
    ]


@EDITIONS
def test_alarm_reports_of_a_subordinate_are_told(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            wanted = alarms(edition)
            for sub_type, content, _ in wanted:
                plate = ("湘F32718", 2) if edition == "2011" else (None, None)
                say(subordinate.ties[0].sockets, Message.of(sub_type, content, *plate))
            await until(lambda: len(both.upper.told()) == len(wanted), "all arrived")
            for said, (_, _, fields) in zip(both.upper.told(), wanted, strict=True):
                assert fields.items() <= said.items()
                assert said["role"] == "superior"

    run(main())


def test_what_nobody_acts_on_is_kept_and_shown_to_people(tmp_path: Path) -> None:
    """Marks of serials come with each login; requests that cannot be met are for a person."""

    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            marks = SerialMarks((SerialMark(0x1202, 9, MOMENT),))
            gap = GapRequest(0x1202, 1, 5, 9, MOMENT)
            say(subordinate.ties[0].sockets, Message.of(0x1103, marks))
            say(subordinate.ties[0].sockets, Message.of(0x1303, gap))
            say(superior.seats[CODE].sockets, Message.of(0x9103, marks))
            say(superior.seats[CODE].sockets, Message.of(0x9303, gap))
            await until(lambda: len(kept(tmp_path / "upper")) == 2, "kept above")
            await until(lambda: len(kept(tmp_path / "lower")) == 2, "kept below")
            words = [
                one["sub_type"] for part in ("upper", "lower") for one in kept(tmp_path / part)
            ]
            assert words == ["0x1103", "0x1303", "0x9103", "0x9303"]
            await until(lambda: len(both.upper.told()) == len(both.lower.told()) == 1, "told")
            for bus, word in ((both.upper, 0x1303), (both.lower, 0x9303)):
                (one,) = bus.told()
                assert (one["kind"], one["why"], one["message"]) == (
                    "other", "no_procedure", word,
                )  # fmt: skip
                assert bytes.fromhex(one["octets"])[-len(gap.build()) :] == gap.build()

    run(main())


@EDITIONS
def test_both_tell_what_they_counted(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition, tally_s=0.2) as both:
            superior = await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            await report_positions(both.lower, 7, 0, 1, 2)
            there, here = subordinate.metrics.counted_there_now, superior.metrics.told_sent_now
            most: dict[str, int] = {}

            def told() -> bool:
                """Periods without positions follow, and tell zero."""
                for counted in (there, here):
                    for name, number in counted.items():
                        most[name] = max(most.get(name, 0), number)
                wanted = {"示意市级平台": 3}
                if edition == "2019":
                    wanted["示意运输平台"] = 3
                return {name: number for name, number in most.items() if number} == wanted

            await until(told, "three are counted", 30)
            assert ("示意运输平台" in here) == (edition == "2019")

    run(main())


def test_the_links_are_reported_when_a_superior_asks(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            await both.stop_superior()
            main = subordinate.ties[0].pair.main
            await until(lambda: not main.live, "it is down")
            both.clock.advance(timedelta(seconds=90))
            superior = await both.start_superior()
            await both.both_links()
            asked = LinkReportRequest(
                "43060000001", MOMENT - timedelta(hours=1), MOMENT + timedelta(hours=1)
            )
            say(superior.seats[CODE].sockets, Message.of(0x9102, asked))
            await until(lambda: "0x1102" in superior.metrics.messages, "it is answered")
            (entry,) = [one for one in kept(tmp_path / "upper") if one["sub_type"] == "0x1102"]
            report = LinkReport.parse(bytes.fromhex(entry["hex"])[6:])
            assert (report.disconnects, report.disconnect_s, report.lost_count) == (1, 90, 0)
            assert (report.start_time, report.end_time) == (asked.start_time, asked.end_time)

    run(main())


def test_positions_that_a_superior_misses_are_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            subordinate = await both.start_subordinate()
            await both.both_links()
            for second in (0, 1, 2):
                await report_positions(both.lower, 7, second)
            await until(lambda: seconds_of(both.upper, 7) == [0, 1, 2], "all are stored")
            gap = GapRequest(0x1202, 1, 0, 0, MOMENT - timedelta(seconds=1))
            other = GapRequest(0x1402, 1, 1, 0xFFFF, MOMENT)
            for content in (other, gap):
                say(superior.seats[CODE].sockets, Message.of(0x9303, content))
            await until(lambda: subordinate.metrics.sent_again == 3, "all are sent again")
            await until(lambda: superior.metrics.doubles == 3, "and known there")
            assert seconds_of(both.upper, 7) == [0, 1, 2]
            # By serials: only those behind the first one of what was sent last.
            first = subordinate.ties[0].forwarder
            last = first.remembered[-1].last
            say(
                superior.seats[CODE].sockets,
                Message.of(0x9303, GapRequestShort(last, last, None)),
            )
            await until(lambda: subordinate.metrics.sent_again == 4, "one is sent again")

    run(main())


def test_an_answer_that_has_no_room_is_refused_before_it_is_sent() -> None:
    order = {
        "kind": "post_answer", "object_type": 1, "object_id": "4306", "number": 1, "serial": 1,
        "text": "在岗", "responder": "名字超过八个汉字的人", "responder_phone": "",
    }  # fmt: skip
    terms = Terms(1, Profile(Edition.V2019))
    with pytest.raises(EncodeError):
        message_of(order, terms).build(Edition.V2019)
    with pytest.raises(BadOrder, match="object_type"):
        message_of(order | {"object_type": "1"}, terms)
