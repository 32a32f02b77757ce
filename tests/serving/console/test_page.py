"""The page in a real browser: it shows, it changes, it runs nothing that it is told, it complains of nothing."""

import asyncio
import json
import re
import time

import pytest

from tenon.serving.security import Gate, SecurityConfig, add_api_key, new_api_key
from tenon.serving.telemetry import RecentError
from tenon.serving.traffic import TrafficTable
from tests.serving.console.browser import CHROMIUM, browsing
from tests.serving.console.doubles import FAR, HOSTILE, World, console_serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine's PATH")

READY = "document.querySelectorAll('#model-list tbody tr').length >= 5"
MODEL = "[...document.querySelectorAll('#model-list article')].find(a => a.querySelector('h3').textContent === 'half')"


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def browser(runner):
    """One browser for all tests: it takes a second to start."""
    context = browsing(1024)
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


@pytest.fixture
def look(runner, browser):
    """Show a world to the browser and run a coroutine function of the page; it must have nothing to complain of."""

    def run(world, test, **options):
        async def main():
            browser.complaints.clear()
            async with console_serving(world, **options) as port:
                await browser.open(f"http://127.0.0.1:{port}/")
                await test(browser)
                assert await browser.run("window.hacked") is None
                complaints = [text for text in browser.complaints if not_of_another_test(text, port)]
                await browser.run("sessionStorage.clear()")
                await browser.open("about:blank")
            assert complaints == []

        runner.run(main())

    return run


def not_of_another_test(complaint, port):
    """Whether it is about this server: what a page that is left still wanted is told late."""
    ports = re.findall(r"^http://127.0.0.1:(\d+)/", complaint)
    return ports in ([], [str(port)])


def text(selector):
    return f"document.querySelector({json.dumps(selector)}).textContent"


@pytest.fixture
def world():
    made = World()
    made.live(120)
    return made


def test_a_violation_of_the_policy_would_be_heard(look, browser, world):
    async def test(page):
        await page.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\\'window.hacked = 1\\'>')")
        await page.until("document.querySelector('img[src=x]').complete")
        while not any("Content Security Policy" in complaint for complaint in browser.complaints):
            await page.run("1")
        browser.complaints.clear()

    look(world, test)


def test_everything_is_shown_as_text(look, world):
    world.roll_back()

    async def test(page):
        await page.until(READY)
        names = await page.run("[...document.querySelectorAll('#model-list h3')].map(e => e.textContent)")
        assert names == sorted(["half", "many", HOSTILE])
        half = await page.run(f"{MODEL}.innerText")
        assert str(FAR) in half
        assert "champion → 1" in half
        assert f"INTERNAL: the program cannot be read: {HOSTILE}" in half
        assert HOSTILE in await page.run(text("#rollback-rows"))
        assert HOSTILE in await page.run(text("#error-rows"))
        assert "half" in await page.run(text("#error-rows"))
        await page.until("document.querySelectorAll('.charts canvas').length === 3")
        assert int(await page.until(text("#tile-requests"))) >= 0
        assert "max batch size" in await page.run(text("#about-rows"))
        assert await page.run("document.documentElement.scrollWidth <= innerWidth")
        assert await page.run("document.querySelectorAll('img').length") == 1

    look(world, test)


def test_every_field_has_a_name_and_every_column_a_head(look, world):
    async def test(page):
        await page.until(READY)
        fields = "[...document.querySelectorAll('input, select, textarea')]"
        assert await page.run(f"{fields}.filter(f => !f.labels.length && !f.getAttribute('aria-label')).length") == 0
        assert await page.run("[...document.querySelectorAll('thead th')].filter(h => !h.textContent).length") == 0
        assert await page.run("[...document.querySelectorAll('button')].filter(b => !b.textContent).length") == 0

    look(world, test)


def test_the_form_tries_a_signature_of_any_version(look, world):
    async def test(page):
        await page.until(READY)
        model = "document.querySelector('#try-model')"
        await page.run(f"{model}.value = 'half'; {model}.dispatchEvent(new Event('change'))")
        await page.until("document.querySelector('#try-tensor-rows').innerText.includes('float32')")
        await page.run(f"document.querySelector('#try-version').value = 'version={FAR}'")
        await page.run("document.querySelector('#try-body').value = '{\"instances\": [1.0, 5.0]}'")
        await page.run("document.querySelector('#try-form').requestSubmit()")
        await page.until(f"{text('#try-status')} === '200'")
        assert await page.run(text("#try-answer")) == '{"predictions":[2.5,4.5]}'
        assert (await page.run(text("#try-time"))).endswith(" ms")

    look(world, test)


def test_weights_are_changed_when_that_is_confirmed_and_big_versions_stay(look, world):
    async def test(page):
        await page.until(READY)
        canary = "document.querySelector('#traffic-list input[data-name=canary]')"
        await page.until(f"{canary}.value === '5'")
        await page.run(f"{canary}.value = '20'; {canary}.dispatchEvent(new Event('input', {{bubbles: true}}))")
        await page.run("document.querySelector('#traffic-list form').requestSubmit()")
        await page.until("document.querySelector('#confirm')?.open")
        assert await page.run(text("#confirm-lines")) == "canary: 5 becomes 20"
        await page.run("document.querySelector('#confirm-no').click()")
        assert world.router.table.models["half"].split[1].weight == 5
        await page.run("document.querySelector('#traffic-list form').requestSubmit()")
        await page.until("document.querySelector('#confirm')?.open")
        await page.run("document.querySelector('#confirm-yes').click()")
        await page.until("!document.querySelector('#toast').hidden")
        rules = world.router.table.models["half"]
        assert (rules.split[1].weight, rules.shadows[0].version) == (20, FAR)
        assert rules.experiments[0].arms[1].name == "red"
        assert await page.until(f"{canary}.dataset.now === '20'")

    look(world, test)


def test_a_rollback_is_reset_and_a_failed_load_tried_again(look, world):
    world.roll_back()

    async def test(page):
        await page.until(READY)
        await page.run("document.querySelector('#rollback-rows button').click()")
        await page.until("document.querySelector('#confirm')?.open")
        await page.run("document.querySelector('#confirm-yes').click()")
        await page.until("document.querySelector('#rollbacks').hidden")
        assert world.router.rollbacks == ()
        await page.run(f"{MODEL}.querySelector('tbody button').click()")
        await page.until("document.querySelector('#toast').textContent.startsWith('Version 2 of half')")
        assert world.retries == [("half", 2)]

    look(world, test)


def test_it_follows_what_happens_each_second(look, world):
    async def test(page):
        await page.until(READY)
        world.router.replace(TrafficTable())
        world.past.error(RecentError(time.time(), "half", 1, "predict", "UNAVAILABLE", "just now"))
        await page.until(f"{text('#traffic-note')}.startsWith('No rules')")
        assert await page.run("document.querySelectorAll('#traffic-list article').length") == 0
        assert "just now" in await page.run(text("#error-rows tr"))

    look(world, test)


def test_another_model_is_asked_for_with_its_whole_past_and_then_by_the_second(look, world):
    async def test(page):
        await page.until(READY)
        await page.run("document.querySelector('#scope').value = 'many'")
        await page.run("document.querySelector('#scope').dispatchEvent(new Event('change'))")
        asked = "performance.getEntriesByType('resource').map(entry => entry.name.split('overview?')[1])"
        await page.until(f"{asked}.includes('seconds=600&model=many')")
        await page.until(f"{asked}.some(query => /^seconds=[1-9]&model=many$/.test(query))")

    look(world, test)


def test_a_server_that_is_gone_is_told(runner, browser, world):
    async def main():
        async with console_serving(world) as port:
            await browser.open(f"http://127.0.0.1:{port}/")
            await browser.until(f"{text('#pulse')} === 'Live'")
        await browser.until(f"{text('#pulse')} === 'Not reachable'")
        await browser.open("about:blank")

    runner.run(main())


def test_it_asks_for_a_credential_and_keeps_it_for_the_tab(look, browser, world, tmp_path):
    key, record = new_api_key("alice", ["admin"])
    add_api_key(tmp_path / "keys.json", record)
    gate = Gate(SecurityConfig(api_keys=tmp_path / "keys.json"))

    async def test(page):
        await page.until("!document.querySelector('#sign-in').hidden")
        assert await page.run("document.querySelector('#console').hidden")
        for secret, shown in (
            ("not in ASCII: é", "#sign-in-error"),
            ("nonsense", "#pulse[data-kind=bad]"),
            (key, "#where"),
        ):
            await page.run(f"document.querySelector('#credential').value = {json.dumps(secret)}")
            await page.run("document.querySelector('#sign-in').requestSubmit()")
            await page.until(f"{text(shown)} !== ''")
        await page.until(READY)
        assert await page.run("sessionStorage.getItem('tenon.credential')") == key
        assert not await page.run("document.querySelector('#sign-out').hidden")
        refused = [complaint for complaint in browser.complaints if "status of 401" in complaint]
        assert len(refused) == 2
        browser.complaints.clear()

    look(world, test, gate=gate)
    gate.close()
