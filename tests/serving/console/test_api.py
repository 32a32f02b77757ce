"""The admin API: who may, what is answered, what the audit keeps."""

import asyncio
import gzip
import json

import httpx
import pytest

from tenon.serving.console import AdminApi
from tenon.serving.http import HttpRequest
from tenon.serving.security import AuditConfig, Gate, SecurityConfig, add_api_key, new_api_key, verify_audit
from tenon.serving.traffic import read_traffic_table
from tests.serving.console.doubles import FAR, HOSTILE, TABLE, World, ask, console_serving
from tests.serving.security.audits import lines

ADMIN, ADMIN_RECORD = new_api_key("alice", ["admin"])
SCRAPER, SCRAPER_RECORD = new_api_key("prometheus", ["metrics"])


@pytest.fixture
def world():
    return World()


@pytest.fixture
def api(world):
    return AdminApi(world.controls)


@pytest.fixture
def guarded(world, tmp_path):
    """An API whose gate knows two keys, and the audit."""
    for record in (ADMIN_RECORD, SCRAPER_RECORD):
        add_api_key(tmp_path / "keys.json", record)
    config = SecurityConfig(api_keys=tmp_path / "keys.json", audit=AuditConfig(tmp_path / "audit.jsonl"))
    gate = Gate(config)
    yield AdminApi(world.controls, gate=gate), gate, tmp_path / "audit.jsonl"
    gate.close()


def told(response):
    return json.loads(response.body)


def test_about_models_and_signatures_are_told(api):
    assert told(ask(api, "GET", "/api/about"))["version"] == "0.3.0"
    models = {model["name"]: model for model in told(ask(api, "GET", "/api/models"))}
    assert models["half"]["labels"] == {"stable": 1}
    assert models["half"]["aliases"] == {"champion": 1, "canary": 3}
    versions = {version["version"]: version for version in models["half"]["versions"]}
    assert versions[3]["state"] == "AVAILABLE"
    assert versions[2]["error"]["code"] == "INTERNAL"
    assert versions[FAR]["engines"] == {"serving_default": ""}
    signatures = told(ask(api, "GET", "/api/models/half/versions/3/signatures"))
    assert signatures["serving_default"]["inputs"] == {"x": {"dtype": "float32", "shape": [None]}}


def test_the_past_is_told_in_columns(api, world):
    world.live(60)
    history = told(ask(api, "GET", "/api/history", query="seconds=30&model=half"))
    assert set(history["models"]) == {"half"}
    assert history["now"] - 32 <= history["models"]["half"]["second"][0] < history["now"]
    assert history["all"] == history["models"]["half"]
    both = told(ask(api, "GET", "/api/history"))
    sums = [sum(both["models"][name]["requests"]) for name in ("half", "many")]
    assert sum(both["all"]["requests"]) == sum(sums)
    assert [error["text"] for error in told(ask(api, "GET", "/api/errors"))] == [HOSTILE, "the program failed"]


def test_the_page_gets_everything_at_once(api):
    overview = told(ask(api, "GET", "/api/overview", query="seconds=2"))
    assert set(overview) == {"about", "models", "traffic", "errors", "history"}


@pytest.mark.parametrize(
    "query", ["seconds=0", "seconds=601", "seconds=1e2", "seconds=٣", "seconds=1&seconds=2", "minutes=1", "model=%ff"]
)
def test_a_query_that_makes_no_sense_is_refused(api, query):
    assert ask(api, "GET", "/api/history", query=query).status == 400


def test_metrics_come_as_data_and_in_both_formats_of_prometheus(api, world):
    ask(api, "POST", "/api/try", b'{"instances": [1]}', "model=half&version=3")
    assert told(ask(api, "GET", "/api/metrics.json"))["tenon_serving_requests_total"]["kind"] == "counter"
    assert b'tenon_serving_requests_total{model="half"' in ask(api, "GET", "/metrics").body
    exposition = ask(api, "GET", "/metrics", accept="application/openmetrics-text")
    assert exposition.body.endswith(b"# EOF\n")
    assert dict(exposition.headers)["Content-Type"].startswith("application/openmetrics-text")


def test_the_traffic_of_all_models_and_of_one_is_changed(api, world):
    assert told(ask(api, "PUT", "/api/traffic", b"{}"))["table"] == {}
    rules = b'{"split": [{"version": 1, "weight": 1}]}'
    traffic = told(ask(api, "PUT", "/api/traffic/models/half", rules))
    assert traffic["status"]["models"]["half"]["split"][0]["share"] == 1.0
    assert set(told(ask(api, "DELETE", "/api/traffic/models/half"))["status"]["models"]) == set()
    table = told(ask(api, "PUT", "/api/traffic", TABLE.encode()))["table"]
    assert read_traffic_table(json.dumps(table)) == read_traffic_table(TABLE) == world.router.table


def test_rules_that_make_no_sense_change_nothing(api, world):
    before = world.router.table
    wrong = ask(api, "PUT", "/api/traffic/models/half", b'{"split": [{"version": 1, "weigth": 1}]}')
    assert wrong.status == 400
    assert "split[0]: unknown key 'weigth'" in told(wrong)["error"]
    assert world.router.table is before


def test_a_rollback_is_reset_once(api, world):
    world.roll_back()
    path = "/api/traffic/models/half/versions/3:reset"
    assert told(ask(api, "POST", path))["status"]["rollbacks"] == []
    assert ask(api, "POST", path).status == 404


def test_a_failed_version_is_tried_again_and_no_other(api, world):
    assert ask(api, "POST", "/api/models/half/versions/2:retry").status == 200
    assert ask(api, "POST", "/api/models/half/versions/3:retry").status == 404
    assert ask(api, "POST", "/api/models/none/versions/1:retry").status == 404
    assert world.retries == [("half", 2)]


def test_a_configuration_is_read_before_anything_changes(api, world):
    config = b'model_config_list { config { name: "m" base_path: "/models/m" } }'
    assert ask(api, "POST", "/api/config:reload", config, content_type="text/plain").status == 200
    assert [model.name for model in world.reloads[0].models] == ["m"]
    wrong = ask(api, "POST", "/api/config:reload", b"model_config_list {", content_type="text/plain")
    assert wrong.status == 400
    assert len(world.reloads) == 1


def test_the_form_gets_the_answers_of_the_pipeline(api, world):
    good = ask(api, "POST", "/api/try", b'{"instances": [1.0, 5.0]}', "model=half&version=9223372036854775807")
    assert (good.status, told(good)) == (200, {"predictions": [2.5, 4.5]})
    assert dict(good.headers)["Server-Timing"].startswith("answer;dur=")
    assert told(ask(api, "POST", "/api/try", b'{"instances": [1.0]}', "model=half&label=canary")) == {
        "predictions": [2.5]
    }
    assert ask(api, "POST", "/api/try", b'{"instances": [1.0]}', "model=half&version=9").status == 404
    assert ask(api, "POST", "/api/try", b'{"instances": [1.0]}', "model=half&label=none").status == 400
    assert ask(api, "POST", "/api/try", b'{"instances": [1.0]}', "model=half&label=a&version=1").status == 400
    assert ask(api, "POST", "/api/try", b'{"instances": [1.0]}').status == 400
    assert ask(api, "POST", "/api/try", b"{", "model=half&version=3").status == 400
    secret = ask(api, "POST", "/api/try", b'{"signature_name": "broken", "instances": [1.0]}', "model=many")
    assert secret.status == 500
    assert b"a secret of the server" not in secret.body


def test_paths_and_verbs_that_are_not_there_are_told(api):
    assert ask(api, "GET", "/api/nothing").status == 404
    wrong = ask(api, "POST", "/api/traffic")
    assert (wrong.status, dict(wrong.headers)["Allow"]) == (405, "GET, PUT")
    assert ask(api, "GET", f"/api/models/half/versions/{FAR + 1}/signatures").status == 400
    assert ask(api, "GET", "/static/../_api.py").status == 404
    assert ask(api, "GET", "/static/" + "a/" * 5000).status == 404


def test_bodies_have_a_limit(world):
    api = AdminApi(world.controls, max_body_bytes=10)
    assert ask(api, "PUT", "/api/traffic", b"{}         ").status == 413
    assert ask(api, "PUT", "/api/traffic", b"{}", content_length="9" * 30).status == 413
    assert ask(api, "PUT", "/api/traffic", b"{}").status == 200


def test_deep_large_and_strange_json_is_no_crash(api):
    for body in (
        b"[" * 100_000,
        b'{"models":' * 50_000,
        b"\xff\xfe",
        b'{"models": {"\\ud800": {}}}',
        b'{"models": 1e999}',
    ):
        assert ask(api, "PUT", "/api/traffic", body).status in (200, 400)
        assert ask(api, "GET", "/api/traffic").status == 200
        assert ask(api, "POST", "/api/config:reload", body).status == 400
    assert ask(api, "PUT", "/api/traffic", gzip.compress(b"{}"), content_encoding="gzip").status == 400


def test_what_fails_inside_is_logged_and_not_told(world, caplog):
    def fail():
        raise ValueError("a secret")

    world.about = fail
    world.controls._about = fail
    response = ask(AdminApi(world.controls), "GET", "/api/about")
    assert (response.status, b"secret" in response.body) == (500, False)
    assert "a secret" in caplog.text


def test_strangers_get_the_page_and_nothing_else(guarded):
    api, _, audit = guarded
    for path in ("/", "/static/console.js", "/openapi.json"):
        assert ask(api, "GET", path, host="console.example").status == 200
    for path in ("/api/about", "/api/nothing", "/metrics", "/api/overview"):
        response = ask(api, "GET", path)
        assert (response.status, dict(response.headers)["WWW-Authenticate"]) == (401, "Bearer")
    assert ask(api, "PUT", "/api/traffic", b"{}", authorization="Bearer nonsense").status == 401
    assert len(lines(audit)) >= 1


def test_the_scope_admin_opens_everything_but_metrics_and_the_scope_metrics_those(guarded):
    api, _, _ = guarded
    assert ask(api, "GET", "/api/about", authorization=f"Bearer {ADMIN}").status == 200
    assert ask(api, "GET", "/metrics", authorization=f"Bearer {ADMIN}").status == 403
    assert ask(api, "GET", "/metrics", x_api_key=SCRAPER).status == 200
    assert ask(api, "GET", "/api/metrics.json", x_api_key=SCRAPER).status == 403


def test_each_change_leaves_a_line_that_says_what_was_changed(guarded):
    api, gate, audit = guarded
    key = {"authorization": f"Bearer {ADMIN}", "x_request_id": "r1", "x_tenon_admin": None, "host": "console.example"}
    assert ask(api, "DELETE", "/api/traffic/models/half", **key).status == 200
    assert ask(api, "POST", "/api/traffic/models/half/versions/3:reset", **key).status == 404
    assert ask(api, "POST", "/api/try", b'{"instances": [1]}', "model=many", **key).status == 400
    assert ask(api, "GET", "/api/models", **key).status == 200
    gate.close()
    assert verify_audit(audit).complete
    written = [
        (line["client"], line["action"], line["model"], line["version"], line["outcome"], line["request_id"])
        for line in lines(audit)
        if line["event"] == "admin"
    ]
    assert written == [
        ("alice", "remove_model_traffic", "half", None, "OK", "r1"),
        ("alice", "reset_rollback", "half", 3, "NOT_FOUND", "r1"),
        ("alice", "try_request", "many", None, "OK", "r1"),
    ]
    assert sum(line["event"] == "request" for line in lines(audit)) == 4


def test_without_credentials_strange_hosts_and_pages_are_refused(world):
    api = AdminApi(world.controls, hosts=["Console.example", "[fd00::1]"])
    for host in ("evil.example", "localhost.evil.example", "10.0.0.1", "", "[fd00::2]", "a@localhost"):
        for path in ("/", "/api/models", "/metrics"):
            assert ask(api, "GET", path, host=host).status == 403
    for host in ("console.example:80", "[fd00::1]:8502", "127.0.0.2", "LOCALHOST", "[::1]"):
        assert ask(api, "GET", "/api/about", host=host).status == 200
    page = {"x_tenon_admin": None, "content_type": "application/json"}
    for headers in (
        {},
        {"origin": "https://evil.example", **page},
        {"origin": "null", **page},
        {"origin": "http://localhost:9999", **page},
        {"origin": "http://localhost:8502", "content_type": "application/x-www-form-urlencoded"},
        {"origin": "https://evil.example", "x_tenon_admin": "1"},
        {"x_tenon_admin": "yes"},
    ):
        assert ask(api, "PUT", "/api/traffic", b"{}", **{"x_tenon_admin": None, **headers}).status == 403, headers
    assert ask(api, "PUT", "/api/traffic", b"{}", origin="http://localhost:8502", **page).status == 200


def test_every_answer_tells_browsers_to_be_careful(api):
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/about"),
        ("GET", "/api/none"),
        ("POST", "/api/about"),
        ("GET", "/metrics"),
    ):
        headers = dict(ask(api, method, path).headers)
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers
    assert dict(ask(api, "GET", "/api/about").headers)["Cache-Control"] == "no-store"


def test_a_client_that_goes_away_is_a_cancelled_change(guarded):
    api, gate, audit = guarded

    async def main():
        async def never():
            await asyncio.sleep(60)

        headers = {"authorization": f"Bearer {ADMIN}"}
        task = asyncio.create_task(api.respond(HttpRequest("PUT", "/api/traffic", "", headers, never)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    gate.close()
    assert [line["outcome"] for line in lines(audit) if line["event"] == "admin"] == ["CANCELLED"]


def test_a_real_web_server_carries_every_verb(world):
    async def main():
        async with (
            console_serving(world) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            me = {"X-Tenon-Admin": "1"}
            assert (await client.get("/")).headers["content-type"] == "text/html; charset=utf-8"
            assert (await client.get("/readyz", headers={"Host": "10.1.2.3"})).status_code == 200
            rules = {"split": [{"version": 3, "weight": 2}]}
            assert (await client.put("/api/traffic/models/half", json=rules, headers=me)).status_code == 200
            assert (await client.put("/api/traffic", json=rules)).status_code == 403
            assert (await client.delete("/api/traffic/models/half", headers=me)).status_code == 200
            answer = await client.post("/api/try", params={"model": HOSTILE}, json={"instances": [1.0]}, headers=me)
            assert answer.json() == {"predictions": [2.5]}
            tag = (await client.get("/static/console.js")).headers["etag"]
            assert (await client.get("/static/console.js", headers={"If-None-Match": tag})).status_code == 304

    asyncio.run(main())
