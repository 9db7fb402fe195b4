"""Orders about vehicles over real sockets, down and their answers up, in both editions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jiaoan.wire.jt809 import Message
from jiaoan.wire.jt809.alarms import AlarmReport2019, AlarmTip2011
from jiaoan.wire.jt809.control import EmergencyAccess
from jiaoan.wire.jt809.exchange import ExchangeReason, SourceAnswer

from .helpers import CODE, MOMENT, PLATES, Both, run, until

pytestmark = pytest.mark.socket
EDITIONS = pytest.mark.parametrize("edition", ["2011", "2019"])
_ABOUT: dict[str, Any] = {"plate": PLATES[7], "plate_colour": 2}
_SPAN = {"start": MOMENT.isoformat(), "end": MOMENT.isoformat()}
ORDERS: list[tuple[int, dict[str, Any]]] = [
    (0x9501, {"tel": "0730-1234567"}),
    (0x9502, {"lens": 2, "size": 1}),
    (0x9503, {"text": "减速慢行", "urgent": True}),
    (0x9504, {"command": 8, **_SPAN}),
    (0x9601, {}),
]
PLACE = {"lat": 29_370_000, "lon": 113_120_000, "fixed": 1, "speed": 500, "at": MOMENT.isoformat()}
ANSWERS: list[tuple[int, dict[str, Any], dict[str, Any]]] = [
    (0x1501, {"result": 1}, {"result": 1}),
    (
        0x1502,
        {"result": 1, "lens": 2, "size": 1, "format": 1, "octets": "ffd8ff5b", "place": PLACE},
        {"result": 1, "lens": 2, "octets": "ffd8ff5b"},
    ),
    (0x1503, {"result": 0}, {"result": 0}),
    (0x1504, {"command": 8, "octets": "5500"}, {"octets": "5500"}),
    (0x1601, {"text": "VIN:=湘F32718;"}, {"text": "VIN:=湘F32718;"}),
]


@EDITIONS
def test_orders_go_down_and_answers_come_up(tmp_path: Path, edition: str) -> None:
    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            common = _ABOUT | {"number": 7, "serial": 40}
            for message, said in ORDERS:
                order = {"kind": "vehicle_order", "role": "superior", "message": message}
                about = common | {"order": "post-1", "arguments": said}
                await both.upper.say(f"platform.down.{CODE}", order | about)
            await until(lambda: len(both.lower.told()) == len(ORDERS), "all orders arrived")
            for told, (message, said) in zip(both.lower.told(), ORDERS, strict=True):
                assert (told["kind"], told["message"]) == ("vehicle_order", message)
                assert told["plate"] == PLATES[7]
                if (edition, message) == ("2011", 0x9504):
                    said = {"command": 8}
                assert told["arguments"] == said
                assert told["number"] == (7 if message == 0x9503 else 0)
            access: tuple[int, dict[str, Any], dict[str, Any]] = (0x1505, {"result": 2}, {})
            for message, said, _ in (*ANSWERS, access):
                answer = {"kind": "vehicle_answer", "role": "subordinate", "message": message}
                about = common | {"order": "post-1"}
                await both.lower.say(f"platform.down.{CODE}", answer | about | said)

            def answers() -> list[dict[str, Any]]:
                return [one for one in both.upper.told() if one["kind"] == "vehicle_answer"]

            await until(lambda: len(answers()) == len(ANSWERS), "all answers arrived")
            for told, (message, _, heard) in zip(answers(), ANSWERS, strict=True):
                assert told["message"] == message
                assert heard.items() <= told.items()
                if edition == "2019":
                    assert told["source_serial"] == 40
            await until(lambda: both.upper.told()[-1]["kind"] == "other", "the last one too")
            assert both.upper.told()[-1]["message"] == 0x1505

    run(main())


@EDITIONS
def test_what_a_superior_says_of_vehicles_reaches_people(tmp_path: Path, edition: str) -> None:
    """Emergency access, alarms that are passed on, and the start of an exchange."""
    access = EmergencyAccess(
        b"0123456789", "CMNET", "user", "pass", "192.0.2.9", 6000, 6001, MOMENT
    )
    tip: Any = AlarmTip2011(3, 2, MOMENT, "疲劳")
    if edition == "2019":
        tip = AlarmReport2019("4306", 2, MOMENT, MOMENT, None, PLATES[7], 2, "", 0, "疲劳")

    async def main() -> None:
        async with Both(tmp_path, edition) as both:
            superior = await both.start_superior()
            await both.start_subordinate()
            await both.both_links()
            sockets = superior.seats[CODE].sockets
            plate = PLATES[7], 2
            said = [
                Message.of(0x9505, access, *plate),
                Message.of(0x9402, tip, *plate if edition == "2011" else ()),
                Message.of(0x9403, tip, *plate if edition == "2011" else ()),
                Message.of(0x9205, ExchangeReason(2), *plate),
            ]
            for message in said:
                assert sockets.pair.send(message, sockets.now) is not None
            sockets.flush()
            await until(lambda: len(both.lower.told()) == len(said), "all arrived")
            order, early, passed, start = both.lower.told()
            assert (order["message"], order["arguments"]["tcp_port"]) == (0x9505, 6000)
            assert [one["early"] for one in (early, passed)] == [True, False]
            assert {one["role"] for one in (early, passed)} == {"subordinate"}
            assert {one["plate"] for one in (early, passed)} == {PLATES[7]}
            assert (start["kind"], start["why"]) == ("other", "answered")
            # The answer 0x1205 is for nobody's question here, and so it is shown as it came.
            await until(lambda: len(both.upper.told()) == 1, "the start was answered")
            assert both.upper.told()[0]["message"] == 0x1205

    run(main())


def test_an_answer_of_2019_by_frame_answers_a_supervision_request(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path, "2019") as both:
            await both.start_superior()
            low = await both.start_subordinate()
            await both.both_links()
            sockets = low.ties[0].sockets
            sockets.pair.send(Message.of(0x1411, SourceAnswer(0x9401, 17, 1)), sockets.now)
            sockets.flush()
            await until(lambda: len(both.upper.told()) == 1, "it arrived")
            (told,) = both.upper.told()
            assert (told["kind"], told["number"], told["source_serial"], told["result"]) == (
                "supervision_answer", None, 17, 1,
            )  # fmt: skip

    run(main())
