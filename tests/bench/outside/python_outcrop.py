"""Streams answers through the Python package. `make bench` runs it; the protocol is in protocol.py."""

import asyncio

import outcrop
import protocol

parser = protocol.arguments()
parser.add_argument("--asyncio", action="store_true", help="in tasks of one event loop, in place of threads")
options = parser.parse_args()
request = outcrop.request(f"amazon-bedrock/{options.model}", options.prompt)
limits = outcrop.Limits(
    streams=max(64, options.concurrency),
    process_streams=max(256, options.concurrency),
)


def stream():
    deltas, done = 0, False
    for event in host.stream(request):
        if event.kind == "text_delta":
            deltas += 1
        elif event.kind == "done":
            done = True
    if not done:
        protocol.incomplete("no `done`")
    return deltas


async def stream_async():
    deltas, done = 0, False
    async for event in host.stream(request):
        if event.kind == "text_delta":
            deltas += 1
        elif event.kind == "done":
            done = True
    if not done:
        protocol.incomplete("no `done`")
    return deltas


async def in_tasks():
    left = iter(range(options.streams))

    async def some():
        return sum([await stream_async() for _ in left])

    return sum(await asyncio.gather(*(some() for _ in range(options.concurrency))))


with outcrop.Host(endpoint=options.endpoint, limits=limits, log=None) as host:
    host.models()
    stream()
    if options.asyncio:
        protocol.measure(lambda: asyncio.run(in_tasks()))
    else:
        protocol.measure(lambda: protocol.in_threads(options, stream))
