"""EventBridge Scheduler: the time zone of a schedule, and the time for which it fires."""

import contextlib
import json
import zoneinfo
from datetime import datetime, timezone

from ministack.services import eventbridge, scheduler
from ministack.services.cloudformation import provisioners


class Zoned(str):
    """A schedule expression that knows its time zone."""

    zone = timezone.utc


class Fields(tuple):
    """The fields of a cron expression that is read in a time zone."""

    zone = timezone.utc


def zoned(schedule):
    """Gives a schedule's expression its zone. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html:
    an expression is evaluated in the zone that the schedule names, in UTC by default."""
    expression = Zoned(schedule["ScheduleExpression"])
    expression.zone = zoneinfo.ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    schedule["ScheduleExpression"] = expression


def stored(original):
    def patched(name, body):
        with contextlib.suppress(KeyError):
            try:
                zoneinfo.ZoneInfo(body["ScheduleExpressionTimezone"])
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                text = f"Invalid Schedule Expression Timezone {body['ScheduleExpressionTimezone']}."
                return scheduler._error(400, "ValidationException", text)
        answer = original(name, body)
        if answer[0] == 200:
            zoned(scheduler._schedules[f"{body.get('GroupName', 'default')}/{name}"])
        return answer

    return patched


def deployed(original):
    """CloudFormation passes the zone on."""

    def patched(logical_id, props, stack_name):
        create = scheduler._create_schedule

        def with_zone(name, body):
            if props.get("ScheduleExpressionTimezone"):
                body = {**body, "ScheduleExpressionTimezone": props["ScheduleExpressionTimezone"]}
            answer = create(name, body)
            if answer[0] != 200:
                raise ValueError(json.loads(answer[2])["Message"])
            return answer

        scheduler._create_schedule = with_zone
        try:
            return original(logical_id, props, stack_name)
        finally:
            scheduler._create_schedule = create

    return patched


def updated(original):
    def patched(physical_id, old_props, new_props, stack_name):
        answer = original(physical_id, old_props, new_props, stack_name)
        schedule = scheduler._schedules.get(f"{new_props.get('GroupName', 'default')}/{physical_id}")
        if schedule is not None:
            schedule["ScheduleExpressionTimezone"] = new_props.get("ScheduleExpressionTimezone", "UTC")
            zoned(schedule)
        return answer

    return patched


def parse_cron(original):
    def patched(expression):
        fields = original(expression)
        if fields is None or not isinstance(expression, Zoned):
            return fields
        fields = Fields(fields)
        fields.zone = expression.zone
        return fields

    return patched


def next_fire(original):
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, daylight saving time: a time that the
    clock skips is skipped; one that comes twice counts once."""

    def patched(fields, after):
        if not isinstance(fields, Fields):
            return original(fields, after)
        local = after.astimezone(fields.zone).replace(tzinfo=timezone.utc)
        found = original(tuple(fields), local)
        while found is not None:
            at = found.replace(tzinfo=fields.zone).astimezone(timezone.utc)
            exists = at.astimezone(fields.zone).replace(tzinfo=timezone.utc) == found
            if at > after and exists:
                return at
            found = original(tuple(fields), found)
        return None

    return patched


def at_time(original):
    def patched(expression):
        at = original(expression)
        if at is None or not isinstance(expression, Zoned):
            return at
        local = datetime.fromtimestamp(at, timezone.utc).replace(tzinfo=expression.zone)
        return local.timestamp()

    return patched


def invoke_target(original):
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""

    def patched(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
            attributes = {
                "<aws.scheduler.schedule-arn>": rule["Arn"],
                "<aws.scheduler.scheduled-time>": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "<aws.scheduler.execution-id>": event["EventId"],
                "<aws.scheduler.attempt-number>": "1",
            }
            text = target["Input"]
            for name, value in attributes.items():
                text = text.replace(name, value)
            target = {**target, "Input": text}
        return original(target, event, rule, view)

    return patched


def install():
    scheduler._create_schedule = stored(scheduler._create_schedule)
    scheduler._update_schedule = stored(scheduler._update_schedule)
    scheduler._at_time_epoch = at_time(scheduler._at_time_epoch)
    eventbridge._parse_cron_fields = parse_cron(eventbridge._parse_cron_fields)
    eventbridge._cron_next_fire = next_fire(eventbridge._cron_next_fire)
    eventbridge._invoke_target = invoke_target(eventbridge._invoke_target)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Scheduler::Schedule"]
    handlers["create"] = deployed(handlers["create"])
    handlers["update"] = updated(handlers["update"])
