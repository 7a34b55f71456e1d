"""`fbinfor doctor` against the running sandbox, and against what can be wrong with it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from fbinfor_assets.clients import FileTokenStore
from fbinfor_assets.config import Paths, load_policy, write_connections
from fbinfor_assets.doctor import Check, doctor

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
def policy():
    return load_policy(CONFIG / "policy.sandbox.yml")


def by_name(checks: list[Check]) -> dict[str, Check]:
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


def no_secret_shows(checks: list[Check], secrets: list[str]) -> bool:
    shown = repr(checks)
    return not any(secret in shown for secret in secrets)


def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_everything_is_well_in_the_sandbox(world, policy):
    world.control("shop", "POST", "/clock", {"to": "2010-12-04"})
    checks = doctor(world.connections, world.paths, policy=policy, token_store=world.store)
    assert [check for check in checks if not check.ok] == []
    found = by_name(checks)
    assert "VAT 20 %" in found["FreshBooks VAT names"].detail
    assert "UTC" in found["M3 server time"].detail
    assert found["M3 customer template"].detail == "customer template FBTPL exists"
    assert no_secret_shows(checks, world.connections.secrets())


def test_the_doctor_writes_nothing_to_a_vendor(world, policy):
    before = [len(world.writes(system)) for system in ("freshbooks", "infor", "shop")]
    doctor(world.connections, world.paths, policy=policy, token_store=world.store)
    assert [len(world.writes(system)) for system in ("freshbooks", "infor", "shop")] == before


def test_the_files_may_be_given_instead_of_what_they_hold(world, tmp_path):
    write_connections(world.connections, tmp_path / "connections.yml")
    found = by_name(
        doctor(
            tmp_path / "connections.yml",
            world.paths,
            policy=CONFIG / "policy.sandbox.yml",
            token_store=world.store,
        )
    )
    assert found["connections"].ok
    assert found["policy"].ok
    assert found["shop orders"].ok


def test_a_file_that_cannot_be_used_is_the_finding_and_the_machine_is_still_checked(tmp_path):
    found = by_name(doctor(tmp_path / "nothing.yml", Paths(tmp_path), policy=tmp_path / "no-policy.yml"))
    assert not found["connections"].ok
    assert "nothing.yml" in found["connections"].detail
    assert not found["policy"].ok
    assert found["SQLite"].ok
    assert "FreshBooks host" not in found


def test_a_host_that_is_down_is_named_once_and_the_rest_is_not_tried(world, policy, tmp_path):
    shop = world.connections.shop.model_copy(update={"base_url": closed()})
    found = by_name(
        doctor(
            world.connections.model_copy(update={"shop": shop}),
            world.paths,
            policy=policy,
            token_store=world.store,
        )
    )
    assert "no connection to 127.0.0.1" in found["shop host"].detail
    assert found["shop orders"].detail == "not tried, because shop host failed"
    assert found["FreshBooks account"].ok


def test_a_name_that_does_not_resolve_is_told_from_a_host_that_is_down(world, tmp_path):
    shop = world.connections.shop.model_copy(update={"base_url": "https://shop.invalid"})
    connections = world.connections.model_copy(update={"shop": shop, "sandbox": False})
    found = by_name(doctor(connections, world.paths, token_store=world.store))
    assert "cannot be resolved" in found["shop host"].detail


def test_wrong_secrets_are_found_and_not_shown(world, policy, tmp_path):
    wrong = {
        "freshbooks": world.connections.freshbooks.model_copy(
            update={
                "access_token": SecretStr("wrong-access-1"),
                "refresh_token": SecretStr("wrong-refresh-1"),
                "token_lock": tmp_path / "t.lock",
            }
        ),
        "infor": world.connections.infor.model_copy(
            update={
                "ionapi": world.connections.infor.ionapi.model_copy(
                    update={"sask": SecretStr("wrong-service-1")}
                )
            }
        ),
        "shop": world.connections.shop.model_copy(update={"consumer_secret": SecretStr("wrong-consumer-1")}),
    }
    connections = world.connections.model_copy(update=wrong)
    checks = doctor(
        connections, Paths(tmp_path), policy=policy, token_store=FileTokenStore(tmp_path / "t.json")
    )
    found = by_name(checks)
    assert "re-consent" in found["FreshBooks token"].next_step
    assert ".ionapi" in found["Infor token"].next_step
    assert "consumer key" in found["shop orders"].next_step
    assert no_secret_shows(checks, connections.secrets())


def test_the_wrong_account_names_the_right_one(world):
    account = world.connections.freshbooks.account_id
    freshbooks = world.connections.freshbooks.model_copy(update={"account_id": "ZZZ999"})
    connections = world.connections.model_copy(update={"freshbooks": freshbooks})
    found = by_name(doctor(connections, world.paths, token_store=world.store))
    assert not found["FreshBooks account"].ok
    assert account in found["FreshBooks account"].next_step


def test_a_template_that_m3_does_not_have_is_named(world, policy):
    policy.m3["customer_template"] = "NOSUCH"
    found = by_name(doctor(world.connections, world.paths, policy=policy, token_store=world.store))
    assert not found["M3 customer template"].ok
    assert "NOSUCH" in found["M3 customer template"].detail


def test_the_sandboxs_policy_is_refused_on_real_hosts(world, policy):
    connections = world.connections.model_copy(update={"sandbox": False})
    found = by_name(doctor(connections, world.paths, policy=policy, token_store=world.store))
    assert not found["policy fits hosts"].ok
    assert "guard" in found["policy fits hosts"].detail


def test_a_folder_that_cannot_be_written_is_named(world, tmp_path):
    (tmp_path / "file").write_text("in the way")
    found = by_name(doctor(tmp_path / "none.yml", Paths(tmp_path / "file")))
    for name in ("operational store", "warehouse", "raw landings", "locks"):
        assert not found[f"{name} writable"].ok
        assert "FBINFOR_HOME" in found[f"{name} writable"].next_step


def test_token_files_that_others_may_read_are_found(tmp_path):
    paths = Paths(tmp_path)
    FileTokenStore(paths.tokens / "freshbooks.json").save({"access_token": "x"})
    assert by_name(doctor(tmp_path / "none.yml", paths))["token files private"].ok
    os.chmod(paths.tokens / "freshbooks.json", 0o644)
    found = by_name(doctor(tmp_path / "none.yml", paths))["token files private"]
    assert not found.ok
    assert "freshbooks.json" in found.detail
