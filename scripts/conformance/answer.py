"""What a user of any of the SDKs holds after a call that did not raise."""

from dataclasses import dataclass, field


@dataclass
class Answer:
    text: str = ""
    # The counts the SDK reports, under the SDK's own names.
    usage: dict = field(default_factory=dict)
    chunks: int = 0
    # Each with its name and its arguments as the SDK's user gets them.
    tools: list = field(default_factory=list)
    vectors: list = field(default_factory=list)
    # Why the answer ended, in the SDK's own word.
    finish: str | None = None
