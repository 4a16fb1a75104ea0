"""What a user of any of the SDKs holds after a call that did not raise."""

from dataclasses import dataclass, field


@dataclass
class Answer:
    text: str = ""
    usage: dict = field(default_factory=dict)
    chunks: int = 0
