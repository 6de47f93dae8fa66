//! A storm of sign-ins, from everywhere at once.

use crate::{host::header, program::Folder};
use futures_util::future::join_all;
use tokio::{io::AsyncWriteExt, net::TcpStream};

const PASSWORD: &str = "correct horse battery staple";
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// The most memory that a process ever had, in MiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_sign_ins_that_hang_up_cost_little_and_others_are_served() {
    // Each from another network and for another name, so that it is the hashing alone that is bounded.
    let folder = Folder::new().env("DAYPASS_TRUSTED_PROXIES", "127.0.0.0/8");
    folder.add_account("alice", PASSWORD);
    let server = folder.serve();
    let before = peak(server.id());
    let address = server.url.trim_start_matches("http://");
    for batch in 0..20_u32 {
        let storm = (0..100_u32).map(async |i| {
            let body = format!("username=name{batch}x{i}&password=wrong");
            let head = format!("POST /api/sign_in HTTP/1.1\r\nhost: {address}\r\norigin: {}\r\n{FORM}", server.url);
            let from = format!("x-forwarded-for: 10.{batch}.{i}.1\r\ncontent-length: {}", body.len());
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("{head}\r\n{from}\r\n\r\n{body}").as_bytes()).await.unwrap();
        });
        join_all(storm).await;
        assert_eq!(server.me("").await.0, 401, "others are not served");
    }
    // Those who stay are turned away while too many wait, and told when to come back.
    let patient = (0..200_u32).map(|i| {
        let request = server.client.post(format!("{}/api/sign_in", server.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("x-forwarded-for", format!("172.16.{i}.1"));
        request.body(format!("username=patient{i}&password=wrong")).send()
    });
    let answers = join_all(patient).await;
    let mut turned_away = 0;
    for answer in answers {
        let answer = answer.unwrap();
        match answer.status().as_u16() {
            401 => {}
            503 => {
                assert!(header(&answer, "retry-after").parse::<u64>().unwrap() > 0);
                turned_away += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(turned_away > 0, "a queue without end");
    // A hash takes 19 MiB; a hundred at once would take two thousand.
    let more = peak(server.id()) - before;
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    assert!(more < 100 + 20 * cores, "{more} MiB");
    assert!(server.sign_in("alice", PASSWORD).await.unwrap().is_some(), "it works again afterwards");
}
