# SPDX-License-Identifier: BSD-2-Clause
"""A mail server behind all gateways: sink.py FILE. It takes every message, and writes its envelope sender, a line
each, to the file before it says so. Prints its port. Ends with its standard input."""
import asyncio
import os
import re
import sys


def sender(line):
    found = re.search(rb"<(.*)>", line)
    return found[1] if found else b""


async def serve(reader, writer, file):
    envelope, dot = b"", False
    writer.write(b"220 sink.test ESMTP\r\n")
    try:
        while line := await reader.readline():
            verb = line[:4].upper()
            if dot:
                if line != b".\r\n":
                    continue
                dot = False
                os.write(file, envelope + b"\n")
                writer.write(b"250 taken\r\n")
            elif verb == b"EHLO":
                writer.write(b"250-sink.test\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                dot = True
                writer.write(b"354 go on\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                envelope = sender(line) if verb == b"MAIL" else envelope
                writer.write(b"250 fine\r\n")
    except OSError:
        pass  # the gateway was killed
    finally:
        writer.close()


async def main():
    file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    server = await asyncio.start_server(lambda *streams: serve(*streams, file), "127.0.0.1", 0, backlog=500)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
