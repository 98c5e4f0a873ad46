"""CloudFormation: an alarm on metric math is deployed, though it is never evaluated."""

from ministack.services.cloudformation import provisioners


def alarm_record(original):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html: an
    alarm has either MetricName or Metrics, and instead of Threshold perhaps ThresholdMetricId, a band. The emulator
    refuses Metrics and bands; here such an alarm watches a metric that nobody sends, and stays in INSUFFICIENT_DATA."""

    def patched(name, props):
        if not props.get("Metrics"):
            return original(name, props)
        stand_in = {"MetricName": "metric-math", "Namespace": "metric-math"}
        if props.get("ThresholdMetricId"):
            stand_in |= {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
        alarm = original(name, {**props, **stand_in, "Metrics": None, "ThresholdMetricId": None})
        return {**alarm, "Metrics": props["Metrics"]}

    return patched


def install():
    provisioners._cw_metric_alarm_record = alarm_record(provisioners._cw_metric_alarm_record)
