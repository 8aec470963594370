"""What a lab remembers of itself between two commands (`lab.json`). PURE."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

WEB = "web-1"
PREVIEW = "preview"
DOMAIN = "shop.example"


@dataclass(slots=True)
class MachineRecord:
    """A machine that exists: `disk` is its disk's folder. Without an address it is off the network, kept for `--heal`."""

    hostname: str
    container: str
    address: str
    disk: str
    uuid: str
    serial: str


@dataclass(slots=True)
class Broken:
    """A break that can be undone and has not been yet. `kept` is what undoing it takes, as the break knows it."""

    what: str
    host: str
    kept: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """The lab; `ready` when it was brought up to the end. `seed` is the image of an empty server's disk.

    `disk_mebibytes` is how large disks of new machines are made; None: as the seed is.

    `machines` are by their place in the story: our hosts by their names, and whoever else came along. `nameservers` are
    containers by their addresses, `names` is what they say; `broken` is in the order in which it was broken.
    """

    name: str
    network: str
    subnet: str
    seed: str
    nameservers: dict[str, str] = field(default_factory=dict)
    provider_url: str = ""
    machines: dict[str, MachineRecord] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    ready: bool = False
    disk_mebibytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, read: dict[str, Any]) -> Record:
        return cls(
            **{key: value for key, value in read.items() if key not in ("machines", "broken")},
            machines={place: MachineRecord(**one) for place, one in read["machines"].items()},
            broken=[Broken(**one) for one in read["broken"]],
        )

    def address(self, last: int) -> str:
        """An address of the lab's network, which is a /24."""
        return f"{self.subnet.rpartition('.')[0]}.{last}"
