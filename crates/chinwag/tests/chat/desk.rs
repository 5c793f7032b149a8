//! Somebody at a terminal of tmux.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Nothing that is waited for takes so long, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(90);

/// Whether there is a tmux; in CI it has to be there.
pub(crate) fn has_tmux() -> bool {
    let there = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    assert!(there || std::env::var_os("CI").is_none(), "tmux is missing: apt-get install tmux");
    if !there {
        // Past the capture of a test's output, which nobody sees when it passes.
        let said = "\nNOT RUN: tmux is missing, no real terminal is driven: apt-get install tmux\n";
        std::io::stdout().write_all(said.as_bytes()).unwrap();
    }
    there
}

/// A terminal window; it is closed when dropped.
pub(crate) struct Desk {
    _home: tempfile::TempDir,
    socket: PathBuf,
    script: String,
}

impl Desk {
    /// A window of a size in which a command runs, and after it its exit code is shown.
    pub(crate) fn new(size: (u16, u16), arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut line = format!("env -u NO_COLOR CHINWAG_HOME={} TZ=UTC", home.path().join("kept").display());
        for (name, value) in environment {
            line += &format!(" {name}={value}");
        }
        line += &format!(" {} chat --device laptop {}", env!("CARGO_BIN_EXE_chinwag"), arguments.join(" "));
        let script = format!("{line}; echo ended with $?; exec cat");
        let desk = Self { socket: home.path().join("tmux"), script, _home: home };
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let new =
            ["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height, "sh", "-c", &desk.script];
        desk.tmux(&new);
        desk
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let output = Command::new("tmux")
            .arg("-u")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env_remove("TMUX")
            .output()
            .unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Types a text.
    pub(crate) fn types(&self, text: &str) -> &Self {
        self.tmux(&["send-keys", "-l", "--", text]);
        self
    }

    /// Presses keys by tmux's names.
    pub(crate) fn presses(&self, keys: &[&str]) -> &Self {
        self.tmux(&[&["send-keys"], keys].concat());
        self
    }

    /// Starts the command once more, in a clean window.
    pub(crate) fn again(&self) -> &Self {
        self.tmux(&["respawn-pane", "-k", "sh", "-c", &self.script]);
        self
    }

    /// Sends the command a SIGTERM.
    pub(crate) fn stops_it(&self) {
        let shell = String::from_utf8(self.tmux(&["display-message", "-p", "#{pane_pid}"]).stdout).unwrap();
        let stopped = Command::new("pkill").args(["-TERM", "-P", shell.trim()]).status().unwrap();
        assert!(stopped.success());
    }

    pub(crate) fn resizes(&self, width: u16, height: u16) -> &Self {
        self.tmux(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
        self
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).stdout).unwrap()
    }

    /// Waits until the screen is as wanted.
    #[expect(clippy::disallowed_methods, reason = "a deadline in a test of a real terminal")]
    fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return;
            }
            assert!(Instant::now() < end, "no {what}; the screen is\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until all these are on the screen.
    pub(crate) fn sees(&self, texts: &[&str]) -> &Self {
        self.until(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contains(text)));
        self
    }

    /// Waits until the screen is the one that is kept under a name.
    pub(crate) fn sees_page(&self, name: &str) -> &Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/terminal/{name}.txt"));
        if std::env::var("CHINWAG_GOLDEN").is_ok_and(|value| value == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, masked(&self.screen())).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        self.until(&format!("page {name}:\n{kept}"), |screen| masked(screen) == kept);
        self
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Its own server on its own socket: nobody else's windows are in it.
        let _ = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}

/// A screen without what differs from run to run: clock times, ports, why there is no connection and when
/// the next attempt is, how long ago somebody was seen.
fn masked(screen: &str) -> String {
    let lines: Vec<String> = screen.lines().map(|line| mask_line(line.trim_end())).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

fn mask_line(line: &str) -> String {
    let mut line = mask_port(line);
    if let Some(at) = line.find("○ offline · again in ") {
        let who = line[..at].split("   ").next().unwrap_or_default().to_owned();
        line = format!("{who:<53} ○ offline · again in 2 s");
    }
    if let Some(at) = line.find("last seen ") {
        line.replace_range(at.., "last seen just now");
    }
    let letters: Vec<char> = line.chars().collect();
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let clock = |at: usize| {
        digit(at)
            && digit(at + 1)
            && letters.get(at + 2) == Some(&':')
            && digit(at + 3)
            && digit(at + 4)
            && !digit(at + 5)
            && (at == 0 || !digit(at - 1))
    };
    let (mut out, mut at) = (String::new(), 0);
    while let Some(letter) = letters.get(at) {
        if clock(at) {
            out += "14:05";
            at += 5;
        } else {
            out.push(*letter);
            at += 1;
        }
    }
    out
}

fn mask_port(line: &str) -> String {
    let Some(at) = line.find("127.0.0.1:") else { return line.to_owned() };
    let start = at + "127.0.0.1:".len();
    let length = line[start..].chars().take_while(char::is_ascii_digit).count();
    format!("{}8080{}", &line[..start], &line[start + length..])
}
