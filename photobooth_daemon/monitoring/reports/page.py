"""The report as one HTML page that prints well: no script, nothing fetched."""

from __future__ import annotations

from html import escape

from photobooth_daemon.model.reports import EventReport
from photobooth_daemon.monitoring.reports.text import summary, tables
from photobooth_daemon.monitoring.reports.words import WORDS, moment

PAGE_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CHART_WIDTH, CHART_HEIGHT = 720, 120

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #16181d; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; }
dl div { border-left: 3px solid #2f6feb; padding-left: .6rem; }
dt { color: #4a5160; font-size: .85rem; } dd { margin: 0; font-size: 1.3rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #d5d9e0; }
svg { width: 100%; height: auto; } rect { fill: #2f6feb; } rect.lost { fill: #b3261e; }
svg text { font-size: 10px; fill: #4a5160; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; }
               tr { break-inside: avoid; } }
"""


def render_page(report: EventReport, locale: str) -> str:
    """Return the whole page; every value in it is escaped."""
    words = WORDS[locale]
    stretch = f"{moment(report.since)} – {moment(report.until)}"
    parts = [
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(words['title'])}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(words['title'])}</h1><p>{escape(stretch)}</p>",
    ]
    if report.photos:
        parts += [_summary(report, locale), _chart(report, locale)]
        parts += [_table(*table) for table in tables(report, locale)]
    else:
        parts.append(f"<p>{escape(words['nothing'])}</p>")
    return "\n".join([*parts, "</body></html>\n"])


def _summary(report: EventReport, locale: str) -> str:
    items = (
        f"<div><dt>{escape(WORDS[locale][key])}</dt><dd>{escape(value)}</dd></div>"
        for key, value in summary(report)
    )
    return f"<dl>{''.join(items)}</dl>"


def _chart(report: EventReport, locale: str) -> str:
    """Draw a bar for each hour, those that got no picture on top."""
    title = WORDS[locale]["hours"]
    most = max(hour.photos for hour in report.hours)
    step = CHART_WIDTH / len(report.hours)
    bars = []
    for index, hour in enumerate(report.hours):
        x, width = index * step, max(1.0, step * 0.8)
        done = CHART_HEIGHT * hour.done / most
        lost = CHART_HEIGHT * (hour.photos - hour.done) / most
        hint = escape(f"{moment(hour.at)}: {hour.done} / {hour.photos}")
        bars.append(
            f"<g><title>{hint}</title>"
            f'<rect x="{x:.1f}" y="{CHART_HEIGHT - done:.1f}" width="{width:.1f}"'
            f' height="{done:.1f}"/>'
            f'<rect class="lost" x="{x:.1f}" y="{CHART_HEIGHT - done - lost:.1f}"'
            f' width="{width:.1f}" height="{lost:.1f}"/></g>'
        )
    first, last = report.hours[0].at.astimezone(), report.hours[-1].at.astimezone()
    labels = (
        f'<text x="0" y="{CHART_HEIGHT + 14}">{first:%H:%M}</text>'
        f'<text x="{CHART_WIDTH}" y="{CHART_HEIGHT + 14}" text-anchor="end">{last:%H:%M}</text>'
    )
    return (
        f"<h2>{escape(title)}</h2>"
        f'<svg viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT + 20}" role="img"'
        f' aria-label="{escape(title)}">{"".join(bars)}{labels}</svg>'
    )


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    heading = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<h2>{escape(title)}</h2><table><thead><tr>{heading}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
