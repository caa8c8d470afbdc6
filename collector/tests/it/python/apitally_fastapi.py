"""Answers some requests with FastAPI under Apitally's SDK, and lets it report to its hub.

The hub is where APITALLY_HUB_BASE_URL says. Argument: the client id. Prints nothing.
"""

import asyncio
import sys

import httpx
import uvicorn
from apitally.client.client_asyncio import ApitallyClient
from apitally.fastapi import ApitallyMiddleware, set_consumer
from fastapi import FastAPI, Request

app = FastAPI()
app.add_middleware(
    ApitallyMiddleware,
    client_id=sys.argv[1],
    env="test",
    app_version="1.2",
    enable_request_logging=True,
)


@app.get("/items/{item_id}")
def item(item_id: int, request: Request):
    set_consumer(request, "ann")
    return {"id": item_id}


@app.get("/broken")
def broken():
    raise ValueError("hunter2")


async def main():
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for n in range(5):
            assert (await client.get(f"/items/{n}?token=hunter2")).status_code == 200
        assert (await client.get("/items/x")).status_code == 422
        assert (await client.get("/broken")).status_code == 500
    sdk = ApitallyClient.get_instance()
    # Whatever the SDK's intervals: what is there is sent now.
    sdk.request_logger.write_to_file()
    async with sdk.get_http_client() as http:
        await sdk.send_startup_data(http)
    is_enabled = sdk.enabled
    server.should_exit = True
    await serving
    if not is_enabled:
        sys.exit("the hub told the SDK to be silent")


asyncio.run(main())
