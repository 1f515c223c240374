"""A conversation through llm's Python interface: what Bedrock wants back with reasoning goes back."""

import asyncio
import sys

import llm


def check(request):
    """The request of the second turn: the first one's reasoning stands in it, with its signature."""
    asked, answered, again = request["messages"]
    thinking, text = answered["content"]
    assert asked["role"] == again["role"] == "user", request
    assert thinking["type"] == "thinking" and thinking["thinkingSignature"], thinking
    assert text["type"] == "text", text


def sync(model):
    conversation = model.conversation()
    print(conversation.prompt("sim:reasoning", effort="low").text())
    second = conversation.prompt("sim:text It goes on.", effort="low", system="Be brief.")
    check(model.request(second.prompt))
    assert second.text() == "It goes on.", second.text()
    print(second.text())
    assert second.usage().output > 0


async def in_tasks(model):
    answers = [model.prompt(f"sim:text Answer {number}.") for number in range(8)]
    texts = await asyncio.gather(*(answer.text() for answer in answers))
    assert texts == [f"Answer {number}." for number in range(8)], texts
    print(*texts)


sync(llm.get_model(sys.argv[1]))
asyncio.run(in_tasks(llm.get_async_model(sys.argv[1])))
