from pathlib import Path

import pytest

from dlp.cage.plan import (
    Kind,
    Plan,
    bound_sockets,
    check_folder,
    passed_on,
    secret_paths,
    to_hide,
    trusted_path,
)
from dlp.errors import CageError

TABLE = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000: 00000002 00000000 00010000 0001 01 100 /run/docker.sock
0000: 00000002 00000000 00010000 0001 01 101 @/tmp/.X11-unix/X0
0000: 00000003 00000000 00000000 0001 03 102 /run/dbus/session
0000: 00000003 00000000 00000000 0001 03 103
0000: 00000002 00000000 00010000 0001 01 104 /home/a/with space.sock
0000: 00000002 00000000 00000000 0002 01 105 /var/spool/postfix/dev/log
"""


def test_sockets_are_those_of_the_file_system_that_take_connections_or_messages():
    assert bound_sockets(TABLE) == (
        Path("/home/a/with space.sock"),
        Path("/run/docker.sock"),
        Path("/var/spool/postfix/dev/log"),
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
        "NPM_CONFIG_NODE_OPTIONS",
        "NPM_CONFIG_SCRIPT_SHELL",
        "GH_PAGER",
        "GH_BROWSER",
        "CLAUDE_CODE_SHELL_PREFIX",
        "CLAUDE_CODE_SHELL",
        "GITHUB_ENV",
    ],
)
def test_a_variable_that_is_not_on_the_list_stays_out(name):
    assert passed_on({name: "x"}) == {}


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "TERM", "LC_ALL", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL"],
)
def test_surroundings_and_the_agents_own_keys_go_in(name):
    assert passed_on({name: "x"}) == {name: "x"}


def test_a_variable_that_the_user_names_goes_in():
    assert passed_on({"MY_FLAG": "1", "OTHER": "2"}, ["MY_FLAG"]) == {"MY_FLAG": "1"}


def test_keys_state_named_paths_and_sockets_are_hidden(tmp_path):
    home, state, extra = tmp_path / "home", tmp_path / "state", tmp_path / "extra"
    usual = home / ".local" / "state" / "agent-dlp"
    for folder in (home / ".ssh", usual, state, extra):
        folder.mkdir(parents=True)
    file, socket = tmp_path / "token", tmp_path / "a.sock"
    file.write_text("x")
    socket.touch()
    named = secret_paths(home, state, [str(extra), str(file), "/nowhere"])
    folders, files = to_hide([tmp_path], [*named, socket])
    assert set(folders) == {home / ".ssh", usual, state, extra}
    assert set(files) == {socket, file}


def test_a_link_hides_what_it_points_to(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / ".ssh").symlink_to(real)
    assert to_hide([tmp_path], [tmp_path / ".ssh"])[0] == (real.resolve(),)


def test_what_lies_in_a_hidden_folder_is_hidden_with_it(tmp_path):
    inner = tmp_path / "out" / "in"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    hidden = to_hide([tmp_path], [tmp_path / "out", inner, inner / "file"])
    assert hidden == ((tmp_path / "out",), ())


def test_what_lies_in_an_emptied_folder_needs_no_hiding_unless_it_is_shown(tmp_path):
    socket = tmp_path / "a.sock"
    socket.touch()
    assert to_hide([tmp_path], [socket])[1] == (socket.resolve(),)
    if Path("/tmp") in socket.parents:
        assert to_hide([tmp_path / "other"], [socket])[1] == ()


def plan(tmp_path, **kept):
    nothing = dict.fromkeys(("hidden_folders", "hidden_files", "read_only"), ())
    nothing["environment"] = {}
    return Plan(tmp_path / "work", tmp_path / "exchange", **nothing | kept)


def test_a_home_in_an_emptied_folder_is_there_and_empty(tmp_path):
    made = plan(tmp_path, environment={"HOME": "/tmp/home"}).mounts()
    assert (Kind.EMPTY, Path("/tmp/home")) in {(m.kind, m.at) for m in made}
    made = plan(tmp_path, environment={"HOME": "/home/a"}).mounts()
    assert Path("/home/a") not in {m.at for m in made}


@pytest.mark.parametrize("kind", ["hidden_folders", "hidden_files", "read_only"])
def test_a_folder_above_what_must_stay_cannot_be_renamed_away(tmp_path, kind):
    """A mount point can be neither renamed nor removed; its parents could be."""
    kept = tmp_path / "work" / "a" / "b" / "kept"
    made = [m.at for m in plan(tmp_path, **{kind: (kept,)}).mounts()]
    above = [tmp_path / "work", kept.parent.parent, kept.parent, kept]
    assert [path for path in made if path in above] == above


def test_what_is_hidden_comes_last_but_the_way_out(tmp_path):
    made = list(
        plan(
            tmp_path,
            hidden_folders=(tmp_path / "state",),
            read_only=(tmp_path / "state" / "rules",),
            writable=(tmp_path,),
        ).mounts()
    )
    assert [m.kind for m in made[-2:]] == [Kind.VOID, Kind.READ]
    assert made[-1].source == tmp_path / "exchange"


@pytest.mark.parametrize(
    "folder", ["/", "/run", "/tmp", "/var", "/dev", "/proc/1", "/sys/fs", "/var/tmp"]
)
def test_a_working_folder_that_would_open_the_cage_is_refused(folder):
    with pytest.raises(CageError, match="project folder"):
        check_folder(Path(folder), Path("/home/a"), ())


def test_a_working_folder_in_a_hidden_one_is_refused():
    hidden = Path("/home/a/.ssh")
    with pytest.raises(CageError, match="hidden"):
        check_folder(hidden / "x", Path("/home/a"), [hidden])


def test_the_home_folder_as_working_folder_is_unwise():
    home = Path("/home/a")
    assert "next login" in check_folder(home, home, ())
    assert "next login" in check_folder(Path("/home"), home, ())
    assert check_folder(home / "project", home, [home / ".ssh"]) == ""


def test_our_own_tools_are_not_looked_for_where_a_command_may_have_written():
    work = Path("/home/a/project")
    given = {"PATH": f"{work}/node_modules/.bin:.::/usr/bin:{work}:/home/a/bin"}
    assert trusted_path(given, work) == "/usr/bin:/home/a/bin"
    assert trusted_path({}, work) == ""
