//! The static server: nginx, on a free port of the loopback interface, without the machine's own settings.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that the server may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server; it stops when dropped.
pub(crate) struct Server {
    process: Child,
    port: u16,
    at: PathBuf,
}

impl Server {
    /// Serve the files of a directory; each connection at this rate, if one is given.
    pub(crate) fn start(files: &Path, at: &Path, rate: Option<&str>) -> io::Result<Self> {
        fs::create_dir_all(at)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (here, files) = (at.display(), files.display());
        let limit = rate.map(|rate| format!("limit_rate {rate};")).unwrap_or_default();
        let text = format!(
            "daemon off; worker_processes 1; user root; pid {here}/pid; error_log {here}/errors;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream; {limit}\n\
             client_body_temp_path {here}/t1; proxy_temp_path {here}/t2; fastcgi_temp_path {here}/t3;\n\
             uwsgi_temp_path {here}/t4; scgi_temp_path {here}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {files}; }} }}\n"
        );
        let settings = at.join("nginx.conf");
        fs::write(&settings, text)?;
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&settings).arg("-p").arg(at).arg("-e").arg(at.join("errors"));
        let process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.map_err(|error| io::Error::other(format!("cannot start nginx: {error}")))?;
        let mut server = Self { process, port, at: at.to_owned() };
        server.wait()?;
        Ok(server)
    }

    /// The address of a file.
    pub(crate) fn url(&self, file: &str) -> String {
        format!("http://127.0.0.1:{}/{file}", self.port)
    }

    /// The processor time of its workers so far, in seconds.
    pub(crate) fn processor_s(&self) -> io::Result<f64> {
        let master = self.process.id();
        let workers = fs::read_to_string(format!("/proc/{master}/task/{master}/children"))?;
        let mut total_ns = 0.0;
        for worker in workers.split_whitespace() {
            let text = fs::read_to_string(format!("/proc/{worker}/schedstat"))?;
            let ns: f64 = text.split(' ').next().unwrap_or_default().parse().map_err(io::Error::other)?;
            total_ns += ns;
        }
        Ok(total_ns / 1e9)
    }

    fn wait(&mut self) -> io::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if self.process.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                let errors = fs::read_to_string(self.at.join("errors")).unwrap_or_default();
                return Err(io::Error::other(format!("nginx does not serve: {errors}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // On SIGTERM the master ends its workers; if it were killed, they would stay.
        if let Some(pid) = rustix::process::Pid::from_raw(self.process.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

/// End a server that an earlier run left behind when it was killed.
pub(crate) fn end_leftover(at: &Path) {
    let Ok(number) = fs::read_to_string(at.join("pid")) else { return };
    let Ok(number) = number.trim().parse::<i32>() else { return };
    let command = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
    let ours = at.join("nginx.conf");
    if String::from_utf8_lossy(&command).contains(&*ours.to_string_lossy())
        && let Some(pid) = rustix::process::Pid::from_raw(number)
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}
