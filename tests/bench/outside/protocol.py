"""What the Python clients of the benchmark share: the arguments, the measuring, the line of JSON."""

import argparse
import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def arguments():
    """The protocol's arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--model", required=True, help="without a routing prefix")
    parser.add_argument("--prompt", required=True)
    # Those that the simulator believes, where nothing else is asked.
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "AKIDSIMULATOR000000")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "simulator-secret")
    os.environ.setdefault("AWS_REGION", "us-east-1")
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    return parser


def in_threads(options, stream):
    """Calls `stream`, which gives the number of its text deltas, so many times in so many threads."""
    if options.concurrency == 1:
        return sum(stream() for _ in range(options.streams))
    with ThreadPoolExecutor(options.concurrency) as pool:
        return sum(pool.map(lambda _: stream(), range(options.streams)))


def measure(work):
    """Runs `work`, which gives a number of events, and prints what it cost."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    events = work()
    ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = {
        "events": events,
        "cpu_us": round(seconds * 1e6),
        "wall_us": round((ended - started) * 1e6),
        # Linux tells kilobytes.
        "peak_rss_bytes": after.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }
    print(json.dumps(told))


def incomplete(why):
    """Ends the program: a stream did not end as it must."""
    raise SystemExit(f"an incomplete stream: {why}")
