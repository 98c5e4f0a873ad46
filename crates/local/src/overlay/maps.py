"""Step Functions: what a Distributed Map has beyond what the emulator knows: JSONata, ItemBatcher, ResultWriter, and
S3 Inventory manifests."""

import copy
import csv
import gzip
import io
import json

from ministack.services import s3
from ministack.services import stepfunctions as sfn


# Items that a Distributed Map has to go through, by its parent's execution and its label.
totals = {}
# What a child ends with that was not started any more.
ABORTED = "States.Aborted"


def read_items(original):
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html: Arguments in JSONata; with InputType
    MANIFEST the items are the rows of the CSV files that an S3 Inventory manifest names, under the names of its schema,
    as they stand there."""

    def patched(reader, effective, context):
        reader = dict(reader)
        if "Arguments" in reader:
            arguments = reader.pop("Arguments")
            reader["Parameters"] = sfn._apply_jsonata_template(arguments, effective, context)
        if (reader.get("ReaderConfig") or {}).get("InputType") != "MANIFEST":
            return original(reader, effective, context)
        place = sfn._resolve_params_obj(reader["Parameters"], effective, context)
        return inventory(place["Bucket"], place["Key"])

    return patched


def inventory(bucket, key):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html"""
    try:
        manifest = json.loads(sfn._s3_object_text(bucket, key))
        source = manifest["destinationBucket"].split(":::")[-1]
        names = [name.strip() for name in manifest["fileSchema"].split(",")]
        if manifest["fileFormat"] != "CSV":
            raise ValueError(f"the format {manifest['fileFormat']} is not supported")
        items = []
        for file in manifest["files"]:
            status, _headers, body = s3._get_object(source, file["key"], {}, {})
            if status != 200:
                raise ValueError(f"{file['key']} is missing")
            rows = csv.reader(io.StringIO(gzip.decompress(body).decode()))
            items += [dict(zip(names, row)) for row in rows]
        return items
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise sfn._ExecutionError("States.ItemReaderFailed", f"The manifest cannot be read: {error}") from error


def run_map(original):
    """The fields in the order of https://docs.aws.amazon.com/step-functions/latest/dg/input-output-fields-dist-map.html: reader,
    selector, batcher, writer. What is left runs as the emulator has it: one child execution for each item, or batch."""

    def patched(state, raw_input, effective, iterator, execution, context):
        if sfn._state_query_language(state, context) != "JSONata":
            return original(state, raw_input, effective, iterator, execution, context)
        items = selected(state, read(state, raw_input, context), raw_input, context)
        plain = {
            "ItemsPath": "$",
            **{field: state[field] for field in ("Label",) if field in state},
            **{
                field: sfn._jsonata_state_field(state, field, "number", raw_input, context)
                for field in ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")
                if field in state
            },
        }
        batches = batched(state, items, raw_input, context)
        known = map_runs(execution)
        totals[execution["executionArn"], state.get("Label")] = len(items)
        results, failure = None, None
        try:
            results, _next = original(plain, batches, batches, iterator, execution, context)
        except sfn._ExecutionError as error:
            failure = error
        arn = next(iter(map_runs(execution) - known), None)
        writer = state.get("ResultWriter")
        if writer and arn:
            results = write(writer, arn, raw_input, context)
        if failure:
            raise failure
        output = sfn._apply_jsonata_output(state, raw_input, context, result=results, default=results)
        sfn._apply_state_assign(state, raw_input, context, result=results)
        return output, sfn._next_or_end(state)

    return patched


def map_runs(execution):
    runs = list(sfn._map_runs.items())
    return {arn for arn, run in runs if run["executionArn"] == execution["executionArn"]}


def read(state, raw_input, context):
    if "ItemReader" in state:
        return sfn._read_map_items(state["ItemReader"], raw_input, context)
    if "Items" in state:
        return sfn._jsonata_state_field(state, "Items", "array", raw_input, context)
    return raw_input if isinstance(raw_input, list) else [raw_input]


def selected(state, items, raw_input, context):
    selector = state.get("ItemSelector")
    if not selector:
        return items
    chosen = []
    for index, item in enumerate(items):
        own = {**copy.copy(context), "Map": {"Item": {"Index": index, "Value": item}}}
        chosen.append(sfn._apply_jsonata_template(selector, raw_input, own))
    return chosen


def batched(state, items, raw_input, context):
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html: a child's input is {BatchInput, Items};
    a batch ends at either bound, and a batch of one item may pass the bound of bytes."""
    batcher = state.get("ItemBatcher")
    if not batcher:
        return items

    def bound(field):
        if field not in batcher:
            return None
        return sfn._jsonata_state_field(batcher, field, "number", raw_input, context)

    most, bytes_at_most = bound("MaxItemsPerBatch"), bound("MaxInputBytesPerBatch")
    shared = {}
    if "BatchInput" in batcher:
        shared = {"BatchInput": sfn._apply_jsonata_template(batcher["BatchInput"], raw_input, context)}
    batches, batch, size = [], [], 0
    for item in items:
        more = len(json.dumps(item).encode()) + 1
        if batch and (len(batch) == most or bytes_at_most and size + more > bytes_at_most):
            batches.append({**shared, "Items": batch})
            batch, size = [], 0
        batch.append(item)
        size += more
    if batch:
        batches.append({**shared, "Items": batch})
    return batches


def counted_in_items(original):
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html: itemCounts counts the items of the
    dataset, executionCounts the child executions, which are fewer when items are batched."""

    def patched(run):
        view = original(run)
        children = [child for child in list(sfn._executions.values()) if child.get("mapRunArn") == run["mapRunArn"]]
        inputs = [json.loads(child["input"]) for child in children]
        if not any(isinstance(given, dict) and "Items" in given for given in inputs):
            return view
        counts = dict.fromkeys(view["itemCounts"], 0)
        for child, given in zip(children, inputs):
            counts[child_status(child)] += len(given["Items"])
        label = run["mapRunArn"].split("/")[-1].split(":")[0]
        seen = sum(counts.values())
        counts["total"] = max(seen, totals.get((run["executionArn"], label), 0))
        counts["pending"] = counts["total"] - seen
        return {**view, "itemCounts": counts}

    return patched


def child_status(child):
    if child.get("error") == ABORTED:
        return "aborted"
    return {"RUNNING": "running", "SUCCEEDED": "succeeded", "ABORTED": "aborted"}.get(child["status"], "failed")


def unless_stopped(original):
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html: no child starts once its parent has stopped."""

    def patched(states, start, given, execution, context):
        run = sfn._map_runs.get(execution.get("mapRunArn"))
        parent = run and sfn._executions.get(run["executionArn"])
        if parent and parent["status"] != "RUNNING":
            raise sfn._ExecutionError(ABORTED, "The parent execution was stopped.")
        return original(states, start, given, execution, context)

    return patched


def write(writer, arn, raw_input, context):
    """https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html: below the prefix a folder named as the
    Map Run, with manifest.json and the children by their status."""
    place = sfn._apply_jsonata_template(writer.get("Arguments") or {}, raw_input, context)
    folder = "/".join(part for part in (place.get("Prefix", "").strip("/"), arn.rsplit(":", 1)[-1]) if part)
    children = [child for child in list(sfn._executions.values()) if child.get("mapRunArn") == arn]
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status in ("FAILED", "SUCCEEDED"):
        rows = [row(child) for child in children if child["status"] == status]
        if rows:
            key = f"{folder}/{status}_0.json"
            files[status] = [{"Key": key, "Size": put(place["Bucket"], key, rows)}]
    key = f"{folder}/manifest.json"
    put(place["Bucket"], key, {"DestinationBucket": place["Bucket"], "MapRunArn": arn, "ResultFiles": files})
    return {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": place["Bucket"], "Key": key}}


def row(child):
    fields = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "Output": child.get("output"),
        "Error": child.get("error"),
        "Cause": child.get("cause"),
        "StartDate": child["startDate"],
        "StopDate": child["stopDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
    }
    return {name: value for name, value in fields.items() if value is not None}


def put(bucket, key, content):
    body = json.dumps(content).encode()
    status, _headers, answer = s3._put_object(bucket, key, body, {"content-type": "application/json"})
    if status >= 300:
        raise sfn._ExecutionError("States.ResultWriterFailed", f"{key} cannot be written: {answer!r}")
    return len(body)


def install():
    sfn._read_map_items = read_items(sfn._read_map_items)
    sfn._run_distributed_map = run_map(sfn._run_distributed_map)
    sfn._map_run_view = counted_in_items(sfn._map_run_view)
    sfn._run_sub_machine = unless_stopped(sfn._run_sub_machine)
