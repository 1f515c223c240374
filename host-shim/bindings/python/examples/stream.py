"""Asks a model of Amazon Bedrock and prints the answer as it comes.

python stream.py [MODEL] [PROMPT]
"""

import os
import sys

import outcrop

model = os.environ.get("OUTCROP_MODEL", "amazon-bedrock/us.amazon.nova-lite-v1:0")
model, prompt = (*sys.argv[1:], *(model, "What is an outcrop?")[len(sys.argv) - 1 :])[:2]

with outcrop.Host() as host:
    try:
        for event in host.stream(outcrop.request(model, prompt)):
            if event.kind == "text_delta":
                print(event.delta, end="", flush=True)
            elif event.kind == "done":
                print(f"\n({event.usage['totalTokens']} tokens)")
    except outcrop.OutcropError as error:
        sys.exit(f"{error.error_class}: {error}")
