"""What strangers write, made safe to show on terminals and in logs; nothing else escapes text.

A login name, a form field or a provider's text may hold escape sequences that
rewrite a terminal, line ends that forge a second line of a log, or marks that
turn the reading direction round. They appear here as what they are: ``\\u001b``,
``\\n``, ``\\u202e``. These are JSON's own escapes, so text that is JSON stays JSON.
"""

from __future__ import annotations

import re

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: a terminal obeys them
    "\u2028\u2029"  # line and paragraph separator
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # reading direction
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # unseen
    "\ud800-\udfff"  # halves of characters, which no stream can write
    "]"
)


def printable(text: str) -> str:
    """Return ``text`` as one line that no terminal obeys and no reader takes for two."""
    return _UNSAFE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """Return the same of text that has lines of its own, which stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _SHORT:
        return _SHORT[character]
    # JSON knows nothing beyond 16 bits but pairs.
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
