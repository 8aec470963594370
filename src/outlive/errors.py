"""One tree of errors. A class's docstring is its message, `hint` is the cure, `exit_code` is what the command returns.

Exit codes are a contract (docs/reference/exit-codes.md): 2 the call or the configuration is wrong, 3 could not tell,
4 refused by the gate, 5 the operation failed. A foreign exception enters only at an edge (`transport/`, `vault/`,
`sources/`), where it becomes one of these, with `raise ... from`.
"""

from __future__ import annotations


class OutliveError(Exception):
    """Something went wrong in Outlive itself."""

    exit_code = 5
    hint = "Please report this with the full message."

    def __init__(self, detail: str = "", *, hint: str | None = None) -> None:
        summary = (self.__doc__ or "").strip().splitlines()[0]
        self.detail = detail
        if hint is not None:
            self.hint = hint
        super().__init__(f"{summary} {detail}".strip())


# --- 2: the call or the configuration is wrong -------------------------------------------------------------------


class UsageError(OutliveError):
    """The call is wrong."""

    exit_code = 2
    hint = "See `outlive --help`."


class ConfigError(OutliveError):
    """The configuration is wrong."""

    exit_code = 2
    hint = "Compare with `outlive.toml` in docs/reference/configuration.md."


class KeysError(OutliveError):
    """The keys are not usable."""

    exit_code = 2
    hint = "`outlive keys show` lists what is there; `outlive keys init` makes new ones (old copies keep theirs)."


class EvidenceUnreadable(UsageError):
    """The evidence cannot be read, so nothing was judged."""

    hint = "Each line is one JSON object as docs/reference/observations.md describes it; mend or remove that line."


# --- 3: could not tell -------------------------------------------------------------------------------------------


class NoData(OutliveError):
    """Could not tell: no data."""

    exit_code = 3
    hint = "Nothing was changed and nothing is concluded from this. Try again once it can be reached."


class HostUnreachable(NoData):
    """The host could not be reached; that proves nothing about its data."""

    hint = "Check the address and the network from here. Do not rebuild or replace the host because of this message."


class HostKeyChanged(NoData):
    """Another machine, or a re-keyed one, answers at this address: its SSH host key is not the pinned one."""

    hint = (
        "Do not accept the new key and do not destroy anything before you know which machine this is: "
        "ask the old addresses as well."
    )


class HostKeyUnknown(NoData):
    """The host's key is not known here, so nothing says that it is the right machine."""

    hint = "`outlive init` shows the key and asks; compare it with what the provider's console shows."


class LoginRejected(NoData):
    """The host answered but refused the login."""

    hint = "Check the user and the key file (`ssh -v`). The host itself is up."


class SudoRefused(NoData):
    """The host answered, but its login may not become root, so it could not be asked."""


class DatabaseUnreachable(NoData):
    """The database could not be asked."""

    hint = "Check that it runs and that the way in (container, socket or DSN) and its password are right."


class TemporalUnreachable(NoData):
    """The Temporal server could not be asked."""

    hint = "Check that it runs (`temporal operator cluster health`) and that container, port or address are right."


class VaultUnreachable(NoData):
    """The vault could not be reached."""

    hint = "Check the network, the endpoint and the clock of this machine. Copies already there are not touched."


class VaultForbidden(NoData):
    """The vault refused the credentials or the act."""

    hint = "Check the access key, its rights on this bucket and prefix, and whether it has expired."


# --- 4: refused --------------------------------------------------------------------------------------------------


class Refused(OutliveError):
    """Refused, so that nothing is destroyed."""

    exit_code = 4
    hint = "Name an empty target."


# --- 5: failed ---------------------------------------------------------------------------------------------------


class Failed(OutliveError):
    """The operation failed."""

    exit_code = 5
    hint = "Earlier copies are intact; run it again."


class SourceFailed(Failed):
    """The copy could not be taken; nothing was added to the vault's list of copies."""

    hint = "Earlier copies are intact. Mend the cause and run `outlive backup` again."


class CommandFailed(SourceFailed):
    """A program on the host failed."""


class NotPermitted(SourceFailed):
    """The database or host did not permit it."""


class VaultFailed(Failed):
    """The vault could not store or return an object."""

    hint = "Earlier copies are intact: nothing is ever rewritten. Run it again; parts already there are not sent twice."


class VaultFull(VaultFailed):
    """The vault is full."""

    hint = "Make room or lower retention (`outlive prune` shows what it would delete). Earlier copies are intact."


class ObjectExists(VaultFailed):
    """The vault already has an object of this name; it was left as it is."""


class ObjectMissing(VaultFailed):
    """The vault has no such object."""

    hint = "`outlive copies` lists what is there; `outlive verify` says which copies are whole."


class CopyDamaged(Failed):
    """The copy is damaged and must not be trusted."""

    hint = "Use an earlier copy (`outlive copies`) and take a new one now (`outlive backup`)."


class WrongKey(Failed):
    """None of the given keys opens this copy."""

    hint = "Use the recovery key from the printed kit: `--identity FILE`. `outlive keys show` lists the recipients."


class RestoreFailed(Failed):
    """The restore did not finish; what lies at the target is not complete."""

    hint = "The copy in the vault is untouched. Remove the unfinished target and restore again."


class DrillFailed(Failed):
    """The drill could not be carried out, so it proves nothing either way."""

    hint = "The copy is untouched. Mend the cause and run the drill again."
