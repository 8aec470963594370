"""Updates and questions to one authority over TCP, each with a time-out. `NoAnswer` in one word, as everywhere."""

from __future__ import annotations

import asyncio

import dns.asyncquery
import dns.exception
import dns.message
import dns.tsig

from outlive.transport.net import NoAnswer


async def ask(
    message: dns.message.Message, address: str, port: int, timeout_seconds: float = 10.0
) -> dns.message.Message:
    """The answer, its signature checked where the message was signed. Raises `NoAnswer`: of an update, only `refused` (the
    connection) and `unwilling` (the signature) say that it was not done."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await dns.asyncquery.tcp(message, address, timeout=timeout_seconds, port=port)
    except (TimeoutError, dns.exception.Timeout) as error:
        raise NoAnswer("timeout", f"{address}: no answer within {timeout_seconds:g} s") from error
    except (dns.tsig.PeerBadKey, dns.tsig.PeerBadSignature, dns.tsig.PeerBadTime) as error:
        raise NoAnswer("unwilling", f"{address} does not accept the TSIG key, or its clock is another") from error
    except ConnectionRefusedError as error:
        raise NoAnswer("refused", f"{address}: nothing listens at port {port}") from error
    except (dns.exception.DNSException, OSError, EOFError) as error:
        raise NoAnswer("unreadable", f"{address}: {type(error).__name__}: the answer broke off") from error
