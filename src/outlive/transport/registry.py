"""Asks the registries until when a domain is paid for, RDAP first, then whois; and whose an address is. None of them is
reachable from everywhere."""

from __future__ import annotations

import asyncio

from outlive.commands import registry as words
from outlive.transport import http
from outlive.transport.dns import Names
from outlive.transport.net import NoAnswer, Steps, Trust, line

ROOT = "whois.iana.org"
PORT = 43
MOST_BYTES = 256 << 10


async def registration(
    name: str, names: Names, trust: Trust, *, rdap: str, timeout_seconds: float
) -> words.Registration:
    """Of the domain that `name` belongs to. Raises `NoAnswer` when nobody tells."""
    why = ""
    for domain in words.candidates(name):
        answer = await http.ask(
            http.Question(words.rdap_url(rdap, domain), timeout_seconds=timeout_seconds), names, trust
        )
        if answer.error:
            why = f"RDAP: {answer.why}"
            break  # not reachable: asking it for the parents would only take as long again
        if answer.status == 200:
            try:
                return words.read_rdap(answer.body, domain)
            except ValueError as error:
                why = f"RDAP: {error}"
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _whois(name, names)
    except TimeoutError as error:
        raise NoAnswer("timeout", f"{why}; whois: no answer within {timeout_seconds:g} s") from error
    except NoAnswer as error:
        raise NoAnswer(error.word, f"{why}; whois: {error.why}") from error


async def owners(address: str, names: Names, trust: Trust, *, rdap: str, timeout_seconds: float) -> tuple[str, ...]:
    """By which names those go whose the address is. Raises `NoAnswer` when nobody tells."""
    question = http.Question(words.rdap_ip_url(rdap, address), timeout_seconds=timeout_seconds)
    answer = await http.ask(question, names, trust)
    if answer.error or answer.status != 200:
        raise NoAnswer(answer.error or "status", f"RDAP: {answer.why or f'status {answer.status}'}")
    try:
        return words.read_owners(answer.body)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("unreadable", f"RDAP: {error}") from error


async def _whois(name: str, names: Names) -> words.Registration:
    server = words.read_refer(await _say(ROOT, name.rstrip(".").rpartition(".")[2], names))
    if server is None:
        raise NoAnswer("unreachable", f"{ROOT} knows no server for {name}")
    for domain in words.candidates(name):
        try:
            return words.read_whois(await _say(server, domain, names), domain)
        except ValueError:
            continue
    raise NoAnswer("unreachable", f"{server} names no expiration for {name}")


async def _say(server: str, text: str, names: Names) -> str:
    """A line to a whois server, and all that it answers (RFC 3912)."""
    addresses = await names.resolve(server)
    async with line(addresses[0], PORT, Steps()) as opened:
        opened.writer.write(f"{text}\r\n".encode())
        try:
            return (await opened.reader.read(MOST_BYTES)).decode("utf-8", "replace")
        except OSError as error:
            raise NoAnswer("unreachable", f"{server}: {error}") from error
