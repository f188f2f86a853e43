"""A sharded cache: Redis Cluster, or Valkey's, behind the client that otherwise speaks to one server."""

from functools import cache
from typing import Any

from django_redis.pool import ConnectionFactory
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry


class Cluster(RedisCluster):
    """What one server answers at once is here asked of each key's own shard. Pipelines are not transactions: none of
    ours relies on that."""

    def mget(self, keys: Any, *args: Any) -> Any:
        return [self.get(key) for key in (*keys, *args)]

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> Any:
        return super().pipeline()

    def dbsize(self, **kwargs: Any) -> int:
        return sum(super(Cluster, self).dbsize(target_nodes=node) for node in self.get_primaries())


class ClusterFactory(ConnectionFactory):
    def connect(self, url: str) -> RedisCluster:
        return of_process(url, self.options["SOCKET_TIMEOUT"])


@cache
def of_process(url: str, timeout: float) -> RedisCluster:
    """One for all threads; it learns where the shards are. Whoever fails is not tried again: `tokpik.cache` decides."""
    retry = Retry(NoBackoff(), 0)
    return Cluster.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry)
