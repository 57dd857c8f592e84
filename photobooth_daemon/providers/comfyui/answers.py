"""What ComfyUI answers: refused workflows, histories, queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.http import Answer, failure_by_status

Scrub = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class OutputFile:
    """Where a picture can be fetched."""

    filename: str
    subfolder: str
    kind: str

    def query(self) -> dict[str, str]:
        """Return what ``/view`` is asked with."""
        return {"filename": self.filename, "subfolder": self.subfolder, "type": self.kind}


def read_object(answer: Answer, scrub: Scrub, excerpt: str) -> Mapping[str, Any]:
    """Return the JSON object of an answer.

    Raises:
        AttemptFailed: an error status, or not an object.
    """
    document = answer.document()
    if answer.status == 400 and isinstance(document, Mapping):
        raise AttemptFailed(Reason.BAD_REQUEST, scrub(_refusal(document)))
    if answer.status in (404, 405):
        raise AttemptFailed(Reason.BAD_REQUEST, f"not ComfyUI: HTTP {answer.status}")
    if answer.status != 200:
        raise failure_by_status(answer, excerpt)
    if not isinstance(document, Mapping):
        raise AttemptFailed(Reason.BAD_RESPONSE, f"not a JSON object: {excerpt}")
    return document


def read_upload(document: Mapping[str, Any]) -> str:
    """Return the name to use for an upload, which may differ from the one it was given."""
    name, subfolder = document.get("name"), document.get("subfolder")
    if not isinstance(name, str) or not name:
        raise AttemptFailed(Reason.BAD_RESPONSE, "the upload has no name")
    return f"{subfolder}/{name}" if isinstance(subfolder, str) and subfolder else name


def dropped_output(document: Mapping[str, Any], output_node: str) -> str | None:
    """Return why the output that is wanted was dropped from a queued workflow, or None."""
    for _, facts in _faulty_nodes(document):
        outputs = facts.get("dependent_outputs")
        if not output_node or not isinstance(outputs, list) or output_node in outputs:
            return "; ".join(["an output was dropped", *_node_errors(document)])
    return None


def read_history(
    document: Mapping[str, Any], prompt_id: str, output_node: str, scrub: Scrub
) -> OutputFile | None:
    """Return the picture's place, or None while the prompt waits or runs.

    Raises:
        AttemptFailed: it ended without a picture.
    """
    entry = document.get(prompt_id)
    if not isinstance(entry, Mapping):
        return None
    status = entry.get("status")
    status = status if isinstance(status, Mapping) else {}
    failure = _failure(status, scrub)
    if failure is not None:
        raise failure
    outputs = entry.get("outputs")
    for file in _files(outputs if isinstance(outputs, Mapping) else {}, output_node):
        return file
    if status.get("completed") is False:
        return None
    raise AttemptFailed(Reason.NO_IMAGE, "the workflow ended without a picture", again=0)


def queued(document: Mapping[str, Any], prompt_id: str) -> str | None:
    """Return ``running`` or ``pending``, or None when the queue does not know the prompt."""
    for state in ("running", "pending"):
        items = document.get(f"queue_{state}")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, list) and len(item) > 1 and item[1] == prompt_id:
                return state
    return None


def queue_remaining(document: Mapping[str, Any]) -> int:
    """Return how many prompts wait or run."""
    info = document.get("exec_info")
    remaining = info.get("queue_remaining") if isinstance(info, Mapping) else None
    return remaining if isinstance(remaining, int) else 0


def _files(outputs: Mapping[str, Any], output_node: str) -> Iterator[OutputFile]:
    """Yield pictures, saved ones before previews; other outputs (videos) are no pictures."""
    found: list[OutputFile] = []
    for node, output in outputs.items():
        if (output_node and node != output_node) or not isinstance(output, Mapping):
            continue
        images = output.get("images")
        for image in images if isinstance(images, list) else ():
            if isinstance(image, Mapping) and isinstance(image.get("filename"), str):
                kind = str(image.get("type") or "output")
                found.append(OutputFile(image["filename"], str(image.get("subfolder") or ""), kind))
    yield from sorted(found, key=lambda file: file.kind != "output")


def _failure(status: Mapping[str, Any], scrub: Scrub) -> AttemptFailed | None:
    messages = status.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, list) or len(message) < 2:
            continue
        word, facts = message[0], message[1] if isinstance(message[1], Mapping) else {}
        if word == "execution_interrupted":
            return AttemptFailed(Reason.OVERLOADED, "the prompt was interrupted at the server")
        if word == "execution_error":
            kind, text = facts.get("exception_type"), facts.get("exception_message")
            said = scrub(f"{facts.get('node_type')}: {kind}: {text}")
            full = "outofmemory" in f"{kind}{text}".replace(" ", "").lower()
            return AttemptFailed(Reason.OVERLOADED if full else Reason.BAD_RESPONSE, said)
    if status.get("status_str") == "error":
        return AttemptFailed(Reason.BAD_RESPONSE, "the workflow failed")
    return None


def _refusal(document: Mapping[str, Any]) -> str:
    error = document.get("error")
    said = str(error.get("message")) if isinstance(error, Mapping) else str(error)
    return "; ".join([said, *_node_errors(document)])


def _node_errors(document: Mapping[str, Any]) -> Iterator[str]:
    for node, facts in _faulty_nodes(document):
        errors = facts.get("errors")
        for one in errors if isinstance(errors, list) else ():
            if isinstance(one, Mapping):
                yield f"node {node}: {one.get('message')} {one.get('details')}"


def _faulty_nodes(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    nodes = document.get("node_errors")
    for node, facts in nodes.items() if isinstance(nodes, Mapping) else ():
        if isinstance(facts, Mapping):
            yield str(node), facts
