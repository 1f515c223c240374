"""Amazon Bedrock for any agent host, as a sandboxed plugin.

::

    import outcrop

    with outcrop.Host() as host:
        for event in host.stream(outcrop.request("amazon-bedrock/us.amazon.nova-lite-v1:0", "What is an outcrop?")):
            if event.kind == "text_delta":
                print(event.delta, end="", flush=True)
"""

from __future__ import annotations

import logging

from . import errors, events, models, requests
from ._library import lib
from .errors import *
from .events import *
from .host import Host, Limits
from .models import *
from .requests import *
from .stream import CancelToken, Stream

__version__: str = lib.version_string().decode()

__all__ = ["CancelToken", "Host", "Limits", "Stream", "__version__"]
__all__ += errors.__all__ + events.__all__ + models.__all__ + requests.__all__

# As libraries do: who wants its log says where it goes.
logging.getLogger("outcrop").addHandler(logging.NullHandler())
