"""Signalling of JT/T 1078-2016 over 808. The media themselves are another stream, not read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jiaoan.wire.jt808.columns import Moment, Text8
from jiaoan.wire.jt808.commands import Empty
from jiaoan.wire.jt808.table import DWORD, U8, U16, U32, Items, Row, Table
from jiaoan.wire.tables import FixedOctets

AlarmBits = Annotated[bytes, FixedOctets(8)]
"""64 alarm bits: the lower 32 as in 0x0200, above them the video alarms."""


@dataclass(frozen=True, slots=True)
class AskAbilities(Empty):
    """0x9003 查询终端音视频属性."""


@dataclass(frozen=True, slots=True)
class Abilities(Table):
    """0x1003 终端上传音视频属性."""

    audio_codec: U8
    audio_channels: U8
    audio_sample_rate: U8
    audio_sample_bits: U8
    audio_frame_length: U16
    audio_output: U8
    video_codec: U8
    audio_channels_max: U8
    video_channels_max: U8


@dataclass(frozen=True, slots=True)
class Passengers(Table):
    """0x1005 终端上传乘客流量."""

    start: Moment
    end: Moment
    passengers_on: U16
    passengers_off: U16


@dataclass(frozen=True, slots=True)
class StartLive(Table):
    """0x9101 实时音视频传输请求: data type 0 both, 1 video, 2 talk, 3 listen, 4 broadcast,
    5 passthrough; stream 0 main, 1 sub."""

    server: Text8
    tcp_port: U16
    udp_port: U16
    channel_id: U8
    data_type: U8
    stream_type: U8


@dataclass(frozen=True, slots=True)
class ControlLive(Table):
    """0x9102 音视频实时传输控制: 0 close, 1 switch, 2 pause, 3 resume, 4 end talk."""

    channel_id: U8
    command: U8
    close_type: U8
    stream_type: U8


@dataclass(frozen=True, slots=True)
class LossNotice(Table):
    """0x9105 实时音视频传输状态通知."""

    channel_id: U8
    loss_percent: U8


@dataclass(frozen=True, slots=True)
class PlayBack(Table):
    """0x9201 平台下发远程录像回放请求."""

    server: Text8
    tcp_port: U16
    udp_port: U16
    channel_id: U8
    media_type: U8
    stream_type: U8
    storage_type: U8
    playback_mode: U8
    playback_speed: U8
    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True)
class ControlPlayBack(Table):
    """0x9202 平台下发远程录像回放控制."""

    channel_id: U8
    command: U8
    playback_speed: U8
    position: Moment


@dataclass(frozen=True, slots=True)
class AskRecordings(Table):
    """0x9205 查询资源列表."""

    channel_id: U8
    start: Moment
    end: Moment
    alarm_bits: AlarmBits
    media_type: U8
    stream_type: U8
    storage_type: U8


@dataclass(frozen=True, slots=True)
class Recording(Table):
    """One recording of 0x1205."""

    channel_id: U8
    start: Moment
    end: Moment
    alarm_bits: AlarmBits
    media_type: U8
    stream_type: U8
    storage_type: U8
    file_size: U32


@dataclass(frozen=True, slots=True)
class Recordings(Table):
    """0x1205 终端上传音视频资源列表."""

    reply_serial: U16
    recordings: Annotated[tuple[Recording, ...], Items(DWORD, Row(Recording))]


@dataclass(frozen=True, slots=True)
class UploadFile(Table):
    """0x9206 文件上传指令: over FTP."""

    server: Text8
    port: U16
    user: Text8
    password: Text8
    path: Text8
    channel_id: U8
    start: Moment
    end: Moment
    alarm_bits: AlarmBits
    media_type: U8
    stream_type: U8
    storage_type: U8
    conditions: U8


@dataclass(frozen=True, slots=True)
class FileUploaded(Table):
    """0x1206 文件上传完成通知: 0 done, 1 failed."""

    reply_serial: U16
    result: U8


@dataclass(frozen=True, slots=True)
class ControlUpload(Table):
    """0x9207 文件上传控制: 0 pause, 1 resume, 2 cancel."""

    reply_serial: U16
    command: U8


@dataclass(frozen=True, slots=True)
class Turn(Table):
    """0x9301 云台旋转: direction 0 stop, 1 up, 2 down, 3 left, 4 right."""

    channel_id: U8
    direction: U8
    speed: U8


@dataclass(frozen=True, slots=True)
class AdjustCamera(Table):
    """0x9302-0x9306: focus, iris, wiper, infrared lamp and zoom of one channel."""

    channel_id: U8
    command: U8
