//! Random command lines, good and bad: what starts is safe, by rules that are written down here a
//! second time, and what does not says why in one line.

use super::*;
use daypass_auth::testing::Dice;

/// Words, at random.
struct Words(Dice);

impl Words {
    fn roll(&mut self, sides: usize) -> usize {
        self.0.roll(sides)
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }

    /// One of these words, most often as it is, else with a sign too many, too few or another.
    fn text(&mut self, words: &[&str]) -> String {
        let mut signs: Vec<char> = self.pick(words).chars().collect();
        if self.roll(3) == 0 {
            let sign =
                self.pick(&["0", "9", ".", ":", "/", "[", "@", " ", "\n", "\t", "%", "-", ",", "é", "\u{0}", "s"]);
            let at = self.roll(signs.len() + 1);
            let until = (at + self.roll(2)).min(signs.len());
            let instead = sign.chars().take(self.roll(2)).collect::<Vec<_>>();
            signs.splice(at..until, instead);
        }
        signs.into_iter().collect()
    }
}

const ORIGINS: [&str; 9] = [
    "https://app.example",
    "https://app.example:8443",
    "https://localhost",
    "http://localhost:3000",
    "http://127.0.0.1",
    "http://[::1]:3000",
    "http://app.example",
    "http://192.168.0.1:3000",
    "",
];
const LISTENS: [&str; 7] =
    ["127.0.0.1:3000", "127.0.0.1:0", "[::1]:80", "0.0.0.0:8080", "[::]:80", "192.168.0.1:3000", "localhost:3000"];
const TIMES: [&str; 14] = [
    "0s",
    "1s",
    "19s",
    "20s",
    "30s",
    "10m",
    "1h 30m",
    "12h",
    "14d",
    "400d",
    "401d",
    "1ms",
    "300000000000y",
    "18446744073709551615s",
];
const NETWORKS: [&str; 6] = ["10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "0.0.0.0/0", "::1", "10.0.0.0/33"];
const NUMBERS: [&str; 6] = ["0", "1", "20", "1000", "1001", "4294967296"];

fn command_line(dice: &mut Words) -> Vec<String> {
    let mut line = vec!["daypass".to_owned()];
    for _ in 0..dice.roll(5) {
        let (flag, value) = match dice.roll(10) {
            0..=2 => ("--public-origin", dice.text(&ORIGINS)),
            3..=4 => ("--listen", dice.text(&LISTENS)),
            5 => ("--trusted-proxies", format!("{},{}", dice.text(&NETWORKS), dice.text(&NETWORKS))),
            6 => ("--most-sessions", dice.text(&NUMBERS)),
            7 => {
                line.push("--demo".to_owned());
                continue;
            }
            _ => {
                let flags = [
                    "--idle-timeout",
                    "--absolute-timeout",
                    "--remembered-idle-timeout",
                    "--remembered-absolute-timeout",
                    "--sudo",
                    "--warning",
                ];
                (dice.pick(&flags), dice.text(&TIMES))
            }
        };
        line.push(format!("{flag}={value}"));
    }
    line
}

fn is_this_machine(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn assert_safe(settings: &Settings, line: &[String]) {
    let origin = url::Url::parse(&settings.origin).unwrap();
    assert_eq!(origin.origin().ascii_serialization(), settings.origin, "{line:?}");
    match origin.scheme() {
        "https" => assert_eq!(settings.audience, settings.origin, "{line:?}"),
        scheme => {
            assert_eq!((scheme, settings.audience.as_str()), ("http", "loopback"), "{line:?}");
            assert!(is_this_machine(&origin) && settings.listen.ip().is_loopback(), "{line:?}");
        }
    }
    assert!(!settings.demo || is_this_machine(&origin) && settings.listen.ip().is_loopback(), "{line:?}");
    assert!(settings.warning >= Duration::from_secs(20), "{line:?}");
    for remembered in [false, true] {
        let Timeouts { idle, absolute } = settings.policy.timeouts(remembered);
        assert!(Duration::from_secs(1) <= idle && idle <= absolute, "{line:?}");
        assert!(absolute <= Duration::from_secs(400 * 24 * 3600), "{line:?}");
    }
    assert!((1..=1000).contains(&settings.policy.most_sessions()), "{line:?}");
}

#[test]
fn whatever_is_configured_what_starts_is_safe() {
    let mut dice = Words(Dice::new(0x9e37_79b9_7f4a_7c15));
    let (mut started, mut refused, mut unread) = (0, 0, 0);
    for _ in 0..2000 {
        let line = command_line(&mut dice);
        let Ok(cli) = Cli::try_parse_from(&line) else {
            unread += 1;
            continue;
        };
        match cli.options.check() {
            Ok(settings) => {
                started += 1;
                assert_safe(&settings, &line);
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.to_string().lines().count(), 1, "{line:?}");
            }
        }
    }
    // A test in which nothing starts would show nothing.
    assert!(started > 200 && refused > 200 && unread > 200, "{started} started, {refused} refused, {unread} not read");
}
