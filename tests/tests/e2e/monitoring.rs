//! What watches the pipeline is there when it is deployed.

use scrubjay_tests::{World, on_stack};
use serde_json::{Value, json};

async fn cloudwatch(world: &World, action: &str, input: &Value) -> Value {
    let target = format!("GraniteServiceVersion20100801.{action}");
    call(world, "monitoring", &target, input).await
}

#[test]
fn alarms_and_dashboard_are_deployed() {
    on_stack(async |world| {
        let stack = format!("scrubjay-{}", world.names().stack);
        let alarms = cloudwatch(world, "DescribeAlarms", &json!({"MaxRecords": 100})).await;
        let alarms = alarms["MetricAlarms"].as_array().unwrap();
        let names: Vec<_> = alarms
            .iter()
            .filter_map(|alarm| alarm["AlarmName"].as_str())
            .collect();
        for wanted in [
            "scrub-failed",
            "retract-failed",
            "throttled",
            "not-clean",
            "dead-letters",
            "long-processing",
            "rejection-rate",
            "function-errors",
        ] {
            assert!(
                names.contains(&&*format!("{stack}-{wanted}")),
                "no alarm {wanted} among {names:?}"
            );
        }
        let dashboard = cloudwatch(world, "GetDashboard", &json!({"DashboardName": stack})).await;
        let body = dashboard["DashboardBody"].as_str().unwrap();
        let widgets: Value = serde_json::from_str(body).unwrap();
        assert!(widgets["widgets"].as_array().unwrap().len() >= 10);
        // Every reference was resolved.
        assert!(!body.contains("${"));
        assert!(body.contains(&world.names().state_machine_arn));
    });
}

/// A call by a service's JSON protocol. CloudWatch's SDK speaks CBOR, for which the emulator wants a package more.
pub async fn call(world: &World, service: &str, target: &str, input: &Value) -> Value {
    let scope = format!(
        "test/20261120/{}/{service}/aws4_request",
        world.names().region
    );
    let request = reqwest::Client::new()
        .post(&world.names().endpoint)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        );
    let answer = request.body(input.to_string()).send().await.unwrap();
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{target}: {text}"))
}
