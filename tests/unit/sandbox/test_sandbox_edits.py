"""Who stands behind a customer number, and how they pay.

Belongs here: profiles and habits, both pure. Does not belong here: how a simulator stores a party.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fbinfor_assets.sandbox import profiles
from fbinfor_assets.sandbox.habits import habit
from fbinfor_assets.sandbox.profiles import Profile, profile

NUMBERS = range(12346, 18288)
REAL_FILE_COUNTRIES = 38


def test_a_party_is_the_same_in_every_process() -> None:
    code = "from fbinfor_assets.sandbox.profiles import profile; print(profile(17850, 'EIRE', 7))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(profile(17850, "EIRE", 7))
    assert profile(17850, "EIRE", 8) != profile(17850, "EIRE", 7)


def test_every_country_of_the_real_file_has_its_own_iso_code() -> None:
    codes = [profiles.country_iso2(name) for name in profiles.COUNTRIES]
    assert len(set(codes)) == REAL_FILE_COUNTRIES
    expected = {"EIRE": "IE", "RSA": "ZA", "USA": "US", "Channel Islands": "JE", "United Kingdom": "GB"}
    expected |= {"European Community": "EU", "Unspecified": "XX", "Hong Kong": "HK", "Czech Republic": "CZ"}
    assert {name: profiles.country_iso2(name) for name in expected} == expected
    with pytest.raises(KeyError):
        profiles.country_iso2("Narnia")


def test_a_customer_of_two_countries_is_one_party_with_two_addresses() -> None:
    home, away = profile(12431, "Belgium", 1), profile(12431, "Australia", 1)
    assert (home.first_name, home.last_name, home.email) == (away.first_name, away.last_name, away.email)
    assert (home.country, away.country) == ("BE", "AU")
    assert home.street != away.street


def test_about_six_in_ten_are_companies_and_no_two_share_an_email() -> None:
    parties = [profile(number, "United Kingdom", 1) for number in NUMBERS]
    assert 0.57 < sum(bool(party.company) for party in parties) / len(parties) < 0.63
    assert len({party.email for party in parties}) == len(parties)
    assert all(bool(party.vat_number) == bool(party.company) for party in parties)


def test_a_british_vat_number_has_right_check_digits() -> None:
    numbers = [profile(number, "United Kingdom", 1).vat_number for number in NUMBERS]
    for number in filter(None, numbers):
        digits = [int(sign) for sign in number.removeprefix("GB")]
        assert len(digits) == 9
        weighted = sum(weight * digit for weight, digit in zip(range(8, 1, -1), digits[:7], strict=True))
        assert (weighted + digits[7] * 10 + digits[8]) % 97 == 0


@pytest.mark.parametrize(
    "variant", [lambda p: p, profiles.m3_variant, profiles.m3_decoy, profiles.freshbooks_variant]
)
def test_no_party_is_too_wide_for_the_erp_by_accident(variant) -> None:
    for number in NUMBERS[::7]:
        for country in profiles.COUNTRIES:
            party: Profile = variant(profile(number, country, 1))
            assert len(party.display_name) <= 36  # M3 CUNM
            assert len(party.email) <= 50
            assert len(party.phone) <= 16
            assert len(party.street) <= 36
            assert len(party.city) <= 20
            assert len(party.postcode) <= 10


def test_a_party_m3_already_knows_is_the_same_one_written_otherwise() -> None:
    for number in range(12360, 18288, 40):
        party = profile(number, "United Kingdom", 1)
        known = profiles.m3_variant(party)
        assert (known.email, known.vat_number, known.postcode) == (
            party.email,
            party.vat_number,
            party.postcode,
        )
        assert known.display_name != party.display_name


def test_a_party_freshbooks_already_knows_keeps_its_email_and_changes_its_name() -> None:
    for number in range(12361, 18288, 40):
        party = profile(number, "United Kingdom", 1)
        known = profiles.freshbooks_variant(party)
        assert (known.email, known.postcode) == (party.email, party.postcode)
        assert (known.company, known.first_name) != (party.company, party.first_name)


def test_a_decoy_shares_the_surname_and_nothing_that_identifies() -> None:
    for number in range(12362, 18288, 40):
        for country in ("United Kingdom", "Singapore"):
            party = profile(number, country, 1)
            decoy = profiles.m3_decoy(party, 1)
            assert decoy.last_name == party.last_name
            assert bool(decoy.company) == bool(party.company)
            assert decoy.email != party.email
            assert decoy.city != party.city
            assert decoy.phone != party.phone
            assert not party.vat_number or decoy.vat_number != party.vat_number


def test_seed_parties_follow_the_customer_number_and_the_loaded_orders(tmp_path: Path) -> None:
    customers = [(12402, "France"), (12400, "United Kingdom"), (12401, "EIRE"), (12403, "Germany")]
    profiles.write_seed_customers(tmp_path, customers, 1)
    read = profiles.read_seed_customers(tmp_path)
    assert read == sorted(customers)
    assert [party.customer_id for party in profiles.m3_seed_parties(read, 1)] == [12400, 12402]
    assert [party.customer_id for party in profiles.freshbooks_seed_parties(read, 1)] == [12401]
    assert profiles.read_seed_customers(tmp_path / "nowhere") == []


def test_habits_keep_their_stated_shares() -> None:
    habits = [habit(str(number)) for number in range(536365, 536365 + 20_000)]
    rest = [one for one in habits if not one.prepaid]
    share = Counter(one.pays for one in rest)
    assert 0.14 < 1 - len(rest) / len(habits) < 0.16
    assert 0.68 < share["full"] / len(rest) < 0.72
    assert 0.09 < share["half"] / len(rest) < 0.11
    assert 0.09 < sum(one.splits for one in rest) / len(rest) < 0.11
    assert 0.015 < sum(one.rest_late for one in rest) / len(rest) < 0.025
    assert all(one.splits for one in habits if one.rest_late)
    assert all(
        one.pays == "full" and not one.splits and one.method == "Credit Card" for one in habits if one.prepaid
    )
    methods = Counter(one.method for one in rest)
    assert set(methods) == {"Bank Transfer", "Credit Card", "PayPal", "Check"}


def test_every_document_of_an_order_has_the_habit_of_the_order() -> None:
    assert habit("536365-2") == habit("536365")
