"""Projects, services and time entries of the FreshBooks simulator: the families by business id (freshbooks-api 3, 5, 9)."""

from __future__ import annotations

import httpx
import pytest


class Business:
    """Shorthand for the paths of one business."""

    def __init__(self, simulator) -> None:
        self.simulator, self.id = simulator, simulator.connection["business_id"]

    def url(self, family: str, path: str) -> str:
        return f"/{family}/business/{self.id}/{path}"

    def call(self, method: str, family: str, path: str, body: object = None) -> httpx.Response:
        return self.simulator.http.request(method, self.url(family, path), json=body)

    def get(self, family: str, path: str) -> dict:
        answer = self.call("GET", family, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, family: str, path: str, single: str, **given: object) -> dict:
        answer = self.call("POST", family, path, {single: given})
        assert answer.status_code == 200, answer.text
        return answer.json()[single]

    def project(self, **given: object) -> dict:
        return self.make("projects", "project", "project", **{"title": "Paint the mill"} | given)

    def service(self, name: str = "Painting") -> dict:
        return self.make("comments", "service", "service", name=name)

    def entry(self, **given: object) -> dict:
        base = {"is_logged": True, "duration": 3600, "started_at": "2011-02-01T09:00:00Z"}
        return self.make("timetracking", "time_entries", "time_entry", **base | given)


@pytest.fixture
def business(simulator):
    return Business(simulator)


@pytest.fixture
def alone(own):
    """A business to oneself: alone(switch=value)."""
    return lambda **switches: Business(own(**switches))


# ------------------------------------------------------------------------------------------- projects


def test_a_project_is_bare_in_its_envelope_with_utc_stamps(business):
    client = business.simulator.client()
    project = business.project(client_id=client["id"], fixed_price="600", due_date="2011-05-01")
    assert (project["title"], project["client_id"]) == ("Paint the mill", client["id"])
    assert (project["fixed_price"], project["project_type"]) == ("600.00", "fixed_price")
    assert (project["active"], project["complete"], project["logged_duration"]) == (True, False, None)
    assert project["created_at"][:11] == "2011-03-01T"
    assert not project["created_at"].endswith("Z")
    assert "group_id" in project


def test_one_project_reads_with_its_team_and_beside_it_what_may_be_done_with_it(business):
    project = business.project()
    for path in (f"project/{project['id']}", f"projects/{project['id']}"):
        answer = business.get("projects", path)
        assert set(answer) == {"project", "abilities"}
        assert [member["role"] for member in answer["project"]["group"]["members"]] == ["owner"]
        assert "group_id" not in answer["project"]
    assert "group" not in business.get("projects", f"project/{project['id']}?skip_group=true")["project"]


def test_a_put_needs_the_title_and_is_partial_otherwise(business):
    project = business.project(description="Two coats")
    path = f"project/{project['id']}"
    answer = business.call("PUT", "projects", path, {"project": {"complete": True}})
    assert (answer.status_code, answer.json()) == (422, {"errno": 2001, "error": {"title": "field required"}})
    changed = business.call("PUT", "projects", path, {"project": {"title": "P", "complete": True}}).json()
    shown = changed["project"]
    assert (shown["title"], shown["complete"], shown["description"]) == ("P", True, "Two coats")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"client_id": 1}, "client_id"),
        ({"project_type": "barter"}, "project_type"),
        ({"billing_method": "flat_rate"}, "billing_method"),
        ({"due_date": "soon"}, "due_date"),
        ({"services": [{"id": 1}]}, "id"),
        ({"rate": "much"}, "rate"),
    ],
)
def test_a_wrong_field_is_named_in_the_families_own_error(business, given, field):
    answer = business.call("POST", "projects", "project", {"project": {"title": "P"} | given})
    assert answer.status_code == 422
    assert (answer.json()["errno"], list(answer.json()["error"])) == (2001, [field])


def test_lists_have_30_rows_and_their_numbers_in_meta(alone):
    business = alone()
    for number in range(32):
        business.project(title=f"P{number:02}")
    first = business.get("projects", "projects")
    assert first["meta"] == {"page": 1, "pages": 2, "per_page": 30, "total": 32, "sort": []}
    assert len(first["projects"]) == 30
    assert len(business.get("projects", "projects?page=2")["projects"]) == 2
    assert business.get("projects", "projects?page=9")["projects"] == []
    assert business.get("projects", "projects?per_page=500")["meta"]["per_page"] == 100


def test_sorts_are_echoed_word_for_word_and_unknown_ones_do_nothing(alone):
    business = alone()
    for title in ("b", "C", "a"):
        business.project(title=title)

    def titles(query):
        answer = business.get("projects", f"projects?{query}")
        return [project["title"] for project in answer["projects"]], answer["meta"]["sort"]

    assert titles("sort=title") == (["a", "b", "C"], ["title"])
    assert titles("sort=-title") == (["C", "b", "a"], ["-title"])
    assert titles("sort=no_such_field_desc") == (["b", "C", "a"], ["no_such_field_desc"])


def test_filters_are_bare_and_search_in_brackets_is_ignored(alone):
    business = alone()
    done = business.project(complete=True)
    open_ = business.project()

    def ids(query):
        return [project["id"] for project in business.get("projects", f"projects?{query}")["projects"]]

    assert ids("complete=true") == ids("complete=True") == [done["id"]]
    assert ids("complete=false") == [open_["id"]]
    assert ids("search[complete]=true") == ids("title=x") == ids("") == [done["id"], open_["id"]]
    assert ids("updated_since=2011-02-01T00:00:00") == [done["id"], open_["id"]]
    assert ids("updated_since=2011-03-02") == []


def test_a_date_time_that_cannot_be_read_is_refused_only_where_it_is_a_filter(business):
    answer = business.call("GET", "timetracking", "time_entries?updated_since=notadate")
    text = "Input should be a valid datetime or date, input is too short"
    assert (answer.status_code, answer.json()) == (422, {"errno": 2001, "error": {"updated_since": text}})
    assert (
        business.call("GET", "timetracking", "time_entries?search[updated_since]=notadate").status_code == 200
    )


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=-1"])
def test_a_page_that_is_no_positive_number_is_refused(business, query):
    answer = business.call("GET", "projects", f"projects?{query}")
    assert answer.status_code == 422
    assert list(answer.json()["error"]) == [query.partition("=")[0]]


def test_delete_answers_no_content_and_the_project_is_gone(business):
    project = business.project()
    path = f"project/{project['id']}"
    answer = business.call("DELETE", "projects", path)
    assert (answer.status_code, answer.content) == (204, b"")
    gone = business.call("GET", "projects", path)
    assert (gone.status_code, gone.json()) == (404, {"error": "Requested resource could not be found."})


def test_another_business_is_not_found_and_no_token_is_refused_in_the_families_words(business):
    answer = business.simulator.http.get("/projects/business/1/projects")
    assert (answer.status_code, answer.json()) == (404, {"error": "Requested resource could not be found."})
    answer = httpx.get(business.simulator.base_url + business.url("projects", "projects"))
    assert answer.status_code == 401
    assert "could not verify" in answer.json()["message"]


def test_every_write_is_logged_once(alone):
    business = alone()
    project, service = business.project(), business.service()
    entry = business.entry(project_id=project["id"])
    business.call("DELETE", "timetracking", f"time_entries/{entry['id']}")
    business.call("POST", "projects", "project", {"project": {}})
    log = business.simulator.http.get("/_sandbox/writes").json()["writes"]
    assert [(line["operation"], line["object"], line["key"]) for line in log] == [
        ("api.create", "project", str(project["id"])),
        ("api.create", "service", str(service["id"])),
        ("api.create", "time_entry", str(entry["id"])),
        ("api.delete", "time_entry", str(entry["id"])),
    ]


# ------------------------------------------------------------------------------------ services and tasks


def test_a_service_is_a_task_and_a_task_a_service(simulator, tools, business):
    service = business.service("Plastering")
    task = tools.one(simulator.get(f"/projects/tasks/{service['id']}"))
    assert (task["name"], task["tname"], task["taskid"]) == ("Plastering", "Plastering", task["id"])
    tools.one(simulator.put(f"/projects/tasks/{task['id']}", {"task": {"name": "Rendering"}}))
    assert business.get("comments", f"service/{service['id']}")["service"]["name"] == "Rendering"
    made = tools.one(simulator.post("/projects/tasks", {"task": {"name": "Tiling"}}))
    shown = business.get("comments", f"service/{made['id']}?include_task_id=true")["service"]
    assert (shown["name"], shown["task_id"]) == ("Tiling", made["id"])


def test_a_rate_is_a_text_made_by_post_and_changed_by_put(simulator, tools, business):
    service = business.service()
    path = f"service/{service['id']}/rate"
    assert business.call("GET", "comments", path).status_code == 404
    for method, rate in (("POST", "40"), ("PUT", "45.50")):
        answer = business.call(method, "comments", path, {"service_rate": {"rate": rate}})
        assert answer.status_code == 200
    expected = {"rate": "45.50", "business_id": business.id, "service_id": service["id"]}
    assert business.get("comments", path) == {"service_rate": expected}
    assert expected in business.get("comments", "service_rates")["service_rates"]
    task = tools.one(simulator.get(f"/projects/tasks/{service['id']}"))
    assert task["rate"] == {"amount": "45.50", "code": "GBP"}


def test_tasks_are_found_by_rate_and_id_and_deleted_ones_are_hidden(own, tools):
    simulator = own()
    tasks = [
        tools.one(simulator.post("/projects/tasks", {"task": {"name": f"T{n}", "rate": {"amount": str(n)}}}))
        for n in (10, 20, 30)
    ]
    ids = [task["id"] for task in tasks]
    assert simulator.listed("/projects/tasks", "search[rate_min]=15&search[rate_max]=25") == ids[1:2]
    assert simulator.listed("/projects/tasks", f"search[taskids][]={ids[0]}&search[taskids][]={ids[2]}") == [
        ids[0],
        ids[2],
    ]
    tools.one(simulator.put(f"/projects/tasks/{ids[0]}", {"task": {"vis_state": 1}}))
    assert simulator.listed("/projects/tasks") == ids[1:]
    business = Business(simulator)
    assert [s["id"] for s in business.get("comments", "services")["services"]] == ids[1:]
    assert tools.error(simulator.post("/projects/tasks", {"task": {}})) == (422, 1001, "name")


def test_a_project_shows_its_services(business):
    service = business.service()
    project = business.project(services=[{"id": service["id"], "billable": True, "vis_state": 0}])
    assert project["services"] == [service]


# --------------------------------------------------------------------------------------- time entries


def test_a_time_entry_reads_with_utc_instants_and_whom_it_is_for(business):
    client = business.simulator.client()
    entry = business.entry(client_id=client["id"], started_at="2011-02-01T10:00:00+01:00")
    assert entry["started_at"] == "2011-02-01T09:00:00Z"
    assert entry["created_at"].endswith("Z")
    assert (entry["internal"], entry["billable"], entry["billed"], entry["active"]) == (
        False,
        True,
        False,
        True,
    )
    assert entry["timer"] is None
    assert business.entry()["internal"] is True


@pytest.mark.parametrize("missing", ["is_logged", "duration", "started_at"])
def test_what_and_when_are_required(business, missing):
    given = {"is_logged": True, "duration": 60, "started_at": "2011-02-01T09:00:00Z"}
    del given[missing]
    answer = business.call("POST", "timetracking", "time_entries", {"time_entry": given})
    assert (answer.status_code, answer.json()["error"]) == (422, {missing: "field required"})


def test_a_put_replaces_the_whole_entry(alone):
    business = alone()
    entry = business.entry(note="primer", client_id=business.simulator.client()["id"])
    path = f"time_entries/{entry['id']}"
    whole = {"is_logged": True, "duration": 60, "started_at": "2011-02-02T09:00:00Z"}
    changed = business.call("PUT", "timetracking", path, {"time_entry": whole}).json()["time_entry"]
    assert (changed["duration"], changed["note"], changed["client_id"]) == (60, None, None)
    assert business.call("PUT", "timetracking", path, {"time_entry": {"note": "x"}}).status_code == 422


def test_a_put_may_keep_what_it_does_not_name_by_a_switch(alone):
    business = alone(time_entry_update="partial")
    entry = business.entry(note="primer")
    path = f"time_entries/{entry['id']}"
    changed = business.call("PUT", "timetracking", path, {"time_entry": {"duration": 60}}).json()[
        "time_entry"
    ]
    assert (changed["duration"], changed["note"], changed["started_at"]) == (
        60,
        "primer",
        entry["started_at"],
    )


def test_lists_carry_sums_and_hide_what_runs_or_is_deleted(alone):
    business = alone()
    client = business.simulator.client()
    logged = business.entry(client_id=client["id"], duration=100)
    billed = business.entry(duration=20, billed=True)
    running = business.entry(is_logged=False, duration=None)
    deleted = business.entry(duration=5)
    business.call("DELETE", "timetracking", f"time_entries/{deleted['id']}")

    def ids(query):
        entries = business.get("timetracking", f"time_entries?{query}")["time_entries"]
        return [entry["id"] for entry in entries]

    assert ids("") == [logged["id"], billed["id"]]
    assert ids("include_unlogged=true") == [logged["id"], billed["id"], running["id"]]
    assert ids("include_deleted=true") == [logged["id"], billed["id"], deleted["id"]]
    assert ids("billed=false") == [logged["id"]]
    assert ids(f"client_id={client['id']}") == [logged["id"]]
    assert ids("project_id=5") == ids("")
    meta = business.get("timetracking", "time_entries")["meta"]
    assert (meta["total"], meta["total_logged"], meta["total_unbilled"]) == (2, 120, 100)
    assert business.call("GET", "timetracking", f"time_entries/{deleted['id']}").status_code == 404
    assert running["timer"]["is_running"] is True


def test_entries_are_found_by_when_they_started(alone):
    business = alone()
    entries = [business.entry(started_at=f"2011-02-0{day}T09:00:00Z") for day in (1, 2, 3)]
    query = "time_entries?started_from=2011-02-01T12:00:00Z&started_to=2011-02-02T12:00:00Z"
    assert [e["id"] for e in business.get("timetracking", query)["time_entries"]] == [entries[1]["id"]]


def test_the_time_logged_on_a_project_is_told_when_asked_for(business):
    project = business.project()
    for duration in (60, 40):
        business.entry(project_id=project["id"], duration=duration)
    path = f"project/{project['id']}"
    assert business.get("projects", path)["project"]["logged_duration"] is None
    asked = business.get("projects", path + "?include_logged_duration=true")["project"]
    assert asked["logged_duration"] == 100
