#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""steady_mail.py HOST PLACE PARTNER held|may-defer - sends mail to HOST, over and over, until there is a file PLACE/end,
and then once more. PLACE/begun is there when each sender has had an answer.

Four senders at once: two strangers in plaintext, the domain PARTNER by TLS, and PARTNER in plaintext. The last one has
to be refused each time, whatever happens to the filter. The others have to be accepted each time; with "may-defer" a
4xx for the lack of a filter is allowed, too. Prints how often each answer came. Exit status 1 if one was wrong."""
import collections
import os
import sys
import threading
import time

from smtp import Client, Tls

PATIENCE = 120  # for one answer: Postfix waits for a filter for up to 30 s


def mail(host, sender, secure):
    """One session with one mail; answers its reply, or the one that ended it."""
    client = Client(25, host, timeout=PATIENCE)
    with client:
        if client.banner.code != 220:
            return client.banner
        client.ehlo("client.example")
        if secure:
            answer = client.starttls(Tls())
            if answer.code != 220:
                return answer
            client.ehlo("client.example")
        answer = client.message(sender, ["root@localhost"])
        client.quit()
    return answer


def kind(answer):
    """The answer without what differs from mail to mail."""
    return str(answer).split(": queued", 1)[0].replace("\n", " ")


def right(answer, partner_in_plaintext, may_defer):
    """Whether a sender may get that answer."""
    if partner_in_plaintext:
        wanted = 400 <= answer.code < 600 and "Must issue a STARTTLS command first" in answer
    else:
        wanted = answer.code == 250
    no_filter = any(text in answer for text in ("4.7.1 Service unavailable", "4.3.0 "))
    return wanted or may_defer and 400 <= answer.code < 500 and no_filter


class Sender(threading.Thread):
    """Sends the same mail until the end; what came is in `seen`, what was wrong in `wrong`."""

    def __init__(self, host, place, sender, secure, refused, may_defer):
        super().__init__(name=f"{sender} {'by TLS' if secure else 'in plaintext'}")
        self.host, self.place, self.sender, self.secure = host, place, sender, secure
        self.refused, self.may_defer = refused, may_defer
        self.seen, self.wrong = collections.Counter(), collections.Counter()

    def run(self):
        last = False
        while not last:
            last = os.path.exists(f"{self.place}/end")
            try:
                answer = mail(self.host, self.sender, self.secure)
                text, good = kind(answer), right(answer, self.refused, self.may_defer)
            except (OSError, ValueError) as why:
                text, good = f"no answer: {why}", False
            self.seen[text] += 1
            if not good:
                self.wrong[text] += 1
            time.sleep(0.05)


def main():
    host, place, partner = sys.argv[1:4]
    may_defer = {"held": False, "may-defer": True}[sys.argv[4]]
    senders = [Sender(host, place, "a@example.org", False, False, may_defer),
               Sender(host, place, "b@example.net", False, False, may_defer),
               Sender(host, place, f"c@{partner}", True, False, may_defer),
               Sender(host, place, f"d@{partner}", False, True, may_defer)]
    for sender in senders:
        sender.start()
    while not all(sender.seen for sender in senders):
        time.sleep(0.05)
    with open(f"{place}/begun", "x", encoding="ascii"):
        pass
    for sender in senders:
        sender.join()
        for text, count in sender.seen.most_common():
            print(f"# mail: {sender.name}: {count} times {text}{' WRONG' if text in sender.wrong else ''}")
    sys.exit(any(sender.wrong for sender in senders))


main()
