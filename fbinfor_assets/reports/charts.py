"""Charts: bars of one unit as a Vega-Lite specification, drawn without a browser to SVG and PNG.

Belongs here: the one place that knows Vega-Lite, its colours, and what a drawn chart says to a reader who does not see it.
Does not belong here: which charts there are (pages/), figures.

Vega needs numbers: an amount is passed as decimal text and becomes a number inside the chart only. The text beside a bar
(its title and label) is made from the Decimal.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from fbinfor_assets.reports.content import Bar, Chart, money, number, words

# Colour name → (light, dark). Told apart with every common colour blindness; red is kept for what is wrong.
PALETTE: dict[str, tuple[str, str]] = {
    "blue": ("#2a6592", "#6cb0e0"),
    "orange": ("#d9822b", "#eda254"),
    "teal": ("#2f8f83", "#5cc2b4"),
    "yellow": ("#c7a41f", "#e3c75a"),
    "purple": ("#7a5ea8", "#b39ddb"),
    "sky": ("#8dbde0", "#3f7fae"),
    "grey": ("#8b95a1", "#77828f"),
    "brown": ("#8a5a3b", "#c39676"),
    "red": ("#b3261e", "#f2857e"),
    # Text and lines of a chart.
    "ink": ("#39424e", "#c3cad3"),
    "line": ("#d5dae0", "#3a424d"),
}
_OTHERS = ("blue", "orange", "teal", "yellow", "purple", "sky", "brown", "grey")
_VEGA_LITE = "6.1"
_WIDTH = 480
_SVG = "http://www.w3.org/2000/svg"


def colours_of(
    codes: list[str], known: dict[str, tuple[str, str]] | None = None
) -> dict[str, tuple[str, str]]:
    """Label and colour of each series code, in this order: those of `known`, the others from the palette by turns."""
    known = known or {}
    taken = {colour for _, colour in known.values()}
    free = [colour for colour in _OTHERS if colour not in taken] or list(_OTHERS)
    others = [code for code in codes if code not in known]
    given = {code: (words(code), free[index % len(free)]) for index, code in enumerate(others)}
    return {code: known.get(code) or given[code] for code in codes}


def svg(chart: Chart) -> str:
    """The chart as an SVG element for a page: no size of its own, a title on every bar. Raises `ValueError` if Vega does."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(specification(chart), vl_version=_VEGA_LITE)
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(drawn)
    # The page's width decides; the same chart is shown on a desk and on a telephone.
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.set("role", "graphics-document")
    root.set("aria-label", f"{chart.title}. {chart.about}")
    for element in root.iter():
        label = element.get("aria-label")
        if element.get("aria-roledescription") == "bar" and label:
            title = ElementTree.SubElement(element, f"{{{_SVG}}}title")
            title.text = label
    return ElementTree.tostring(root, encoding="unicode")


def png(chart: Chart, scale: float = 1.25) -> bytes:
    """The chart as a picture on white."""
    import vl_convert

    return vl_convert.vegalite_to_png(
        specification(chart) | {"background": "#ffffff", "padding": 12},
        vl_version=_VEGA_LITE,
        scale=scale,
    )


def specification(chart: Chart) -> dict[str, Any]:
    """The Vega-Lite specification of a chart."""
    label = {code: label for code, (label, _) in chart.series.items()}
    categories = list(dict.fromkeys(bar.category for bar in chart.bars))
    used = [code for code in chart.series if any(bar.series == code for bar in chart.bars)]
    place, length = ("y", "x") if chart.across else ("x", "y")
    most = max(sum(bar.amount for bar in chart.bars if bar.category == category) for category in categories)
    # A colour that only repeats the category needs no legend.
    legend = len(used) > 1 and len({(bar.category, bar.series) for bar in chart.bars}) > len(categories)
    band = len(categories) * (len(used) if chart.grouped else 1)
    encoding: dict[str, Any] = {
        place: {
            "field": "category",
            "type": "nominal",
            "sort": categories,
            "title": None,
            "axis": {
                "labelLimit": 230,
                "ticks": False,
                # Many columns: a label each would lie over the next.
                "labelAngle": 0 if chart.across or len(categories) <= 7 else -45,
            },
            # Few columns stay columns and do not become walls.
            "scale": {
                "paddingInner": 0.25,
                "paddingOuter": 0.2 if chart.across else max(0.2, 0.6 * (5 - len(categories))),
            },
        },
        length: {
            "field": "amount",
            "type": "quantitative",
            "title": chart.unit,
            "stack": None if chart.grouped else "zero",
            "axis": {
                "format": ",~f",
                "tickCount": 5,
                "domain": False,
                "ticks": False,
                # A handful of things is counted in whole ones.
                **({"values": list(range(most + 1))} if not chart.bars[0].currency and most <= 6 else {}),
            },
        },
        "color": {
            "field": "series",
            "type": "nominal",
            "scale": {
                "domain": [label[code] for code in used],
                "range": [PALETTE[chart.series[code][1]][0] for code in used],
            },
            "legend": {"orient": "top", "title": None, "symbolType": "square", "columns": 3}
            if legend
            else None,
        },
        "order": {"field": "turn", "type": "quantitative"},
        "description": {"field": "said", "type": "nominal"},
    }
    if chart.grouped and len(used) > 1:
        encoding[f"{place}Offset"] = {
            "field": "series",
            "type": "nominal",
            "sort": [label[code] for code in used],
        }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": _WIDTH if not chart.across else 400,
        "height": max(60, 22 * band) if chart.across else 240,
        "background": None,
        "data": {"values": [_value(chart, bar, label, used.index(bar.series)) for bar in chart.bars]},
        "transform": [{"calculate": "toNumber(datum.decimal)", "as": "amount"}],
        # No round corners: for them Vega clips by an id, and ids of two charts on a page would meet.
        "mark": "bar",
        "encoding": encoding,
        "config": {
            "font": "Liberation Sans, Arial, Helvetica, sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": PALETTE["ink"][0],
                "titleColor": PALETTE["ink"][0],
                "titleFontWeight": "normal",
                "labelFontSize": 12,
                "titleFontSize": 12,
                "gridColor": PALETTE["line"][0],
                "domainColor": PALETTE["grey"][0],
                "labelPadding": 6,
            },
            "axisBand": {"grid": False},
            "legend": {"labelColor": PALETTE["ink"][0], "labelFontSize": 12},
        },
    }


def _value(chart: Chart, bar: Bar, label: dict[str, str], turn: int) -> dict[str, Any]:
    of = label[bar.series]
    amount = money(bar.amount, bar.currency) if bar.currency else f"{number(bar.amount)} {chart.unit}"
    return {
        "category": bar.category,
        "series": of,
        "decimal": str(bar.amount),
        "turn": turn,
        "said": f"{bar.category}, {of}: {amount}" if len(chart.series) > 1 else f"{bar.category}: {amount}",
    }
