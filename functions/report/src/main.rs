//! The Lambda `report`: wiring.

mod deps;
mod handler;

use scrubjay_pipeline::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::log_as_json();
    let deps = deps::Deps::from_env()?;
    lambda::opening(deps.open()).await;
    lambda::serve("report", async |input| handler::handle(&deps, &input).await).await
}
