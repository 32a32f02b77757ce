"""The file of models is read again and again, and a bad one changes nothing."""

import asyncio
import os

import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.serving.configuration import ConfigFilePoller, parse_model_server_config

GOOD = "model_config_list { config { name: 'a' base_path: '/a' } }"
OTHER = "model_config_list { config { name: 'b' base_path: '/b' } }"


class Reloads:
    """Remember what was reloaded; refuse while ``trouble`` is set."""

    def __init__(self):
        self.names, self.trouble = [], None

    async def __call__(self, config):
        self.names.append("".join(config.servables))
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "models.config"
    made.write_text(GOOD)
    return made


def poll(poller, times=1):
    async def main():
        for _ in range(times):
            await poller.poll_once()

    asyncio.run(main())


def test_a_file_is_applied_when_its_content_changes_and_not_otherwise(file):
    reloads = Reloads()
    poller = ConfigFilePoller(file, parse_model_server_config, reloads, 1)
    poll(poller, 3)
    os.utime(file)
    poll(poller)
    assert reloads.names == ["a"]
    file.write_text(OTHER)
    poll(poller, 2)
    assert reloads.names == ["a", "b"]


def test_a_bad_file_is_told_once_and_changes_nothing(file, caplog):
    reloads = Reloads()
    poller = ConfigFilePoller(file, parse_model_server_config, reloads, 1)
    poll(poller)
    file.write_text("model_config_list {")
    poll(poller, 3)
    file.unlink()
    poll(poller, 3)
    assert reloads.names == ["a"]
    assert len(caplog.messages) == 2
    assert "the models stay as they are:" in caplog.messages[0]
    assert "there is no such file" in caplog.messages[1]
    file.write_text(GOOD)
    poll(poller)
    assert reloads.names == ["a"] or reloads.names == ["a", "a"]


def test_a_file_that_is_empty_while_it_is_written_unloads_nothing(file, caplog):
    reloads = Reloads()
    poller = ConfigFilePoller(file, parse_model_server_config, reloads, 1)
    poll(poller)
    file.write_text("")
    poll(poller)
    file.write_text(OTHER)
    poll(poller)
    assert reloads.names == ["a", "b"]
    assert "model_config_list: must be there" in caplog.text


def test_a_reload_that_fails_for_what_may_pass_is_tried_again_and_told_once(file, caplog):
    reloads = Reloads()
    reloads.trouble = FailedPreconditionError("version 2 is not available")
    poller = ConfigFilePoller(file, parse_model_server_config, reloads, 1)
    poll(poller, 3)
    assert reloads.names == ["a", "a"]
    assert len(caplog.messages) == 1
    reloads.trouble = None
    poll(poller, 2)
    assert reloads.names == ["a"] * 3


def test_tries_of_one_content_become_rare_for_each_may_load_models(file):
    reloads = Reloads()
    reloads.trouble = FailedPreconditionError("its one new model is damaged")
    poller = ConfigFilePoller(file, parse_model_server_config, reloads, interval=10)
    poll(poller, 10)
    assert reloads.names == ["a"] * 4  # at the looks 0, 1, 3, 7
    poll(poller, 60)
    assert reloads.names == ["a"] * 14  # and then at each sixth: a minute apart
    file.write_text(OTHER)
    poll(poller, 2)
    assert reloads.names == ["a"] * 14 + ["b"] * 2  # another content waits for nothing


def test_a_fault_of_ours_is_told_once_and_does_not_end_the_watch(file, caplog):
    reloads = Reloads()
    reloads.trouble = RuntimeError("an invariant is broken")
    poller = ConfigFilePoller(file, parse_model_server_config, reloads, 1)
    poll(poller, 3)
    assert caplog.text.count("an invariant is broken") == 1
    reloads.trouble = None
    poll(poller, 2)
    assert reloads.names == ["a"] * 3


def test_the_loop_goes_on_after_every_failure(file):
    async def main():
        reloads = Reloads()
        polling = asyncio.create_task(ConfigFilePoller(file, parse_model_server_config, reloads, 1e-4).run())
        file.write_bytes(b"\xff")
        for text in (OTHER, GOOD):
            file.write_text(text)
            while not reloads.names or reloads.names[-1] not in text:
                await asyncio.sleep(0.001)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_an_interval_that_is_none_is_refused(file, interval):
    with pytest.raises(InvalidArgumentError, match="interval: seconds between two looks must be above 0"):
        ConfigFilePoller(file, parse_model_server_config, Reloads(), interval)
