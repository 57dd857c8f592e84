"""The form that DSLR Remote Pro for Windows posts, byte for byte as one was captured."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture file as the booth holds it."""

    name: str
    data: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """What the booth declares: it goes by the name."""
        return CONTENT_TYPES.get(PurePath(self.name).suffix.lower(), "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Booth:
    """The Windows machine that sends: what it tells about itself with every photo.

    ``encoding`` is the code page of its texts; with one such as ``cp1251`` the
    account's name and its paths are Russian, and no valid UTF-8.
    """

    number: int = 1
    encoding: str = "ascii"
    more_fields: Mapping[str, str] = field(default_factory=dict)
    with_hash: bool = True
    file_first: bool = False

    def fields(self, password: str | None, chance: random.Random) -> list[tuple[str, bytes]]:
        """Return the text fields in their order; the password last, as it was typed."""
        account = "Booth" if self.encoding == "ascii" else "Фотобудка"
        home = rf"C:\Users\{account}\Documents\PhotoboothImages"
        texts = {
            "time": str(int(time.time())),
            "user_id": account,
            # The trailing dot is the real one's.
            "id": f"CY04N06811130{self.number % 1000:03d}L_00000001.",
            "profile": rf"{home}\setup party.xml",
            "status": rf"{home}\preview.jpg",
            "name": f"DESKTOP-{self.number:07d}",
            "model": "Windows",
            "version": "3.30.2",
            **self.more_fields,
        }
        if self.with_hash:
            # Opaque to everybody but Breeze: forty hexadecimal digits of no known meaning.
            texts["hash"] = chance.randbytes(20).hex()
        fields = [(name, text.encode(self.encoding, "replace")) for name, text in texts.items()]
        if password is not None:
            fields.append(("password", password.encode()))
        return fields


@dataclass(frozen=True, slots=True)
class Form:
    """A ``multipart/form-data`` body around a photo that is not copied."""

    boundary: str
    before: bytes = field(repr=False)
    photo: Photo
    after: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """The header's value."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def size_bytes(self) -> int:
        """The length of the whole body."""
        return len(self.before) + len(self.photo.data) + len(self.after)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Give the body in pieces."""
        yield self.before
        data = memoryview(self.photo.data)
        for start in range(0, len(data), CHUNK_BYTES):
            yield data[start : start + CHUNK_BYTES]
        yield self.after


def make_form(
    photo: Photo,
    fields: Sequence[tuple[str, bytes]],
    *,
    file_first: bool = False,
    chance: random.Random | None = None,
) -> Form:
    """Return the form of these fields and the photo."""
    boundary = make_boundary(chance or random.Random())  # noqa: S311 - nothing is kept secret by it
    texts = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for name, value in fields
    )
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="fileToUpload"; '
        f'filename="{_quoted(photo.name)}"\r\nContent-Type: {photo.content_type}\r\n\r\n'
    ).encode()
    end = f"--{boundary}--\r\n".encode()
    if file_first:
        return Form(boundary, head, photo, b"\r\n" + texts + end)
    return Form(boundary, texts + head, photo, b"\r\n" + end)


def make_boundary(chance: random.Random) -> str:
    """Return twelve dashes and twelve digit pairs, each beginning with 0."""
    return "-" * 12 + "".join(f"0{chance.randrange(10)}" for _ in range(12))


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "").replace("\n", "")
