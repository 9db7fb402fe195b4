"""A modern terminal without its radio: commands in, messages out, nothing sent here.

What it does on each command stands in one table (:data:`_DOES`); what is not in it is answered with
"unsupported". Bytes of commands are read here by hand, apart from ``jiaoan.wire``.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from jiaoan.simulate import bodies
from jiaoan.simulate.areas import Areas
from jiaoan.simulate.bodies import AlarmFile, Driver, Kept, Picture
from jiaoan.simulate.octets import Command, Fix, bcd, location

_OK, _FAILED, _UNSUPPORTED = 0, 1, 3
_ALARMS_KEPT = 50
_PICTURES_KEPT = 50
_FACTORY: dict[int, bytes] = {
    0x0001: struct.pack(">I", 60),
    0x0013: b"127.0.0.1",
    0x0020: struct.pack(">I", 0),
    0x0029: struct.pack(">I", 30),
    0x0055: struct.pack(">I", 80),
    0x0056: struct.pack(">I", 10),
    0x0057: struct.pack(">I", 14_400),
}


class Message(NamedTuple):
    """Something to send up; one longer than a package goes in parts."""

    message_id: int
    body: bytes


@dataclass(frozen=True)
class Upload:
    """Files that the platform wants at a server of its own."""

    host: str
    port: int
    alarm: bytes
    number: bytes
    files: tuple[AlarmFile, ...]


@dataclass(frozen=True)
class Tracking:
    """Report each ``interval_s`` until then."""

    interval_s: int
    until: datetime


@dataclass
class Device:
    """One terminal's memory. ``fix`` says where it is now."""

    version: str
    terminal_id: str
    fix: Callable[[], Fix]
    driver: Driver | None = None
    parameters: dict[int, bytes] = field(default_factory=_FACTORY.copy)
    texts: list[str] = field(default_factory=list)
    """What the driver was shown."""
    uploads: list[Upload] = field(default_factory=list)
    """Orders that wait to be carried out, oldest first."""
    _alarms: OrderedDict[bytes, tuple[AlarmFile, ...]] = field(default_factory=OrderedDict)
    kept: list[Kept] = field(default_factory=list)
    """Pictures in its memory, oldest first."""
    _pictures: int = 0
    tracking: Tracking | None = None
    on_rhythm: Callable[[], None] | None = None
    """Called when the interval of its reports has been changed."""
    areas: Areas = field(init=False)

    def __post_init__(self) -> None:
        self.areas = Areas(self.version)

    def alarm(self, kind: int, alarm_type: int, given: tuple[bytes, ...] = ()) -> Fix:
        """A report with an alarm of active safety; its files (JPEG octets) wait for an order."""
        fix = self.fix()
        sequence = len(self._alarms)
        name = bodies.alarm_id(self.terminal_id, fix.when, sequence, len(given))
        self._alarms[name] = tuple(
            AlarmFile(f"00_64_{kind:02X}{alarm_type:02X}_{index}_{name.hex()[-8:]}.jpg", 0, data)
            for index, data in enumerate(given)
        )
        while len(self._alarms) > _ALARMS_KEPT:
            self._alarms.popitem(last=False)
        item = bodies.safety_item(kind, alarm_type, fix, sequence, name)
        return replace(fix, items=(*fix.items, (kind, item)))

    def take_picture(self, channel: int, event: int, data: bytes) -> list[Message]:
        """0x0800 and 0x0801 of a picture."""
        one = self.keep_picture(channel, event, data)
        return [
            Message(bodies.PICTURE_TAKEN, bodies.picture_taken(one.picture)),
            self._sent_up(one),
        ]

    def keep_picture(self, channel: int, event: int, data: bytes) -> Kept:
        """Take a picture into the memory and say nothing of it."""
        self._pictures += 1
        one = Kept(Picture(self._pictures, channel, event, data), self.fix())
        self.kept = [*self.kept[-_PICTURES_KEPT + 1 :], one]
        return one

    def _sent_up(self, one: Kept) -> Message:
        return Message(bodies.PICTURE, bodies.picture(self.version, one.picture, one.fix))

    def card(self, when: datetime) -> list[Message]:
        """0x0702 of who sits at the wheel; nothing where no card is in."""
        if self.driver is None:
            return []
        return [Message(bodies.DRIVER, bodies.driver(self.version, self.driver, when))]

    def answer(self, command: Command) -> list[Message]:
        """What is sent on a command, in order."""
        does = _DOES.get(command.message_id)
        if does is None:
            return [general(command, _UNSUPPORTED)]
        try:
            return does(self, command)
        except (struct.error, UnicodeDecodeError, IndexError):
            return [general(command, 2)]

    def _show(self, command: Command) -> list[Message]:
        at = 2 if self.version == "2019" else 1
        self.texts.append(command.body[at:].rstrip(b"\0").decode("gbk"))
        return [general(command, _OK)]

    def _locate(self, command: Command) -> list[Message]:
        body = struct.pack(">H", command.serial) + location(self.fix())
        return [Message(bodies.QUERIED, body)]

    def interval_s(self, usual_s: float, now: datetime) -> float:
        """How long to the next report: ``usual_s``, or as tracked; a tracking ends by itself."""
        if self.tracking and now >= self.tracking.until:
            self.tracking = None
        return self.tracking.interval_s if self.tracking else usual_s

    def _track(self, command: Command) -> list[Message]:
        """0x8202: interval WORD, and unless it is 0, validity DWORD."""
        (interval,) = struct.unpack_from(">H", command.body)
        if interval == 0:
            self.tracking = None
        else:
            (validity,) = struct.unpack_from(">I", command.body, 2)
            self.tracking = Tracking(interval, self.fix().when + timedelta(seconds=validity))
        if self.on_rhythm:
            self.on_rhythm()
        return [general(command, _OK)]

    def _set_area(self, command: Command) -> list[Message]:
        fits = self.areas.set(command.message_id, command.body)
        return [general(command, _OK if fits else _FAILED)]

    def _delete_area(self, command: Command) -> list[Message]:
        self.areas.delete(command.message_id, command.body)
        return [general(command, _OK)]

    def _tell_areas(self, command: Command) -> list[Message]:
        """0x0608, which names no serial; editions before 2019 have neither."""
        if self.version != "2019":
            return [general(command, _UNSUPPORTED)]
        return [Message(bodies.AREAS, self.areas.told(command.body))]

    def _control(self, command: Command) -> list[Message]:
        body = struct.pack(">H", command.serial) + location(self.fix())
        return [Message(bodies.CONTROLLED, body)]

    def _set(self, command: Command) -> list[Message]:
        at = 1
        for _ in range(command.body[0]):
            number, size = struct.unpack_from(">IB", command.body, at)
            self.parameters[number] = command.body[at + 5 : at + 5 + size]
            at += 5 + size
        return [general(command, _OK)]

    def _tell(self, command: Command) -> list[Message]:
        wanted = list(self.parameters)
        if command.body:
            wanted = [one for (one,) in struct.iter_unpack(">I", command.body[1:])]
        values = {one: self.parameters[one] for one in wanted if one in self.parameters}
        body = bodies.parameters(self.version, command.serial, values)
        return [Message(bodies.PARAMETERS, body)]

    def _describe(self, command: Command) -> list[Message]:
        return [Message(bodies.ATTRIBUTES, bodies.attributes(self.version, self.terminal_id))]

    def _who(self, command: Command) -> list[Message]:
        return [general(command, _OK), *self.card(self.fix().when)]

    def _shoot(self, command: Command) -> list[Message]:
        channel, count = struct.unpack_from(">BH", command.body)
        if count in (0, 0xFFFF):
            return [general(command, _OK)]
        taken: list[Message] = []
        numbers = []
        for _ in range(min(count, 10)):
            taken += self.take_picture(channel, 0, _JPEG)
            numbers.append(self._pictures)
        body = struct.pack(f">HBH{len(numbers)}I", command.serial, 0, len(numbers), *numbers)
        return [Message(bodies.CAMERA, body), *taken]

    def _search(self, command: Command) -> list[Message]:
        return [Message(bodies.STORED, bodies.stored(command.serial, self._wanted(command)))]

    def _send_kept(self, command: Command) -> list[Message]:
        """0x8803: "ok", and then what fits; deleted afterwards where that is asked."""
        return self._send_these(command, self._wanted(command), command.body[15])

    def _send_one(self, command: Command) -> list[Message]:
        """0x8805, by its number."""
        number, delete = struct.unpack_from(">IB", command.body)
        return self._send_these(
            command, [one for one in self.kept if one.picture.number == number], delete
        )

    def _send_these(self, command: Command, wanted: list[Kept], delete: int) -> list[Message]:
        if not wanted:
            return [general(command, _FAILED)]
        if delete:
            self.kept = [one for one in self.kept if one not in wanted]
        return [general(command, _OK), *(self._sent_up(one) for one in wanted)]

    def _wanted(self, command: Command) -> list[Kept]:
        """Type, camera (0 all), event, start and end (zeros any) of 0x8802 and 0x8803."""
        medium, channel, event = struct.unpack_from(">BBB", command.body)
        start, end = command.body[3:9], command.body[9:15]
        if len(end) < 6:
            raise struct.error("the times are cut")
        return [
            one
            for one in self.kept
            if medium == 0
            and channel in (0, one.picture.channel)
            and event == one.picture.event
            # Digits of BCD times sort like the times.
            and (not any(start + end) or start <= bcd(one.fix.when) <= end)
        ]

    def _upload(self, command: Command) -> list[Message]:
        size = command.body[0]
        host = command.body[1 : 1 + size].decode("gbk")
        (port,) = struct.unpack_from(">H", command.body, 1 + size)
        name = command.body[5 + size : 21 + size]
        number = command.body[21 + size : 53 + size]
        files = self._alarms.get(name)
        if files is None or len(number) != 32:
            return [general(command, _FAILED)]
        self.uploads.append(Upload(host, port, name, number, files))
        return [general(command, _OK)]

    def _agree(self, command: Command) -> list[Message]:
        return [general(command, _OK)]

    def _note(self, command: Command) -> list[Message]:
        return []


def general(command: Command, result: int) -> Message:
    """0x0001 on a command."""
    body = bodies.answer(command.serial, command.message_id, result)
    return Message(bodies.TERMINAL_ANSWER, body)


_DOES: dict[int, Callable[[Device, Command], list[Message]]] = {
    0x8004: Device._note,
    0x8103: Device._set,
    0x8104: Device._tell,
    0x8105: Device._agree,
    0x8106: Device._tell,
    0x8107: Device._describe,
    0x8201: Device._locate,
    0x8202: Device._track,
    0x8203: Device._agree,
    0x8204: Device._agree,
    0x8300: Device._show,
    0x8500: Device._control,
    0x8600: Device._set_area,
    0x8601: Device._delete_area,
    0x8602: Device._set_area,
    0x8603: Device._delete_area,
    0x8604: Device._set_area,
    0x8605: Device._delete_area,
    0x8606: Device._set_area,
    0x8607: Device._delete_area,
    0x8608: Device._tell_areas,
    0x8702: Device._who,
    0x8800: Device._note,
    0x8801: Device._shoot,
    0x8802: Device._search,
    0x8803: Device._send_kept,
    0x8805: Device._send_one,
    0x9208: Device._upload,
}
_JPEG = bytes.fromhex("ffd8ffe000104a464946") + bytes(range(256)) * 8 + bytes.fromhex("ffd9")
"""What a camera that is not there sees: longer than one package."""
