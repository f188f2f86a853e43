"""The work of a hit in FastAPI on uvicorn, with uvloop and httptools: the token's signature and expiry, one MGET, the
flags laid over, CORS. The bench puts the entries there; a session that has ended is let in, which counts for it.

Needs the service's own JWT_SIGNING_KEY and REDIS_URL in the environment.
"""

import os
import time
from functools import lru_cache
from typing import Annotated, Any

import jwt
import orjson
from fastapi import FastAPI, Header, HTTPException, Response
from fastapi.middleware.cors import CORSMiddleware
from redis.asyncio import Redis

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=[os.environ["CORS_ALLOWED_ORIGINS"]],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)
redis = Redis.from_url(os.environ["REDIS_URL"])


@lru_cache(10_000)
def claims(token: str) -> dict[str, Any]:
    """A signature is checked once for each token, as the service does; its expiry each time."""
    options: Any = {"verify_exp": False}
    return jwt.decode(token, os.environ["JWT_SIGNING_KEY"], algorithms=["HS256"], issuer="tokpik", options=options)


def user_of(authorization: str) -> int:
    try:
        payload = claims(authorization.removeprefix("Bearer "))
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    if payload["token_type"] != "access" or payload["exp"] < time.time():
        raise HTTPException(401)
    return int(payload["user_id"])


@app.get("/topics/{topic_id}/related")
async def related(topic_id: int, authorization: Annotated[str, Header()]) -> Response:
    user = user_of(authorization)
    entry, flags = await redis.mget(f"fast:entry:{topic_id}", f"fast:scraped:{user}")
    if entry is None:
        raise HTTPException(404)
    topics = orjson.loads(entry)
    scraped = set(orjson.loads(flags or b"[]"))
    for topic in topics:
        topic["scraped"] = topic["topicId"] in scraped
    return Response(orjson.dumps({"talkTopics": topics}), media_type="application/json")
