"""M3's messages in other languages than English.

Belongs here: translations of `mi.MESSAGES`, by message id and M3's language code (LANC).
Does not belong here: the English texts, which message is raised when.

A client must go by the code: the text is in the language of the user or of `lanc` (infor-api 2.3; one real
client looks for a German text). Wording is ours; a code without translation comes in English.
"""

from __future__ import annotations

_TEXTS = {
    "DE": {
        "XRE0103": "Datensatz ist nicht vorhanden",
        "XRE0104": "Datensatz ist bereits vorhanden",
        "XUP0001": "Der Datensatz wurde von Benutzer &1 geändert",
        "XAU0008": "Keine Berechtigung für Firma &1",
        "XDT0001": "Datum ist falsch",
        "XNU0000": "Numerischer Fehler",
        "XNU0003": "Negativer Wert ist nicht erlaubt",
        "XST0020": "Statusänderung ist nicht erlaubt",
        "WCU0203": "Kundennummer &1 ist nicht vorhanden",
        "WCU0204": "Kundennummer &1 ist bereits vorhanden",
        "WIT0103": "Artikelnummer &1 ist nicht vorhanden",
        "WIT0104": "Artikelnummer &1 ist bereits vorhanden",
    },
    "SE": {
        "XRE0103": "Posten finns inte",
        "XRE0104": "Posten finns redan",
        "XUP0001": "Posten har ändrats av användare &1",
        "XAU0008": "Behörighet saknas för företag &1",
        "XDT0001": "Felaktigt datum",
        "XNU0000": "Numeriskt fel",
        "XNU0003": "Negativt värde är inte tillåtet",
        "XST0020": "Statusändring är inte tillåten",
        "WCU0203": "Kundnummer &1 finns inte",
        "WCU0204": "Kundnummer &1 finns redan",
        "WIT0103": "Artikelnummer &1 finns inte",
        "WIT0104": "Artikelnummer &1 finns redan",
    },
}


def translated(code: str, language: str) -> str:
    """The message in a language, with its &1 left in; "" if there is none."""
    return _TEXTS.get(language.upper(), {}).get(code, "")
