"""The connection of `docker exec`, taken apart: every byte goes where it belongs, however it arrives."""

from __future__ import annotations

import socket
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offnet.runtime.exec_stream import ExecStream

OUT, ERR = 1, 2
FRAMES = st.lists(st.tuples(st.sampled_from((OUT, ERR)), st.binary(max_size=200)), max_size=12)


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


def opened(early: bytes = b"", *, stderr: bool = True) -> tuple[ExecStream, socket.socket, list[str]]:
    ours, daemon = socket.socketpair()
    ended: list[str] = []
    return ExecStream(ours, early, stderr=stderr, end=lambda: ended.append("ended")), daemon, ended


@settings(max_examples=40, deadline=None)
@given(frames=FRAMES, data=st.data())
def test_frames_are_told_apart_wherever_they_are_cut(
    frames: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    whole = b"".join(frame(kind, content) for kind, content in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), min_size=1, max_size=4)))
    stream, daemon, ended = opened(whole[: cuts[0]])  # the first part came with the answer's head
    for start, end in zip(cuts, [*cuts[1:], len(whole)], strict=True):
        daemon.sendall(whole[start:end])
    daemon.close()
    assert stream.stderr is not None
    assert stream.stdout.read() == b"".join(content for kind, content in frames if kind == OUT)
    assert stream.stderr.read() == b"".join(content for kind, content in frames if kind == ERR)
    stream.close()
    assert ended == []


def test_complaints_that_nobody_asked_for_are_dropped() -> None:
    stream, daemon, _ = opened(frame(ERR, b"x" * 100_000) + frame(OUT, b"out"), stderr=False)
    daemon.close()
    assert stream.stderr is None
    assert stream.stdout.read() == b"out"
    stream.close()


def test_the_end_of_input_is_passed_on_and_output_still_comes() -> None:
    stream, daemon, ended = opened()
    stream.stdin.write(b"question")
    stream.stdin.close()
    assert daemon.recv(100) + daemon.recv(100) == b"question"
    assert daemon.recv(100) == b""
    daemon.sendall(frame(OUT, b"answer"))
    daemon.close()
    assert stream.stdout.read() == b"answer"
    stream.close()
    assert ended == []


@pytest.mark.parametrize("unread", [b"", b"x" * 1_000_000], ids=["silent", "with output that nobody reads"])
def test_a_command_that_goes_on_is_ended(unread: bytes) -> None:
    stream, daemon, ended = opened()
    sender = threading.Thread(target=send, args=(daemon, frame(OUT, unread)), daemon=True)
    sender.start()
    stream.close()
    stream.close()
    daemon.close()
    sender.join(5)
    assert ended == ["ended"]


def send(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        return  # the other end has been closed, which is what the test is about
