//! The emulator's process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::sleep;
use tracing::debug;

use crate::error::tail;
use crate::{Error, Result};

/// The region that the emulator and everything on it is told.
pub(crate) const REGION: &str = "us-east-1";
/// The overlay, a Python package that is written into the stack's directory: name and text of each module.
const OVERLAY: [(&str, &str); 20] = [
    ("__init__.py", include_str!("overlay/__init__.py")),
    ("__main__.py", include_str!("overlay/__main__.py")),
    ("access.py", include_str!("overlay/access.py")),
    ("alarms.py", include_str!("overlay/alarms.py")),
    ("capacity.py", include_str!("overlay/capacity.py")),
    ("cloudfront.py", include_str!("overlay/cloudfront.py")),
    ("control.py", include_str!("overlay/control.py")),
    ("delivery.py", include_str!("overlay/delivery.py")),
    ("express.py", include_str!("overlay/express.py")),
    ("direct_api.py", include_str!("overlay/direct_api.py")),
    ("faults.py", include_str!("overlay/faults.py")),
    ("fronts.py", include_str!("overlay/fronts.py")),
    ("lambdas.py", include_str!("overlay/lambdas.py")),
    ("maps.py", include_str!("overlay/maps.py")),
    ("rekognition.py", include_str!("overlay/rekognition.py")),
    ("s3_etags.py", include_str!("overlay/s3_etags.py")),
    ("s3_events.py", include_str!("overlay/s3_events.py")),
    ("schedules.py", include_str!("overlay/schedules.py")),
    ("sign_in.py", include_str!("overlay/sign_in.py")),
    ("states.py", include_str!("overlay/states.py")),
];
const PACKAGE: &str = "scrubjay_overlay";
/// What of this process's environment the emulator may see. Everything it sees, the functions see.
const PASSED_ON: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];
const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(5);
const LINGER: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(20);

/// How the emulator is to be started.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    /// The interpreter of the virtual environment.
    pub python: &'a Path,
    /// The stack's directory.
    pub dir: &'a Path,
    /// A port of 127.0.0.1, or 0 for any that is free.
    pub port: u16,
    /// IAM is enforced.
    pub enforce_iam: bool,
    /// Set when the overlay's answer must be told from that of another stack on a reused port.
    pub token: &'a str,
    /// Added to the environment, last.
    pub env: &'a [(String, String)],
}

/// A running emulator that this process has started. Ends with it unless [`Emulator::detach`] is called.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    /// The overlay ends the emulator when its standard input closes. The system closes it however this process ends.
    leash: Option<ChildStdin>,
    group: Group,
    /// The port it listens on.
    pub port: u16,
}

impl Emulator {
    /// Starts the emulator and waits until it answers.
    pub(crate) async fn start(settings: Settings<'_>) -> Result<Self> {
        let Settings { dir, token, .. } = settings;
        let package = dir.join(PACKAGE);
        let tmp = dir.join("tmp");
        for path in [&package, &tmp] {
            fs::create_dir_all(path).map_err(Error::io("create", path))?;
        }
        for (name, text) in OVERLAY {
            let path = package.join(name);
            fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
        let port_file = dir.join("port");
        let _ = fs::remove_file(&port_file);
        let log = log_path(dir);
        let log_file = File::create(&log).map_err(Error::io("create", &log))?;
        let log_copy = log_file.try_clone().map_err(Error::io("open", &log))?;

        let mut command = Command::new(settings.python);
        command
            .args(["-u", "-m", PACKAGE])
            .current_dir(dir)
            .env_clear()
            .envs(
                PASSED_ON
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .env("TMPDIR", &tmp)
            .env("PYTHONUNBUFFERED", "1")
            .env("SCRUBJAY_PORT", settings.port.to_string())
            .env("SCRUBJAY_PORT_FILE", &port_file)
            .env("SCRUBJAY_TOKEN", token)
            .env(
                "AUTH",
                if settings.enforce_iam {
                    "true"
                } else {
                    "false"
                },
            )
            .env("LAMBDA_EXECUTOR", "local")
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", REGION)
            .env("MINISTACK_REGION", REGION)
            // Without a daemon there is nothing to look for, and looking takes time.
            .env("DOCKER_HOST", "unix:///nonexistent")
            .envs(settings.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log_file)
            .stderr(log_copy)
            // A group of its own: Ctrl-C at the terminal does not reach it before we have tidied up, and one signal
            // reaches every function process.
            .process_group(0);
        let mut child = command.spawn().map_err(|source| Error::Io {
            what: "cannot start the emulator".to_owned(),
            source,
        })?;
        let group = child
            .id()
            .and_then(Group::new)
            .expect("a process that has not been waited for has an id");
        let leash = child.stdin.take();
        let mut emulator = Self {
            child,
            leash,
            group,
            port: 0,
        };
        match emulator.wait_until_ready(&port_file).await {
            Ok(port) => {
                emulator.port = port;
                debug!(port, "the emulator is ready");
                Ok(emulator)
            }
            Err(reason) => {
                emulator.group.end_now();
                Err(Error::Start {
                    reason,
                    tail: tail(&fs::read_to_string(&log).unwrap_or_default(), 15),
                    log,
                })
            }
        }
    }

    async fn wait_until_ready(&mut self, port_file: &Path) -> Result<u16, String> {
        let deadline = Instant::now() + START_LIMIT;
        let http = reqwest::Client::new();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended with {status}"));
            }
            let port: Option<u16> = fs::read_to_string(port_file)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            if let Some(port) = port {
                let url = format!("http://127.0.0.1:{port}/_ministack/ready");
                if http
                    .get(url)
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status().is_success())
                {
                    return Ok(port);
                }
            }
            if Instant::now() > deadline {
                return Err(format!("no answer within {} s", START_LIMIT.as_secs()));
            }
            sleep(POLL).await;
        }
    }

    /// The process group, which is the emulator's process id.
    pub(crate) fn group(&self) -> Group {
        self.group
    }

    /// Lets it run on when this process ends.
    pub(crate) async fn detach(mut self) -> Result<()> {
        if let Some(mut leash) = self.leash.take() {
            let told = async {
                leash.write_all(b"detach\n").await?;
                leash.flush().await
            };
            told.await.map_err(|source| Error::Io {
                what: "cannot detach the emulator".to_owned(),
                source,
            })?;
        }
        self.group = Group::NONE;
        Ok(())
    }

    /// Ends it and every process that it started.
    pub(crate) async fn stop(mut self) {
        self.group.stop(self.port).await;
        let _ = self.child.wait().await;
        self.group = Group::NONE;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.group.end_now();
    }
}

/// The process group of an emulator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// No group at all.
    pub(crate) const NONE: Self = Self(None);

    /// From the id of the process that leads the group.
    pub(crate) fn new(id: u32) -> Option<Self> {
        // 0 and 1 would mean our own group and everybody.
        i32::try_from(id)
            .ok()
            .filter(|id| *id > 1)
            .and_then(Pid::from_raw)
            .map(|pid| Self(Some(pid)))
    }

    /// The id of the process that leads it; 0 for none.
    pub(crate) fn id(self) -> u32 {
        self.0
            .map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs())
    }

    /// Whether a process of it is still there.
    pub(crate) fn exists(self) -> bool {
        self.0
            .is_some_and(|pid| test_kill_process_group(pid).is_ok())
    }

    /// SIGTERM, and SIGKILL for what is left after a while.
    pub(crate) async fn stop(self, port: u16) {
        let Some(pid) = self.0 else { return };
        let _ = kill_process_group(pid, Signal::TERM);
        let mut deadline = Instant::now() + STOP_LIMIT;
        while self.exists() && Instant::now() < deadline {
            // Where no init process reaps orphans, the group never disappears. Once the port is closed, waiting longer
            // is pointless.
            if !is_open(port).await {
                deadline = deadline.min(Instant::now() + LINGER);
            }
            sleep(POLL).await;
        }
        self.end_now();
    }

    /// SIGKILL.
    fn end_now(self) {
        if let Some(pid) = self.0 {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

async fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

/// The emulator's log; the functions' logs are in its `CloudWatch` Logs.
pub(crate) fn log_path(dir: &Path) -> PathBuf {
    dir.join("emulator.log")
}
