"""charon over VICI: connections and secrets in, security associations and events out.

The socket of a node is reached by the observer of the node, so it is the same wherever the node
runs. Every call has a deadline; when it passes, the stream is closed (its state is lost)
and DeadlineExpired tells the call and what charon said last. The next call connects anew.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from vici.exception import CommandException, DeserializationException, SessionException

from offnet.errors import DeadlineExpired
from offnet.network.model import IkeConnection, SharedSecret
from offnet.observe import vici_parse as parse
from offnet.observe.byte_stream import ExchangeTimeoutError, StreamSocket
from offnet.observe.errors import CommandRefused, ObserveError
from offnet.observe.vici_events import EventStream
from offnet.observe.vici_model import Connection, EventKind, IkeSa
from offnet.observe.vici_session import StandingSession
from offnet.render.strongswan import connection_message, secret_message
from offnet.runtime.base import RunningLab

T = TypeVar("T")
SOCKET_ARGV = ("connect", "/run/charon.vici")
LOG_LINES_KEPT = 200
BROKEN = (OSError, SessionException, DeserializationException, struct.error, ValueError)
GRACE = 2.0  # what a call may take beyond the time that charon itself was given


class Vici:
    """A node's charon. Use as context manager, or ``close`` it."""

    def __init__(self, lab: RunningLab, node: str, timeout: float = 10.0) -> None:
        self._lab = lab
        self.node = node
        self.timeout = timeout
        self._socket: StreamSocket | None = None
        self._session: Any = None

    def version(self) -> str:
        """Version of strongSwan, as the daemon reports it."""
        return self._call("version", lambda session: parse.text(session.version(), "version"))

    def load_conn(self, connection: IkeConnection) -> None:
        """Load a connection, or replace the one of that name."""
        message = {connection.name: connection_message(connection)}
        self._call(f"load-conn {connection.name}", lambda session: session.load_conn(message))

    def unload_conn(self, name: str) -> None:
        """Unload a connection; CommandRefused when there is none of that name."""
        self._call(f"unload-conn {name}", lambda session: session.unload_conn({"name": name}))

    def load_shared(self, secret: SharedSecret) -> None:
        """Load a pre-shared key, or replace the one of that name."""
        self._call(f"load-shared {secret.name}", lambda session: session.load_shared(secret_message(secret)))

    def unload_shared(self, name: str) -> None:
        """Unload a pre-shared key; charon does not say whether there was one."""
        self._call(f"unload-shared {name}", lambda session: session.unload_shared({"id": name}))

    def shared(self) -> tuple[str, ...]:
        """Names of the pre-shared keys that charon holds."""
        return self._call("get-shared", lambda session: parse.texts(session.get_shared(), "keys"))

    def load_key(self, pem: str) -> str:
        """Load a private key; its identifier, by which ``unload_key`` finds it."""
        message = {"type": "any", "data": pem}
        return self._call("load-key", lambda session: parse.text(session.load_key(message), "id"))

    def unload_key(self, key: str) -> None:
        """Unload a private key; CommandRefused when there is none of that identifier."""
        self._call("unload-key", lambda session: session.unload_key({"id": key}))

    def load_cert(self, pem: str) -> None:
        """Load a certificate, which charon shows to nobody unless a connection names it."""
        message = {"type": "X509", "flag": "NONE", "data": pem}
        self._call("load-cert", lambda session: session.load_cert(message))

    def load_crl(self, pem: str) -> None:
        """Load a list of revoked certificates, and forget what was thought of certificates before."""
        message = {"type": "X509_CRL", "flag": "NONE", "data": pem}
        self._call("load-cert", lambda session: session.load_cert(message))
        self._call("flush-certs", lambda session: session.flush_certs())

    def clear_credentials(self) -> None:
        """Unload all keys and certificates."""
        self._call("clear-creds", lambda session: session.clear_creds())

    def initiate(self, child: str, ike: str | None = None, timeout: float = 5.0) -> tuple[str, ...]:
        """Bring a CHILD_SA up and return charon's log of it; CommandRefused holds that log as well."""
        request = {"child": child, **({"ike": ike} if ike else {})}
        return self._control("initiate", child, request, timeout)

    def begin(self, child: str, ike: str) -> None:
        """Start to bring a CHILD_SA up; how it ends is not waited for."""
        message = {"child": child, "ike": ike, "timeout": "-1"}
        self._call(f"initiate {child}", lambda session: session.request("initiate", message))

    def terminate(
        self,
        *,
        ike: str | None = None,
        child: str | None = None,
        ike_id: int | None = None,
        child_id: int | None = None,
        force: bool = False,
        timeout: float = 5.0,
    ) -> tuple[str, ...]:
        """Take SAs down by name or unique id and return charon's log of it."""
        given = {"ike": ike, "child": child, "ike-id": ike_id, "child-id": child_id}
        request = {key: str(value) for key, value in given.items() if value is not None}
        subject = " ".join(request.values())
        return self._control("terminate", subject, request | ({"force": "yes"} if force else {}), timeout)

    def rekey(self, *, ike: str | None = None, child: str | None = None, reauth: bool = False) -> int:
        """Start rekeying and return how many SAs matched; await the events to see it done."""
        given = {"ike": ike, "child": child}
        request = {key: value for key, value in given.items() if value is not None}
        request |= {"reauth": "yes"} if reauth else {}
        name = f"rekey {ike or ''} {child or ''}".rstrip()
        return self._call(name, lambda session: parse.number(session.rekey(request), "matches"))

    def list_sas(self, ike: str | None = None) -> tuple[IkeSa, ...]:
        """All IKE_SAs, or those of one connection."""
        request = {"ike": ike} if ike else {}
        return self._call(
            "list-sas",
            lambda session: tuple(
                sa for message in session.list_sas(request) for sa in parse.ike_sas(message)
            ),
        )

    def list_conns(self) -> tuple[Connection, ...]:
        """The connections that charon holds."""
        return self._call(
            "list-conns",
            lambda session: tuple(
                parse.connection(name, body)
                for message in session.list_conns()
                for name, body in message.items()
            ),
        )

    @contextmanager
    def events(self, *kinds: EventKind) -> Iterator[EventStream]:
        """Events from now on, over a connection of their own; nothing later is missed."""
        with StreamSocket(self._lab.stream(self.node, SOCKET_ARGV), self.timeout) as socket:
            stream = EventStream(self.node, socket, kinds)
            try:
                yield stream
            finally:
                stream.close()

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        socket, self._socket, self._session = self._socket, None, None
        if socket:
            socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _control(
        self, command: str, subject: str, request: Mapping[str, str], timeout: float
    ) -> tuple[str, ...]:
        log: deque[str] = deque(maxlen=LOG_LINES_KEPT)
        message = {**request, "timeout": str(int(timeout * 1000)), "loglevel": "1"}

        def run(session: Any) -> None:
            for line in getattr(session, command)(message):
                log.append(parse.text(line, "msg"))

        self._call(f"{command} {subject}".rstrip(), run, timeout + GRACE, log)
        return tuple(log)

    def _call(
        self,
        name: str,
        action: Callable[[Any], T],
        timeout: float | None = None,
        log: deque[str] | None = None,
    ) -> T:
        """Run one exchange under a deadline, and turn every way to fail into our errors."""
        seconds = self.timeout if timeout is None else timeout
        try:
            return action(self._open(seconds))
        except CommandException as error:
            raise CommandRefused(f"{self.node}: vici {name}: {error}", tuple(log or ())) from error
        except ExchangeTimeoutError as error:
            self.close()
            last = f"; last seen: {log[-1]}" if log else "; charon said nothing"
            raise DeadlineExpired(
                f"{self.node}: vici {name}: no answer within {seconds:g} s{last}"
            ) from error
        except BROKEN as error:
            self.close()
            raise ObserveError(f"{self.node}: vici {name}: {error}") from error

    def _open(self, seconds: float) -> Any:
        if self._socket is None:
            self._socket = StreamSocket(self._lab.stream(self.node, SOCKET_ARGV), seconds)
            self._session = StandingSession(self._socket)
        self._socket.allow(seconds)
        return self._session
