"""Read units of Query and Scan, by the bytes that they read. MiniStack counts one read of 4 KB for every page, whatever is on it."""

import contextvars

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


def multiply(consumed, times):
    for name, value in consumed.items():
        if name == "CapacityUnits":
            consumed[name] = value * times
        elif isinstance(value, dict):
            multiply(value, times)


def install():
    dynamodb._paginate_evaluated_items = paginate(dynamodb._paginate_evaluated_items)
    dynamodb._add_consumed_capacity = add_consumed(dynamodb._add_consumed_capacity)
