"""Real servers in a temporary data dir: started, shared, killed, found again."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from server.embedded import EmbeddedError, EmbeddedServers, Endpoints, erase
from server.embedded.layout import Layout, Ports
from server.embedded.locks import FileLock, is_held

pytestmark = [pytest.mark.timeout(120), pytest.mark.enable_socket]

RECOVERY_S = 30.0
SYSTEM_PYTHON = f"/usr/bin/python3.{sys.version_info.minor}"
JOIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is born deaf to it
from pathlib import Path
from server.embedded import EmbeddedServers, EmbeddedError
try:
    with EmbeddedServers(Path(sys.argv[1])) as endpoints:
        print(endpoints.database_url, endpoints.redis_url, flush=True)
        sys.stdin.read()
except EmbeddedError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.fixture
def new_dir(tmp_path: Path) -> Iterator[Path]:
    """A data dir that nobody has used."""
    yield tmp_path / "data"
    assert eventually(lambda: not processes_of(tmp_path), 45), "servers outlived their users"


@pytest.fixture(scope="module")
def used_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    template = tmp_path_factory.mktemp("template") / "data"
    with EmbeddedServers(template):
        return template


@pytest.fixture
def data_dir(new_dir: Path, used_once: Path) -> Path:
    """A data dir with a cluster in it, stopped."""
    subprocess.run(["cp", "-a", used_once, new_dir], check=True)
    return new_dir


def test_starts_both_servers_from_nothing_and_stops_them(new_dir: Path) -> None:
    with EmbeddedServers(new_dir) as endpoints:
        write_row(endpoints)
        assert_row(endpoints)
        assert processes_of(new_dir)
    assert not processes_of(new_dir)


def test_owner_may_make_roles_and_extensions(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as endpoints:
        sql(endpoints, "CREATE ROLE app LOGIN PASSWORD 'x'; CREATE EXTENSION vector")
        assert sql(endpoints, "SELECT '[1,2]'::halfvec(2) <-> '[1,3]'::halfvec(2)") == 1.0


def test_running_is_durable_and_redis_evicts_nothing(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as endpoints:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert sql(endpoints, f"SHOW {setting}") == "on"
        config = cache(endpoints).config_get()
        assert isinstance(config, dict)
        assert (config["appendonly"], config["maxmemory-policy"], config["save"]) == ("yes", "noeviction", "")


def test_a_second_start_keeps_data_and_addresses(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as first:
        write_row(first)
    with EmbeddedServers(data_dir) as second:
        assert second == first
        assert_row(second)


def test_a_wrong_password_is_refused(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as endpoints:
        password = Layout(data_dir).password("postgres")
        wrong = Endpoints(endpoints.database_url.replace(password, "guess"), endpoints.redis_url)
        with pytest.raises(asyncpg.InvalidPasswordError):
            sql(wrong, "SELECT 1")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{endpoints.redis_url.split('@')[1]}").ping()


def test_secrets_are_readable_by_their_owner_alone_and_not_on_a_command_line(data_dir: Path) -> None:
    with EmbeddedServers(data_dir):
        layout = Layout(data_dir)
        for name in ("postgres", "redis"):
            assert (layout.root / f"{name}.password").stat().st_mode & 0o077 == 0
            for pid in processes_of(data_dir):
                assert layout.password(name).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_lost_password_file_is_replaced(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as first:
        write_row(first)
    (Layout(data_dir).root / "postgres.password").unlink()
    with EmbeddedServers(data_dir) as second:
        assert second.database_url != first.database_url
        assert_row(second)


@pytest.mark.parametrize("victim", ["postgres", "redis", "supervisor"])
def test_a_killed_server_comes_back_while_in_use(data_dir: Path, victim: str) -> None:
    with EmbeddedServers(data_dir) as endpoints:
        write_row(endpoints)
        killed = pid_of(data_dir, victim)
        kill(killed)
        assert eventually(lambda: pid_of(data_dir, victim) != killed, RECOVERY_S)
        assert eventually(lambda: is_up(endpoints), RECOVERY_S), "not on the same addresses"
        assert_row(endpoints)


def test_a_server_killed_again_and_again_comes_back(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as endpoints:
        write_row(endpoints)
        for _ in range(3):
            kill(pid_of(data_dir, "postgres"))
            assert eventually(lambda: not is_up(endpoints), 5)
            assert eventually(lambda: is_up(endpoints), RECOVERY_S)
        assert_row(endpoints)


def test_all_killed_at_once_leaves_nothing_to_mend(data_dir: Path) -> None:
    with joined(data_dir) as user:
        write_row(user.endpoints)
        for pid in [user.process.pid, pid_of(data_dir, "supervisor"), *processes_of(data_dir)]:
            kill(pid)
        user.process.wait()
    with EmbeddedServers(data_dir) as endpoints:
        assert_row(endpoints)


def test_a_pid_file_that_names_another_program_is_no_obstacle(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as endpoints:
        write_row(endpoints)
        pid_file = Layout(data_dir).postgres / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        with EmbeddedServers(data_dir) as endpoints:
            assert_row(endpoints)
        assert bystander.poll() is None
        bystander.kill()


def test_an_interrupted_first_start_is_begun_anew(new_dir: Path) -> None:
    layout = Layout(new_dir)
    layout.create()
    draft = layout.root / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(new_dir) as endpoints:
        assert sql(endpoints, "SELECT 1") == 1


def test_two_processes_share_one_pair_of_servers(data_dir: Path) -> None:
    with joined(data_dir) as first, joined(data_dir) as second:
        assert first.endpoints == second.endpoints
        before = pid_of(data_dir, "postgres")
        first.leave()
        assert sql(second.endpoints, "SELECT 1") == 1
        assert pid_of(data_dir, "postgres") == before
        second.leave()
        assert not processes_of(data_dir)


def test_many_starting_together_start_one_pair(new_dir: Path) -> None:
    users = [launch(new_dir) for _ in range(4)]
    addresses = {(user.stdout and user.stdout.readline()) for user in users}
    assert len(addresses) == 1
    assert "" not in addresses
    for user in users:
        user.communicate("")


@pytest.mark.parametrize("last_word", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_servers_end_with_their_last_user(data_dir: Path, last_word: int) -> None:
    with joined(data_dir) as user:
        user.process.send_signal(last_word)
        user.process.wait()
    assert eventually(lambda: not processes_of(data_dir), 15)


def test_releases_share_a_data_dir(data_dir: Path) -> None:
    """An earlier release starts the supervisor by its former name and knows `keeper.lock` and `keeper_pid`."""
    layout = Layout(data_dir)
    layout.create()
    with FileLock(layout.users_lock) as users:
        assert users.try_shared()
        command = [sys.executable, "-m", "server.embedded.keeper", str(data_dir)]
        with subprocess.Popen(command, start_new_session=True) as supervisor:
            assert eventually(lambda: json.loads(state_text(layout)).get("ports") is not None, RECOVERY_S)
            assert json.loads(state_text(layout))["keeper_pid"] == supervisor.pid
            assert is_held(layout.root / "keeper.lock")
            with EmbeddedServers(data_dir) as endpoints:
                assert pid_of(data_dir, "supervisor") == supervisor.pid
                assert is_up(endpoints)
            users.release()
            assert supervisor.wait(RECOVERY_S) == 0


def test_the_data_dir_may_be_deleted_under_running_servers(data_dir: Path) -> None:
    with EmbeddedServers(data_dir):
        shutil.rmtree(data_dir)
        assert eventually(lambda: not processes_of(data_dir), 45)


def test_erase_refuses_while_in_use_and_then_deletes(data_dir: Path) -> None:
    with EmbeddedServers(data_dir), pytest.raises(EmbeddedError, match="in use"):
        erase(data_dir)
    erase(data_dir)
    assert not Layout(data_dir).root.exists()


def test_a_taken_port_is_replaced(data_dir: Path) -> None:
    layout = Layout(data_dir)
    layout.create()
    with EmbeddedServers(data_dir.with_name("other")) as other:
        taken = int(other.database_url.rsplit(":", 1)[1].split("/")[0])
        layout.write_ports(Ports(postgres=taken, redis=taken))
        with EmbeddedServers(data_dir) as endpoints:
            assert f":{taken}" not in endpoints.database_url + endpoints.redis_url
            assert sql(endpoints, "SELECT 1") == 1


def test_a_path_longer_than_a_socket_address_works(new_dir: Path) -> None:
    with EmbeddedServers(new_dir / ("long-" * 20) / ("longer-" * 20)) as endpoints:
        assert sql(endpoints, "SELECT 1") == 1


def test_data_of_another_version_is_refused_in_one_line(new_dir: Path) -> None:
    layout = Layout(new_dir)
    layout.create()
    layout.postgres.mkdir()
    (layout.postgres / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 16 and this is 18") as raised:
        EmbeddedServers(new_dir).start()
    assert "\n" not in str(raised.value)


def test_a_broken_cluster_is_reported_with_its_reason(data_dir: Path) -> None:
    with EmbeddedServers(data_dir):
        pass
    (Layout(data_dir).postgres / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match=r"postgres did not start: .*pg_control"):
        EmbeddedServers(data_dir).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that the servers' user may not enter")
def test_root_may_keep_its_data_in_a_closed_folder(new_dir: Path) -> None:
    closed = new_dir.with_name("closed")
    closed.mkdir(mode=0o700)
    for parent in (closed, closed.parent):
        parent.chmod(0o700)
    with EmbeddedServers(closed / "data") as endpoints:
        write_row(endpoints)
        kill(pid_of(closed / "data", "postgres"))
        assert eventually(lambda: not is_up(endpoints), 5)
        assert eventually(lambda: is_up(endpoints), RECOVERY_S)
        assert_row(endpoints)
        assert Path(f"/proc/{pid_of(closed / 'data', 'postgres')}").stat().st_uid != 0
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests already run as an ordinary user")
def test_an_ordinary_user_needs_no_help(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = next((python for python in (sys.executable, SYSTEM_PYTHON) if runs_as(python, nobody.pw_uid)), None)
    if python is None:
        pytest.skip("the user nobody cannot reach this interpreter and checkout")
    home = Path("/tmp") / f"aisle-test-{os.getpid()}"  # pytest's own folders are closed to others
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    try:
        with joined(home / "data", python, user="nobody") as user:
            write_row(user.endpoints)
            assert_row(user.endpoints)
            user.leave()
        assert not processes_of(home)
    finally:
        shutil.rmtree(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop its own capabilities")
def test_root_without_the_needed_rights_is_told_what_to_do(new_dir: Path) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("no setpriv on this machine")
    new_dir.parent.chmod(0o700)
    bare = [setpriv, "--bounding-set=-setpcap", "--inh-caps=-setpcap"]
    refused = subprocess.run(
        [*bare, sys.executable, "-c", JOIN, str(new_dir)],
        input="", capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert refused.stderr.startswith("refused: PostgreSQL does not run as root, and the user nobody cannot reach")
    assert refused.stderr.count("\n") == 1


class User:
    """Another process that uses the servers until told to leave."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        self.endpoints = Endpoints(*line.split())

    def leave(self) -> None:
        self.process.communicate("")
        assert self.process.returncode == 0

    def __enter__(self) -> "User":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def joined(data_dir: Path, python: str = sys.executable, user: str | None = None) -> User:
    return User(launch(data_dir, python, user))


def launch(data_dir: Path, python: str = sys.executable, user: str | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-c", JOIN, str(data_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/",
        env=environment(), user=user, group="nogroup" if user else None, extra_groups=[] if user else None,
    )  # fmt: skip


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{Path(__file__).parents[3]}:{sysconfig.get_path('platlib')}"}


def runs_as(python: str, uid: int) -> bool:
    """Whether that user can run `python` with our code and packages."""
    command = [python, "-c", "import server.embedded"]
    try:
        tried = subprocess.run(command, user=uid, extra_groups=[], cwd="/", env=environment(), check=False)
    except OSError:
        return False
    return tried.returncode == 0


def sql(endpoints: Endpoints, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(endpoints.database_url, timeout=5)
        try:
            if ";" in statement:
                return await connection.execute(statement)
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def cache(endpoints: Endpoints) -> redis.Redis:
    return redis.Redis.from_url(endpoints.redis_url, decode_responses=True, socket_timeout=5)


def write_row(endpoints: Endpoints) -> None:
    sql(endpoints, "CREATE TABLE kept AS SELECT 'still here' AS word;")
    cache(endpoints).set("kept", "still here")


def assert_row(endpoints: Endpoints) -> None:
    assert sql(endpoints, "SELECT word FROM kept") == "still here"
    assert cache(endpoints).get("kept") == "still here"


def state_text(layout: Layout) -> str:
    path = layout.root / "state.json"
    return path.read_text() if path.exists() else "{}"


def is_up(endpoints: Endpoints) -> bool:
    try:
        return sql(endpoints, "SELECT 1") == 1 and bool(cache(endpoints).ping())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, redis.RedisError):
        return False


def pid_of(data_dir: Path, name: str) -> int:
    """The state that the supervisor publishes, once both servers answer."""
    layout = Layout(data_dir)
    assert eventually(lambda: layout.read_state() is not None, RECOVERY_S)
    state = layout.read_state()
    assert state is not None
    assert state.ports, state.error
    return {"postgres": state.postgres_pid, "redis": state.redis_pid, "supervisor": state.supervisor_pid}[name]


def processes_of(folder: Path) -> list[int]:
    """Every process that works in or below `folder` or names it on its command line, but not this one."""
    others = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and entry.name != str(os.getpid())]
    return [int(entry.name) for entry in others if str(folder) in described(entry)]


def described(entry: Path) -> str:
    try:
        if "\nState:\tZ" in (entry / "status").read_text():
            return ""
        return (entry / "cmdline").read_text() + os.readlink(entry / "cwd")
    except OSError:
        return ""


def kill(pid: int) -> None:
    assert pid > 1  # 0 would be our own process group
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def eventually(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
