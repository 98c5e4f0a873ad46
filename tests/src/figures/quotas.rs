//! AWS's documented default quotas, each with its page. They are those of an account that has been in use for a while: a new one
//! has lower quotas for Lambda's concurrency and for state transitions, which AWS raises with use.

/// A token bucket: what may come at once, and what comes back each second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Tokens when full.
    pub size: f64,
    /// Tokens a second.
    pub refill: f64,
}

/// Quotas that differ between regions.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// The region's name in the page.
    pub name: &'static str,
    /// `StartExecution` of Standard machines.
    pub start_standard: Bucket,
    /// State transitions of Standard machines; those of Express machines have no quota.
    pub transitions: Bucket,
    /// `EventBridge`: events a second that are sent to targets.
    pub invocations: f64,
}

const STEP_FUNCTIONS: &str =
    "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html";

/// Where AWS grants the common quotas: Frankfurt, and every region that no page names.
pub const FRANKFURT: Region = Region {
    name: "Frankfurt",
    start_standard: Bucket {
        size: 800.0,
        refill: 150.0,
    },
    transitions: Bucket {
        size: 800.0,
        refill: 500.0,
    },
    invocations: 4_500.0,
};

/// N. Virginia; Oregon and Ireland have the same.
pub const VIRGINIA: Region = Region {
    name: "N. Virginia",
    start_standard: Bucket {
        size: 1_300.0,
        refill: 300.0,
    },
    transitions: Bucket {
        size: 5_000.0,
        refill: 1_500.0,
    },
    invocations: 18_750.0,
};

/// `StartExecution` of Express machines, in every region.
pub const START_EXPRESS: Bucket = Bucket {
    size: 6_000.0,
    refill: 6_000.0,
};

/// Lambda: concurrent executions of an account, which all its functions share.
pub const CONCURRENCY: f64 = 1_000.0;
/// Lambda's concurrent executions in some new accounts, until the accounts are used.
pub const CONCURRENCY_OF_A_NEW_ACCOUNT: f64 = 10.0;
/// `DynamoDB` on demand: write units a second of one table.
pub const TABLE_WRITES: f64 = 40_000.0;
/// `DynamoDB`: write units a second of one partition key.
pub const PARTITION_WRITES: f64 = 1_000.0;
/// S3: PUT, COPY, POST and DELETE a second under one key prefix; S3 adds prefixes by itself as load lasts.
pub const PREFIX_WRITES: f64 = 3_500.0;
/// S3: GET and HEAD a second under one key prefix.
pub const PREFIX_READS: f64 = 5_500.0;
/// `EventBridge`: how long an event is tried, in seconds.
pub const EVENT_AGE: f64 = 86_400.0;

/// What each constant rests on.
pub const PAGES: [(&str, &str); 6] = [
    ("StartExecution, StateTransition", STEP_FUNCTIONS),
    (
        "EventBridge: invocations",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
    ),
    (
        "Lambda: concurrent executions",
        "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    ),
    (
        "DynamoDB: table",
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
    ),
    (
        "DynamoDB: partition key",
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    ),
    (
        "S3: prefix",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
    ),
];
