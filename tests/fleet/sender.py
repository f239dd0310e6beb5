# SPDX-License-Identifier: BSD-2-Clause
"""Clients that send as a mail server with a queue does: to the next gateway where one refuses the connection, is lost
or defers, and again later. Each attempt has an envelope sender of its own, by which it is found in logs and at the
sink. What should have become of it is not known here."""
import random
import threading
import time
from typing import NamedTuple, Optional

import smtp
from daemon import patience
from mails import KINDS, Kind

CLIENTS = 4
PAUSE, PAUSE_AHEAD = 0.01, 1.0  # seconds of each client between two sessions
PAUSE_AGAIN = 0.5  # before a mail that nobody took is tried again


class Attempt(NamedTuple):
    """code None: the connection was lost, and nobody knows what became of it. Times: of the session and the mail."""
    mail: int
    kind: Kind
    sender: str
    gateway: object
    connected: float
    begun: float
    ended: float
    code: Optional[int]
    text: str


class Trouble(NamedTuple):
    """A session that ended before its mail could begin."""
    gateway: object
    begun: float
    ended: float
    text: str


class Tls:
    """As smtp.Tls, with one context for all sessions."""

    def __init__(self, certificate):
        self.made = smtp.Tls(certificate=certificate).context()

    def context(self):
        return self.made


class Sender:
    """Sends mail until finish(), and slowly what is ahead of wait(): a busy machine gets no more than it carries."""

    def __init__(self, gateways, pki, seed=1, kinds=KINDS):
        self.gateways, self.kinds, self.wanted = gateways, kinds, 0
        self.tls = {tls: Tls(pki.client(tls) if tls else None) for tls in {kind.tls for kind in kinds} - {None}}
        self.attempts, self.troubles, self.failures = [], [], []
        self.lock, self.over, self.begun, self.done = threading.Lock(), threading.Event(), 0, 0
        self.threads = [threading.Thread(target=self._client, args=(random.Random(f"{seed} {number}"),))
                        for number in range(CLIENTS)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def wait(self, count):
        """Until so many mails are done."""
        self.wanted = count
        end = time.monotonic() + patience(600)
        while self.done < count and not self.failures:
            if time.monotonic() > end:
                raise AssertionError(f"{self.done} of {count} mails are done")
            time.sleep(0.01)

    def finish(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _client(self, chance):
        try:
            while not self.over.is_set() and not self.failures:
                self._send_session(chance)
                time.sleep(PAUSE if self.begun < self.wanted else PAUSE_AHEAD)
        except Exception as error:  # ends the test, not just the thread
            self.failures.append(error)

    def _take(self, chance):
        """The mails of a session, which have the same TLS: number to kind."""
        tls = chance.choice(self.kinds).tls
        kinds = [kind for kind in self.kinds if kind.tls == tls]
        with self.lock:
            first, count = self.begun, chance.randint(1, 6)
            self.begun += count
        return {first + i: chance.choice(kinds) for i in range(count)}

    def _send_session(self, chance):
        waiting = mails = self._take(chance)
        end = time.monotonic() + patience(120)
        while waiting:
            gateways = [gateway for gateway in self.gateways if gateway.listed]
            for gateway in chance.sample(gateways, len(gateways)):
                done = self._at(gateway, waiting)
                waiting = {number: kind for number, kind in waiting.items() if number not in done}
                if not waiting:
                    break
            # What may be refused is given up; the rest is tried until somebody takes it.
            waiting = {number: kind for number, kind in waiting.items() if kind.always_accepted()}
            if waiting and time.monotonic() > end:
                break
            if waiting:
                time.sleep(PAUSE_AGAIN)
        with self.lock:
            self.done += len(mails)

    def _at(self, gateway, mails):
        """Tries the mails at one gateway; the numbers of those that were taken or refused for good."""
        connected, done = time.time(), set()
        try:
            with smtp.connect(25, self.tls.get(next(iter(mails.values())).tls), host=gateway.address,
                              timeout=patience(60)) as client:
                for number, kind in mails.items():
                    code = self._send(client, gateway, connected, number, kind)
                    if code is None:
                        return done
                    if code // 100 in (2, 5):
                        done.add(number)
                    client.command("RSET")
                client.quit()
        except (OSError, RuntimeError, ValueError) as error:
            with self.lock:
                self.troubles.append(Trouble(gateway, connected, time.time(), f"{type(error).__name__}: {error}"))
        return done

    def _send(self, client, gateway, connected, number, kind):
        begun = time.time()
        sender = f"m{number}.{int(begun * 1000) % 10000000}.{gateway.number}@{kind.domain}"
        try:
            reply = client.message(sender, message=kind.message)
            code, text = reply.code, str(reply)
        except (OSError, ValueError) as error:
            code, text = None, f"{type(error).__name__}: {error}"
        with self.lock:
            self.attempts.append(Attempt(number, kind, sender, gateway, connected, begun, time.time(), code, text))
        return code
