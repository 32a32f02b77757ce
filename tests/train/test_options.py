from tenon.train import CheckpointOptions


def test_defaults_are_those_of_tensorflow():
    options = CheckpointOptions()
    assert vars(options) == {
        "experimental_io_device": None,
        "experimental_write_callbacks": None,
        "enable_async": False,
        "experimental_skip_slot_variables": False,
        "experimental_sharding_callback": None,
    }


def test_both_names_of_saving_in_the_background_mean_the_same():
    for options in (CheckpointOptions(enable_async=True), CheckpointOptions(None, True)):
        assert options.enable_async
        assert options.experimental_enable_async_checkpoint
    options = CheckpointOptions()
    options.enable_async = True
    assert options.experimental_enable_async_checkpoint


def test_a_list_of_callbacks_is_copied():
    callbacks = [print]
    options = CheckpointOptions(experimental_write_callbacks=callbacks)
    callbacks.clear()
    assert options.experimental_write_callbacks == [print]
