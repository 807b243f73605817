"""An agent's session with `vx mcp`, played by the official client: arguments are vx and the directory of the project.

Start web, wait until it is ready, read its last error, restart it; with the server, the supervisor and the service killed in
between.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

VX, PROJECT = sys.argv[1:]
PATIENCE = 120
SERVER = StdioServerParameters(
    command=VX, args=["mcp", "--allow-changes"], cwd=PROJECT, env=dict(os.environ)
)


class Agent:
    """One connection, whose tools answer with their text."""

    async def __aenter__(self):
        self.streams = stdio_client(SERVER)
        read, write = await self.streams.__aenter__()
        self.session = await ClientSession(read, write).__aenter__()
        await self.session.initialize()
        return self

    async def __aexit__(self, *error):
        await self.session.__aexit__(*error)
        await self.streams.__aexit__(*error)

    async def call(self, tool, **arguments):
        words = []

        async def hear(progress, total, message):
            words.append(message)

        result = await asyncio.wait_for(
            self.session.call_tool(tool, arguments, progress_callback=hear), PATIENCE
        )
        failed = getattr(result, "is_error", None)
        failed = result.isError if failed is None else failed
        return failed, result.content[0].text

    async def done(self, tool, **arguments):
        failed, text = await self.call(tool, **arguments)
        assert not failed, f"{tool} {arguments}: {text}"
        return text


def process_of(text):
    return json.loads(text)["services"][0]["pid"]


def kill_named(part):
    """Kill the processes of this project whose command line has this text."""
    killed = 0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace")
            here = os.readlink(f"/proc/{entry}/cwd").startswith(os.path.realpath(PROJECT))
        except OSError:
            continue
        if here and part in words:
            os.kill(int(entry), signal.SIGKILL)
            killed += 1
    return killed


async def start_wait_read_restart():
    async with Agent() as agent:
        names = {tool.name for tool in (await agent.session.list_tools()).tools}
        assert len(names) == 8, names
        assert "web" in await agent.done("project")
        first = process_of(await agent.done("service", name="web", action="start"))
        assert '"reached"' in await agent.done("wait_for", names=["web"])
        errors = await agent.done("logs", name="web", level="error")
        assert "the database is away" in errors and "listening" not in errors, errors
        second = process_of(await agent.done("service", name="web", action="restart"))
        assert first != second, first

        # Kill the service: its guard starts it again, and the wait is for the new process.
        os.kill(second, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while True:
            await agent.done("wait_for", names=["web"], timeout_seconds=PATIENCE)
            third = json.loads(await agent.done("project"))["services"][0].get("pid")
            if third not in (None, second):
                break
            assert time.monotonic() < deadline, "the service does not come back"
            await asyncio.sleep(0.05)

        # Cancel a wait; another call still works.
        cut = asyncio.create_task(agent.call("wait_for", names=["web"], state="ended", timeout_seconds=600))
        await asyncio.sleep(0.3)
        cut.cancel()
        assert '"reached"' in await agent.done("wait_for", names=["web"])

    # The client has left, and the service goes on. It also goes on when the server of another client is killed.
    try:
        async with Agent() as agent:
            assert '"reached"' in await agent.done("wait_for", names=["web"])
            waiting = asyncio.create_task(agent.call("wait_for", names=["web"], state="ended", timeout_seconds=600))
            await asyncio.sleep(0.1)
            assert kill_named("\0mcp\0") == 1
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    except Exception as error:  # The client may find its streams closed.
        print("the killed server:", type(error).__name__, file=sys.stderr)

    async with Agent() as agent:
        assert '"reached"' in await agent.done("wait_for", names=["web"])
        # Kill the supervisor: requests to it fail with a message, and a start brings everything back.
        assert kill_named("service-supervisor") == 1
        deadline = time.monotonic() + PATIENCE
        while True:
            failed, text = await agent.call("service", name="web", action="start")
            if not failed:
                break
            assert time.monotonic() < deadline, text
        assert '"reached"' in await agent.done("wait_for", names=["web"])
        assert "ended well" in await agent.done("run", script="greet")
        stopped = json.loads(await agent.done("service", name="web", action="stop"))
        assert "pid" not in stopped["services"][0], stopped


asyncio.run(start_wait_read_restart())
subprocess.run([VX, "down"], cwd=PROJECT, check=True)
print("the session is over")
