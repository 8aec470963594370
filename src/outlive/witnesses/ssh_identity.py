"""Which machine answers at an address: by the host key it proves to have, then by what it says from the inside.

Two questions, because each alone can be fooled or refused: a finished key exchange needs no login and is made anew every
minute; the inside costs one cheap command over a connection that is kept and bound to the proven key.
"""

from __future__ import annotations

from collections.abc import Sequence

from outlive.clock import Clock
from outlive.commands import guest, ssh_shake
from outlive.errors import LoginRejected
from outlive.model.observation import Channel, Observation
from outlive.transport.net import NoAnswer
from outlive.transport.ssh_peer import SshPeer
from outlive.witnesses.base import Pad
from outlive.witnesses.inside import MarkerState, told

SHAKE_SECONDS = 60.0  # a key exchange costs the host 10 to 25 ms of processor time, the inside 5 to 10
RENEW_SECONDS = 900.0  # a kept connection would hide that new logins are refused
REFUSED_SECONDS = 300.0  # nobody is to be taken for a burglar: a refused login is not tried again before
FULL_SECONDS = 600.0
HOST_KEY, LOGIN = "ssh.host_key", "ssh.login"


class SshWitness:
    """Of one address of one host. `volumes` are those in which a marker may lie."""

    def __init__(
        self,
        peer: SshPeer,
        clock: Clock,
        marker_state: MarkerState,
        volumes: Sequence[str] = (),
        timeout_seconds: float = 10.0,
    ) -> None:
        self._peer = peer
        self._clock = clock
        self._marker_state = marker_state
        self._volumes = tuple(volumes)
        self._timeout = timeout_seconds
        self._last: dict[str, float] = {}  # when what was done last, on the steady clock
        self._keys_inside: tuple[str, ...] = ()
        self._proven: str | None = None  # the key at the last exchange

    @property
    def what(self) -> str:
        return f"{self._peer.host.name} at {self._peer.address} by SSH"

    def blind(self, why: str) -> list[Observation]:
        return [self._pad(Channel.OUTSIDE).no_data(HOST_KEY, "timeout", why)]

    async def look(self) -> list[Observation]:
        if self._is_time("renew", RENEW_SECONDS):
            await self._peer.close()
            self._did("renew")
        shaken = self._is_time("shake", SHAKE_SECONDS)
        if shaken and not await self._shake():
            return [self._host_key(shaken)]
        inside, login = await self._inside()
        if not shaken and (inside is None or self._keys_changed(inside)):
            shaken = True
            if await self._shake() and inside is None:
                inside, login = await self._inside()
        if inside is None:
            return [self._host_key(shaken), *login]
        self._keys_inside = inside.host_keys
        notes = told(self._pad(Channel.INSIDE), inside, self._marker_state)
        return [self._host_key(shaken), *login, *notes]

    async def _shake(self) -> bool:
        """Whether a key was proven; when not, it is tried again at the next look."""
        shake = await self._peer.shake(self._timeout)
        if shake.fingerprint is None:
            self._last.pop("shake", None)
            return False
        self._did("shake")
        if shake.fingerprint != self._proven:  # it may be another machine, which nobody asked nor was refused by
            self._proven = shake.fingerprint
            self._last.pop("full", None)
            self._last.pop("refused", None)
        return True

    async def _inside(self) -> tuple[guest.Guest | None, list[Observation]]:
        """What the machine says of itself, None when it says nothing; and what is to be noted of the login."""
        if not self._is_time("refused", REFUSED_SECONDS):
            return None, []
        full = self._is_time("full", FULL_SECONDS)
        pad = self._pad(Channel.OUTSIDE)
        try:
            done = await self._peer.run(guest.look(self._volumes, full=full), self._timeout)
            found = guest.read_look(done.text)
        except LoginRejected:
            self._did("refused")
            assert self._peer.shaken
            return None, [pad.note(LOGIN, ssh_shake.login(self._peer.shaken.methods))]
        except NoAnswer as error:
            return None, [pad.no_data(LOGIN, error.word, error.why)]
        except ValueError as error:
            mute = self._pad(Channel.INSIDE).no_data("guest.machine_id", "no_shell", str(error))
            return None, [pad.note(LOGIN, "accepted"), mute]
        if full:
            self._did("full")
        return found, [pad.note(LOGIN, "accepted")]

    def _keys_changed(self, inside: guest.Guest) -> bool:
        """The host's key files are not those of the last look: the proof of a minute ago may be out of date."""
        return bool(self._keys_inside) and inside.host_keys != self._keys_inside

    def _host_key(self, shaken: bool) -> Observation:
        shake = self._peer.shaken
        assert shake
        if shake.fingerprint is None:
            return self._pad(Channel.OUTSIDE).no_data(HOST_KEY, shake.error)
        source = "a key exchange" if shaken else "the kept connection"
        return self._pad(Channel.OUTSIDE).note(HOST_KEY, shake.fingerprint, source=source)

    def _pad(self, channel: Channel) -> Pad:
        return Pad("ssh_identity", channel, self._peer.subject, self._clock)

    def _is_time(self, what: str, seconds: float) -> bool:
        last = self._last.get(what)
        return last is None or self._clock.monotonic() - last >= seconds

    def _did(self, what: str) -> None:
        self._last[what] = self._clock.monotonic()
