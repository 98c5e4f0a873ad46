//! The Lambda `derive`: wiring.

mod handler;
mod message;
mod run;
mod stores;

use scrubjay_pipeline::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::log_as_json();
    let deps = handler::Deps::from_env()?;
    lambda::opening(deps.open()).await;
    lambda::serve("derive", async |input| handler::handle(&deps, &input).await).await
}
