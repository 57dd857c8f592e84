"""Puts photo, prompt, seed and values into a ComfyUI workflow (its API format)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from photobooth_daemon.errors import AttemptFailed, Reason

SEED_INPUTS = ("seed", "noise_seed")
MODEL_INPUTS = ("ckpt_name", "unet_name", "model_name")

Workflow = dict[str, Any]


def filled(
    params: Mapping[str, Any], *, photo: str, references: Sequence[str], seed: int
) -> Workflow:
    """Return the workflow with everything in its place; ``params`` stays as it is.

    ``photo`` and ``references`` are the names that ComfyUI gave the uploads.

    Raises:
        AttemptFailed: the workflow has no such node or input.
    """
    workflow: Workflow = copy.deepcopy(dict(params.get("workflow") or {}))
    places = list(params.get("reference_inputs") or ())
    if len(references) > len(places):
        raise _bad(f"{len(references)} references, but {len(places)} inputs for them")
    for place, name in zip(places, references, strict=False):
        _put(workflow, place, name)
    _put(workflow, params.get("photo_input") or _photo_input(workflow, places), photo)
    if params.get("prompt"):
        if not params.get("prompt_input"):
            raise _bad("a prompt, but no prompt_input that says where it goes")
        _put(workflow, params["prompt_input"], params["prompt"])
    wanted = params.get("seed_input")
    for place in [wanted] if wanted else _seed_inputs(workflow):
        _put(workflow, place, seed)
    for place, value in (params.get("values") or {}).items():
        _put(workflow, place, value)
    output_node = params.get("output_node")
    if output_node and output_node not in workflow:
        raise _bad(f"the workflow has no node {output_node}")
    return workflow


def fault_of(params: Mapping[str, Any], *, references: int) -> str | None:
    """Return why a photo with so many references can never be put into the workflow, or None."""
    try:
        filled(params, photo="photo.jpg", references=["reference.png"] * references, seed=0)
    except AttemptFailed as failure:
        return failure.message
    return None


def model_of(workflow: Mapping[str, Any]) -> str | None:
    """Return the name of the model that the workflow loads, if it says one."""
    for _, inputs in _nodes(workflow):
        for name in MODEL_INPUTS:
            if isinstance(inputs.get(name), str):
                return str(inputs[name])
    return None


def _photo_input(workflow: Workflow, taken: Sequence[str]) -> str:
    free = [
        f"{node}.image"
        for node, inputs in _nodes(workflow)
        if workflow[node].get("class_type") == "LoadImage" and f"{node}.image" not in taken
    ]
    if len(free) != 1:
        raise _bad(f"{len(free)} LoadImage nodes: photo_input has to say which gets the photo")
    return free[0]


def _seed_inputs(workflow: Workflow) -> list[str]:
    return [
        f"{node}.{name}"
        for node, inputs in _nodes(workflow)
        for name in SEED_INPUTS
        if isinstance(inputs.get(name), int)
    ]


def _put(workflow: Workflow, place: str, value: Any) -> None:
    node, _, name = place.rpartition(".")
    inputs = workflow[node].get("inputs") if isinstance(workflow.get(node), dict) else None
    if not isinstance(inputs, dict) or not name:
        raise _bad(f"the workflow has no input {place}")
    inputs[name] = value


def _nodes(workflow: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for node, content in workflow.items():
        if isinstance(content, Mapping) and isinstance(content.get("inputs"), Mapping):
            yield node, content["inputs"]


def _bad(message: str) -> AttemptFailed:
    return AttemptFailed(Reason.BAD_REQUEST, message)
