//! Which stack: found, or said why not, and what the command was asked wrongly.

use scrubjay_tests::on_stack;

use super::command::{Answer, command, scrubjay};

#[test]
fn what_is_wrong_is_said() {
    on_stack(async |world| {
        let endpoint = world.names().endpoint.as_str();
        let question = ["audit", "list", "--endpoint", endpoint];
        let ask = |args: &[&str], env: &[(&str, &str)]| -> Answer {
            let mut command = command();
            command.args(question).args(args).envs(env.iter().copied());
            command.output().unwrap().into()
        };
        let keys = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        let rows = [
            (ask(&[], &keys), "no AWS region"),
            (ask(&["--region", "us-east-1"], &[]), "no AWS credentials"),
            (
                ask(&["--region", "us-east-1", "--env", "nowhere"], &keys),
                "no stack scrubjay-nowhere in us-east-1",
            ),
        ];
        for (answer, wanted) in rows {
            assert_eq!(answer.code, Some(1), "{answer:?}");
            assert!(answer.err.contains(wanted), "{answer:?}");
        }
        let nobody: Answer = command()
            .args(["audit", "list", "--local=nobody"])
            .output()
            .unwrap()
            .into();
        assert!(
            nobody.err.contains("scrubjay local up --stack nobody"),
            "{nobody:?}"
        );
    });
}

#[test]
fn a_local_stack_is_found_by_its_name() {
    on_stack(async |world| {
        let name = format!("--local={}", world.names().stack);
        let listed: Answer = command()
            .args(["audit", "list", "--json", "--prefix", "nothing/", &name])
            .output()
            .unwrap()
            .into();
        assert_eq!(listed.code, Some(0), "{listed:?}");
        assert_eq!(listed.json()["items"], serde_json::json!([]));
    });
}

#[test]
fn a_wrong_question_is_a_usage_error() {
    on_stack(async |world| {
        for args in [
            &["replay"][..],
            &["replay", "--failed", "--dead-letters"],
            &["replay", "--failed", "--error", "StorageUnavailble"],
            &["audit", "list", "--since", "1h", "--until", "2h"],
            &["replay", "--object", "a.jpg", "--error", "States.E"],
            &["replay", "--failed", "--since", "yesterday"],
            &["replay", "--failed", "--rate", "0"],
            &["audit", "list", "--status", "CLEAN"],
            &["audit", "duplicates", "a.jpg", "--etag", "e"],
            &["audit", "export", "--format", "parquet"],
        ] {
            let answer = scrubjay(world, args);
            assert_eq!(answer.code, Some(2), "{args:?}: {answer:?}");
        }
    });
}
