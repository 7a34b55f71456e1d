"""Configuration: the files a person edits are read as they meant them, or refused with what to write instead."""

from __future__ import annotations

import json
import stat
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from fbinfor_assets.config import (
    ConfigError,
    Connections,
    Paths,
    connections_from_sandbox,
    load_connections,
    load_policy,
    read_yaml,
    write_connections,
)

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLE = CONFIG / "connections.example.yml"
IONAPI = {
    "ti": "ACME_PRD",
    "cn": "fbinfor",
    "dt": "12",
    "ci": "ACME_PRD~abc",
    "cs": "gateway-secret",
    "iu": "https://mingle-ionapi.inforcloudsuite.com",
    "pu": "https://mingle-sso.inforcloudsuite.com:443/ACME_PRD/as/",
    "oa": "authorization.oauth2",
    "ot": "token.oauth2",
    "or": "revoke_token.oauth2",
    "saak": "ACME_PRD#key",
    "sask": "service-secret",
}
SANDBOX = {
    "freshbooks": {
        "base_url": "http://127.0.0.1:8001",
        "auth_url": "http://127.0.0.1:8001",
        "control_url": "http://127.0.0.1:8001",
        "client_id": "app",
        "client_secret": "fb-secret",
        "access_token": "fb-access",
        "refresh_token": "fb-refresh",
        "account_id": "ABC123",
        "business_id": 439000,
        "redirect_uri": "https://example.test/back",
    },
    "infor": {
        "ionapi": IONAPI | {"iu": "http://127.0.0.1:8002", "pu": "http://127.0.0.1:8002/ACME_PRD/as/"},
        "control_url": "http://127.0.0.1:8002",
        "company": "100",
        "division": "AAA",
    },
    "shop": {
        "base_url": "http://127.0.0.1:8003",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_1",
        "control_url": "http://127.0.0.1:8003",
    },
    "pids": {},
    "seed": 1,
}


@pytest.fixture
def environment(monkeypatch):
    for name in (
        "FRESHBOOKS_CLIENT_ID",
        "FRESHBOOKS_CLIENT_SECRET",
        "SHOP_CONSUMER_KEY",
        "SHOP_CONSUMER_SECRET",
    ):
        monkeypatch.setenv(name, f"value of {name}")


@pytest.fixture
def example(tmp_path, environment):
    path = tmp_path / "connections.yml"
    path.write_text(EXAMPLE.read_text())
    (tmp_path / "m3.ionapi").write_text(json.dumps(IONAPI))
    return path


def problems(caught) -> str:
    return "\n".join(caught.value.problems)


# ------------------------------------------------------------------------------------------------ connections


def test_the_shipped_example_is_usable_once_its_variables_and_files_exist(example):
    found = load_connections(example)
    assert found.freshbooks.client_secret.get_secret_value() == "value of FRESHBOOKS_CLIENT_SECRET"
    assert found.infor.ionapi.base_url == "https://mingle-ionapi.inforcloudsuite.com/ACME_PRD"
    assert found.infor.export.separator == "^"
    assert not found.sandbox


def test_every_commented_setting_of_the_example_is_a_setting(example):
    # "# name: value  # why" lines, switched on, must still load: the example cannot drift from the code.
    lines = []
    for line in example.read_text().splitlines():
        body = line.lstrip(" ")
        name = body.removeprefix("# ").lstrip().split(":")[0]
        if (
            body.startswith("# ")
            and name.replace("_", "").isalpha()
            and name.islower()
            and ": " in body + " "
        ):
            line = line.replace("# ", "", 1)
        lines.append(line)
    text = (
        "\n".join(lines)
        .replace("env:FRESHBOOKS_ACCESS_TOKEN", "a")
        .replace("env:FRESHBOOKS_REFRESH_TOKEN", "r")
    )
    example.write_text(text)
    found = load_connections(example)
    assert found.freshbooks.per_page == 100
    assert found.freshbooks.api_version == "2023-02-20"
    assert found.infor.export.page == 1000
    assert found.shop.timeout_seconds == 30


def test_every_setting_is_in_the_example():
    text = EXAMPLE.read_text()
    for model in (
        Connections,
        *(Connections.model_fields[n].annotation for n in ("freshbooks", "infor", "shop")),
    ):
        for name in model.model_fields:
            assert f"{name}:" in text or name in ("control_url", "token_lock"), name


def test_all_missing_variables_are_named_at_once(tmp_path, monkeypatch):
    for name in ("FRESHBOOKS_CLIENT_ID", "SHOP_CONSUMER_KEY"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "connections.yml"
    path.write_text(EXAMPLE.read_text())
    with pytest.raises(ConfigError) as caught:
        load_connections(path)
    for text in (
        "freshbooks.client_id",
        "FRESHBOOKS_CLIENT_ID",
        "SHOP_CONSUMER_KEY",
        "infor.ionapi",
        "m3.ionapi",
    ):
        assert text in problems(caught)


def test_an_ionapi_file_that_is_no_json_is_named(example):
    (example.parent / "m3.ionapi").write_text("{")
    with pytest.raises(ConfigError, match=r"m3\.ionapi does not hold"):
        load_connections(example)


def test_a_missing_key_of_the_ionapi_file_is_named(example):
    (example.parent / "m3.ionapi").write_text(json.dumps({k: v for k, v in IONAPI.items() if k != "iu"}))
    with pytest.raises(ConfigError) as caught:
        load_connections(example)
    assert "infor.ionapi.iu: is missing" in problems(caught)


def test_misspelt_and_missing_settings_are_named_without_their_values(example):
    text = (
        example.read_text()
        .replace("account_id: ABC123", "acount_id: top-secret-1")
        .replace("company:", "compny:")
    )
    example.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_connections(example)
    for line in (
        "freshbooks.account_id: is missing",
        "freshbooks.acount_id: is not a setting",
        "infor.company: is missing",
        "infor.compny: is not a setting",
    ):
        assert line in caught.value.problems
    assert "top-secret" not in str(caught.value)


def test_a_real_host_in_the_clear_is_refused(example):
    example.write_text(example.read_text().replace("https://shop.example.com", "http://shop.example.com"))
    with pytest.raises(ConfigError, match=r"shop\.base_url: must be https"):
        load_connections(example)


def test_a_real_host_is_never_treated_as_the_sandbox(example):
    example.write_text(example.read_text().replace("sandbox: false", "sandbox: true"))
    with pytest.raises(ConfigError, match="never treated as the sandbox"):
        load_connections(example)


def test_no_secret_shows_in_a_repr(example):
    found = load_connections(example)
    shown = repr(found) + str(found)
    assert len(found.secrets()) == 6
    for secret in found.secrets():
        assert secret not in shown


def test_token_locks_lie_below_the_home_unless_set(example, tmp_path):
    found = load_connections(example, Paths(tmp_path / "home"))
    assert found.freshbooks.token_lock == tmp_path / "home" / "locks" / "freshbooks-token.lock"
    assert found.infor.token_lock == tmp_path / "home" / "locks" / "infor-token.lock"


def test_the_sandboxs_line_becomes_connections(tmp_path):
    found = connections_from_sandbox(SANDBOX, Paths(tmp_path))
    assert found.sandbox
    assert found.freshbooks.business_id == "439000"
    assert found.infor.control_url == "http://127.0.0.1:8002"
    assert found.infor.ionapi.token_url == "http://127.0.0.1:8002/ACME_PRD/as/token.oauth2"


def test_a_line_that_is_not_the_sandboxs_is_refused():
    with pytest.raises(ConfigError, match="sandbox"):
        connections_from_sandbox({"freshbooks": {}})


def test_written_connections_read_back_the_same_and_only_their_owner_reads_them(tmp_path):
    made = connections_from_sandbox(SANDBOX, Paths(tmp_path))
    path = tmp_path / "deep" / "connections.yml"
    write_connections(made, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_connections(path, Paths(tmp_path)) == made
    assert [file.name for file in path.parent.iterdir()] == ["connections.yml"]


# ------------------------------------------------------------------------------------------------------ YAML


def test_yaml_is_read_as_a_person_means_it(tmp_path):
    path = tmp_path / "x.yml"
    path.write_text("rate: 0.05\nday: 2026-12-01\ncountry: NO\nflag: true\nbig: 1_000.50\n")
    assert read_yaml(path) == {
        "rate": Decimal("0.05"),
        "day": "2026-12-01",
        "country": "NO",
        "flag": True,
        "big": Decimal("1000.50"),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2\n", "'a' stands twice"),
        ("a: [1\n", "line 2"),
        ("- a\n", "not a mapping"),
        ("", "not a mapping"),
        ("a: !!python/object:os.system x\n", "line 1"),
        ("a: .inf\n", "finite"),
    ],
)
def test_a_yaml_file_that_cannot_be_used_says_where(tmp_path, text, problem):
    path = tmp_path / "x.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert problem in problems(caught)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_yaml(tmp_path / "nothing.yml")


# ---------------------------------------------------------------------------------------------------- policy


def edited(tmp_path: Path, change) -> Path:
    document = read_yaml(CONFIG / "policy.yml")
    change(document)
    path = tmp_path / "policy.yml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("name", ["policy.yml", "policy.sandbox.yml"])
def test_the_shipped_policies_are_valid(name):
    assert load_policy(CONFIG / name).book_of_record == "m3_books"


def test_the_shipped_policy_writes_nothing():
    assert not any(load_policy(CONFIG / "policy.yml").may_write(flow) for flow in ("sale", "parties"))


def test_a_policy_is_checked_against_its_schema_first(tmp_path):
    def change(document):
        document["flows"]["sale"]["mode"] = "yes please"
        del document["guard"]
        document["colour"] = "blue"

    with pytest.raises(ConfigError) as caught:
        load_policy(edited(tmp_path, change), CONFIG / "policy.schema.json")
    text = problems(caught)
    assert "flows.sale.mode" in text
    assert "guard" in text
    assert "colour" in text


def test_a_policy_under_which_a_sale_posts_twice_is_refused(tmp_path):
    def change(document):
        document["books"]["post_freshbooks_journals_to_m3"] = True

    with pytest.raises(ConfigError, match="posted twice"):
        load_policy(edited(tmp_path, change), CONFIG / "policy.schema.json")


def test_a_missing_schema_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"policy\.schema\.json"):
        load_policy(edited(tmp_path, lambda document: None))


# ----------------------------------------------------------------------------------------------------- paths


def test_the_home_is_given_or_named_by_the_environment_or_var_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FBINFOR_HOME", raising=False)
    assert Paths().home == tmp_path / "var"
    monkeypatch.setenv("FBINFOR_HOME", str(tmp_path / "elsewhere"))
    assert Paths().home == tmp_path / "elsewhere"
    assert Paths(tmp_path / "given").home == tmp_path / "given"


def test_every_place_lies_below_the_home(tmp_path):
    paths = Paths(tmp_path)
    places = [getattr(paths, name) for name, kind in vars(Paths).items() if isinstance(kind, property)]
    assert len(places) > 8
    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(tmp_path) for place in places)
    assert paths.warehouse == tmp_path / "warehouse" / "warehouse.duckdb"
    assert not any(tmp_path.iterdir()), "asking where something lies creates nothing"
