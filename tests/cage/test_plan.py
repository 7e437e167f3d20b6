from pathlib import Path

import pytest

from dlp.cage.plan import listening_sockets, passed_on, secret_paths, to_hide

TABLE = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000: 00000002 00000000 00010000 0001 01 100 /run/docker.sock
0000: 00000002 00000000 00010000 0001 01 101 @/tmp/.X11-unix/X0
0000: 00000003 00000000 00000000 0001 03 102 /run/dbus/session
0000: 00000003 00000000 00000000 0001 03 103
0000: 00000002 00000000 00010000 0001 01 104 /home/a/with space.sock
"""


def test_sockets_are_those_of_the_file_system_that_somebody_listens_on():
    assert listening_sockets(TABLE) == (
        Path("/home/a/with space.sock"),
        Path("/run/docker.sock"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "NODE_OPTIONS",
        "BASH_ENV",
        "ENV",
        "GIT_SSH_COMMAND",
        "HTTPS_PROXY",
        "no_proxy",
        "SSH_AUTH_SOCK",
        "AWS_SECRET_ACCESS_KEY",
        "SOMETHING_ELSE",
        "PATH_",
    ],
)
def test_a_variable_that_is_not_on_the_list_stays_out(name):
    assert passed_on({name: "x"}) == {}


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "TERM", "LC_ALL", "ANTHROPIC_API_KEY"]
)
def test_surroundings_and_the_agents_own_keys_go_in(name):
    assert passed_on({name: "x"}) == {name: "x"}


def test_a_variable_that_the_user_names_goes_in():
    assert passed_on({"MY_FLAG": "1", "OTHER": "2"}, ["MY_FLAG"]) == {"MY_FLAG": "1"}


def test_keys_state_named_paths_and_sockets_are_hidden(tmp_path):
    home, state, extra = tmp_path / "home", tmp_path / "state", tmp_path / "extra"
    for folder in (home / ".ssh", state, extra):
        folder.mkdir(parents=True)
    file, socket = tmp_path / "token", Path("/dev/null")
    file.write_text("x")
    named = secret_paths(home, state, [str(extra), str(file), "/nowhere"])
    folders, files = to_hide(tmp_path, named, [socket])
    assert set(folders) == {home / ".ssh", state, extra}
    assert set(files) == {socket, file}


def test_a_socket_in_an_emptied_folder_needs_no_hiding_unless_work_is_there(tmp_path):
    socket = tmp_path / "a.sock"
    socket.touch()
    assert to_hide(tmp_path, [], [socket])[1] == (socket.resolve(),)
    if Path("/tmp") in socket.parents:
        assert to_hide(tmp_path / "other", [], [socket])[1] == ()
