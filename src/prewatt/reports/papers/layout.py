"""Which layout draws which kind of paper."""

from collections.abc import Callable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.reports.papers.layouts.agreement import lay_out_agreement
from prewatt.reports.papers.layouts.cashier_report import lay_out_cashier_report
from prewatt.reports.papers.layouts.energy_report import lay_out_energy_report
from prewatt.reports.papers.layouts.settlement import lay_out_settlement
from prewatt.reports.papers.layouts.slip import lay_out_slip
from prewatt.reports.papers.layouts.statement import lay_out_statement
from prewatt.reports.papers.pieces import Content, Figures, Issued, Plain, clean
from prewatt.reports.papers.words import TITLES

_LAYOUTS: Final[Mapping[str, Callable[[Issued, Figures], Plain]]] = {
    "receipt": lay_out_slip,
    "refund": lay_out_slip,
    "clearing": lay_out_slip,
    "reversal": lay_out_slip,
    "statement": lay_out_statement,
    "settlement": lay_out_settlement,
    "energy_report": lay_out_energy_report,
    "agreement": lay_out_agreement,
    "cashier_report": lay_out_cashier_report,
}


def lay_out(issued: Issued) -> Plain:
    """This function will lay out what a paper says, as plain JSON for its templates.

    Times are written in the zone that the content names.
    """
    content = issued.content
    figures = Figures(currency_of(content), ZoneInfo(content["time_zone"]))
    common: Plain = {
        "title": TITLES[issued.kind].plain(),
        "operator": clean(content["operator"]),
        "tax_no": clean(content.get("operator_tax_no", "")),
        "phone": clean(content.get("service_phone", "")),
        "site": clean(content["site"]),
        "running": issued.number,
    }
    return common | _LAYOUTS[issued.kind](issued, figures)


def currency_of(content: Content) -> str:
    """This function will return the currency of a paper: named, or that of its amount."""
    return str(content.get("currency") or content["amount"][1])
