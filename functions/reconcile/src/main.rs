//! The Lambda `reconcile`: wiring.

mod batch;
mod compare;
mod deps;
mod handler;
mod run;
mod stuck;

use scrubjay_pipeline::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::log_as_json();
    let deps = deps::Deps::from_env()?;
    lambda::opening(deps.open()).await;
    lambda::serve("reconcile", async |input| {
        handler::handle(&deps, &input).await
    })
    .await
}
