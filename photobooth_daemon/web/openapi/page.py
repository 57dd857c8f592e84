"""The OpenAPI document as a page: plain HTML, so it works on a LAN without internet."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: 0 .75rem; }
details[open] { padding-bottom: .75rem; }
summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
code, pre { font: .9em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem; background: #8881; border-radius: .25rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
.quiet { color: var(--quiet); }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
DOCS_CSP = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def docs_page(document: Mapping[str, Any], base_url: str) -> str:
    """Return the page; ``base_url`` is what its examples call."""
    info = document["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(info['title'])} {escape(info['version'])}</title>",
        f"<style>{STYLE}</style></head><body>",
        f'<h1>{escape(info["title"])} <span class="quiet">{escape(info["version"])}</span></h1>',
        f"<p>{escape(info['description'])}</p>",
        '<p><a href="/api/openapi.json">The OpenAPI document</a></p>',
    ]
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2>")
        parts += _operations_of(document, tag["name"], base_url)
    parts.append("<h2>Shapes</h2>")
    for name, schema in document["components"]["schemas"].items():
        parts.append(
            f'<details id="{_anchor(name)}"><summary><code>{escape(name)}</code></summary>'
            f"{_pre(schema)}</details>"
        )
    return "".join([*parts, "</body></html>"])


def _operations_of(document: Mapping[str, Any], tag: str, base_url: str) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield _operation(path, method.upper(), operation, base_url)


def _operation(path: str, method: str, operation: Mapping[str, Any], base_url: str) -> str:
    parts = [
        f'<details><summary><span class="method">{method}</span> <code>{escape(path)}</code> '
        f'<span class="quiet">{escape(operation["summary"])}</span></summary>',
        f"<p>{escape(operation.get('description', 'Public.')).replace('`', '')}</p>",
        f"<pre>{escape(curl_line(path, method, operation, base_url))}</pre>",
    ]
    if operation["parameters"]:
        rows = "".join(
            f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td>"
            f"<td><code>{escape(json.dumps(p['schema']))}</code></td>"
            f"<td>{escape(p.get('description', ''))}</td></tr>"
            for p in operation["parameters"]
        )
        parts.append(f"<table><tr><th>Parameter<th>In<th>Schema<th>Meaning</tr>{rows}</table>")
    body = operation.get("requestBody")
    if body is not None:
        parts += [f"<p>Body</p>{_pre(body['content'])}"]
    rows = "".join(
        f"<tr><td>{status}</td><td>{escape(answer['description'])}</td>"
        f"<td>{_shapes(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    parts.append(f"<table><tr><th>Answer<th>When, or code<th>Shape</tr>{rows}</table></details>")
    return "".join(parts)


def curl_line(path: str, method: str, operation: Mapping[str, Any], base_url: str) -> str:
    """Return how the operation is called from a shell."""
    words = ["curl"]
    if method not in ("GET", "POST") or (method == "POST" and "requestBody" not in operation):
        words.append(f"-X {method}")
    if operation["security"]:
        words.append('-H "Authorization: Bearer $TOKEN"')
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        words += ["-H 'Content-Type: application/json'", "-d @body.json"]
    if "multipart/form-data" in content:
        names = content["multipart/form-data"]["schema"]["properties"]
        words += [
            f"-F {name}=@photo.jpg" if "format" in schema else f"-F '{name}=…'"
            for name, schema in names.items()
        ]
    if any(p["name"] == "If-Match" for p in operation["parameters"]):
        words.append("""-H 'If-Match: "1"'""")
    return " ".join([*words, base_url + path])


def _shapes(answer: Mapping[str, Any]) -> str:
    shapes = []
    for kind, content in answer.get("content", {}).items():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        link = f' <a href="#{_anchor(name)}">{escape(name)}</a>' if name else ""
        shapes.append(f"<code>{escape(kind)}</code>{link}")
    return "<br>".join(shapes)


def _anchor(name: str) -> str:
    return f"shape-{escape(name)}"


def _pre(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
