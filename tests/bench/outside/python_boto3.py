"""Streams answers through boto3. `make bench` runs it; the protocol is in protocol.py."""

import boto3
import protocol
from botocore.config import Config

options = protocol.arguments().parse_args()
client = boto3.client(
    "bedrock-runtime",
    endpoint_url=options.endpoint,
    region_name="us-east-1",
    config=Config(max_pool_connections=max(10, options.concurrency)),
)


def stream():
    deltas, stopped, metadata = 0, False, False
    answer = client.converse_stream(
        modelId=options.model, messages=[{"role": "user", "content": [{"text": options.prompt}]}]
    )
    for event in answer["stream"]:
        if "contentBlockDelta" in event:
            deltas += "text" in event["contentBlockDelta"]["delta"]
        elif "messageStop" in event:
            stopped = True
        elif "metadata" in event:
            metadata = True
    if not (stopped and metadata):
        protocol.incomplete("no messageStop or no metadata")
    return deltas


stream()
protocol.measure(lambda: protocol.in_threads(options, stream))
