"""Read units of Query, Scan and BatchGetItem, by the bytes that they read. MiniStack counts one read of 4 KB for every page of the
first two, whatever is on it, and says nothing of the third."""

import contextvars
import json

from ministack.services import dynamodb

# Bytes to a unit of a strongly consistent read; an eventually consistent one takes half a unit.
UNIT = 4096
# Within one call: the items of the page, and the index that they were read from.
page = contextvars.ContextVar("scrubjay_page", default=None)


def paginate(original):
    def patched(items, limit, table, index_name=None):
        found, more = original(items, limit, table, index_name)
        page.set((found, table, index_name))
        return found, more

    return patched


def add_consumed(original):
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html: of a Query, "all items
    returned are treated as a single read operation, where DynamoDB computes the total size of all items and then rounds up
    to the next 4 KB boundary"; what a filter leaves out was read, and a projection makes nothing cheaper but that of an index."""

    def patched(result, data, table_name, *args, **kwargs):
        read = page.get()
        page.set(None)
        original(result, data, table_name, *args, **kwargs)
        consumed = result.get("ConsumedCapacity")
        if read is None or not consumed:
            return
        items, table, index = read
        size = sum(dynamodb._item_size_bytes(dynamodb._apply_index_projection(item, table, index)) for item in items)
        multiply(consumed, max(1, -(-size // UNIT)))

    return patched


def batch_get(original):
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html: each item is read by itself, and rounded
    up to 4 KB by itself; one that is not there takes as much as the smallest."""

    def patched(data):
        status, headers, body = original(data)
        if status != 200 or data.get("ReturnConsumedCapacity", "NONE") == "NONE":
            return status, headers, body
        answer = json.loads(body)
        consumed = []
        for table, asked in (data.get("RequestItems") or {}).items():
            found = answer.get("Responses", {}).get(table, [])
            left = (answer.get("UnprocessedKeys") or {}).get(table, {}).get("Keys", [])
            missing = len(asked["Keys"]) - len(found) - len(left)
            reads = missing + sum(max(1, -(-dynamodb._item_size_bytes(item) // UNIT)) for item in found)
            consumed.append({"TableName": table, "CapacityUnits": reads * (1.0 if asked.get("ConsistentRead") else 0.5)})
        answer["ConsumedCapacity"] = consumed
        body = json.dumps(answer).encode()
        return status, {**headers, **({"Content-Length": str(len(body))} if "Content-Length" in headers else {})}, body

    return patched


def multiply(consumed, times):
    for name, value in consumed.items():
        if name == "CapacityUnits":
            consumed[name] = value * times
        elif isinstance(value, dict):
            multiply(value, times)


def install():
    dynamodb._paginate_evaluated_items = paginate(dynamodb._paginate_evaluated_items)
    dynamodb._add_consumed_capacity = add_consumed(dynamodb._add_consumed_capacity)
    dynamodb._batch_get_item = batch_get(dynamodb._batch_get_item)
