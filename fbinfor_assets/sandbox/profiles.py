"""The people and companies of the sandbox: who stands behind a shop customer number.

Belongs here: the country table of the order file, the generator that turns (customer number, country, seed) into
one party, and the variants under which a few of those parties already exist in FreshBooks and in M3.
Does not belong here: how a simulator stores a party (its own package), and anything that matches parties (the
product's work: the sandbox must not agree with our own mistakes).

Everything is a pure function of its arguments: the three simulators are separate processes and must agree on a
party without talking to each other. Names, streets and numbers are invented; nothing is ever sent to them.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Country:
    """One country of the order file. `iso2` is what the shop serves; `name` is the ordinary English name.

    Patterns: `#` is a digit 0-9, `@` an upper-case letter, everything else itself. Postal codes fit M3's PONO (10),
    phones PHNO (16), towns TOWN (20): a sandbox party never fails on a width by accident.
    """

    file_name: str
    iso2: str
    name: str
    cities: tuple[str, ...]
    postcode: str
    phone: str
    vat: str
    suffixes: tuple[str, ...]


def _c(
    file_name: str, iso2: str, name: str, cities: str, postcode: str, phone: str, vat: str, suffixes: str
) -> Country:
    return Country(
        file_name, iso2, name, tuple(cities.split("|")), postcode, phone, vat, tuple(suffixes.split("|"))
    )


_TABLE = (
    _c(
        "Australia",
        "AU",
        "Australia",
        "Sydney|Melbourne|Perth|Hobart",
        "####",
        "(0#) #### ####",
        "",
        "Pty Ltd",
    ),
    _c("Austria", "AT", "Austria", "Wien|Graz|Linz|Salzburg", "####", "0## ######", "ATU########", "GmbH|KG"),
    _c("Bahrain", "BH", "Bahrain", "Manama|Riffa", "###", "17## ####", "", "W.L.L."),
    _c(
        "Belgium",
        "BE",
        "Belgium",
        "Gent|Liège|Namur|Brugge",
        "####",
        "0## ## ## ##",
        "BE0#########",
        "NV|BVBA",
    ),
    _c("Brazil", "BR", "Brazil", "São Paulo|Curitiba", "#####-###", "(##) ####-####", "", "Ltda"),
    _c("Canada", "CA", "Canada", "Toronto|Halifax|Victoria", "@#@ #@#", "(###) ###-####", "", "Inc|Ltd"),
    _c(
        "Channel Islands",
        "JE",
        "Jersey",
        "St Helier|St Aubin|Gorey",
        "JE# #@@",
        "01534 ######",
        "",
        "Limited|Ltd",
    ),
    _c("Cyprus", "CY", "Cyprus", "Nicosia|Limassol|Larnaca", "####", "2# ######", "CY########@", "Ltd"),
    _c(
        "Czech Republic",
        "CZ",
        "Czechia",
        "Praha|Brno|Ostrava",
        "### ##",
        "### ### ###",
        "CZ########",
        "s.r.o.",
    ),
    _c("Denmark", "DK", "Denmark", "København|Aarhus|Odense", "####", "## ## ## ##", "DK########", "ApS|A/S"),
    _c(
        "EIRE",
        "IE",
        "Ireland",
        "Dublin|Cork|Galway|Sligo",
        "@## @#@#",
        "0## ### ####",
        "IE#######@",
        "Ltd|Limited",
    ),
    _c(
        "European Community",
        "EU",
        "European Community",
        "Strasbourg|Ispra",
        "#####",
        "#### ######",
        "",
        "EEIG",
    ),
    _c("Finland", "FI", "Finland", "Helsinki|Turku|Oulu", "#####", "0# ### ####", "FI########", "Oy"),
    _c(
        "France",
        "FR",
        "France",
        "Lyon|Nantes|Lille|Rennes",
        "#####",
        "0# ## ## ## ##",
        "FR##########",
        "SARL|SAS",
    ),
    _c(
        "Germany",
        "DE",
        "Germany",
        "Köln|Leipzig|Bremen|Mainz",
        "#####",
        "0### #######",
        "DE#########",
        "GmbH|OHG",
    ),
    _c("Greece", "GR", "Greece", "Athina|Patra|Volos", "### ##", "21# ### ####", "EL#########", "AE|EPE"),
    _c("Hong Kong", "HK", "Hong Kong", "Kowloon|Wan Chai", "", "#### ####", "", "Limited|Ltd"),
    _c("Iceland", "IS", "Iceland", "Reykjavík|Akureyri", "###", "### ####", "", "ehf"),
    _c("Israel", "IL", "Israel", "Haifa|Tel Aviv", "#######", "0#-###-####", "", "Ltd"),
    _c(
        "Italy",
        "IT",
        "Italy",
        "Torino|Bologna|Bari|Parma",
        "#####",
        "0## #######",
        "IT###########",
        "Srl|SpA",
    ),
    _c("Japan", "JP", "Japan", "Osaka|Nagoya|Sapporo", "###-####", "0#-####-####", "", "KK"),
    _c("Lebanon", "LB", "Lebanon", "Beirut|Saida", "####", "0# ### ###", "", "SARL"),
    _c("Lithuania", "LT", "Lithuania", "Vilnius|Kaunas", "LT-#####", "8 ### #####", "LT#########", "UAB"),
    _c("Malta", "MT", "Malta", "Valletta|Sliema", "@@@ ####", "21## ####", "MT########", "Ltd"),
    _c(
        "Netherlands",
        "NL",
        "Netherlands",
        "Utrecht|Breda|Leiden",
        "#### @@",
        "0##-#######",
        "NL#########B01",
        "BV|NV",
    ),
    _c("Norway", "NO", "Norway", "Oslo|Bergen|Tromsø", "####", "## ## ## ##", "", "AS"),
    _c(
        "Poland",
        "PL",
        "Poland",
        "Kraków|Gdańsk|Lublin",
        "##-###",
        "## ### ## ##",
        "PL##########",
        "Sp. z o.o.",
    ),
    _c("Portugal", "PT", "Portugal", "Lisboa|Porto|Braga", "####-###", "2## ### ###", "PT#########", "Lda"),
    _c("RSA", "ZA", "South Africa", "Durban|Pretoria", "####", "0## ### ####", "", "(Pty) Ltd"),
    _c("Saudi Arabia", "SA", "Saudi Arabia", "Riyadh|Jeddah", "#####", "01# ### ####", "", "LLC"),
    _c("Singapore", "SG", "Singapore", "Singapore", "######", "6### ####", "", "Pte Ltd"),
    _c("Spain", "ES", "Spain", "Sevilla|Bilbao|Murcia|Cádiz", "#####", "9## ### ###", "ESB########", "SL|SA"),
    _c("Sweden", "SE", "Sweden", "Malmö|Uppsala|Lund", "### ##", "0##-### ## ##", "SE##########01", "AB"),
    _c("Switzerland", "CH", "Switzerland", "Bern|Basel|Lausanne", "####", "0## ### ## ##", "", "AG|SA"),
    _c("USA", "US", "United States", "Boston|Portland|Austin", "#####", "(###) ###-####", "", "Inc|LLC"),
    _c("United Arab Emirates", "AE", "United Arab Emirates", "Dubai|Sharjah", "", "0# ### ####", "", "LLC"),
    _c(
        "United Kingdom",
        "GB",
        "United Kingdom",
        "Leeds|Bristol|Exeter|York|Norwich|Derby|Truro|Perth|Bath|Durham|Lincoln|Swansea|Preston|Oban|Bangor",
        "@@# #@@",
        "01### ######",
        "GB#########",
        "Ltd|Limited|LLP|PLC",
    ),
    # The file's own "no country". XX is a user-assigned ISO code: it never becomes a real country's.
    _c("Unspecified", "XX", "Unspecified", "Anytown", "#####", "#### ######", "", "Ltd"),
)

COUNTRIES: dict[str, Country] = {row.file_name: row for row in _TABLE}
_BY_ISO2: dict[str, Country] = {row.iso2: row for row in _TABLE}

VAT_PERCENT = {"GB": 20}
"""Per cent of tax the shop adds, by ISO2 country of delivery; a country that is not listed pays none."""


def find_country(name: str) -> Country | None:
    """The country an order file means by `name` (its own spelling, or the ISO2 code), or None."""
    return COUNTRIES.get(name) or _BY_ISO2.get(name)


def country_iso2(name: str) -> str:
    """ISO2 code of a country as the order file spells it, e.g. EIRE -> IE. Raises KeyError for an unknown name."""
    country = find_country(name)
    if country is None:
        raise KeyError(name)
    return country.iso2


def _pool(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(separator))


_FIRST = _pool(
    "Judith Alan Priya Tomasz Grace Owen Helen Marcus Ines Ruth Callum Nadia Peter Sylvia Hamish Elena Victor Rosa "
    "Derek Moira Felix Anita Stuart Bridget Leon Carla Gareth Yvonne Nathan Edith Martin Lucia Simon Freya Robert "
    "Deborah Matthew Philippa Edward Katherine Michael Susan William Margaret Christopher Elizabeth"
)

_LAST = _pool(
    "Hartley Pemberton Okafor Lindqvist Marlowe Castellan Brannon Thackeray Ashworth Delacroix Fairley "
    "Grimshaw Holloway Iverson Jessop Kettering Langford Montague Naismith Oakley Penrose Quayle Ravenhill "
    "Selwyn Tolliver Underhill Vasquez Wetherby Yarwood Zielinski Abernathy Birk Cavendish Drummond "
    "Eastwood Farrow Garside Huxtable Ingram Jardine Kirkbride Lockwood Merrick Nettleton Osgood "
    "Pickering Rushworth Stapleton Threlfall Urquhart Whitlock Ainsley Bellamy Crowther Dunmore Entwistle "
    "Foster Goodacre Hebden Inchbald Kershaw Lytham Murdoch Norcliffe Openshaw Prentice Ramsden "
    "Shackleton Tattersall Verity Wolsey"
)

_TRADE = _pool(
    "Gifts|Interiors|& Daughters|& Sons|Homewares|Trading|Gardens|Stationers|Tea Rooms|Emporium|Florists|"
    "Antiques|Wholesale|Parties|Kitchens|Books|Toys|Crafts|Larder|Lifestyle",
    "|",
)

_STREET = _pool(
    "Mill Lane|Church Street|Station Road|High Street|Victoria Terrace|Castle Hill|Orchard Close|Bridge Street|"
    "Queens Parade|Foundry Yard|Harbour Road|Park Crescent|Chapel Walk|Market Place|North Gate|Weavers Row",
    "|",
)

# Real free-mail domains on purpose: whoever matches must know that such a domain says nothing about a company.
# The local part carries the shop's customer number, so no living person's address is written down here.
_FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.co.uk", "hotmail.com")

_SHORT_NAME = {
    "Christopher": "Chris",
    "Deborah": "Debbie",
    "Edward": "Ted",
    "Elizabeth": "Liz",
    "Katherine": "Kate",
    "Margaret": "Maggie",
    "Matthew": "Matt",
    "Michael": "Mike",
    "Philippa": "Pippa",
    "Robert": "Bob",
    "Susan": "Sue",
    "William": "Bill",
}

_SUFFIX_VARIANT = {
    "Ltd": "Limited",
    "Limited": "Ltd",
    "PLC": "P.L.C.",
    "GmbH": "G.m.b.H.",
    "SARL": "S.A.R.L.",
    "SAS": "S.A.S.",
    "Inc": "Inc.",
    "BV": "B.V.",
    "NV": "N.V.",
    "Srl": "S.r.l.",
    "SL": "S.L.",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One party. Text fields are never None; an absent value is the empty string.

    `country` is ISO2, `country_name` the order file's spelling. `company` and `vat_number` are empty for a private
    person; `vat_number` also for a company of a country without one in the table.
    """

    customer_id: int
    first_name: str
    last_name: str
    company: str
    email: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str
    country_name: str
    vat_number: str

    @property
    def display_name(self) -> str:
        """The company, or "first last" for a private person: what an ERP would carry as the customer's name."""
        return self.company or f"{self.first_name} {self.last_name}"

    def as_dict(self) -> dict[str, object]:
        """Field name -> value, ready for JSON."""
        return asdict(self)


@lru_cache(maxsize=65_536)
def profile(customer_id: int, country: str, seed: int = 0) -> Profile:
    """The party behind a shop customer number, the same in every process and on every run.

    `country` is a name of the order file (or an ISO2 code). Name, company and e-mail depend only on (seed,
    customer_id): a customer who orders to two countries keeps the identity and has two addresses. About 60 % are
    companies. Raises KeyError for an unknown country.
    """
    land = find_country(country)
    if land is None:
        raise KeyError(country)
    who = _random(seed, customer_id, "who")
    first, last = who.choice(_FIRST), who.choice(_LAST)
    is_company = who.random() < 0.6
    trade = who.choice(_TRADE)
    free_mail = who.choice(_FREE_MAIL)

    where = _random(seed, customer_id, land.iso2)
    city = where.choice(land.cities)
    street = f"{where.randint(1, 180)} {where.choice(_STREET)}"
    postcode = _fill(land.postcode, where)
    phone = _fill(land.phone, where)
    company, vat = "", ""
    if is_company:
        company = f"{last} {trade} {where.choice(land.suffixes)}"
        vat = _vat_number(land, where)
        # One domain per company even where two share a surname and a trade.
        domain = f"{last}-{trade.split()[-1]}".lower()
        email = f"{first}@{domain}-{customer_id}.example".lower()
    else:
        email = f"{first}.{last}.{customer_id}@{free_mail}".lower()
    return Profile(
        customer_id=customer_id,
        first_name=first,
        last_name=last,
        company=company,
        email=email,
        phone=phone,
        street=street,
        city=city,
        postcode=postcode,
        country=land.iso2,
        country_name=land.file_name,
        vat_number=vat,
    )


# ---------------------------------------------------------------- parties that exist before the first order


def preexisting(customer_id: int) -> str | None:
    """Where the party of a shop customer already exists: 'm3', 'freshbooks', 'm3_decoy', or None.

    The rule is customer_id modulo 40: 0 -> M3, 1 -> FreshBooks, 2 -> M3 holds somebody else of nearly the same name.
    """
    return {0: "m3", 1: "freshbooks", 2: "m3_decoy"}.get(customer_id % 40)


def freshbooks_variant(party: Profile) -> Profile:
    """How FreshBooks already knows `party`: same e-mail and address; suffix or first name written otherwise."""
    return replace(
        party,
        company=_other_suffix(party.company),
        first_name=_SHORT_NAME.get(party.first_name, f"{party.first_name[0]}."),
        phone=party.phone.replace(" ", ""),
    )


def m3_variant(party: Profile) -> Profile:
    """How M3 already knows `party`: same e-mail, VAT number and postcode; upper case, abbreviated suffix."""
    return replace(
        party,
        company=_other_suffix(party.company).upper(),
        first_name=party.first_name.upper(),
        last_name=party.last_name.upper(),
        street=party.street.upper(),
        city=party.city.upper(),
    )


def m3_decoy(party: Profile, seed: int = 0) -> Profile:
    """Somebody else whose name is nearly that of `party`: same surname, other town, e-mail, phone, VAT number.

    Same country and kind (company or person). It must never be taken for `party`.
    """
    land = _BY_ISO2[party.country]
    other = _random(seed, party.customer_id, "decoy")
    towns = [town for town in land.cities if town != party.city] or ["Newtown"]
    first = other.choice([name for name in _FIRST if name != party.first_name])
    company, vat = "", ""
    if party.company:
        trade = other.choice([trade for trade in _TRADE if trade not in party.company])
        company = f"{party.last_name} {trade} {land.suffixes[0]}"
        vat = _vat_number(land, other)
        email = f"office@{party.last_name}-decoy-{party.customer_id}.example".lower()
    else:
        email = f"{first}.{party.last_name}.decoy{party.customer_id}@gmail.com".lower()
    return replace(
        party,
        first_name=first,
        company=company,
        vat_number=vat,
        email=email,
        phone=_fill(land.phone, other),
        street=f"{other.randint(1, 180)} {other.choice(_STREET)}",
        city=other.choice(towns),
        postcode=_fill(land.postcode, other),
    )


def freshbooks_seed_parties(customers: Iterable[tuple[int, str]], seed: int) -> list[Profile]:
    """Parties FreshBooks already holds, of the (customer_id, country) pairs that occur in the loaded orders.

    Ordered by customer number, so that ids given out in this order are the same on every run.
    """
    return [
        freshbooks_variant(profile(number, country, seed))
        for number, country in sorted(customers)
        if preexisting(number) == "freshbooks"
    ]


def m3_seed_parties(customers: Iterable[tuple[int, str]], seed: int) -> list[Profile]:
    """Parties M3 already holds (true ones and decoys, see `preexisting`), ordered by customer number."""
    parties = []
    for number, country in sorted(customers):
        kind = preexisting(number)
        if kind == "m3":
            parties.append(m3_variant(profile(number, country, seed)))
        elif kind == "m3_decoy":
            parties.append(m3_decoy(profile(number, country, seed), seed))
    return parties


SEED_CUSTOMERS_FILE = "seed-customers.json"
"""Name, inside the state directory, of the file serve writes for the FreshBooks and M3 simulators."""


def read_seed_customers(state: Path) -> list[tuple[int, str]]:
    """(customer_id, country) of every known customer of the loaded orders, written by serve into the state directory.

    `state` is the directory (or the file itself). A missing file means no pre-existing parties: empty list.
    """
    path = state / SEED_CUSTOMERS_FILE if state.is_dir() else state
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))["customers"]
    return [(row["customer_id"], row["country"]) for row in rows]


def write_seed_customers(state: Path, customers: Sequence[tuple[int, str]], seed: int) -> Path:
    """Write the file `read_seed_customers` reads: {"seed": n, "customers": [{"customer_id", "country"}]}."""
    path = state / SEED_CUSTOMERS_FILE
    rows = [{"customer_id": number, "country": country} for number, country in sorted(customers)]
    path.write_text(json.dumps({"seed": seed, "customers": rows}) + "\n", encoding="utf-8")
    return path


def _random(seed: int, customer_id: int, purpose: str) -> random.Random:
    """A generator of its own per question, so that a new question never shifts the answers to the old ones."""
    digest = hashlib.sha256(f"{seed}/{customer_id}/{purpose}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def _fill(pattern: str, source: random.Random) -> str:
    letters = "ABCDEFGHJKLMNPRSTUWXY"
    return "".join(
        str(source.randint(0, 9)) if sign == "#" else source.choice(letters) if sign == "@" else sign
        for sign in pattern
    )


def _vat_number(land: Country, source: random.Random) -> str:
    if land.iso2 != "GB":
        return _fill(land.vat, source)
    # The United Kingdom's check digits (modulus 97), so that a validity check further on accepts them.
    digits = [source.randint(1, 9), *(source.randint(0, 9) for _ in range(6))]
    check = 97 - sum(weight * digit for weight, digit in zip(range(8, 1, -1), digits, strict=True)) % 97
    return f"GB{''.join(map(str, digits))}{check:02d}"


def _other_suffix(company: str) -> str:
    for suffix, variant in sorted(_SUFFIX_VARIANT.items(), key=lambda pair: -len(pair[0])):
        if company.endswith(" " + suffix):
            return company[: -len(suffix)] + variant
    return company
